// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"

#include <cstdint>
#include <vector>

namespace moe::model {

/// Rotary frequencies θ^(−2i/d), i < d/2, after the configuration's scaling: `linear` divides all
/// by the factor, `llama3` only the long wavelengths, with a smooth passage between.
std::vector<double> ropeFrequencies(const ModelConfig& config);

/// [positions, headDim/2, 2]: cos and sin of position · frequency, as Backend::ropeForward wants.
std::vector<float> ropeTable(const ModelConfig& config, int64_t positions);

} // namespace moe::model
