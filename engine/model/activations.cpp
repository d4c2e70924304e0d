// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/activations.h"

#include <algorithm>
#include <limits>

namespace moe::model {

using kernels::DType;
using kernels::MemoryKind;
using kernels::Shape;
using kernels::Tensor;

namespace {

__extension__ using Wide = __int128;

/// Allocates for one purpose.
struct Allocator {
    kernels::Backend& backend;
    DType act;
    MemoryKind kind;

    Tensor activation(Shape shape) const { return backend.allocate(shape, act, kind); }
    Tensor number(Shape shape) const { return backend.allocate(shape, DType::Float32, kind); }
    Tensor index(Shape shape) const { return backend.allocate(shape, DType::Int32, kind); }
};

void allocateMoe(
    const Allocator& make, const ModelConfig& config, int64_t tokens, LayerActivations& layer)
{
    const int64_t k = config.topK, n = config.experts;
    layer.logits = make.number({tokens, n});
    layer.probs = make.number({tokens, n});
    layer.chosen = make.index({tokens, k});
    layer.weights = make.number({tokens, k});
    layer.slots = make.index({tokens, k});
    layer.rowToken = make.index({tokens * k});
    layer.offsets = make.index({n + 1});
    layer.load = make.index({n});
    layer.rows = make.activation({tokens * k, config.hiddenSize});
    layer.expertOut = make.activation({tokens * k, config.hiddenSize});
}

LayerActivations makeLayer(
    const Allocator& make, const ModelConfig& config, const BatchShape& largest)
{
    const int64_t tokens = largest.tokens(), h = config.hiddenSize;
    LayerActivations layer;
    layer.input = make.activation({tokens, h});
    layer.attentionNorm = make.activation({tokens, h});
    layer.attentionRstd = make.number({tokens});
    layer.qkv = make.activation({tokens, config.heads + 2 * config.kvHeads, config.headDim});
    layer.attention = make.activation({tokens, config.heads * config.headDim});
    layer.lse = make.number({largest.sequences, config.heads, largest.length});
    layer.middle = make.activation({tokens, h});
    layer.ffnNorm = make.activation({tokens, h});
    layer.ffnRstd = make.number({tokens});
    const int64_t rows = config.isMoe() ? tokens * config.topK : tokens;
    layer.gateUp = make.activation({rows, 2 * config.intermediateSize});
    if (config.isMoe())
        allocateMoe(make, config, tokens, layer);
    return layer;
}

} // namespace

kernels::RouterState LayerActivations::router(int64_t tokens) const
{
    const int64_t k = chosen->shape[1];
    kernels::RouterState state;
    state.probs = probs->slice(0, tokens);
    state.chosen = chosen->slice(0, tokens);
    state.weights = weights->slice(0, tokens);
    state.slots = slots->slice(0, tokens);
    state.rowToken = rowToken->slice(0, tokens * k);
    state.offsets = offsets;
    state.load = load;
    return state;
}

Activations::Activations(
    kernels::Backend& backend, const ModelConfig& config, DType act, const BatchShape& largest)
{
    const Allocator make{backend, act, MemoryKind::Activations};
    const int64_t tokens = largest.tokens();
    ids = make.index({tokens});
    targets = make.index({tokens});
    for (int64_t l = 0; l < config.layers; ++l)
        layers.push_back(makeLayer(make, config, largest));
    output = make.activation({tokens, config.hiddenSize});
    finalNorm = make.activation({tokens, config.hiddenSize});
    finalRstd = make.number({tokens});
}

int64_t activationBytes(const ModelConfig& config, DType act, const BatchShape& largest)
{
    // In 128 bits: sizes that a configuration allows one by one may together pass 64.
    const Wide tokens = largest.tokens(), h = config.hiddenSize, bytes = kernels::bytesOf(act);
    const Wide n = config.experts, k = config.isMoe() ? config.topK : 1;
    const Wide heads = config.heads + config.heads + 2 * config.kvHeads;
    Wide inAct = 4 * h + heads * config.headDim + k * 2 * config.intermediateSize;
    Wide inFour = 2 + config.heads;
    Wide fixed = 0;
    if (config.isMoe()) {
        inAct += 2 * k * h;
        inFour += 2 * n + 4 * k;
        fixed = 4 * (2 * n + 1);
    }
    const Wide layer = tokens * (inAct * bytes + inFour * 4) + fixed;
    const Wide all = config.layers * layer + tokens * (2 * h * bytes + 12);
    return static_cast<int64_t>(std::min<Wide>(all, std::numeric_limits<int64_t>::max()));
}

BackwardScratch::BackwardScratch(
    kernels::Backend& backend, const ModelConfig& config, DType act, const BatchShape& largest)
{
    const Allocator make{backend, act, MemoryKind::Workspace};
    const int64_t tokens = largest.tokens(), h = config.hiddenSize;
    dx = make.activation({tokens, h});
    dNorm = make.activation({tokens, h});
    dAttention = make.activation({tokens, config.heads * config.headDim});
    dQkv = make.activation({tokens, config.heads + 2 * config.kvHeads, config.headDim});
    if (!config.isMoe())
        return;
    dRows = make.activation({tokens * config.topK, h});
    dWeights = make.number({tokens, config.topK});
    dLogits = make.number({tokens, config.experts});
}

} // namespace moe::model
