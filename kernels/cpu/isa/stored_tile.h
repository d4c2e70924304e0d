// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/stored_rows.h"
#include "kernels/cpu/isa/subnormal_lookout.h"

// A tile is kStoredRows rows of weights × up to kStoredTile tokens, its sums in registers for all
// of `in`.
namespace moe::kernels::cpu::MOE_ISA {

template <bool kPairs> inline __attribute__((always_inline)) Vec multiplyAdd(Vec sum, Vec a, Vec b)
{
#if defined(__AVX512BF16__)
    if constexpr (kPairs)
        return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#endif
    return sum + a * b;
}

using Four = float __attribute__((vector_size(16)));

/// The sums of four vectors: lanes + 8, + 4, + 2, + 1.
#if defined(__AVX512F__)
inline __attribute__((always_inline)) Four sumsOf(Vec a, Vec b, Vec c, Vec d)
{
    const auto halves = [](Vec x, Vec y) {
        return __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
            + __builtin_shufflevector(
                x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    };
    const Vec ab = halves(a, b), cd = halves(c, d);
    Vec x
        = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
        + __builtin_shufflevector(
            ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    x += __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    return __builtin_shufflevector(x, x, 0, 4, 8, 12);
}
#else
inline __attribute__((always_inline)) Four sumsOf(Vec a, Vec b, Vec c, Vec d)
{
    const auto half = [](Vec x) {
#if defined(__AVX2__)
        return (Four)_mm256_castps256_ps128((__m256)x) + (Four)_mm256_extractf128_ps((__m256)x, 1);
#else
        return x;
#endif
    };
    const auto fold = [](Four x, Four y) { // lanes i and i + 2
        return __builtin_shufflevector(x, y, 0, 1, 4, 5)
            + __builtin_shufflevector(x, y, 2, 3, 6, 7);
    };
    const Four ab = fold(half(a), half(b)), cd = fold(half(c), half(d));
    return __builtin_shufflevector(ab, cd, 0, 2, 4, 6)
        + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}
#endif

/// Adds one chunk to the sums; `x` is at chunk 0 of a tile of kTokens. kPlain: all rows' codes are.
template <bool kPairs, bool kPlain, int kTokens, typename Rows>
inline __attribute__((always_inline)) void addChunk(const Rows& rows, int64_t chunk,
    const uint8_t* x, Lookout<Rows::kWatched>& lookout, Vec (&sums)[kStoredRows][kTokens])
{
    constexpr int kVectors = Rows::kVectors;
    const uint8_t* vectors = x + chunk * kVectors * kTokens * kVectorBytes;
    Vec right[kVectors][kTokens];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v)
#pragma GCC unroll 8
        for (int t = 0; t < kTokens; ++t)
            right[v][t] = *(const unaligned::Vec*)(vectors + (v * kTokens + t) * kVectorBytes);
#pragma GCC unroll 8
    for (int row = 0; row < kStoredRows; ++row) {
        Vec left[kVectors];
        if constexpr (kPlain)
            rows.loadPlain(row, chunk, left);
        else
            rows.load(row, chunk, left);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            lookout.see(left[v]);
#pragma GCC unroll 8
            for (int t = 0; t < kTokens; ++t)
                sums[row][t] = multiplyAdd<kPairs>(sums[row][t], left[v], right[v][t]);
        }
    }
}

/// Adds chunks [from, to) to the sums.
template <bool kPairs, int kTokens, typename Rows>
inline __attribute__((always_inline)) void addChunks(const Rows& rows, int64_t from, int64_t to,
    const uint8_t* x, Lines& ahead, Lookout<Rows::kWatched>& lookout,
    Vec (&sums)[kStoredRows][kTokens])
{
    Lines lines = ahead;
    Lookout<Rows::kWatched> seen = lookout;
    for (int64_t chunk = from; chunk < to; ++chunk) {
        if constexpr (Rows::kHasPlain) { // a loop of its own, whose sums stay in registers
            for (; chunk < to && rows.arePlain(chunk); ++chunk) {
                lines.template fetch<Rows::kLinesAChunk>();
                addChunk<kPairs, true>(rows, chunk, x, seen, sums);
            }
            if (chunk == to)
                break;
        }
        lines.template fetch<Rows::kLinesAChunk>();
        addChunk<kPairs, false>(rows, chunk, x, seen, sums);
    }
    ahead = lines;
    lookout = seen;
}

/// What the tiles of one matrix have in common.
struct Frame {
    int64_t chunks; ///< along `in`
    int64_t blockChunks; ///< of a scaled block; 0: none
    float* out;
    int64_t ldOut;
};

template <typename Decoder> Frame frameOf(const StoredMatrix& w, float* out, int64_t ldOut)
{
    const int64_t bytes = ownRowBytes(w), chunks = ceilDiv(bytes, Decoder::kBytes);
    const int64_t blockBytes = scalesBlocks(w) ? bytes * w.blockIn / w.in : 0;
    return {chunks, blockBytes / Decoder::kBytes, out, ldOut};
}

struct Scales {
    const float* row[kStoredRows]; ///< of the whole row
    const float* block[kStoredRows]; ///< of its blocks
};

inline Scales scalesOf(const StoredMatrix& w, const int64_t* rows)
{
    static constexpr float kOne = 1.0F;
    Scales scales{};
    const float* all = w.scales.data();
    for (int i = 0; i < kStoredRows; ++i) {
        scales.row[i] = w.layout == ScaleLayout::Row ? all + rows[i]
            : w.layout == ScaleLayout::Tensor        ? all
                                                     : &kOne;
        if (w.layout == ScaleLayout::Block)
            scales.block[i] = all + rows[i] / w.blockOut * ceilDiv(w.in, w.blockIn);
    }
    return scales;
}

/// One tile: `count` of the four rows are wanted. Whether a subnormal weight was taken for zero.
template <bool kPairs, bool kBlocks, int kTokens, typename Rows>
bool tile(const Rows& rows, const Rows* tail, const Scales& scales, const Frame& frame,
    const uint8_t* x, int64_t token, int64_t row, int64_t count, Lines& lines)
{
    // Every index is a constant once the loops are unrolled: the sums are registers.
    Vec sums[kStoredRows][kTokens] = {}, totals[kStoredRows][kTokens] = {};
    Lookout<Rows::kWatched> lookout;
    // The last chunk of codes may be cut off: it is read from a copy.
    const int64_t whole = tail ? frame.chunks - 1 : frame.chunks;
    if constexpr (kBlocks) {
        for (int64_t from = 0, block = 0; from < frame.chunks; from += frame.blockChunks, ++block) {
            const int64_t to = smaller(from + frame.blockChunks, frame.chunks);
            addChunks<kPairs, kTokens>(rows, from, smaller(to, whole), x, lines, lookout, sums);
            if (Rows::kMayBeCut && to > whole)
                addChunks<kPairs, kTokens>(*tail, whole, to, x, lines, lookout, sums);
#pragma GCC unroll 8
            for (int i = 0; i < kStoredRows; ++i) {
                const Vec scale = splat(scales.block[i][block]);
#pragma GCC unroll 8
                for (int t = 0; t < kTokens; ++t) {
                    totals[i][t] += sums[i][t] * scale;
                    sums[i][t] = Vec{};
                }
            }
        }
    } else {
        addChunks<kPairs, kTokens>(rows, 0, whole, x, lines, lookout, sums);
        if (Rows::kMayBeCut && tail)
            addChunks<kPairs, kTokens>(*tail, whole, frame.chunks, x, lines, lookout, sums);
    }
    const Four rowScales = {*scales.row[0], *scales.row[1], *scales.row[2], *scales.row[3]};
    float* to = frame.out + token * frame.ldOut + row;
#pragma GCC unroll 8
    for (int t = 0; t < kTokens; ++t, to += frame.ldOut) {
        const auto& ended = kBlocks ? totals : sums;
        const Four result = sumsOf(ended[0][t], ended[1][t], ended[2][t], ended[3][t]) * rowScales;
        if (count == kStoredRows)
            __builtin_memcpy(to, &result, sizeof(result));
        else
            for (int64_t i = 0; i < count; ++i)
                to[i] = result[i];
    }
    return lookout.found();
}

template <typename Rows>
using Tile = bool (*)(const Rows&, const Rows*, const Scales&, const Frame&, const uint8_t*,
    int64_t, int64_t, int64_t, Lines&);

template <bool kPairs, bool kBlocks, typename Rows> Tile<Rows> tileOf(int64_t tokens)
{
    switch (tokens) {
    case 1:
        return tile<kPairs, kBlocks, 1, Rows>;
    case 2:
        return tile<kPairs, kBlocks, 2, Rows>;
#if defined(__AVX512F__)
    case 3:
        return tile<kPairs, kBlocks, 3, Rows>;
    case 4:
        return tile<kPairs, kBlocks, 4, Rows>;
    case 5:
        if constexpr (!kBlocks && Rows::kMostTokens > 4)
            return tile<kPairs, kBlocks, 5, Rows>;
        [[fallthrough]];
    default:
        if constexpr (!kBlocks && Rows::kMostTokens > 4)
            return tile<kPairs, kBlocks, 6, Rows>;
#else
    default:
        if constexpr (!kBlocks)
            return tile<kPairs, kBlocks, 3, Rows>;
#endif
        return nullptr;
    }
}

} // namespace moe::kernels::cpu::MOE_ISA
