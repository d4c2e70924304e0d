// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace moe::base {

enum class LogLevel { Debug, Info, Warning, Error };

/// One line for people, from any thread: "warning: config.json: unknown key …". Goes to the sink,
/// which is standard error unless a program sets another (the window's log dock, `--quiet`).
void log(LogLevel level, const std::string& text);

using LogSink = std::function<void(LogLevel, const std::string&)>;
/// Replaces the sink; empty restores standard error. Call before threads start.
void setLogSink(LogSink sink);

const char* nameOf(LogLevel level);

} // namespace moe::base
