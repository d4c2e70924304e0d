// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kGrain = 16384; // elements: four streams of 64 KB

double power(double base, int64_t exponent)
{
    return __builtin_pow(base, static_cast<double>(exponent));
}

double squares(const float* x, int64_t n)
{
    DoubleVec sums[2]{};
    int64_t i = 0;
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
        const DoubleVec a = toDouble(load(x + i)), b = toDouble(load(x + i + kLanes));
        sums[0] += a * a;
        sums[1] += b * b;
    }
    eachVector(n - i, [&](int64_t j, auto part) {
        const DoubleVec a = toDouble(part.load(x + i + j));
        sums[0] += a * a;
    });
    return sum(sums[0] + sums[1]);
}

constexpr int64_t kTileDown = 2, kTileAcross = 4; // rows that meet in registers
constexpr int64_t kGramFloats = INT64_C(1) << 18; // of all rows: 1 MB, which a cache holds

/// Dot products in double of two rows with four, over n columns.
void tileDots(const float* const (&down)[kTileDown], const float* const (&across)[kTileAcross],
    int64_t n, double (&to)[kTileDown][kTileAcross])
{
    DoubleVec sums[kTileDown][kTileAcross]{};
    eachVector(n, [&](int64_t i, auto part) {
        const DoubleVec first = toDouble(part.load(down[0] + i));
        const DoubleVec second = toDouble(part.load(down[1] + i));
        for (int64_t j = 0; j < kTileAcross; ++j) {
            const DoubleVec other = toDouble(part.load(across[j] + i));
            sums[0][j] += first * other;
            sums[1][j] += second * other;
        }
    });
    for (int64_t i = 0; i < kTileDown; ++i) {
        for (int64_t j = 0; j < kTileAcross; ++j)
            to[i][j] = sum(sums[i][j]);
    }
}

/// The lower triangle's part of one tile, and its mirror, over the columns [first, first + count)
/// of x [n, length].
struct GramTile {
    const float* x;
    double* result;
    int64_t n, length;

    void add(int64_t row, int64_t column, int64_t first, int64_t count) const
    {
        const auto at = [&](int64_t i) { // rows beyond the last: it once more, for nothing
            return x + smaller(i, n - 1) * length + first;
        };
        double dots[kTileDown][kTileAcross];
        tileDots({at(row), at(row + 1)},
            {at(column), at(column + 1), at(column + 2), at(column + 3)}, count, dots);
        for (int64_t i = row; i < smaller(row + kTileDown, n); ++i) {
            for (int64_t j = column; j <= smaller(column + kTileAcross - 1, i); ++j) {
                const double product = dots[i - row][j - column];
                result[i * n + j] += product;
                if (i != j)
                    result[j * n + i] += product;
            }
        }
    }
};

} // namespace

// With m̂ = m / (1 − β1ᵗ) and v̂ = v / (1 − β2ᵗ).
void CpuBackend::adamw(const TensorView& parameter, const TensorView& gradient, const TensorView& m,
    const TensorView& v, const AdamW& settings)
{
    const auto correction1
        = static_cast<float>(settings.lr / (1.0 - power(settings.beta1, settings.step)));
    const auto correction2 = static_cast<float>(1.0 / (1.0 - power(settings.beta2, settings.step)));
    const auto keep = static_cast<float>(
        1.0 - static_cast<double>(settings.lr) * static_cast<double>(settings.weightDecay));
    const float beta1 = settings.beta1, beta2 = settings.beta2;
    parallelRanges(pool(), parameter.elements(), kGrain, [&](int64_t begin, int64_t end, int) {
        float* p = parameter.host<float>() + begin;
        const float* g = gradient.host<float>() + begin;
        float* m1 = m.host<float>() + begin;
        float* m2 = v.host<float>() + begin;
        eachVector(end - begin, [&](int64_t i, auto part) {
            const Vec slope = part.load(g + i) * settings.gradientScale;
            const Vec first = part.load(m1 + i) * beta1 + slope * (1.0F - beta1);
            const Vec second = part.load(m2 + i) * beta2 + slope * slope * (1.0F - beta2);
            const Vec step
                = first * correction1 / (squareRoot(second * correction2) + settings.eps);
            part.store(m1 + i, first);
            part.store(m2 + i, second);
            part.store(p + i, part.load(p + i) * keep - step);
        });
    });
}

void CpuBackend::sumOfSquares(const TensorView& x, const TensorView& sum)
{
    const int64_t n = x.elements(), pieces = ceilDiv(n, kGrain);
    auto* partial = static_cast<double*>(scratch(kSlotA, pieces * 8));
    parallelRanges(pool(), n, kGrain, [&](int64_t begin, int64_t end, int) {
        partial[begin / kGrain] = squares(x.host<float>() + begin, end - begin);
    });
    double total = 0.0;
    for (int64_t piece = 0; piece < pieces; ++piece)
        total += partial[piece];
    sum.host<double>()[0] += total;
}

void CpuBackend::gram(const TensorView& rows, const TensorView& gram)
{
    const int64_t n = rows.shape[0], length = rows.shape[1];
    const GramTile tile{rows.host<float>(), gram.host<double>(), n, length};
    const int64_t down = ceilDiv(n, kTileDown), across = ceilDiv(n, kTileAcross);
    // All rows meet over some columns before the next ones are fetched.
    const int64_t step = roundUp(larger(kGramFloats / larger(n, 1), 1), kLanes);
    for (int64_t first = 0; first < length; first += step) {
        parallel(pool(), down * across, [&](int64_t job, int) {
            const int64_t row = job / across * kTileDown, column = job % across * kTileAcross;
            if (column < row + kTileDown)
                tile.add(row, column, first, smaller(step, length - first));
        });
    }
}

} // namespace moe::kernels::cpu::MOE_ISA
