// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/checkpoint/checkpoint.h"
#include "engine/telemetry/record.h"
#include "engine/train/run_file.h"

#include <filesystem>
#include <optional>

namespace moe::train {

/// The checkpoint that a run goes on from.
struct ResumePoint {
    std::filesystem::path folder;
    checkpoint::TrainingState state;
    double runCreated = 0; ///< when the run's line in the store was made; 0: not known
    telemetry::StepRecord record; ///< of the last step; its step is 0 when the state has none
    bool validationCutShort = false; ///< the record is still without its validation
};

/// With `resume`: the newest checkpoint of the run, none when it has none yet. Without: none, and
/// throws when the folder already holds checkpoints. Throws, by key, when anything but train_steps,
/// checkpoint, valid_every, name or parallel differs from the run's file. Paths that differ only
/// because the folder of the run's file has moved are the same; data that is not what it was at the
/// checkpoint is refused too.
std::optional<ResumePoint> findResumePoint(const RunFile& file, bool resume);

/// The first dotted key in which two resolved run files differ beyond what a resumed run may
/// change; empty when there is none.
std::string firstForbiddenChange(const base::Json& before, const base::Json& now);

} // namespace moe::train
