// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/simd.h"

// Matrix products. Everything moves in words of 32 bits along the reduction: one float, or two
// bfloat16; only the multiply-add differs. The right side is cut into panels of kPanel columns,
// [words, kPanel]; the left side is read in tiles of kTileRows rows, each word spread over the
// lanes. A tile of the result stays in registers for the whole reduction (up to kDepth words).
namespace moe::kernels::cpu::MOE_ISA {

#if defined(__AVX512F__)
inline constexpr int64_t kTileRows = 6, kTileVectors = 4; // 24 of 32 registers
#elif defined(__AVX2__)
inline constexpr int64_t kTileRows = 6, kTileVectors = 2; // 12 of 16
#else
inline constexpr int64_t kTileRows = 4, kTileVectors = 2; // 8 of 16
#endif
inline constexpr int64_t kPanel = kTileVectors * kLanes;
/// A panel of this many words leaves room for the left side in a second-level cache; longer
/// reductions are cut, always at the same places.
inline constexpr int64_t kDepth = 1024;

inline int64_t wordsOf(bool bf16, int64_t elements)
{
    return bf16 ? (elements + 1) / 2 : elements;
}

/// How the left side of a tile lies: word k of row i at [i · stride + k], or at [k · stride + i].
enum class Left : uint8_t { Rows, Columns };

/// c[rows, cols] (by `add`) = a · b over k words; rows any, cols ≤ kPanel, b and c of row strides
/// ldb and ldc. Columns are computed in whole vectors: b and c must have room for cols rounded up
/// to kLanes.
template <bool kBf16, Left kLeft>
void multiply(int64_t rows, int64_t cols, int64_t k, const Word* a, int64_t lda, const Word* b,
    int64_t ldb, float* c, int64_t ldc, bool add);

/// Whether panels are for now, or go past the caches to memory (aligned to the vector then).
enum class Keep : uint8_t { InCache, InMemory };
/// panel[k, kPanel] from `cols` (≤ kPanel) rows of words at stride ld: panel[k][j] = from[j·ld +
/// k]. Bfloat16 rows of odd length are not words: pad them first.
template <Keep kKeep = Keep::InCache>
void packRowsAsColumns(const Word* from, int64_t ld, int64_t cols, int64_t k, Word* panel);
/// panel from a matrix that has the reduction outermost: elements [k, cols] at stride ld.
void packColumns(const float* from, int64_t ld, int64_t k, int64_t cols, Word* panel);
template <Keep kKeep = Keep::InCache>
void packColumns(const BFloat16* from, int64_t ld, int64_t k, int64_t cols, Word* panel);
/// The left side of products over an outermost reduction: tiles [k words, kTileRows], each
/// tileStride(k words) after the last, for multiply<…, Left::Columns> a tile at a time, from
/// elements [k, rows].
inline constexpr int64_t kTileStore = 8; ///< words written at a time, the last ones too many
inline int64_t tileStride(int64_t words)
{
    return words * kTileRows + kTileStore - kTileRows;
}
void packTiles(const float* from, int64_t ld, int64_t k, int64_t rows, Word* tiles);
void packTiles(const BFloat16* from, int64_t ld, int64_t k, int64_t rows, Word* tiles);

template <typename T> inline constexpr bool kIsBf16 = false;
template <> inline constexpr bool kIsBf16<BFloat16> = true;

/// Whether a matrix with the reduction outermost, of this row stride, is as good a right side where
/// it lies as in a panel: words as they are, and rows that do not crowd into a few sets of a cache.
template <typename T> inline bool readsInPlace(int64_t ld)
{
    return !kIsBf16<T> && ld % 1024 != 0;
}

/// x · b for `rows` rows, b [k, kPanel] at stride ldb; emit(row, rowCount, tile) gets [rowCount,
/// kPanel] pieces of the result, in order. `cols` of the panel are wanted. `buffer` holds
/// kEmitFloats floats. The k · kPanel words at `ahead`, which the next call wants, are fetched on
/// the way.
inline constexpr int64_t kEmitRows = 16 * kTileRows;
inline constexpr int64_t kEmitFloats = kEmitRows * kPanel;
template <bool kBf16, typename Emit>
void rowsTimesPanel(const Word* x, int64_t ldx, int64_t rows, const Word* b, int64_t ldb, int64_t k,
    int64_t cols, const Word* ahead, float* buffer, const Emit& emit)
{
    constexpr int64_t kLine = 16; // words of a cache line
    const int64_t step = k <= kDepth ? kTileRows : kEmitRows;
    const int64_t depth = larger(1, ceilDiv(k, larger(1, ceilDiv(k, kDepth))));
    const int64_t share = ceilDiv(ceilDiv(k * kPanel, kLine), ceilDiv(rows, step)) * kLine;
    for (int64_t row = 0; row < rows; row += step) {
        const int64_t count = smaller(step, rows - row);
        for (int64_t i = 0; i < share && ahead; i += kLine)
            __builtin_prefetch(ahead + row / step * share + i, 0, 2);
        for (int64_t first = 0; first < k || first == 0; first += depth) {
            // A right side without words is null and has no more than this one step.
            const Word* words = b + first * ldb; // NOLINT(clang-analyzer-core.NullPointerArithm)
            multiply<kBf16, Left::Rows>(count, cols, smaller(depth, k - first),
                x + row * ldx + first, ldx, words, ldb, buffer, kPanel, first > 0);
        }
        emit(row, count, static_cast<const float*>(buffer));
    }
}

/// dW[out, in] (by `add`) = dyᵀ x over k tokens, dy [k, out] at stride ldDy, x [k, in] at ldX;
/// `scratch` of outerScratchWords().
inline constexpr int64_t kOuterDepth = 512; // words
inline int64_t outerScratchWords(int64_t out)
{
    return kOuterDepth * kPanel + ceilDiv(out, kTileRows) * tileStride(kOuterDepth)
        + kTileRows * kPanel;
}
template <typename Act>
void outerProduct(int64_t out, int64_t in, int64_t k, const Act* dy, int64_t ldDy, const Act* x,
    int64_t ldX, float* dW, int64_t ldW, bool add, Word* scratch);

} // namespace moe::kernels::cpu::MOE_ISA
