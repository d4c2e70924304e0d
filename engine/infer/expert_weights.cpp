// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Routers and experts by the names of their architectures.
#include "engine/infer/placed_weights.h"

#include "kernels/error.h"

namespace moe::infer {

using kernels::FeedForward;
using kernels::StoredMatrix;
using model::ModelConfig;

namespace {

/// Every second row of a matrix whose rows are gate and up in turn.
StoredMatrix everySecond(StoredMatrix both, int64_t first)
{
    both.codes += first * both.rowBytes;
    both.rowBytes *= 2;
    if (both.exponents) {
        both.exponents += first * both.exponentRowBytes;
        both.exponentRowBytes *= 2;
    }
    both.out /= 2;
    return both;
}

std::vector<float> everySecond(const std::vector<float>& both, int64_t begin, int64_t count)
{
    std::vector<float> out(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i)
        out[static_cast<size_t>(i)] = both[static_cast<size_t>(begin + 2 * i)];
    return out;
}

/// [in, out] from `begin` on as a matrix [out, in] of our own.
StoredMatrix transposed(
    WeightSource& source, const std::vector<float>& values, int64_t begin, int64_t out, int64_t in)
{
    std::vector<float> matrix(static_cast<size_t>(out * in));
    for (int64_t i = 0; i < in; ++i) {
        for (int64_t o = 0; o < out; ++o)
            matrix[static_cast<size_t>(o * in + i)]
                = values[static_cast<size_t>(begin + i * out + o)];
    }
    return source.own(matrix, out, in);
}

/// gpt-oss: fused, gate and up rows in turn, MXFP4 or (transposed) BF16, with biases.
void addGptOssExperts(WeightSource& source, const ModelConfig& config, const std::string& layer,
    Placement& place, std::vector<FeedForward>& experts)
{
    const std::string prefix = layer + "mlp.experts.";
    const int64_t n = config.experts, f = config.expertSize(), h = config.hiddenSize;
    const bool mx = source.has(prefix + "gate_up_proj_blocks");
    std::vector<float> gateUp, down;
    if (!mx) {
        gateUp = source.values(prefix + "gate_up_proj", {n, h, 2 * f});
        down = source.values(prefix + "down_proj", {n, f, h});
    }
    const std::vector<float> gateUpBias = source.values(prefix + "gate_up_proj_bias", {n, 2 * f});
    const std::vector<float> downBias = source.values(prefix + "down_proj_bias", {n, h});
    for (int64_t e = 0; e < n; ++e) {
        const StoredMatrix both = mx ? source.matrixOf(prefix + "gate_up_proj", e, n, 2 * f, h)
                                     : transposed(source, gateUp, e * h * 2 * f, 2 * f, h);
        const StoredMatrix last = mx ? source.matrixOf(prefix + "down_proj", e, n, h, f)
                                     : transposed(source, down, e * f * h, h, f);
        FeedForward expert;
        expert.gate = {place.matrix(everySecond(both, 0)),
            place.vector(everySecond(gateUpBias, e * 2 * f, f))};
        expert.up = {place.matrix(everySecond(both, 1)),
            place.vector(everySecond(gateUpBias, e * 2 * f + 1, f))};
        expert.down = {place.matrix(last),
            place.vector({downBias.begin() + e * h, downBias.begin() + (e + 1) * h})};
        experts.push_back(expert);
    }
}

/// gate_up_proj [experts, 2f, h], gate rows before up rows, and down_proj [experts, h, f].
FeedForward fusedExpert(WeightSource& source, const ModelConfig& config, const std::string& prefix,
    int64_t e, Placement& place)
{
    const int64_t n = config.experts, f = config.expertSize(), h = config.hiddenSize;
    const StoredMatrix both = source.matrixOf(prefix + "gate_up_proj", e, n, 2 * f, h);
    FeedForward expert;
    expert.gate.weight = place.matrix(source.rows(both, 0, f));
    expert.up.weight = place.matrix(source.rows(both, f, f));
    expert.down.weight = place.matrix(source.matrixOf(prefix + "down_proj", e, n, h, f));
    return expert;
}

FeedForward oneExpert(WeightSource& source, const ModelConfig& config, const std::string& layer,
    int64_t e, Placement& place)
{
    const int64_t f = config.expertSize(), h = config.hiddenSize;
    const std::string mixtral = layer + "block_sparse_moe.experts." + std::to_string(e) + ".";
    if (!source.has(mixtral + "w1.weight") && config.architecture != "SkyworkForCausalLM")
        return gatedFfn(source, layer + "mlp.experts." + std::to_string(e) + ".", f, h, place);
    FeedForward expert;
    expert.gate.weight = place.matrix(source.matrix(mixtral + "w1.weight", f, h));
    expert.up.weight = place.matrix(source.matrix(mixtral + "w3.weight", f, h));
    expert.down.weight = place.matrix(source.matrix(mixtral + "w2.weight", h, f));
    return expert;
}

void addRouter(WeightSource& source, const ModelConfig& config, const std::string& layer,
    Placement& place, MoeWeights& weights)
{
    const int64_t n = config.experts, h = config.hiddenSize;
    if (config.moe.twoLayerGate) {
        const std::string gate = layer + "block_sparse_moe.gate.";
        weights.routerHidden.weight = place.matrix(source.matrix(gate + "0.weight", 8 * n, h));
        weights.router.weight = place.matrix(source.matrix(gate + "2.weight", n, 8 * n));
        return;
    }
    const std::string name = config.moe.routerBias
        ? layer + "mlp.router.weight"
        : source.firstOf({layer + "block_sparse_moe.gate.weight", layer + "mlp.gate.weight"});
    weights.router.weight = place.matrix(source.matrix(name, n, h));
    if (config.moe.routerBias)
        weights.router.bias = place.vector(source.values(layer + "mlp.router.bias", {n}));
}

} // namespace

MoeWeights moeWeights(
    WeightSource& source, const ModelConfig& config, const std::string& layer, Placement& place)
{
    MoeWeights weights;
    const int64_t h = config.hiddenSize;
    addRouter(source, config, layer, place, weights);
    const std::string fused = layer + "mlp.experts.";
    if (config.moe.expertBias) {
        addGptOssExperts(source, config, layer, place, weights.experts);
    } else {
        for (int64_t e = 0; e < config.experts; ++e)
            weights.experts.push_back(source.has(fused + "gate_up_proj")
                    ? fusedExpert(source, config, fused, e, place)
                    : oneExpert(source, config, layer, e, place));
    }
    if (config.moe.sharedSize)
        weights.shared = gatedFfn(source,
            layer + (config.moe.sharedGate ? "mlp.shared_expert." : "mlp.shared_experts."),
            config.moe.sharedSize, h, place);
    if (config.moe.sharedGate)
        weights.sharedGate.weight
            = place.matrix(source.matrix(layer + "mlp.shared_expert_gate.weight", 1, h));
    return weights;
}

} // namespace moe::infer
