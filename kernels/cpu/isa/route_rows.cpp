// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// z ← λ (z − mean z) / std z where wanted, + mask; softmax; the k largest of z, of the best groups
// where there are some. Normalised logits stay in double for the choice: rounding must not make
// equals of what were none.
#include "kernels/cpu/inference_checks.h"
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

struct RouteRow {
    const float* mask; ///< or none
    float* probs;
    int32_t* chosen;
    float* weights;
};

void normalise(double* z, int64_t n, double lambda)
{
    double total = 0.0, squares = 0.0;
    for (int64_t e = 0; e < n; ++e)
        total += z[e];
    const double mean = total / static_cast<double>(n);
    for (int64_t e = 0; e < n; ++e)
        squares += (z[e] - mean) * (z[e] - mean);
    const double deviation = n > 1 ? __builtin_sqrt(squares / static_cast<double>(n - 1)) : 0.0;
    for (int64_t e = 0; e < n; ++e)
        z[e] = deviation == 0.0 ? 0.0 : lambda * (z[e] - mean) / deviation;
}

/// Flags all experts but those of the topGroups groups whose largest z is largest, of equals the
/// lower group first.
void flagOtherGroups(const double* z, int64_t n, const InferenceRouter& router, bool* taken)
{
    const int64_t size = n / router.groups;
    for (int64_t e = 0; e < n; ++e)
        taken[e] = router.topGroups < router.groups;
    for (int64_t j = 0; j < router.topGroups && router.topGroups < router.groups; ++j) {
        int64_t best = -1; // its largest expert
        for (int64_t e = 0; e < n; ++e) {
            if (taken[e] && (best < 0 || z[e] > z[best]))
                best = e;
        }
        for (int64_t e = best / size * size; e < (best / size + 1) * size; ++e)
            taken[e] = false;
    }
}

/// The k largest by falling z that have no flag yet, of equals the lower index first.
void choose(const double* z, int64_t n, int64_t k, bool* taken, int32_t* chosen)
{
    for (int64_t j = 0; j < k; ++j) {
        int64_t best = -1;
        for (int64_t e = 0; e < n; ++e) {
            if (!taken[e] && (best < 0 || z[e] > z[best]))
                best = e;
        }
        taken[best] = true;
        chosen[j] = static_cast<int32_t>(best);
    }
}

/// to[i] = e^(to[i]) / Σ
void softmaxOfShifted(float* to, int64_t n)
{
    Vec sums{};
    eachVector(n, [&](int64_t i, auto part) {
        part.store(to + i, exponential(part.load(to + i)));
        sums += part.load(to + i);
    });
    const float total = sum(sums);
    for (int64_t i = 0; i < n; ++i)
        to[i] /= total;
}

/// `work` of 9 n bytes, aligned as doubles are.
void routeRow(
    const float* logits, int64_t n, const InferenceRouter& router, const RouteRow& row, void* work)
{
    auto* z = static_cast<double*>(work);
    for (int64_t e = 0; e < n; ++e)
        z[e] = logits[e];
    if (router.normalizeLogits)
        normalise(z, n, router.lambda);
    for (int64_t e = 0; row.mask && e < n; ++e)
        z[e] += row.mask[e];
    auto* taken = reinterpret_cast<bool*>(z + n);
    flagOtherGroups(z, n, router, taken);
    choose(z, n, router.topK, taken, row.chosen);
    const double most = z[row.chosen[0]];
    for (int64_t e = 0; e < n; ++e)
        row.probs[e] = static_cast<float>(z[e] - most);
    const bool ofAll = router.scoring == RouterScoring::SoftmaxThenTopK;
    for (int64_t j = 0; j < router.topK; ++j)
        row.weights[j] = row.probs[row.chosen[j]];
    softmaxOfShifted(row.probs, n);
    if (ofAll) {
        for (int64_t j = 0; j < router.topK; ++j)
            row.weights[j] = row.probs[row.chosen[j]];
    } else {
        softmaxOfShifted(row.weights, router.topK);
    }
    float total = 0.0F;
    for (int64_t j = 0; j < router.topK; ++j)
        total += row.weights[j];
    const float factor = router.scaling / (router.renormalize ? total : 1.0F);
    for (int64_t j = 0; j < router.topK; ++j)
        row.weights[j] *= factor;
}

} // namespace

void CpuBackend::routeRows(const TensorView& logits, const InferenceRouter& router,
    const TensorView& probs, const TensorView& chosen, const TensorView& weights)
{
    const int64_t rows = logits.shape[0], n = logits.shape[1], k = router.topK;
    checkRouter(router, n);
    const auto* mask = router.mask.host<float>();
    parallelRanges(pool(), rows, rowGrain(4 * k * n), [&](int64_t begin, int64_t end, int thread) {
        void* work = threadScratch(thread, 9 * n);
        for (int64_t t = begin; t < end; ++t)
            routeRow(logits.host<float>() + t * n, n, router,
                {mask ? mask + t * n : nullptr, probs.host<float>() + t * n,
                    chosen.host<int32_t>() + t * k, weights.host<float>() + t * k},
                work);
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
