// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/weights.h"

#include <algorithm>

namespace moe::model {

using kernels::DType;
using kernels::MemoryKind;
using kernels::TensorView;

LayerViews layerViews(
    const ModelConfig& config, const ParameterLayout& layout, const TensorView& flat, size_t layer)
{
    const LayerOffsets& at = layout.layers[layer];
    const int64_t h = config.hiddenSize, f = config.intermediateSize;
    const int64_t experts = std::max<int64_t>(config.experts, 1);
    LayerViews views;
    views.attentionNorm = flat.at(at.attentionNorm, {h});
    views.qkv = flat.at(at.qkv, {(config.heads + 2 * config.kvHeads) * config.headDim, h});
    views.o = flat.at(at.o, {h, config.heads * config.headDim});
    views.ffnNorm = flat.at(at.ffnNorm, {h});
    if (config.isMoe())
        views.router = flat.at(at.router, {experts, h});
    views.gateUp = flat.at(at.gateUp, {experts, 2 * f, h});
    views.down = flat.at(at.down, {experts, h, f});
    return views;
}

TensorView embeddingView(
    const ModelConfig& config, const ParameterLayout& layout, const TensorView& flat)
{
    return flat.at(layout.embedding, {config.vocabSize, config.hiddenSize});
}

TensorView finalNormView(
    const ModelConfig& config, const ParameterLayout& layout, const TensorView& flat)
{
    return flat.at(layout.finalNorm, {config.hiddenSize});
}

TensorView headView(
    const ModelConfig& config, const ParameterLayout& layout, const TensorView& flat)
{
    return flat.at(layout.head, {config.vocabSize, config.hiddenSize});
}

Weights::Weights(kernels::Backend& backend, const ModelConfig& config, DType activations)
    : m_backend(backend)
    , m_config(config)
    , m_layout(config)
    , m_flat(backend.allocate({m_layout.elements}, DType::Float32, MemoryKind::Weights))
{
    const auto matrix = [&](const TensorView& of, DType type) {
        return backend.createPacked({1, of.shape[0], of.shape[1]}, type);
    };
    for (size_t l = 0; l < m_layout.layers.size(); ++l) {
        const LayerViews views = layerViews(config, m_layout, m_flat, l);
        Layer layer;
        layer.qkv = matrix(views.qkv, activations);
        layer.o = matrix(views.o, activations);
        if (config.isMoe())
            layer.router = matrix(views.router, DType::Float32);
        layer.gateUp = backend.createPacked(views.gateUp.shape, activations);
        layer.down = backend.createPacked(views.down.shape, activations);
        m_layers.push_back(std::move(layer));
    }
    m_head = matrix(headView(config, m_layout, m_flat), activations);
}

void Weights::pack()
{
    const auto pack = [&](kernels::PackedMatrix& to, const TensorView& from) {
        m_backend.pack(to, from.as({to.groups(), to.out(), to.in()}));
    };
    for (size_t l = 0; l < m_layers.size(); ++l) {
        const LayerViews views = layerViews(m_config, m_layout, m_flat, l);
        Layer& layer = m_layers[l];
        pack(*layer.qkv, views.qkv);
        pack(*layer.o, views.o);
        if (layer.router)
            pack(*layer.router, views.router);
        pack(*layer.gateUp, views.gateUp);
        pack(*layer.down, views.down);
    }
    pack(*m_head, headView(m_config, m_layout, m_flat));
}

} // namespace moe::model
