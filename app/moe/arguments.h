// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/moe/command.h"

#include <string>
#include <vector>

namespace moe::cli {

/// Sorts the words after a command's name into options ("--name value", "--name=value") and
/// positionals ("--" ends the options). `path` is the command's full name ("runs show"). Throws
/// UsageError; an unknown option names the nearest known one. Nothing is checked when --help is
/// among the words.
Arguments parseArguments(
    const Command& command, const std::string& path, const std::vector<std::string>& words);

/// What --help prints: for one command, and for a table of them (`path` empty: moe itself).
std::string helpOf(const Command& command, const std::string& path);
std::string helpOf(const std::vector<Command>& commands, const std::string& path);

} // namespace moe::cli
