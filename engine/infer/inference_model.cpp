// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/inference_model.h"

#include "engine/model/rope.h"
#include "kernels/bfloat16.h"
#include "kernels/error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::infer {

using kernels::DType;
using kernels::MemoryKind;
using kernels::PagedBatch;
using kernels::RopePairs;
using kernels::Tensor;
using kernels::TensorView;
using model::AttentionKind;
using model::QkNorm;

namespace {

/// transformers gives the norms of latents this, whatever rms_norm_eps says.
constexpr float kLatentNormEps = 1e-6F;
constexpr int64_t kFirstPositions = 4096;

kernels::InferenceRouter routerOf(const model::ModelConfig& config)
{
    kernels::InferenceRouter router;
    router.topK = config.topK;
    router.groups = config.moe.groups;
    router.topGroups = config.moe.topGroups;
    router.scoring = config.moe.topKThenSoftmax ? kernels::RouterScoring::TopKThenSoftmax
                                                : kernels::RouterScoring::SoftmaxThenTopK;
    router.normalizeLogits = config.logitsNorm;
    router.lambda = static_cast<float>(config.gateNormStd);
    router.renormalize = config.moe.renormalize;
    router.scaling = static_cast<float>(config.moe.scaling);
    return router;
}

} // namespace

InferenceModel::InferenceModel(kernels::Backend& backend, const std::filesystem::path& folder,
    DType activations, int64_t largestBatch, int64_t context, const OnLayer& onLayer, Head head)
    : InferenceModel(backend, model::readConfig(folder), std::make_unique<FolderWeights>(folder),
        activations, largestBatch, context, onLayer, head)
{
}

InferenceModel::InferenceModel(kernels::Backend& backend, const model::ModelConfig& config,
    std::unique_ptr<WeightSource> weights, DType activations, int64_t largestBatch, int64_t context,
    const OnLayer& onLayer, Head head)
    : m_backend(backend)
    , m_config(config)
    , m_source(std::move(weights))
    , m_placement(backend)
    , m_weights(*m_source, m_config, m_placement, onLayer, head)
    , m_activations(activations)
    , m_largest(largestBatch)
    , m_context(std::min(context, m_config.maxPositions))
{
    reachPosition(std::min(m_context, kFirstPositions) - 1);
    allocateScratch();
}

/// Makes the table of rotations long enough: contexts of a hundred thousand tokens cost a moment
/// only where they are used.
void InferenceModel::reachPosition(int64_t position)
{
    const int64_t before = m_ropeTable ? m_ropeTable.view().shape[0] : 0;
    if (position < before)
        return;
    const int64_t positions = std::min(m_context, std::max(position + 1, 2 * before));
    m_ropeTable = m_backend.allocate(
        {positions, m_config.rotaryDim() / 2, 2}, DType::Float32, MemoryKind::Weights);
    const std::vector<float> table = model::ropeTable(m_config, positions);
    m_backend.upload(m_ropeTable.view(), table.data());
}

void InferenceModel::allocateScratch()
{
    const model::AttentionSpec& spec = m_config.attention;
    const bool isLatent = spec.kind == AttentionKind::Latent;
    const auto make = [&](int64_t columns, DType type) {
        return columns ? m_backend.allocate({m_largest, columns}, type, MemoryKind::Activations)
                       : Tensor();
    };
    const int64_t heads = m_config.heads, kv = m_config.kvHeads * m_config.headDim;
    const int64_t key = isLatent ? spec.latentRank + spec.ropeDim : kv;
    Scratch& s = m_scratch;
    s.ids = m_backend.allocate({m_largest}, DType::Int32, MemoryKind::Activations);
    s.x = make(m_config.hiddenSize, DType::Float32);
    s.normed = make(m_config.hiddenSize, m_activations);
    s.queryDown = make(spec.queryRank, m_activations);
    s.q = make(heads * m_config.headDim, m_activations);
    s.k = make(key, m_activations);
    s.mixed = make(heads * (isLatent ? spec.latentRank : m_config.headDim), m_activations);
    if (isLatent) {
        s.latentQ = make(heads * key, m_activations);
        s.latent = make(spec.latentRank, m_activations);
        s.ropeKey = make(spec.ropeDim, m_activations);
        s.value = make(heads * spec.valueDim, m_activations);
    } else {
        s.v = make(kv, m_activations);
    }
    if (!m_config.isMoe())
        return;
    s.routerHidden = make(m_config.moe.twoLayerGate ? 8 * m_config.experts : 0, m_activations);
    s.routerLogits = make(m_config.experts, DType::Float32);
    s.mask = make(m_config.experts, DType::Float32);
    const auto makeAll = [&](int64_t columns, DType type) {
        return m_backend.allocate(
            {m_config.moeLayers(), m_largest, columns}, type, MemoryKind::Activations);
    };
    s.probs = makeAll(m_config.experts, DType::Float32);
    s.chosen = makeAll(m_config.topK, DType::Int32);
    s.weights = makeAll(m_config.topK, DType::Float32);
    s.sharedGate = make(m_config.moe.sharedGate ? 1 : 0, DType::Float32);
}

TensorView InferenceModel::rows(const Tensor& of) const
{
    return of.view().slice(0, m_rows);
}

TensorView InferenceModel::heads(const Tensor& of, int64_t count) const
{
    return rows(of).as({m_rows, count, of.view().shape[1] / count});
}

TensorView InferenceModel::ofMoeLayer(const Tensor& of, int64_t moeLayer) const
{
    const int64_t columns = of.view().shape[2];
    return of.view().slice(moeLayer, 1).as({m_largest, columns}).slice(0, m_rows);
}

void InferenceModel::forward(std::span<const int32_t> ids, const PagedBatch& batch,
    const KvCache& cache, const TensorView& logits, std::span<const MaskedExpert> masked)
{
    m_rows = static_cast<int64_t>(ids.size());
    if (m_rows < 1 || m_rows > m_largest || batch.rows.size() != ids.size())
        throw Error(std::to_string(m_rows) + " rows in a batch", "forward",
            "1 to " + std::to_string(m_largest));
    for (const int32_t id : ids) {
        if (id < 0 || id >= m_config.vocabSize)
            throw Error("token " + std::to_string(id) + " is outside the vocabulary", "tokens",
                "0 to " + std::to_string(m_config.vocabSize - 1));
    }
    for (const kernels::PagedRow& row : batch.rows) {
        if (row.position < 0 || row.position >= m_context)
            throw Error("position " + std::to_string(row.position), "tokens",
                "below the context, " + std::to_string(m_context));
        reachPosition(row.position);
    }
    m_masked = masked;
    m_moeLayer = 0;
    const auto eps = static_cast<float>(m_config.rmsNormEps);
    const TensorView x = rows(m_scratch.x), normed = rows(m_scratch.normed);
    m_backend.upload(rows(m_scratch.ids), ids.data());
    m_backend.embeddingRows(rows(m_scratch.ids), *m_weights.embedding, x);
    for (int64_t layer = 0; layer < m_config.layers; ++layer) {
        if (m_stop.stop_requested())
            throw Cancelled(
                "computing was stopped", "layer " + std::to_string(layer), "start it again");
        const LayerWeights& weights = m_weights.layers[static_cast<size_t>(layer)];
        m_backend.rmsNormRows(x, weights.attentionNorm, eps, normed);
        attention(layer, batch, cache);
        m_backend.rmsNormRows(x, weights.ffnNorm, eps, normed);
        feedForward(layer);
    }
    const int64_t wanted = logits.shape[0];
    if (wanted == 0)
        return;
    const TensorView last = x.slice(m_rows - wanted, wanted), out = normed.slice(0, wanted);
    m_backend.rmsNormRows(last, m_weights.finalNorm, eps, out);
    m_backend.linear(out, m_weights.head, {}, logits);
}

kernels::PagedAttention InferenceModel::attentionOf(int64_t layer) const
{
    kernels::PagedAttention attention;
    attention.heads = m_config.heads;
    attention.scale = static_cast<float>(model::attentionScale(m_config));
    attention.window = m_config.window(layer);
    attention.sinks = m_weights.layers[static_cast<size_t>(layer)].attention.sinks;
    return attention;
}

void InferenceModel::attention(int64_t layer, const PagedBatch& batch, const KvCache& cache)
{
    if (m_config.attention.kind == AttentionKind::Latent)
        latent(layer, batch, cache);
    else
        grouped(layer, batch, cache);
    const AttentionWeights& weights = m_weights.layers[static_cast<size_t>(layer)].attention;
    const TensorView x = rows(m_scratch.x);
    const bool isLatent = m_config.attention.kind == AttentionKind::Latent;
    m_backend.linear(rows(isLatent ? m_scratch.value : m_scratch.mixed), weights.o, x, x);
}

void InferenceModel::grouped(int64_t layer, const PagedBatch& batch, const KvCache& cache)
{
    const AttentionWeights& weights = m_weights.layers[static_cast<size_t>(layer)].attention;
    const TensorView normed = rows(m_scratch.normed);
    m_backend.linear(normed, weights.q, {}, rows(m_scratch.q));
    m_backend.linear(normed, weights.k, {}, rows(m_scratch.k));
    m_backend.linear(normed, weights.v, {}, rows(m_scratch.v));
    const TensorView q = heads(m_scratch.q, m_config.heads);
    const TensorView k = heads(m_scratch.k, m_config.kvHeads);
    if (m_config.attention.qkNorm != QkNorm::None) {
        const bool whole = m_config.attention.qkNorm == QkNorm::Whole;
        const auto eps = static_cast<float>(m_config.rmsNormEps);
        const int64_t d = m_config.headDim;
        const TensorView qs = whole ? rows(m_scratch.q) : q.as({m_rows * m_config.heads, d});
        const TensorView ks = whole ? rows(m_scratch.k) : k.as({m_rows * m_config.kvHeads, d});
        m_backend.rmsNormRows(qs, weights.qNorm, eps, qs);
        m_backend.rmsNormRows(ks, weights.kNorm, eps, ks);
    }
    m_backend.rotateRows(q, batch, m_ropeTable.view(), RopePairs::Halves);
    m_backend.rotateRows(k, batch, m_ropeTable.view(), RopePairs::Halves);
    const kernels::KvPages pages = cache.layer(layer);
    m_backend.storeKv(k, heads(m_scratch.v, m_config.kvHeads), batch, pages);
    m_backend.pagedAttention(
        q, batch, pages, attentionOf(layer), heads(m_scratch.mixed, m_config.heads));
}

void InferenceModel::latent(int64_t layer, const PagedBatch& batch, const KvCache& cache)
{
    const AttentionWeights& weights = m_weights.layers[static_cast<size_t>(layer)].attention;
    const int64_t count = m_config.heads;
    TensorView input = rows(m_scratch.normed);
    const TensorView key = rows(m_scratch.k), shared = rows(m_scratch.latent);
    m_backend.linear(input, weights.latent, {}, shared);
    m_backend.rmsNormRows(shared, weights.latentNorm, kLatentNormEps, shared);
    m_backend.linear(input, weights.ropeKey, {}, rows(m_scratch.ropeKey));
    m_backend.rotateRows(
        heads(m_scratch.ropeKey, 1), batch, m_ropeTable.view(), RopePairs::Interleaved);
    m_backend.linear(shared, weights.latentToKey, {}, key);
    m_backend.linear(rows(m_scratch.ropeKey), weights.ropeToKey, key, key);

    if (weights.queryDown.weight) {
        const TensorView down = rows(m_scratch.queryDown);
        m_backend.linear(input, weights.queryDown, {}, down);
        m_backend.rmsNormRows(down, weights.queryNorm, kLatentNormEps, down);
        input = down;
    }
    m_backend.linear(input, weights.q, {}, rows(m_scratch.q));
    const TensorView q = heads(m_scratch.q, count), latentQ = heads(m_scratch.latentQ, count);
    m_backend.rotateRows(q, batch, m_ropeTable.view(), RopePairs::Interleaved);
    m_backend.headLinear(q, *weights.absorb, count, true, latentQ);

    const kernels::KvPages pages = cache.layer(layer);
    m_backend.storeKv(heads(m_scratch.k, 1), {}, batch, pages);
    const TensorView mixed = heads(m_scratch.mixed, count);
    m_backend.pagedAttention(latentQ, batch, pages, attentionOf(layer), mixed);
    m_backend.headLinear(mixed, *weights.value, count, false, heads(m_scratch.value, count));
}

void InferenceModel::feedForward(int64_t layer)
{
    using kernels::Gating;
    const LayerWeights& weights = m_weights.layers[static_cast<size_t>(layer)];
    const TensorView x = rows(m_scratch.x), normed = rows(m_scratch.normed);
    if (!m_config.isMoeLayer(layer)) {
        m_backend.feedForwardRows(normed, weights.dense, Gating::Silu, 0, {}, x, x);
        return;
    }
    route(layer);
    const Gating gating = m_config.moe.clampedSwish ? Gating::ClampedSwish : Gating::Silu;
    m_backend.expertRows(normed, weights.moe.experts, gating,
        static_cast<float>(m_config.moe.swigluLimit), ofMoeLayer(m_scratch.chosen, m_moeLayer),
        ofMoeLayer(m_scratch.weights, m_moeLayer), x, x);
    ++m_moeLayer;
    if (!weights.moe.shared.gate.weight)
        return;
    TensorView gate;
    if (weights.moe.sharedGate.weight) {
        gate = rows(m_scratch.sharedGate);
        m_backend.linear(normed, weights.moe.sharedGate, {}, gate);
    }
    m_backend.feedForwardRows(normed, weights.moe.shared, Gating::Silu, 0, gate, x, x);
}

void InferenceModel::route(int64_t layer)
{
    const MoeWeights& weights = m_weights.layers[static_cast<size_t>(layer)].moe;
    TensorView input = rows(m_scratch.normed);
    if (weights.routerHidden.weight) {
        const TensorView hidden = rows(m_scratch.routerHidden);
        m_backend.linear(input, weights.routerHidden, {}, hidden);
        tanhOnHost(hidden);
        input = hidden;
    }
    m_backend.linear(input, weights.router, {}, rows(m_scratch.routerLogits));
    kernels::InferenceRouter router = routerOf(m_config);
    router.mask = maskOf(layer);
    m_backend.routeRows(rows(m_scratch.routerLogits), router,
        ofMoeLayer(m_scratch.probs, m_moeLayer), ofMoeLayer(m_scratch.chosen, m_moeLayer),
        ofMoeLayer(m_scratch.weights, m_moeLayer));
}

/// Empty where no row of the call leaves an expert of this layer out.
TensorView InferenceModel::maskOf(int64_t layer)
{
    std::vector<float> mask;
    for (const MaskedExpert& masked : m_masked) {
        if (masked.layer != layer)
            continue;
        mask.resize(static_cast<size_t>(m_rows * m_config.experts));
        mask[static_cast<size_t>(masked.row * m_config.experts + masked.expert)]
            = -std::numeric_limits<float>::infinity();
    }
    if (mask.empty())
        return {};
    m_backend.upload(rows(m_scratch.mask), mask.data());
    return rows(m_scratch.mask);
}

RoutedBatch InferenceModel::routing(bool probabilities)
{
    RoutedBatch routed;
    routed.rows = m_rows;
    routed.topK = m_config.topK;
    routed.experts = m_config.experts;
    const auto fetch = [&](auto& to, const Tensor& from, int64_t columns) {
        const auto size = static_cast<size_t>(m_rows * columns);
        to.resize(static_cast<size_t>(m_config.moeLayers()) * size);
        for (int64_t layer = 0; layer < m_config.moeLayers(); ++layer)
            m_backend.download(
                to.data() + static_cast<size_t>(layer) * size, ofMoeLayer(from, layer));
    };
    fetch(routed.chosen, m_scratch.chosen, routed.topK);
    fetch(routed.weights, m_scratch.weights, routed.topK);
    if (probabilities)
        fetch(routed.probs, m_scratch.probs, routed.experts);
    return routed;
}

/// Of the two-layer gate alone, which no published model has: a few values a token, so that no
/// backend needs an operation for it.
void InferenceModel::tanhOnHost(const TensorView& values)
{
    const auto apply = [&](auto element) {
        std::vector<decltype(element)> host(static_cast<size_t>(values.elements()));
        m_backend.download(host.data(), values);
        for (auto& value : host)
            value = std::tanh(static_cast<float>(value));
        m_backend.upload(values, host.data());
    };
    if (values.dtype == DType::Float32)
        apply(float{});
    else
        apply(kernels::BFloat16{});
}

} // namespace moe::infer
