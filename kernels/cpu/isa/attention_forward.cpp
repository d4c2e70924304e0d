// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// A tile of queries at a time, all keys up to its last one in blocks of kKeys, with the running
// maximum and sum of flash attention (Dao et al. 2022), so that only [tile, kKeys] scores exist.
#include "kernels/cpu/isa/attention.h"
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// Workspace of one job.
template <typename Act> struct Forward {
    explicit Forward(const HeadSizes<Act>& sizes, Word* memory)
        : keys(memory)
        , values(keys + sizes.acrossWords())
        , rows(values + sizes.alongWords())
        , query(rows + kPanel * sizes.words)
        , scores(query + roundUp(kTileRows * sizes.words, 16))
        , probs(scores + kTileRows * kKeys)
        , out(probs + kTileRows * kKeys)
    {
    }
    static int64_t bytes(const HeadSizes<Act>& sizes)
    {
        return (sizes.acrossWords() + sizes.alongWords() + kPanel * sizes.words
                   + roundUp(kTileRows * sizes.words, 16) + 2 * kTileRows * kKeys
                   + kTileRows * sizes.columns)
            * 4;
    }
    Word *keys, *values, *rows, *query;
    float* scores; ///< [kTileRows, kKeys]
    float* probs; ///< the same, of Act
    float* out; ///< [kTileRows, columns]
};

struct Running {
    float most = -__builtin_inff(), sum = 0.0F;
};

/// Scores become e^(scale · s − most) over the first `valid` keys and 0 up to `count`; returns by
/// how much sums so far shrink.
template <typename Act>
float softmaxRow(
    const float* scores, float scale, int64_t valid, int64_t count, Running& running, Act* probs)
{
    Vec best = splat(running.most);
    eachVector(valid, [&](int64_t j, auto) {
        const Vec s = load(scores + j) * scale;
        const IntVec outside = laneIndex() >= static_cast<int32_t>(smaller(kLanes, valid - j));
        best = maximum(best, select(outside, best, s));
    });
    const float most = greatest(best);
    Vec sums{};
    for (int64_t j = 0; j < count; j += kLanes) {
        const Vec e = exponential(load(scores + j) * scale - most);
        const IntVec inside
            = laneIndex() < static_cast<int32_t>(larger(0, smaller(kLanes, valid - j)));
        const Vec p = (Vec)((IntVec)e & inside);
        sums += p;
        store(probs + j, p);
    }
    const float shrink = valid > 0 && running.sum > 0.0F
        ? sum(exponential(splat(running.most - most))) / static_cast<float>(kLanes)
        : 1.0F;
    running.sum = running.sum * shrink + sum(sums);
    running.most = most;
    return shrink;
}

template <typename Act>
void queryTile(const HeadSizes<Act>& sizes, const Forward<Act>& work, float scale, int64_t first,
    int64_t rows, Act* out, int64_t ldOut, float* lse)
{
    Running running[kTileRows];
    auto* probs = reinterpret_cast<Act*>(work.probs);
    for (int64_t key = 0; key < first + rows; key += kKeys) {
        const int64_t count = smaller(kKeys, first + rows - key);
        timesAcross(sizes, rows, work.query, work.keys, key, count, work.scores);
        for (int64_t i = 0; i < rows; ++i) {
            const int64_t valid = larger(0, smaller(count, first + i + 1 - key));
            const float shrink = softmaxRow(
                work.scores + i * kKeys, scale, valid, count, running[i], probs + i * kKeys);
            if (key > 0 && shrink != 1.0F)
                for (int64_t j = 0; j < sizes.dim; ++j)
                    work.out[i * sizes.columns + j] *= shrink;
        }
        timesAlong<Act, Left::Rows>(sizes, rows, count, reinterpret_cast<const Word*>(probs),
            kKeys / HeadSizes<Act>::kPerWord, work.values, key, work.out, key > 0);
    }
    for (int64_t i = 0; i < rows; ++i) {
        const float inverse = 1.0F / running[i].sum;
        eachVector(sizes.dim, [&](int64_t j, auto part) {
            part.store(out + i * ldOut + j, part.load(work.out + i * sizes.columns + j) * inverse);
        });
        lse[i] = running[i].most + __builtin_logf(running[i].sum);
    }
}

} // namespace

void CpuBackend::attentionForward(const TensorView& qkv, const AttentionShape& shape,
    const TensorView& out, const TensorView& lse)
{
    const int64_t group = shape.heads / shape.kvHeads, ldOut = shape.heads * shape.headDim;
    withType(qkv.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        const HeadSizes<Act> sizes(shape);
        parallel(pool(), shape.batch * shape.kvHeads, [&](int64_t job, int thread) {
            const int64_t batch = job / shape.kvHeads, kvHead = job % shape.kvHeads;
            const Forward<Act> work(
                sizes, static_cast<Word*>(threadScratch(thread, Forward<Act>::bytes(sizes))));
            const int64_t token = batch * shape.sequence;
            const Act* all = qkv.host<Act>() + token * sizes.stride;
            packAcross(sizes, all + (shape.heads + kvHead) * sizes.dim, work.rows, work.keys);
            packAlong(sizes, all + (shape.heads + shape.kvHeads + kvHead) * sizes.dim, sizes.stride,
                work.values);
            for (int64_t head = kvHead * group; head < (kvHead + 1) * group; ++head) {
                float* headLse = lse.host<float>() + (batch * shape.heads + head) * shape.sequence;
                for (int64_t first = 0; first < shape.sequence; first += kTileRows) {
                    const int64_t rows = smaller(kTileRows, shape.sequence - first);
                    copyRows(all + first * sizes.stride + head * sizes.dim, sizes.stride, rows,
                        sizes.dim, sizes.words, work.query);
                    queryTile(sizes, work, shape.scale, first, rows,
                        out.host<Act>() + (token + first) * ldOut + head * sizes.dim, ldOut,
                        headLse + first);
                }
            }
        });
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
