// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// A small product for each head, in float32: kRows rows of W at a time, then the batch's rows, so
// that W is read once. y = x Wᵀ sums the columns in kLanes chains and these in order; y = x W adds
// row after row of W.
#include "kernels/cpu/inference_checks.h"
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/fold.h"
#include "kernels/cpu/isa/ranges.h"
#include "kernels/stored_matrix.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kRows = kLanes;

struct HeadSizes {
    int64_t rows, columns; ///< of W for one head
    int64_t stride; ///< columns in whole vectors
};

/// Rows [first, first + count) of W as float32, widened where they are not; zeros for the rest.
void loadRows(const StoredMatrix& w, int64_t first, int64_t count, int64_t stride, float* to)
{
    for (int64_t r = 0; r < kRows; ++r) {
        if (r < count)
            widenRow(w, first + r, to + r * stride);
        else
            __builtin_memset(to + r * stride, 0, static_cast<size_t>(w.in) * 4);
    }
}

template <typename Act>
void dotRows(const Act* x, const float* w, const HeadSizes& sizes, int64_t count, Act* y)
{
    Vec sums[kRows]{};
    eachVector(sizes.columns, [&](int64_t i, auto part) {
        const Vec value = part.load(x + i);
#pragma GCC unroll 16
        for (int64_t r = 0; r < kRows; ++r)
            sums[r] += value * part.load(w + r * sizes.stride + i);
    });
    storePart(y, totals(sums), count);
}

/// y += Σ_r x[r] · row r of w.
template <typename Act>
void addRows(const Act* x, const float* w, const HeadSizes& sizes, int64_t count, float* y)
{
    Vec factors[kRows]{};
    for (int64_t r = 0; r < count; ++r)
        factors[r] = splat(loadPart(x + r, 1)[0]);
    eachVector(sizes.columns, [&](int64_t i, auto part) {
        Vec total = part.load(y + i);
#pragma GCC unroll 16
        for (int64_t r = 0; r < kRows; ++r)
            total += factors[r] * part.load(w + r * sizes.stride + i);
        part.store(y + i, total);
    });
}

/// Everything of one head. `work` of kRows rows and, transposed, the batch's rows of y.
template <typename Act>
void headProduct(const TensorView& x, const StoredMatrix& w, int64_t heads, int64_t head,
    bool transposed, const TensorView& y, const HeadSizes& sizes, float* work)
{
    const int64_t tokens = x.shape[0], a = x.shape[2], b = y.shape[2];
    float* totals = work + kRows * sizes.stride;
    if (transposed)
        __builtin_memset(totals, 0, static_cast<size_t>(tokens * b) * 4);
    for (int64_t first = 0; first < sizes.rows; first += kRows) {
        const int64_t count = smaller(kRows, sizes.rows - first);
        loadRows(w, head * sizes.rows + first, count, sizes.stride, work);
        for (int64_t t = 0; t < tokens; ++t) {
            const Act* from = x.host<Act>() + (t * heads + head) * a;
            Act* to = y.host<Act>() + (t * heads + head) * b;
            if (transposed)
                addRows(from + first, work, sizes, count, totals + t * b);
            else
                dotRows(from, work, sizes, count, to + first);
        }
    }
    for (int64_t t = 0; transposed && t < tokens; ++t)
        eachVector(b, [&](int64_t i, auto part) {
            part.store(y.host<Act>() + (t * heads + head) * b + i, part.load(totals + t * b + i));
        });
}

} // namespace

void CpuBackend::headLinear(
    const TensorView& x, const PlacedMatrix& w, int64_t heads, bool transposed, const TensorView& y)
{
    checkHeads(w, heads);
    const StoredMatrix& stored = static_cast<const HostPlaced&>(w).stored();
    const HeadSizes sizes{w.out() / heads, w.in(), roundUp(w.in(), kLanes)};
    const int64_t work
        = kRows * sizes.stride + (transposed ? x.shape[0] * y.shape[2] : 0); // floats
    withType(x.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallel(pool(), heads, [&](int64_t head, int thread) {
            headProduct<Act>(x, stored, heads, head, transposed, y, sizes,
                static_cast<float*>(threadScratch(thread, work * 4)));
        });
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
