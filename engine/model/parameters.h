// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"
#include "kernels/tensor.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moe::model {

/// A weight under its Hugging Face name, and where it lies in the flat float32 parameter buffer.
/// Gradients, m and v lie in buffers of the same layout.
struct Parameter {
    std::string name; ///< "model.layers.0.block_sparse_moe.experts.3.w1.weight"
    kernels::Shape shape; ///< as on disk
    int64_t offset = 0; ///< elements from the buffer's start
    bool expert = false; ///< expert_lr_scale applies

    bool decays() const { return shape.rank() >= 2; }
};

/// Offsets of the weights of one layer that one product reads as a whole.
struct LayerOffsets {
    int64_t attentionNorm = 0; ///< [h]
    int64_t qkv = 0; ///< [(heads + 2 kvHeads) · headDim, h]: q, k, v rows one after the other
    int64_t o = 0; ///< [h, heads · headDim]
    int64_t ffnNorm = 0; ///< [h]
    int64_t router = -1; ///< [experts, h]; −1: dense
    int64_t gateUp = 0; ///< [experts or 1, 2f, h]: an expert's w1 rows, then its w3 rows
    int64_t down = 0; ///< [experts or 1, h, f]
};

/// The order of all parameters in the flat buffer, blocks aligned to 16 elements.
struct ParameterLayout {
    explicit ParameterLayout(const ModelConfig& config);

    std::vector<Parameter> parameters; ///< by rising offset
    std::vector<LayerOffsets> layers;
    int64_t embedding = 0; ///< [V, h]
    int64_t finalNorm = 0; ///< [h]
    int64_t head = 0; ///< [V, h]; equal to `embedding` when tied
    int64_t elements = 0; ///< length of the buffer, gaps included
};

/// Fills host memory of layout.elements floats: matrices normal(0, std), norms 1; the same for a
/// seed on any machine.
void initialiseParameters(const ParameterLayout& layout, uint64_t seed, double std, float* buffer);

} // namespace moe::model
