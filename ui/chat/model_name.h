// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <filesystem>
#include <string>

namespace moe::chat {

/// The folder's name; of a run's checkpoint the run's folder and the step.
QString shownName(const std::filesystem::path& folder);

/// What stands for a model in the store, whatever language the window speaks: its whole folder, so
/// that two runs whose checkpoints are called alike stay apart.
std::string storedModel(const std::filesystem::path& folder);

} // namespace moe::chat
