// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// What stands between the products of inference, row by row: RMSNorm, rotation, and the way of keys
// and values to their pages.
#include "kernels/cpu/inference_checks.h"
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/lanes.h"
#include "kernels/cpu/isa/paged.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

template <typename From, typename To>
void normRow(const From* x, const float* weight, float eps, To* y, int64_t n)
{
    Vec squares{};
    eachVector(n, [&](int64_t i, auto part) {
        const Vec value = part.load(x + i);
        squares += value * value;
    });
    const float scale = 1.0F / __builtin_sqrtf(sum(squares) / static_cast<float>(n) + eps);
    eachVector(n, [&](int64_t i, auto part) {
        part.store(y + i, part.load(x + i) * scale * part.load(weight + i));
    });
}

/// (a, b) of columns i and i + pairs becomes (a cos − b sin, b cos + a sin).
template <typename Act> void rotateHalves(Act* head, const float* turns, int64_t pairs)
{
    const float* sines = turns + pairs;
    eachVector(pairs, [&](int64_t i, auto part) {
        const Vec a = part.load(head + i), b = part.load(head + pairs + i);
        const Vec c = part.load(turns + i), s = part.load(sines + i);
        part.store(head + i, a * c - b * s);
        part.store(head + pairs + i, b * c + a * s);
    });
}

template <int... kLane> Vec neighbours(Vec x, Lanes<kLane...>)
{
    return __builtin_shufflevector(x, x, (kLane ^ 1)...);
}

/// The same of columns 2 i and 2 i + 1; turns: every cosine twice, then −sin, sin of each pair.
template <typename Act> void rotateNeighbours(Act* head, const float* turns, int64_t pairs)
{
    const float* sines = turns + 2 * pairs;
    eachVector(2 * pairs, [&](int64_t i, auto part) {
        const Vec x = part.load(head + i);
        const Vec other = neighbours(x, AllLanes{});
        part.store(head + i, x * part.load(turns + i) + other * part.load(sines + i));
    });
}

/// One position's (cos, sin) pairs in the order that the rotation reads.
void spreadTurns(const float* row, int64_t pairs, RopePairs order, float* turns)
{
    for (int64_t i = 0; i < pairs; ++i) {
        const float cosine = row[2 * i], sine = row[2 * i + 1];
        if (order == RopePairs::Halves) {
            turns[i] = cosine;
            turns[pairs + i] = sine;
        } else {
            turns[2 * i] = turns[2 * i + 1] = cosine;
            turns[2 * (pairs + i)] = -sine;
            turns[2 * (pairs + i) + 1] = sine;
        }
    }
}

template <typename To, typename From> void convertRow(To* to, const From* from, int64_t n)
{
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        store(to + i, load(from + i));
    if (i < n)
        storePart(to + i, loadPart(from + i, n - i), n - i);
}

} // namespace

void CpuBackend::rmsNormRows(
    const TensorView& x, const TensorView& weight, float eps, const TensorView& y)
{
    const int64_t size = x.shape[x.shape.rank() - 1], rows = x.elements() / size;
    withType(x.dtype, [&](auto from) {
        withType(y.dtype, [&](auto to) {
            using From = typename decltype(from)::Of;
            using To = typename decltype(to)::Of;
            parallelRanges(pool(), rows, rowGrain(size), [&](int64_t begin, int64_t end, int) {
                for (int64_t row = begin; row < end; ++row)
                    normRow(x.host<From>() + row * size, weight.host<float>(), eps,
                        y.host<To>() + row * size, size);
            });
        });
    });
}

void CpuBackend::rotateRows(
    const TensorView& x, const PagedBatch& batch, const TensorView& table, RopePairs order)
{
    const int64_t heads = x.shape[1], dim = x.shape[2], pairs = table.shape[1];
    checkRotation(x, batch, table);
    const PagedRow* rows = batch.rows.data();
    withType(x.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(
            pool(), x.shape[0], rowGrain(heads * dim), [&](int64_t begin, int64_t end, int thread) {
                auto* turns = static_cast<float*>(threadScratch(thread, 16 * pairs));
                for (int64_t t = begin; t < end; ++t) {
                    spreadTurns(
                        table.host<float>() + rows[t].position * 2 * pairs, pairs, order, turns);
                    for (int64_t head = 0; head < heads; ++head) {
                        Act* at = x.host<Act>() + (t * heads + head) * dim;
                        if (order == RopePairs::Halves)
                            rotateHalves(at, turns, pairs);
                        else
                            rotateNeighbours(at, turns, pairs);
                    }
                }
            });
    });
}

void CpuBackend::storeKv(
    const TensorView& k, const TensorView& v, const PagedBatch& batch, const KvPages& pages)
{
    checkPages(batch, k.shape[0], pages);
    const auto write = [&](const TensorView& from, const TensorView& to, int64_t width) {
        withType(from.dtype, [&](auto act) {
            withPageType(to.dtype, [&](auto type) {
                using Act = typename decltype(act)::Of;
                using Page = typename decltype(type)::Of;
                parallelRanges(
                    pool(), from.shape[0], rowGrain(width), [&](int64_t begin, int64_t end, int) {
                        for (int64_t t = begin; t < end; ++t) {
                            const PagedRow& row = batch.rows.data()[t];
                            convertRow(to.host<Page>()
                                    + placeOf(batch, row, row.position, pages.pageTokens) * width,
                                from.host<Act>() + t * width, width);
                        }
                    });
            });
        });
    };
    write(k, pages.keys, pages.kvHeads * pages.keyDim);
    if (v)
        write(v, pages.values, pages.kvHeads * pages.valueDim);
}

} // namespace moe::kernels::cpu::MOE_ISA
