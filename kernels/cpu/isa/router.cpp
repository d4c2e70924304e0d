// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Contract section 3, items 1, 3 and 4, token by token; who keeps a place (item 2) is decided in
// router_places.cpp.
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"
#include "kernels/cpu/router_places.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kGrain = 64; // tokens of one partial sum

float highest(const float* z, int64_t n)
{
    float most = z[0];
    for (int64_t e = 1; e < n; ++e)
        most = z[e] > most ? z[e] : most;
    return most;
}

/// Σ e^(z − most), the terms left in g.
float exponentials(const float* z, int64_t n, float most, float* g)
{
    Vec sums{};
    eachVector(n, [&](int64_t i, auto part) {
        part.store(g + i, exponential(part.load(z + i) - most));
        sums += part.load(g + i);
    });
    return sum(sums);
}

float logSumExp(const float* z, int64_t n, float* g)
{
    const float most = highest(z, n);
    return most + __builtin_logf(exponentials(z, n, most, g));
}

/// u = (z − mean z) / std into z, zeros where std is 0; returns std.
template <typename Real> double normalize(const float* raw, int64_t n, Real* z)
{
    double total = 0.0, squares = 0.0;
    for (int64_t e = 0; e < n; ++e)
        total += raw[e];
    const double mean = total / static_cast<double>(n);
    for (int64_t e = 0; e < n; ++e)
        squares += (raw[e] - mean) * (raw[e] - mean);
    const double std = n > 1 ? __builtin_sqrt(squares / static_cast<double>(n - 1)) : 0.0;
    const double inverse = std == 0.0 ? 0.0 : 1.0 / std;
    for (int64_t e = 0; e < n; ++e)
        z[e] = static_cast<Real>((raw[e] - mean) * inverse);
    return std;
}

/// The next of falling g among those not taken (g below 0); of equals the lower index.
int64_t takeBest(float* left, int64_t n)
{
    int64_t best = -1;
    for (int64_t e = 0; e < n; ++e)
        if (left[e] != -1.0F && (best < 0 || left[e] > left[best]))
            best = e;
    left[best] = -1.0F;
    return best;
}

struct TokenRows {
    const float* logits;
    float* probs;
    int32_t* chosen;
    float* weights;
};

/// Softmax and choice of one token; its part of the sums. `work` of 2 n floats.
void routeToken(const RouterShape& shape, const TokenRows& token, float* work, double* sums)
{
    const int64_t n = shape.experts;
    float* z = work;
    float* left = work + n;
    const float rawLse = logSumExp(token.logits, n, left);
    if (shape.normalize)
        normalize(token.logits, n, z);
    for (int64_t e = 0; e < n; ++e)
        z[e] = shape.normalize ? shape.lambda * z[e] : token.logits[e];
    const float most = highest(z, n);
    const float total = exponentials(z, n, most, token.probs);
    double expected = 0.0; // Σ g z, for the entropy lse − Σ g z
    for (int64_t e = 0; e < n; ++e) {
        token.probs[e] /= total;
        left[e] = token.probs[e];
        expected += static_cast<double>(token.probs[e]) * (static_cast<double>(z[e]) - most);
    }
    float best[3] = {};
    float sum = 0.0F;
    for (int64_t j = 0; j < larger(shape.topK, smaller(3, n)); ++j) {
        const int64_t e = takeBest(left, n);
        if (j < 3)
            best[j] = token.probs[e];
        if (j < shape.topK) {
            token.chosen[j] = static_cast<int32_t>(e);
            token.weights[j] = token.probs[e];
            sum += token.probs[e];
        }
    }
    for (int64_t j = 0; j < shape.topK; ++j)
        token.weights[j] /= sum;
    sums[kSumEntropy] += __builtin_log(static_cast<double>(total)) - expected;
    sums[kSumRatio12] += n >= 2 ? static_cast<double>(best[0]) / best[1] : 0.0;
    sums[kSumRatio23] += n >= 3 ? static_cast<double>(best[1]) / best[2] : 0.0;
    sums[kSumZLoss] += static_cast<double>(rawLse) * rawLse;
}

/// The aux loss and its derivative by each expert's mean probability.
double auxLoss(const RouterShape& shape, const double* mean, const int32_t* load, int64_t tokens,
    double* byMean)
{
    const auto n = static_cast<double>(shape.experts);
    double loss = 0.0;
    for (int64_t e = 0; e < shape.experts; ++e) {
        byMean[e] = 0.0;
        if (shape.auxLoss == AuxLoss::Skywork) {
            loss += (1.0 / n - mean[e]) * (1.0 / n - mean[e]);
            byMean[e] = -2.0 * (1.0 / n - mean[e]);
        } else if (shape.auxLoss == AuxLoss::Switch) {
            byMean[e] = n * load[e] / static_cast<double>(tokens * shape.topK);
            loss += byMean[e] * mean[e];
        }
    }
    return loss;
}

/// mean[experts]: mean probability of each expert, summed in pieces of kGrain tokens.
void meanProbs(ThreadPool& pool, const TensorView& probs, double* mean, double* partial)
{
    const int64_t tokens = probs.shape[0], n = probs.shape[1];
    parallelRanges(pool, tokens, kGrain, [&](int64_t begin, int64_t end, int) {
        double* sums = partial + begin / kGrain * n;
        for (int64_t e = 0; e < n; ++e)
            sums[e] = 0.0;
        for (int64_t t = begin; t < end; ++t)
            for (int64_t e = 0; e < n; ++e)
                sums[e] += probs.host<float>()[t * n + e];
    });
    for (int64_t e = 0; e < n; ++e) {
        double total = 0.0;
        for (int64_t piece = 0; piece < ceilDiv(tokens, kGrain); ++piece)
            total += partial[piece * n + e];
        mean[e] = total / static_cast<double>(tokens);
    }
}

/// Doubles of work for tokenGradient.
int64_t gradientWork(int64_t n)
{
    return 3 * n;
}

/// dLogits of one token, in double because its terms nearly cancel when few experts share it;
/// `byProb` is what aux adds to every dg.
void tokenGradient(const RouterShape& shape, const TokenRows& token, const float* dWeights,
    const double* byProb, double zFactor, double* work, float* dLogits)
{
    const int64_t n = shape.experts;
    double* dg = work;
    double* dz = work + n;
    double* u = work + 2 * n;
    double mean = 0.0, chosen = 0.0;
    for (int64_t j = 0; j < shape.topK; ++j) {
        mean += static_cast<double>(token.weights[j]) * dWeights[j];
        chosen += token.probs[token.chosen[j]];
    }
    for (int64_t e = 0; e < n; ++e)
        dg[e] = byProb[e];
    for (int64_t j = 0; j < shape.topK; ++j)
        dg[token.chosen[j]] += (dWeights[j] - mean) / chosen;
    double along = 0.0; // softmax: dz = g (dg − Σ g dg)
    for (int64_t e = 0; e < n; ++e)
        along += token.probs[e] * dg[e];
    for (int64_t e = 0; e < n; ++e)
        dz[e] = token.probs[e] * (dg[e] - along);
    if (shape.normalize) { // dz = λ / std (d − mean d − u Σ u d / (n − 1))
        const double std = normalize(token.logits, n, u);
        double total = 0.0, product = 0.0;
        for (int64_t e = 0; e < n; ++e) {
            total += dz[e];
            product += u[e] * dz[e];
        }
        const double factor = std == 0.0 ? 0.0 : shape.lambda / std;
        const double middle = total / static_cast<double>(n);
        const double slope = n > 1 ? product / static_cast<double>(n - 1) : 0.0;
        for (int64_t e = 0; e < n; ++e)
            dz[e] = factor * (dz[e] - middle - u[e] * slope);
    }
    for (int64_t e = 0; e < n; ++e)
        dLogits[e] = static_cast<float>(dz[e]);
    if (zFactor == 0.0)
        return;
    const double most = highest(token.logits, n); // d lse² = 2 lse softmax(raw)
    double total = 0.0;
    for (int64_t e = 0; e < n; ++e) {
        dg[e] = __builtin_exp(token.logits[e] - most);
        total += dg[e];
    }
    const double lse = most + __builtin_log(total);
    for (int64_t e = 0; e < n; ++e)
        dLogits[e] = static_cast<float>(dz[e] + zFactor * 2.0 * lse * dg[e] / total);
}

TokenRows rowsOf(
    const TensorView& logits, const RouterShape& shape, const RouterState& state, int64_t token)
{
    return {logits.host<float>() + token * shape.experts,
        state.probs.host<float>() + token * shape.experts,
        state.chosen.host<int32_t>() + token * shape.topK,
        state.weights.host<float>() + token * shape.topK};
}

} // namespace

void CpuBackend::routerForward(const TensorView& logits, const RouterShape& shape,
    const RouterState& state, const RouterTotals& totals)
{
    const int64_t tokens = logits.shape[0], n = shape.experts, pieces = ceilDiv(tokens, kGrain);
    auto* partial = static_cast<double*>(scratch(kSlotA, pieces * kRouterSums * 8));
    parallelRanges(pool(), tokens, kGrain, [&](int64_t begin, int64_t end, int thread) {
        double* sums = partial + begin / kGrain * kRouterSums;
        for (int64_t i = 0; i < kRouterSums; ++i)
            sums[i] = 0.0;
        auto* work = static_cast<float*>(threadScratch(thread, 2 * n * 4));
        for (int64_t t = begin; t < end; ++t)
            routeToken(shape, rowsOf(logits, shape, state, t), work, sums);
    });
    for (int64_t piece = 0; piece < pieces; ++piece)
        for (int64_t i = 0; i < kRouterSums; ++i)
            totals.sums.host<double>()[i]
                += partial[piece * kRouterSums + i] / static_cast<double>(tokens);
    givePlaces(shape, state, totals, scratch(kSlotB, placesBytes(tokens, shape)));
    auto* mean = static_cast<double*>(scratch(kSlotC, 2 * n * 8));
    meanProbs(pool(), state.probs, mean, static_cast<double*>(scratch(kSlotA, pieces * n * 8)));
    totals.sums.host<double>()[kSumAux]
        += auxLoss(shape, mean, state.load.host<int32_t>(), tokens, mean + n);
}

void CpuBackend::routerBackward(const TensorView& logits, const RouterShape& shape,
    const RouterState& state, const RouterGradient& gradient, const TensorView& dWeights,
    const TensorView& dLogits)
{
    const int64_t tokens = logits.shape[0], n = shape.experts, pieces = ceilDiv(tokens, kGrain);
    auto* mean = static_cast<double*>(scratch(kSlotC, 2 * n * 8));
    meanProbs(pool(), state.probs, mean, static_cast<double*>(scratch(kSlotA, pieces * n * 8)));
    auxLoss(shape, mean, state.load.host<int32_t>(), tokens, mean + n);
    const double perToken = static_cast<double>(gradient.scale) / static_cast<double>(tokens);
    double* byProb = mean + n;
    for (int64_t e = 0; e < n; ++e)
        byProb[e] *= gradient.auxCoefficient * perToken;
    const double zFactor = gradient.zCoefficient * perToken;
    parallelRanges(pool(), tokens, kGrain, [&](int64_t begin, int64_t end, int thread) {
        auto* work = static_cast<double*>(threadScratch(thread, gradientWork(n) * 8));
        for (int64_t t = begin; t < end; ++t)
            tokenGradient(shape, rowsOf(logits, shape, state, t),
                dWeights.host<float>() + t * shape.topK, byProb, zFactor, work,
                dLogits.host<float>() + t * n);
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
