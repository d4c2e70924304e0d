// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/random.h"
#include "engine/model/parameters.h"

#include <vector>

namespace moe::tests {

/// A model of odd sizes, a few kilobytes of weights.
inline model::ModelConfig smallModel(int64_t experts)
{
    model::ModelConfig config;
    config.architecture = experts ? "SkyworkForCausalLM" : "LlamaForCausalLM";
    config.vocabSize = 19;
    config.hiddenSize = 12;
    config.intermediateSize = 7;
    config.layers = 2;
    config.heads = 3;
    config.kvHeads = 1;
    config.headDim = 4;
    config.experts = experts;
    config.logitsNorm = experts > 0;
    return config;
}

/// A buffer of the layout: random weights, zeros in the gaps.
inline std::vector<float> randomBuffer(const model::ParameterLayout& layout, uint64_t seed)
{
    base::Random random(seed);
    std::vector<float> buffer(static_cast<size_t>(layout.elements), 0.0F);
    for (const model::Parameter& parameter : layout.parameters) {
        for (int64_t i = 0; i < parameter.shape.elements(); ++i)
            buffer[static_cast<size_t>(parameter.offset + i)] = static_cast<float>(random.normal());
    }
    return buffer;
}

} // namespace moe::tests
