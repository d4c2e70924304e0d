// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/train/run_file.h"

#include <string>

namespace moe::train {

/// What an assignment changed.
struct SteeringChange {
    std::string from, to; ///< JSON text of the key's value before and after
    bool lawChanged = false; ///< moe.aux_coeff…
    bool restartAlpha = false; ///< the law's `initial` was given: α starts there again
};

/// Sets one steerable key of the run file: optimizer.lr, moe.capacity_factor, moe.aux_coeff (a
/// number, a list, or the adaptive law, in which missing keys stay as they are),
/// moe.aux_coeff.adaptive (that law alone) and moe.aux_coeff.adaptive.xi, .alpha_max, .beta. Throws
/// moe::Error by key and changes nothing then.
SteeringChange applySteering(RunFile& file, const std::string& key, const std::string& valueJson);

/// The steerable values that `now` has and `began` has not: what a checkpoint keeps.
base::Json steeredValues(const RunFile& began, const RunFile& now);

} // namespace moe::train
