// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/fold.h"
#include "kernels/cpu/isa/paged.h"

// One block of keys for a tile of queries: scores, softmax, values.
namespace moe::kernels::cpu::MOE_ISA {

inline constexpr int64_t kBlock = 128; ///< keys
inline constexpr int64_t kQueries = 16; ///< of a tile
inline constexpr int64_t kScoreStride = kBlock + kLanes; ///< a group of scores may reach beyond

struct BlockSizes {
    int64_t keyDim, valueDim;
    int64_t keyStride, valueStride; ///< in whole vectors
};
inline BlockSizes blockSizes(int64_t keyDim, int64_t valueDim)
{
    return {keyDim, valueDim, roundUp(keyDim, kLanes), roundUp(valueDim, kLanes)};
}

/// The results of some blocks for a tile: values [kQueries, valueStride] are Σ e^(score − most) v.
struct Partial {
    Partial(const BlockSizes& sizes, float* memory)
        : most(memory)
        , sum(memory + kQueries)
        , values(memory + 2 * kQueries)
    {
        (void)sizes;
    }
    static int64_t floats(const BlockSizes& sizes)
    {
        return 2 * kQueries + kQueries * sizes.valueStride;
    }
    float *most, *sum, *values;
};

/// What one thread needs for `rows` queries, of some heads.
struct Workspace {
    Workspace(const BlockSizes& sizes, int64_t rows, float* memory)
        : queries(memory)
        , scores(queries + rows * sizes.keyStride)
        , partMemory(scores + rows * kScoreStride)
        , total(sizes, partMemory + Partial::floats(sizes))
    {
    }
    static int64_t bytes(const BlockSizes& sizes, int64_t rows)
    {
        return (rows * (sizes.keyStride + kScoreStride) + 2 * Partial::floats(sizes)) * 4;
    }
    float* queries; ///< [rows, keyStride]
    float* scores; ///< [rows, kScoreStride]
    float* partMemory;
    Partial total;
};

/// Places [begin, end) of a block whose keys and values are there, those of one head.
template <typename Page> struct KeyRange {
    int64_t begin, end;
    const Page* const* keys; ///< of the first head
    const Page* const* values;
    int64_t keyOffset, valueOffset; ///< from there to the head's

    const Page* key(int64_t k) const { return keys[k] + keyOffset; }
    const Page* value(int64_t k) const { return values[k] + valueOffset; }
};

/// kCount queries' dot products with all keys: kLanes of them at a time, each summed in kLanes
/// chains along the head and then as totals() does.
template <int kCount, typename Page>
void scoreQueries(
    const BlockSizes& sizes, const float* queries, const KeyRange<Page>& range, float* scores)
{
    constexpr int kKeys = kLanes / kCount;
    for (int64_t k = range.begin; k < range.end; k += kKeys) {
        const Page* keys[kKeys];
        for (int j = 0; j < kKeys; ++j)
            keys[j] = range.key(smaller(k + j, range.end - 1));
        Vec sums[kLanes]{};
        const auto addColumns = [&](int64_t i, const auto& loadKey) {
            Vec key[kKeys];
#pragma GCC unroll 16
            for (int j = 0; j < kKeys; ++j)
                key[j] = loadKey(keys[j] + i);
#pragma GCC unroll 4
            for (int a = 0; a < kCount; ++a) {
                const Vec query = load(queries + a * sizes.keyStride + i);
#pragma GCC unroll 16
                for (int j = 0; j < kKeys; ++j)
                    sums[a * kKeys + j] += query * key[j];
            }
        };
        int64_t i = 0;
        for (; i + kLanes <= sizes.keyDim; i += kLanes)
            addColumns(i, [](const Page* p) { return load(p); });
        if (i < sizes.keyDim)
            addColumns(i, [&](const Page* p) { return loadPart(p, sizes.keyDim - i); });
        const Vec all = totals(sums);
        for (int a = 0; a < kCount; ++a)
            __builtin_memcpy(scores + a * kScoreStride + k,
                reinterpret_cast<const float*>(&all) + int64_t{a} * kKeys, kKeys * sizeof(float));
    }
}

template <typename Page>
void scoreTile(const BlockSizes& sizes, const float* queries, int64_t count,
    const KeyRange<Page>& range, float* scores)
{
    int64_t q = 0;
    for (; q + 4 <= count; q += 4)
        scoreQueries<4>(sizes, queries + q * sizes.keyStride, range, scores + q * kScoreStride);
    for (; q < count; ++q)
        scoreQueries<1>(sizes, queries + q * sizes.keyStride, range, scores + q * kScoreStride);
}

/// Scores become e^(scale · score − most) at the places [first, last) of the block that this query
/// sees, zero at the tile's others. None seen: most is −∞.
inline __attribute__((noinline)) void softmaxBlock(float* scores, float scale, int64_t begin,
    int64_t end, int64_t first, int64_t last, float& most, float& total)
{
    begin = begin / kLanes * kLanes;
    const Vec nothing = splat(-__builtin_inff());
    Vec best = nothing;
    for (int64_t j = begin; j < end; j += kLanes) {
        const IntVec place = laneIndex() + static_cast<int32_t>(j);
        const IntVec seen = (IntVec)(place >= static_cast<int32_t>(first))
            & (IntVec)(place < static_cast<int32_t>(last));
        const Vec s = select(seen, load(scores + j) * scale, nothing);
        store(scores + j, s);
        best = maximum(best, s);
    }
    most = greatest(best);
    const float from = most == -__builtin_inff() ? 0.0F : most;
    Vec sums{};
    for (int64_t j = begin; j < end; j += kLanes) {
        const Vec p = exponential(load(scores + j) - from);
        sums += p;
        store(scores + j, p);
    }
    total = sum(sums);
}

/// to[a] (by `add`) = Σ_k scores[a, k] · values[k] of kVectors vectors from column `column` on, in
/// the order of k; `lanes` of the last one.
template <int kCount, int kVectors, bool kPart, typename Page>
void addValues(const float* scores, const KeyRange<Page>& range, int64_t column, int64_t lanes,
    float* to, int64_t stride, bool add)
{
    Vec sums[kCount][kVectors]{};
    for (int a = 0; a < kCount && add; ++a)
        for (int v = 0; v < kVectors; ++v)
            sums[a][v] = load(to + a * stride + column + v * kLanes);
    for (int64_t k = range.begin; k < range.end; ++k) {
        const Page* from = range.value(k) + column;
        Vec value[kVectors];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v)
            value[v] = kPart ? loadPart(from + v * kLanes, lanes) : load(from + v * kLanes);
#pragma GCC unroll 4
        for (int a = 0; a < kCount; ++a) {
            const Vec p = splat(scores[a * kScoreStride + k]);
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
                sums[a][v] += p * value[v];
        }
    }
    for (int a = 0; a < kCount; ++a)
        for (int v = 0; v < kVectors; ++v)
            store(to + a * stride + column + v * kLanes, sums[a][v]);
}

template <int kCount, typename Page>
void valueQueries(
    const BlockSizes& sizes, const float* scores, const KeyRange<Page>& range, float* to, bool add)
{
    constexpr int kVectors = kCount == 1 ? 8 : kLanes == 16 ? 4 : 2;
    int64_t c = 0;
    for (; c + kVectors * kLanes <= sizes.valueDim; c += kVectors * kLanes)
        addValues<kCount, kVectors, false>(scores, range, c, 0, to, sizes.valueStride, add);
    for (; c + kLanes <= sizes.valueDim; c += kLanes)
        addValues<kCount, 1, false>(scores, range, c, 0, to, sizes.valueStride, add);
    if (c < sizes.valueDim)
        addValues<kCount, 1, true>(
            scores, range, c, sizes.valueDim - c, to, sizes.valueStride, add);
}

template <typename Page>
void valueTile(const BlockSizes& sizes, const float* scores, int64_t count,
    const KeyRange<Page>& range, float* to, bool add)
{
    int64_t q = 0;
    for (; q + 4 <= count; q += 4)
        valueQueries<4>(sizes, scores + q * kScoreStride, range, to + q * sizes.valueStride, add);
    for (; q < count; ++q)
        valueQueries<1>(sizes, scores + q * kScoreStride, range, to + q * sizes.valueStride, add);
}

/// total ← total and part; one copy of this code for all who use it, so that its roundings are the
/// same.
inline __attribute__((noinline)) void join(
    const BlockSizes& sizes, int64_t count, const Partial& part, const Partial& total)
{
    for (int64_t i = 0; i < count; ++i) {
        if (part.most[i] == -__builtin_inff())
            continue;
        const float most = part.most[i] > total.most[i] ? part.most[i] : total.most[i];
        const Vec before = exponential(splat(total.most[i] - most));
        const Vec now = exponential(splat(part.most[i] - most));
        total.most[i] = most;
        total.sum[i] = total.sum[i] * before[0] + part.sum[i] * now[0];
        float* to = total.values + i * sizes.valueStride;
        const float* from = part.values + i * sizes.valueStride;
        for (int64_t j = 0; j < sizes.valueStride; j += kLanes)
            store(to + j, load(to + j) * before + load(from + j) * now);
    }
}

} // namespace moe::kernels::cpu::MOE_ISA
