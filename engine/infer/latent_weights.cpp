// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// DeepSeek's latent attention in the form that caches latents (DeepSeek-V2, arXiv 2405.04434,
// section 2.1): q · k = (q_nope W_k) · latent + q_rope · k_rope, and W_v after the sum over keys.
#include "engine/infer/placed_weights.h"

#include <algorithm>

namespace moe::infer {

using model::AttentionSpec;
using model::ModelConfig;

namespace {

/// Rows [first, first + count) of a row-major matrix.
std::vector<float> rowsOf(
    const std::vector<float>& matrix, int64_t columns, int64_t first, int64_t count)
{
    const auto begin = matrix.begin() + first * columns;
    return {begin, begin + count * columns};
}

/// The heads' rows [nope, rope] as [rope, nope]: rotateRows turns the first elements of a head.
std::vector<float> ropeFirst(
    const std::vector<float>& q, const ModelConfig& config, int64_t columns)
{
    const AttentionSpec& spec = config.attention;
    std::vector<float> out;
    out.reserve(q.size());
    for (int64_t head = 0; head < config.heads; ++head) {
        const auto nope = q.begin() + head * config.headDim * columns;
        const auto rope = nope + spec.nopeDim * columns;
        out.insert(out.end(), rope, rope + spec.ropeDim * columns);
        out.insert(out.end(), nope, rope);
    }
    return out;
}

/// A head's block [rope + nope, latent + rope]: rope as it is, to the end; nope through W_k.
std::vector<float> absorbed(const std::vector<float>& kvB, const ModelConfig& config)
{
    const AttentionSpec& spec = config.attention;
    const int64_t rank = spec.latentRank, width = rank + spec.ropeDim;
    std::vector<float> out(static_cast<size_t>(config.heads * config.headDim * width), 0.0F);
    for (int64_t head = 0; head < config.heads; ++head) {
        const auto block = out.begin() + head * config.headDim * width;
        for (int64_t i = 0; i < spec.ropeDim; ++i)
            *(block + i * width + rank + i) = 1.0F;
        const auto keys = kvB.begin() + head * (spec.nopeDim + spec.valueDim) * rank;
        for (int64_t i = 0; i < spec.nopeDim; ++i)
            std::copy_n(keys + i * rank, rank, block + (spec.ropeDim + i) * width);
    }
    return out;
}

std::vector<float> valueRows(const std::vector<float>& kvB, const ModelConfig& config)
{
    const AttentionSpec& spec = config.attention;
    std::vector<float> out;
    for (int64_t head = 0; head < config.heads; ++head) {
        const auto block = kvB.begin() + head * (spec.nopeDim + spec.valueDim) * spec.latentRank;
        out.insert(out.end(), block + spec.nopeDim * spec.latentRank,
            block + (spec.nopeDim + spec.valueDim) * spec.latentRank);
    }
    return out;
}

/// [out, in] with the identity from row `first` on.
std::vector<float> identityAt(int64_t first, int64_t out, int64_t in)
{
    std::vector<float> matrix(static_cast<size_t>(out * in), 0.0F);
    for (int64_t i = 0; i < in; ++i)
        matrix[static_cast<size_t>((first + i) * in + i)] = 1.0F;
    return matrix;
}

} // namespace

AttentionWeights latentAttention(
    WeightSource& source, const ModelConfig& config, const std::string& layer, Placement& place)
{
    const AttentionSpec& spec = config.attention;
    const std::string prefix = layer + "self_attn.";
    const int64_t h = config.hiddenSize, q = config.heads * config.headDim;
    const int64_t rank = spec.latentRank, rope = spec.ropeDim, width = rank + rope;
    const auto own = [&](const std::vector<float>& values, int64_t out, int64_t in) {
        return place.matrix(source.own(values, out, in));
    };
    AttentionWeights weights;
    const int64_t columns = spec.queryRank ? spec.queryRank : h;
    if (spec.queryRank) {
        weights.queryDown.weight
            = place.matrix(source.matrix(prefix + "q_a_proj.weight", columns, h));
        weights.queryNorm = place.vector(source.values(prefix + "q_a_layernorm.weight", {columns}));
    }
    const std::string queries = prefix + (spec.queryRank ? "q_b_proj.weight" : "q_proj.weight");
    weights.q.weight
        = own(ropeFirst(source.values(queries, {q, columns}), config, columns), q, columns);

    const std::vector<float> kvA = source.values(prefix + "kv_a_proj_with_mqa.weight", {width, h});
    weights.latent.weight = own(rowsOf(kvA, h, 0, rank), rank, h);
    weights.ropeKey.weight = own(rowsOf(kvA, h, rank, rope), rope, h);
    weights.latentNorm = place.vector(source.values(prefix + "kv_a_layernorm.weight", {rank}));
    weights.latentToKey.weight = own(identityAt(0, width, rank), width, rank);
    weights.ropeToKey.weight = own(identityAt(rank, width, rope), width, rope);

    const int64_t kv = config.heads * (spec.nopeDim + spec.valueDim);
    const std::vector<float> kvB = source.values(prefix + "kv_b_proj.weight", {kv, rank});
    weights.absorb = own(absorbed(kvB, config), q, width);
    weights.value = own(valueRows(kvB, config), config.heads * spec.valueDim, rank);
    weights.o.weight
        = place.matrix(source.matrix(prefix + "o_proj.weight", h, config.heads * spec.valueDim));
    return weights;
}

} // namespace moe::infer
