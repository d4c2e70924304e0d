// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/decoder.h"

#include "engine/model/rope.h"

#include <array>
#include <cmath>

namespace moe::model {

using kernels::DType;
using kernels::MemoryKind;
using kernels::Tensor;
using kernels::TensorView;

Decoder::Decoder(kernels::Backend& backend, const ModelConfig& config, DType activations,
    const BatchShape& largest, Use use)
    : m_backend(backend)
    , m_config(config)
    , m_weights(backend, config, activations)
    , m_activations(backend, config, activations, largest)
    , m_ropeTable(backend.allocate(
          {largest.length, config.headDim / 2, 2}, DType::Float32, MemoryKind::Workspace))
{
    if (use == Use::Training)
        m_scratch = std::make_unique<BackwardScratch>(backend, config, activations, largest);
    const std::vector<float> table = ropeTable(config, largest.length);
    backend.upload(m_ropeTable, table.data());
    if (!config.isMoe())
        m_denseOffsets = backend.allocate({2}, DType::Int32, MemoryKind::Workspace);
}

kernels::AttentionShape Decoder::attentionShape() const
{
    kernels::AttentionShape shape;
    shape.batch = m_batch.sequences;
    shape.sequence = m_batch.length;
    shape.heads = m_config.heads;
    shape.kvHeads = m_config.kvHeads;
    shape.headDim = m_config.headDim;
    shape.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(m_config.headDim)));
    return shape;
}

kernels::RouterShape Decoder::routerShape() const
{
    kernels::RouterShape shape;
    shape.experts = m_config.experts;
    shape.topK = m_config.topK;
    shape.normalize = m_config.logitsNorm;
    shape.lambda = static_cast<float>(m_config.gateNormStd);
    shape.capacity = m_routing.capacity;
    shape.dropPolicy = m_routing.dropPolicy;
    shape.auxLoss = m_routing.auxLoss;
    return shape;
}

TensorView Decoder::rope() const
{
    return m_ropeTable->slice(0, m_batch.length);
}

void Decoder::forward(
    const int32_t* ids, const BatchShape& batch, const Routing& routing, StepTotals& totals)
{
    m_batch = batch;
    m_routing = routing;
    const int64_t tokens = batch.tokens();
    if (!m_config.isMoe() && m_denseTokens != tokens) {
        const std::array<int32_t, 2> offsets{0, static_cast<int32_t>(tokens)};
        m_backend.upload(m_denseOffsets, offsets.data());
        m_denseTokens = tokens;
    }
    Activations& kept = m_activations;
    const auto inputOf = [&](size_t layer) {
        const Tensor& x = layer < kept.layers.size() ? kept.layers[layer].input : kept.output;
        return x->slice(0, tokens);
    };
    const ParameterLayout& layout = m_weights.layout();
    const TensorView idsView = kept.ids->slice(0, tokens);
    m_backend.upload(idsView, ids);
    m_backend.embeddingForward(
        idsView, embeddingView(m_config, layout, m_weights.flat()), inputOf(0));
    for (size_t layer = 0; layer < kept.layers.size(); ++layer) {
        attentionForward(layer, inputOf(layer));
        ffnForward(layer, inputOf(layer + 1), totals);
    }
    m_backend.rmsNormForward(inputOf(kept.layers.size()),
        finalNormView(m_config, layout, m_weights.flat()), static_cast<float>(m_config.rmsNormEps),
        kept.finalNorm->slice(0, tokens), kept.finalRstd->slice(0, tokens));
}

void Decoder::attentionForward(size_t layer, const TensorView& x)
{
    const int64_t tokens = m_batch.tokens();
    const LayerActivations& kept = m_activations.layers[layer];
    const LayerViews master = layerViews(m_config, m_weights.layout(), m_weights.flat(), layer);
    const Weights::Layer& packed = m_weights.layer(layer);
    const kernels::AttentionShape shape = attentionShape();
    const TensorView norm = kept.attentionNorm->slice(0, tokens);
    const TensorView qkv = kept.qkv->slice(0, tokens);
    const TensorView out = kept.attention->slice(0, tokens);

    m_backend.rmsNormForward(x, master.attentionNorm, static_cast<float>(m_config.rmsNormEps), norm,
        kept.attentionRstd->slice(0, tokens));
    m_backend.projectionForward(norm, *packed.qkv, {}, qkv.as({tokens, packed.qkv->out()}));
    m_backend.ropeForward(qkv, rope(), shape);
    m_backend.attentionForward(
        qkv, shape, out, kept.lse->at(0, {shape.batch, shape.heads, shape.sequence}));
    m_backend.projectionForward(out, *packed.o, x, kept.middle->slice(0, tokens));
}

void Decoder::ffnForward(size_t layer, const TensorView& next, StepTotals& totals)
{
    const int64_t tokens = m_batch.tokens();
    const LayerActivations& kept = m_activations.layers[layer];
    const LayerViews master = layerViews(m_config, m_weights.layout(), m_weights.flat(), layer);
    const Weights::Layer& packed = m_weights.layer(layer);
    const TensorView middle = kept.middle->slice(0, tokens);
    const TensorView norm = kept.ffnNorm->slice(0, tokens);
    m_backend.rmsNormForward(middle, master.ffnNorm, static_cast<float>(m_config.rmsNormEps), norm,
        kept.ffnRstd->slice(0, tokens));

    if (!m_config.isMoe()) {
        m_backend.expertsForward(norm, m_denseOffsets, *packed.gateUp, *packed.down,
            kept.gateUp->slice(0, tokens), next);
        m_backend.add(next, middle);
        return;
    }
    const int64_t rowCount = tokens * m_config.topK;
    const TensorView logits = kept.logits->slice(0, tokens);
    const TensorView rows = kept.rows->slice(0, rowCount);
    const TensorView out = kept.expertOut->slice(0, rowCount);
    const kernels::RouterState state = kept.router(tokens);
    m_backend.projectionForward(norm, *packed.router, {}, logits);
    m_backend.routerForward(logits, routerShape(), state, totals.layer(layer));
    m_backend.permuteForward(norm, state, rows);
    m_backend.expertsForward(
        rows, state.offsets, *packed.gateUp, *packed.down, kept.gateUp->slice(0, rowCount), out);
    m_backend.combineForward(out, state, middle, next);
}

void Decoder::loss(const int32_t* targets, StepTotals& totals)
{
    const int64_t tokens = m_batch.tokens();
    const TensorView targetsView = m_activations.targets->slice(0, tokens);
    m_backend.upload(targetsView, targets);
    m_backend.headLossForward(
        m_activations.finalNorm->slice(0, tokens), m_weights.head(), targetsView, totals.loss());
}

} // namespace moe::model
