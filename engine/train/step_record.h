// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/step_totals.h"
#include "engine/telemetry/record.h"
#include "engine/train/replica.h"
#include "engine/train/run_file.h"

namespace moe::train {

/// The step's losses, gradient norm and routing from the sums over all its microbatches (contract
/// section 4). z_loss is z_loss_coeff · Σ_l z_l, so that loss = lm_loss + aux_loss + z_loss. Times,
/// memory and validation are the caller's.
telemetry::StepRecord makeStepRecord(const RunFile& file, int64_t step, const StepOrder& order,
    const model::StepTotals::Host& totals);

/// Token drop rate of each MoE layer.
std::vector<double> dropRates(const telemetry::StepRecord& record);

} // namespace moe::train
