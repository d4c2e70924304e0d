// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/decoder.h"

namespace moe::model {

using kernels::TensorView;
using kernels::Write;

void Decoder::lossAndBackward(const int32_t* targets, const BackwardSettings& settings,
    const TensorView& gradients, StepTotals& totals)
{
    const int64_t tokens = m_batch.tokens();
    const ParameterLayout& layout = m_weights.layout();
    const Activations& kept = m_activations;
    const TensorView dx = m_scratch->dx->slice(0, tokens);
    const TensorView dNorm = m_scratch->dNorm->slice(0, tokens);

    const TensorView targetsView = kept.targets->slice(0, tokens);
    m_backend.upload(targetsView, targets);
    m_backend.headLossForwardBackward(kept.finalNorm->slice(0, tokens), m_weights.head(),
        targetsView, static_cast<float>(settings.lossScale), totals.loss(), dNorm,
        headView(m_config, layout, gradients), settings.write);
    m_backend.rmsNormBackward(kept.output->slice(0, tokens),
        finalNormView(m_config, layout, m_weights.flat()), kept.finalRstd->slice(0, tokens), dNorm,
        dx, Write::Overwrite, finalNormView(m_config, layout, gradients), settings.write);

    for (size_t layer = kept.layers.size(); layer-- > 0;) {
        const LayerViews views = layerViews(m_config, layout, gradients, layer);
        ffnBackward(layer, settings, views);
        attentionBackward(layer, settings.write, views);
    }
    // A tied embedding already holds the head's gradient.
    m_backend.embeddingBackward(kept.ids->slice(0, tokens), dx,
        embeddingView(m_config, layout, gradients),
        layout.head == layout.embedding ? Write::Add : settings.write);
}

/// dx holds the gradient by the layer's output and becomes the one by `middle`.
void Decoder::ffnBackward(
    size_t layer, const BackwardSettings& settings, const LayerViews& gradients)
{
    const int64_t tokens = m_batch.tokens();
    const LayerActivations& kept = m_activations.layers[layer];
    const LayerViews master = layerViews(m_config, m_weights.layout(), m_weights.flat(), layer);
    const Weights::Layer& packed = m_weights.layer(layer);
    const TensorView dx = m_scratch->dx->slice(0, tokens);
    const TensorView dNorm = m_scratch->dNorm->slice(0, tokens);
    const TensorView norm = kept.ffnNorm->slice(0, tokens);

    if (m_config.isMoe()) {
        const int64_t rowCount = tokens * m_config.topK;
        const kernels::RouterState state = kept.router(tokens);
        const TensorView dRows = m_scratch->dRows->slice(0, rowCount);
        const TensorView dWeights = m_scratch->dWeights->slice(0, tokens);
        const TensorView dLogits = m_scratch->dLogits->slice(0, tokens);
        m_backend.combineBackward(kept.expertOut->slice(0, rowCount), state, dx, dRows, dWeights);
        m_backend.expertsBackward(kept.rows->slice(0, rowCount), state.offsets, *packed.gateUp,
            *packed.down, kept.gateUp->slice(0, rowCount), dRows, dRows, gradients.gateUp,
            gradients.down, settings.write);
        m_backend.permuteBackward(dRows, state, dNorm, Write::Overwrite);
        const kernels::RouterGradient factors{static_cast<float>(settings.alpha[layer]),
            static_cast<float>(settings.zCoefficient), static_cast<float>(settings.routerScale)};
        m_backend.routerBackward(
            kept.logits->slice(0, tokens), routerShape(), state, factors, dWeights, dLogits);
        m_backend.projectionBackward(
            norm, *packed.router, dLogits, dNorm, Write::Add, gradients.router, settings.write);
    } else {
        m_backend.expertsBackward(norm, m_denseOffsets, *packed.gateUp, *packed.down,
            kept.gateUp->slice(0, tokens), dx, dNorm, gradients.gateUp, gradients.down,
            settings.write);
    }
    m_backend.rmsNormBackward(kept.middle->slice(0, tokens), master.ffnNorm,
        kept.ffnRstd->slice(0, tokens), dNorm, dx, Write::Add, gradients.ffnNorm, settings.write);
}

/// dx holds the gradient by `middle` and becomes the one by the layer's input.
void Decoder::attentionBackward(size_t layer, Write write, const LayerViews& gradients)
{
    const int64_t tokens = m_batch.tokens();
    const LayerActivations& kept = m_activations.layers[layer];
    const LayerViews master = layerViews(m_config, m_weights.layout(), m_weights.flat(), layer);
    const Weights::Layer& packed = m_weights.layer(layer);
    const kernels::AttentionShape shape = attentionShape();
    const TensorView dx = m_scratch->dx->slice(0, tokens);
    const TensorView dNorm = m_scratch->dNorm->slice(0, tokens);
    const TensorView dAttention = m_scratch->dAttention->slice(0, tokens);
    const TensorView dQkv = m_scratch->dQkv->slice(0, tokens);
    const TensorView out = kept.attention->slice(0, tokens);

    m_backend.projectionBackward(
        out, *packed.o, dx, dAttention, Write::Overwrite, gradients.o, write);
    m_backend.attentionBackward(kept.qkv->slice(0, tokens), out,
        kept.lse->at(0, {shape.batch, shape.heads, shape.sequence}), dAttention, shape, dQkv);
    m_backend.ropeBackward(dQkv, rope(), shape);
    m_backend.projectionBackward(kept.attentionNorm->slice(0, tokens), *packed.qkv,
        dQkv.as({tokens, packed.qkv->out()}), dNorm, Write::Overwrite, gradients.qkv, write);
    m_backend.rmsNormBackward(kept.input->slice(0, tokens), master.attentionNorm,
        kept.attentionRstd->slice(0, tokens), dNorm, dx, Write::Add, gradients.attentionNorm,
        write);
}

} // namespace moe::model
