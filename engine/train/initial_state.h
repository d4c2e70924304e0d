// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/parameters.h"
#include "engine/train/replica.h"
#include "engine/train/resume.h"
#include "engine/train/run_file.h"

namespace moe::train {

/// Throws moe::Error, naming the key of config.json, when the checkpoint of init.from cannot start
/// the run's model: another shape, experts where the run has none, or settings
/// that make another function of the same weights.
void checkInitFrom(const RunFile& file);

/// The weights (and the optimizer's state) that the run starts from: those of the resumed
/// checkpoint, of init.from (upcycled when it is dense and the model has experts), or random ones.
HostState initialState(const RunFile& file, const model::ParameterLayout& layout,
    const std::optional<ResumePoint>& resume);

} // namespace moe::train
