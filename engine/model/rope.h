// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"

#include <cstdint>
#include <vector>

namespace moe::model {

/// Rotary frequencies θ^(−2i/d), i < d/2, d = rotaryDim(), after the configuration's scaling:
/// `linear` divides all by the factor, `llama3` and `yarn` only the long wavelengths, with a
/// passage between.
std::vector<double> ropeFrequencies(const ModelConfig& config);

/// [positions, rotaryDim()/2, 2]: cos and sin of position · frequency (times YaRN's attention
/// factor), as Backend::ropeForward wants.
std::vector<float> ropeTable(const ModelConfig& config, int64_t positions);

/// The factor on q·k: 1/√headDim, in DeepSeek's latent attention times YaRN's magnitude of
/// mscale_all_dim, squared.
double attentionScale(const ModelConfig& config);

} // namespace moe::model
