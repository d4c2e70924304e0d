// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/train/run_file.h"
#include "engine/train/training_loop.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace moe::train {

/// The texts of data.probes as token ids. Throws moe::Error by file for what is no UTF-8 text,
/// empty, or beyond the model's vocabulary, and when there is no tokenizer.
std::vector<ProbeText> readProbes(
    const RunFile& file, const std::optional<std::filesystem::path>& tokenizer);

} // namespace moe::train
