// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// With p = e^(scale q·k − lse) made anew, D = dO · O: dV = pᵀ dO, ds = p (dO · V − D) scale,
// dQ = ds K, dK = dsᵀ Q. A block of queries at a time against blocks of kKeys keys.
#include "kernels/cpu/isa/attention.h"
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kQueries = 16 * kTileRows; // even

/// Workspace of one job. The panels of a head's queries and dO are made for each head, those of
/// keys and values once.
template <typename Act> struct Backward {
    Backward(const HeadSizes<Act>& sizes, Word* memory)
    {
        Word* next = memory;
        const auto take = [&](int64_t count) {
            Word* piece = next;
            next += roundUp(count, 16);
            return piece;
        };
        keysAcross = take(sizes.acrossWords());
        valuesAcross = take(sizes.acrossWords());
        keysAlong = take(sizes.alongWords());
        queriesAlong = take(sizes.alongWords());
        dOutAlong = take(sizes.alongWords());
        rows = take(kPanel * sizes.words);
        tile = take(kTileRows * sizes.words);
        probs = take(kQueries * kKeys);
        slopes = take(kQueries * kKeys);
        slopeRows = take(kQueries * kKeys);
        probPairs = take(kQueries * kKeys);
        slopePairs = take(kQueries * kKeys);
        dQuery = take(kQueries * sizes.columns);
        dKey = take(sizes.sequence * sizes.columns);
        dValue = take(sizes.sequence * sizes.columns);
        words = next - memory;
    }
    static int64_t bytes(const HeadSizes<Act>& sizes) { return Backward(sizes, nullptr).words * 4; }
    Word *keysAcross, *valuesAcross, *keysAlong, *queriesAlong, *dOutAlong, *rows, *tile;
    float *probs, *slopes; ///< [kQueries, kKeys]
    Word* slopeRows; ///< bfloat16 only: slopes as rows of words
    Word *probPairs, *slopePairs; ///< bfloat16 only: two queries a word, [kQueries / 2, kKeys]
    float *dQuery, *dKey, *dValue; ///< [kQueries or sequence, columns]
    int64_t words;
};

/// p and ds of one query over `count` keys, of which `valid` are not in its future.
void slopeRow(
    float* probs, float* slopes, float scale, float lse, float d, int64_t valid, int64_t count)
{
    for (int64_t j = 0; j < count; j += kLanes) {
        const IntVec inside
            = laneIndex() < static_cast<int32_t>(larger(0, smaller(kLanes, valid - j)));
        const Vec e = exponential(load(probs + j) * scale - lse);
        const Vec p = (Vec)((IntVec)e & inside);
        const Vec s = p * (load(slopes + j) - d) * scale;
        store(probs + j, p);
        store(slopes + j, (Vec)((IntVec)s & inside));
    }
}

Vec pairOf(Vec even, Vec odd)
{
    return (Vec)(__builtin_convertvector(narrow(even), UintVec)
        | (__builtin_convertvector(narrow(odd), UintVec) << 16));
}

/// The rounded forms of two neighbouring queries' rows that bfloat16 products read.
void roundPair(const float* probs, const float* slopes, int64_t count, BFloat16* slopeRows,
    Word* probPairs, Word* slopePairs)
{
    for (int64_t j = 0; j < count; j += kLanes) {
        const Vec even = load(slopes + j), odd = load(slopes + kKeys + j);
        store(slopeRows + j, even);
        store(slopeRows + kKeys + j, odd);
        store(slopePairs + j, pairOf(even, odd));
        store(probPairs + j, pairOf(load(probs + j), load(probs + kKeys + j)));
    }
}

template <typename Act> float dotRows(const Act* a, const Act* b, int64_t n)
{
    Vec products{};
    eachVector(n, [&](int64_t i, auto part) { products += part.load(a + i) * part.load(b + i); });
    return sum(products);
}

/// Where one head stands in memory.
template <typename Act> struct HeadViews {
    const Act *query, *out, *dOut; ///< at the head's first position
    const float* lse;
    Act* dQuery;
    int64_t ldOut;
};

/// p, ds of queries [first, first + queries) against keys [key, key + count).
template <typename Act>
void blockSlopes(const HeadSizes<Act>& sizes, const Backward<Act>& work, const HeadViews<Act>& head,
    float scale, int64_t first, int64_t queries, int64_t key, int64_t count)
{
    for (int64_t at = 0; at < queries; at += kTileRows) {
        const int64_t rows = smaller(kTileRows, queries - at), query = first + at;
        const int64_t seen = larger(0, smaller(count, query + rows - key));
        float* probs = work.probs + at * kKeys;
        float* slopes = work.slopes + at * kKeys;
        copyRows(head.query + query * sizes.stride, sizes.stride, rows, sizes.dim, sizes.words,
            work.tile);
        timesAcross(sizes, rows, work.tile, work.keysAcross, key, seen, probs);
        copyRows(
            head.dOut + query * head.ldOut, head.ldOut, rows, sizes.dim, sizes.words, work.tile);
        timesAcross(sizes, rows, work.tile, work.valuesAcross, key, seen, slopes);
        for (int64_t i = 0; i < rows; ++i) {
            const int64_t row = (query + i) * head.ldOut;
            slopeRow(probs + i * kKeys, slopes + i * kKeys, scale, head.lse[query + i],
                dotRows(head.dOut + row, head.out + row, sizes.dim),
                larger(0, smaller(count, query + i + 1 - key)), count);
        }
    }
}

/// dKey and dValue of keys [key, key + count) += the block's part. Only queries at or after a key
/// see it: a tile of keys begins at its first one.
template <typename Act>
void addKeyGradients(const HeadSizes<Act>& sizes, const Backward<Act>& work, int64_t first,
    int64_t queries, int64_t key, int64_t count)
{
    constexpr int64_t kPerWord = HeadSizes<Act>::kPerWord;
    const Word* probs = kIsBf16<Act> ? work.probPairs : work.probs;
    const Word* slopes = kIsBf16<Act> ? work.slopePairs : work.slopes;
    const int64_t before = larger(0, smaller(count, first - key));
    const int64_t past = before / kTileRows * kTileRows;
    const auto addKeys = [&](int64_t at, int64_t keys, int64_t skip) {
        const int64_t word = skip / kPerWord * kKeys + at, row = (key + at) * sizes.columns;
        timesAlong<Act, Left::Columns>(sizes, keys, queries - skip, probs + word, kKeys,
            work.dOutAlong, first + skip, work.dValue + row, true);
        timesAlong<Act, Left::Columns>(sizes, keys, queries - skip, slopes + word, kKeys,
            work.queriesAlong, first + skip, work.dKey + row, true);
    };
    if (past > 0)
        addKeys(0, past, 0);
    for (int64_t at = past; at < count; at += kTileRows)
        addKeys(at, smaller(kTileRows, count - at), larger(0, key + at - first) / 2 * 2);
}

template <typename Act>
void headGradients(
    const HeadSizes<Act>& sizes, const Backward<Act>& work, const HeadViews<Act>& head, float scale)
{
    packAlong(sizes, head.query, sizes.stride, work.queriesAlong);
    packAlong(sizes, head.dOut, head.ldOut, work.dOutAlong);
    for (int64_t first = 0; first < sizes.sequence; first += kQueries) {
        const int64_t queries = smaller(kQueries, sizes.sequence - first);
        for (int64_t key = 0; key < first + queries; key += kKeys) {
            const int64_t count = smaller(kKeys, first + queries - key);
            blockSlopes(sizes, work, head, scale, first, queries, key, count);
            const Word* rows = work.slopes;
            if constexpr (kIsBf16<Act>) {
                for (int64_t j = 0; j < roundUp(count, kLanes) && queries % 2 != 0; ++j)
                    work.probs[queries * kKeys + j] = work.slopes[queries * kKeys + j] = 0.0F;
                auto* rounded = reinterpret_cast<BFloat16*>(work.slopeRows);
                for (int64_t i = 0; i < queries; i += 2)
                    roundPair(work.probs + i * kKeys, work.slopes + i * kKeys, count,
                        rounded + i * kKeys, work.probPairs + i / 2 * kKeys,
                        work.slopePairs + i / 2 * kKeys);
                rows = work.slopeRows;
            }
            timesAlong<Act, Left::Rows>(sizes, queries, count, rows,
                kKeys / HeadSizes<Act>::kPerWord, work.keysAlong, key, work.dQuery, key > 0);
            addKeyGradients(sizes, work, first, queries, key, count);
        }
        for (int64_t i = 0; i < queries; ++i)
            eachVector(sizes.dim, [&](int64_t j, auto part) {
                part.store(head.dQuery + (first + i) * sizes.stride + j,
                    part.load(work.dQuery + i * sizes.columns + j));
            });
    }
}

} // namespace

void CpuBackend::attentionBackward(const TensorView& qkv, const TensorView& out,
    const TensorView& lse, const TensorView& dOut, const AttentionShape& shape,
    const TensorView& dQkv)
{
    const int64_t group = shape.heads / shape.kvHeads, ldOut = shape.heads * shape.headDim;
    withType(qkv.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        const HeadSizes<Act> sizes(shape);
        parallel(pool(), shape.batch * shape.kvHeads, [&](int64_t job, int thread) {
            const int64_t batch = job / shape.kvHeads, kvHead = job % shape.kvHeads;
            const Backward<Act> work(
                sizes, static_cast<Word*>(threadScratch(thread, Backward<Act>::bytes(sizes))));
            const int64_t token = batch * shape.sequence;
            const Act* all = qkv.host<Act>() + token * sizes.stride;
            Act* dAll = dQkv.host<Act>() + token * sizes.stride;
            const int64_t key = (shape.heads + kvHead) * sizes.dim;
            const int64_t value = key + shape.kvHeads * sizes.dim;
            packAcross(sizes, all + key, work.rows, work.keysAcross);
            packAcross(sizes, all + value, work.rows, work.valuesAcross);
            packAlong(sizes, all + key, sizes.stride, work.keysAlong);
            for (int64_t i = 0; i < sizes.sequence * sizes.columns; ++i)
                work.dKey[i] = work.dValue[i] = 0.0F;
            for (int64_t head = kvHead * group; head < (kvHead + 1) * group; ++head) {
                const int64_t at = token * ldOut + head * sizes.dim;
                headGradients(sizes, work,
                    {all + head * sizes.dim, out.host<Act>() + at, dOut.host<Act>() + at,
                        lse.host<float>() + (batch * shape.heads + head) * shape.sequence,
                        dAll + head * sizes.dim, ldOut},
                    shape.scale);
            }
            for (int64_t i = 0; i < sizes.sequence; ++i)
                eachVector(sizes.dim, [&](int64_t j, auto part) {
                    part.store(dAll + i * sizes.stride + key + j,
                        part.load(work.dKey + i * sizes.columns + j));
                    part.store(dAll + i * sizes.stride + value + j,
                        part.load(work.dValue + i * sizes.columns + j));
                });
        });
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
