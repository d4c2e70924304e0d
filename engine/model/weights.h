// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"
#include "engine/model/parameters.h"
#include "kernels/backend.h"

#include <memory>
#include <vector>

namespace moe::model {

/// The pieces of a flat buffer (weights, or their gradients) that one layer's operations name.
struct LayerViews {
    kernels::TensorView attentionNorm; ///< [h]
    kernels::TensorView qkv; ///< [(heads + 2 kvHeads) · headDim, h]
    kernels::TensorView o; ///< [h, heads · headDim]
    kernels::TensorView ffnNorm; ///< [h]
    kernels::TensorView router; ///< [experts, h]; empty: dense
    kernels::TensorView gateUp; ///< [experts or 1, 2f, h]
    kernels::TensorView down; ///< [experts or 1, h, f]
};
LayerViews layerViews(const ModelConfig& config, const ParameterLayout& layout,
    const kernels::TensorView& flat, size_t layer);
kernels::TensorView embeddingView(
    const ModelConfig& config, const ParameterLayout& layout, const kernels::TensorView& flat);
kernels::TensorView finalNormView(
    const ModelConfig& config, const ParameterLayout& layout, const kernels::TensorView& flat);
kernels::TensorView headView(
    const ModelConfig& config, const ParameterLayout& layout, const kernels::TensorView& flat);

/// The float32 master weights of a decoder in one flat buffer, and beside them the form that
/// products read: in the type of the activations, the router in float32.
class Weights {
public:
    struct Layer {
        std::unique_ptr<kernels::PackedMatrix> qkv, o, router, gateUp, down;
    };

    Weights(kernels::Backend& backend, const ModelConfig& config, kernels::DType activations);

    const ParameterLayout& layout() const { return m_layout; }
    const kernels::TensorView& flat() const { return m_flat; } ///< [layout.elements] float32

    /// Packs every matrix anew; to be called whenever the flat buffer changed.
    void pack();
    const Layer& layer(size_t index) const { return m_layers[index]; }
    const kernels::PackedMatrix& head() const { return *m_head; }

private:
    kernels::Backend& m_backend;
    ModelConfig m_config;
    ParameterLayout m_layout;
    kernels::Tensor m_flat;
    std::vector<Layer> m_layers;
    std::unique_ptr<kernels::PackedMatrix> m_head;
};

} // namespace moe::model
