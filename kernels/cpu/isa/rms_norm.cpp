// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// y = x r ∘ w with r = 1 / √(mean x² + eps). Backward, with g = dy ∘ w over h columns:
// dx = r g − x r³ (g · x) / h, dw = Σ_t dy ∘ x r.
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

template <typename Act> float dot(const Act* a, const Act* b, int64_t n)
{
    Vec sums[2]{};
    int64_t i = 0;
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
        sums[0] += load(a + i) * load(b + i);
        sums[1] += load(a + i + kLanes) * load(b + i + kLanes);
    }
    eachVector(n - i,
        [&](int64_t j, auto part) { sums[0] += part.load(a + i + j) * part.load(b + i + j); });
    return sum(sums[0] + sums[1]);
}

/// In double where the two terms of dx nearly cancel.
template <typename Act>
void backwardRow(const Act* x, const float* weight, float r, const Act* dy, Act* dx, bool addX,
    double* dWeight, int64_t hidden)
{
    const double wide = r;
    DoubleVec products{};
    eachVector(hidden, [&](int64_t i, auto part) {
        const Vec from = part.load(x + i), slope = part.load(dy + i);
        products += toDouble(slope * part.load(weight + i)) * toDouble(from);
        auto* sums = (unaligned::DoubleVec*)(dWeight + i); // of whole vectors
        *sums += toDouble(slope) * toDouble(from) * wide;
    });
    const double scale = sum(products) * wide * wide * wide / static_cast<double>(hidden);
    eachVector(hidden, [&](int64_t i, auto part) {
        const DoubleVec slope = toDouble(part.load(dy + i) * part.load(weight + i));
        DoubleVec value = slope * wide - toDouble(part.load(x + i)) * scale;
        if (addX)
            value += toDouble(part.load(dx + i));
        part.store(dx + i, toFloat(value));
    });
}

constexpr int64_t kPieces = 32; // partial sums of dWeight, whatever the threads

} // namespace

void CpuBackend::rmsNormForward(const TensorView& x, const TensorView& weight, float eps,
    const TensorView& y, const TensorView& rstd)
{
    const int64_t tokens = x.shape[0], hidden = x.shape[1];
    withType(x.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(pool(), tokens, rowGrain(hidden), [&](int64_t begin, int64_t end, int) {
            for (int64_t t = begin; t < end; ++t) {
                const Act* from = x.host<Act>() + t * hidden;
                Act* to = y.host<Act>() + t * hidden;
                const float mean = dot(from, from, hidden) / static_cast<float>(hidden);
                const float r = 1.0F / __builtin_sqrtf(mean + eps);
                rstd.host<float>()[t] = r;
                eachVector(hidden, [&](int64_t i, auto part) {
                    part.store(
                        to + i, part.load(from + i) * r * part.load(weight.host<float>() + i));
                });
            }
        });
    });
}

void CpuBackend::rmsNormBackward(const TensorView& x, const TensorView& weight,
    const TensorView& rstd, const TensorView& dy, const TensorView& dx, Write writeX,
    const TensorView& dWeight, Write writeWeight)
{
    const int64_t tokens = x.shape[0], hidden = x.shape[1];
    const int64_t grain = larger(1, ceilDiv(tokens, kPieces)), pieces = ceilDiv(tokens, grain);
    const int64_t stride = roundUp(hidden, kLanes);
    auto* partial = static_cast<double*>(scratch(kSlotA, pieces * stride * 8));
    withType(x.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(pool(), tokens, grain, [&](int64_t begin, int64_t end, int) {
            double* mine = partial + begin / grain * stride;
            for (int64_t i = 0; i < stride; ++i)
                mine[i] = 0.0;
            for (int64_t t = begin; t < end; ++t)
                backwardRow(x.host<Act>() + t * hidden, weight.host<float>(), rstd.host<float>()[t],
                    dy.host<Act>() + t * hidden, dx.host<Act>() + t * hidden, writeX == Write::Add,
                    mine, hidden);
        });
    });
    auto* total = dWeight.host<float>();
    for (int64_t i = 0; i < hidden; ++i) {
        double value = writeWeight == Write::Add ? total[i] : 0.0;
        for (int64_t piece = 0; piece < pieces; ++piece)
            value += partial[piece * stride + i];
        total[i] = static_cast<float>(value);
    }
}

} // namespace moe::kernels::cpu::MOE_ISA
