// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/product.h"

#include <cstring>

namespace moe::kernels::cpu::MOE_ISA {

namespace {

template <bool kBf16> inline Vec multiplyAdd(Vec sum, Vec a, Vec b)
{
    if constexpr (!kBf16) {
        return sum + a * b;
    } else {
#if defined(__AVX512BF16__)
        return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
        constexpr uint32_t kUpper = 0xFFFF0000U;
        const Vec even = sum + (Vec)((UintVec)a << 16) * (Vec)((UintVec)b << 16);
        return even + (Vec)((UintVec)a & kUpper) * (Vec)((UintVec)b & kUpper);
#endif
    }
}

constexpr int64_t kLine = 16; // words of a cache line

template <bool kBf16, Left kLeft, int kRows, int kVectors>
void tile(int64_t k, const Word* a, int64_t lda, const Word* b, int64_t ldb, float* c, int64_t ldc,
    bool add)
{
    Vec sums[kRows][kVectors];
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 8
        for (int j = 0; j < kVectors; ++j)
            sums[i][j] = add ? load(c + i * ldc + j * kLanes) : Vec{};
    for (int64_t left = k; left > 0; left -= kLine) {
        if constexpr (kLeft == Left::Rows) { // the tile that comes next
#pragma GCC unroll 8
            for (int i = 0; i < kRows; ++i)
                __builtin_prefetch(a + (kRows + i) * lda, 0, 2);
        }
        const int64_t line = left < kLine ? left : kLine;
        for (int64_t p = 0; p < line; ++p) {
            Vec right[kVectors];
#pragma GCC unroll 8
            for (int j = 0; j < kVectors; ++j)
                right[j] = *(const unaligned::Vec*)(b + j * kLanes);
#pragma GCC unroll 8
            for (int i = 0; i < kRows; ++i) {
#if defined(__AVX512F__)
                const Vec word = (Vec)_mm512_set1_ps(kLeft == Left::Rows ? a[i * lda] : a[i]);
#else
                const Vec word = splat(kLeft == Left::Rows ? a[i * lda] : a[i]);
#endif
#pragma GCC unroll 8
                for (int j = 0; j < kVectors; ++j)
                    sums[i][j] = multiplyAdd<kBf16>(sums[i][j], word, right[j]);
            }
            a += kLeft == Left::Rows ? 1 : lda;
            b += ldb;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 8
        for (int j = 0; j < kVectors; ++j)
            store(c + i * ldc + j * kLanes, sums[i][j]);
}

using Tile = void (*)(int64_t, const Word*, int64_t, const Word*, int64_t, float*, int64_t, bool);

template <bool kBf16, Left kLeft, int kVectors> Tile tileOfRows(int64_t rows)
{
    constexpr Tile kTiles[]
        = { tile<kBf16, kLeft, 1, kVectors>,
              tile<kBf16, kLeft, 2, kVectors>,
              tile<kBf16, kLeft, 3, kVectors>,
              tile<kBf16, kLeft, 4, kVectors>,
#if defined(__AVX2__)
              tile<kBf16, kLeft, 5, kVectors>,
              tile<kBf16, kLeft, 6, kVectors>
#endif
          };
    static_assert(sizeof(kTiles) / sizeof(Tile) == kTileRows);
    return kTiles[rows - 1];
}

template <bool kBf16, Left kLeft> Tile tileOf(int64_t rows, int64_t cols)
{
    switch (ceilDiv(cols, kLanes)) {
    case 1:
        return tileOfRows<kBf16, kLeft, 1>(rows);
#if defined(__AVX512F__)
    case 2:
        return tileOfRows<kBf16, kLeft, 2>(rows);
    case 3:
        return tileOfRows<kBf16, kLeft, 3>(rows);
    default:
        return tileOfRows<kBf16, kLeft, 4>(rows);
#else
    default:
        return tileOfRows<kBf16, kLeft, 2>(rows);
#endif
    }
}

} // namespace

template <bool kBf16, Left kLeft>
void multiply(int64_t rows, int64_t cols, int64_t k, const Word* a, int64_t lda, const Word* b,
    int64_t ldb, float* c, int64_t ldc, bool add)
{
    const Tile whole = tileOf<kBf16, kLeft>(kTileRows, cols);
    int64_t row = 0;
    for (; row + kTileRows <= rows; row += kTileRows)
        whole(
            k, kLeft == Left::Rows ? a + row * lda : a + row, lda, b, ldb, c + row * ldc, ldc, add);
    if (row < rows)
        tileOf<kBf16, kLeft>(rows - row, cols)(
            k, kLeft == Left::Rows ? a + row * lda : a + row, lda, b, ldb, c + row * ldc, ldc, add);
}

template void multiply<false, Left::Rows>(
    int64_t, int64_t, int64_t, const Word*, int64_t, const Word*, int64_t, float*, int64_t, bool);
template void multiply<false, Left::Columns>(
    int64_t, int64_t, int64_t, const Word*, int64_t, const Word*, int64_t, float*, int64_t, bool);
template void multiply<true, Left::Rows>(
    int64_t, int64_t, int64_t, const Word*, int64_t, const Word*, int64_t, float*, int64_t, bool);
template void multiply<true, Left::Columns>(
    int64_t, int64_t, int64_t, const Word*, int64_t, const Word*, int64_t, float*, int64_t, bool);

template <typename Act>
void outerProduct(int64_t out, int64_t in, int64_t k, const Act* dy, int64_t ldDy, const Act* x,
    int64_t ldX, float* dW, int64_t ldW, bool add, Word* scratch)
{
    constexpr bool kBf16 = kIsBf16<Act>;
    constexpr int64_t kElements = kBf16 ? 2 * kOuterDepth : kOuterDepth;
    Word* panel = scratch;
    Word* tiles = panel + kOuterDepth * kPanel;
    float* edge = tiles + ceilDiv(out, kTileRows) * tileStride(kOuterDepth);
    for (int64_t first = 0; first < k || first == 0; first += kElements, add = true) {
        const int64_t elements = smaller(kElements, k - first);
        const int64_t words = wordsOf(kBf16, elements);
        packTiles(dy + first * ldDy, ldDy, elements, out, tiles);
        for (int64_t col = 0; col < in; col += kPanel) {
            const int64_t cols = smaller(kPanel, in - col);
            const bool whole = cols % kLanes == 0;
            const Act* columns = x + first * ldX + col;
            const bool inPlace = whole && readsInPlace<Act>(ldX);
            if (!inPlace)
                packColumns(columns, ldX, elements, cols, panel);
            const Word* right = inPlace ? reinterpret_cast<const Word*>(columns) : panel;
            const int64_t ldRight = inPlace ? ldX : kPanel;
            for (int64_t row = 0; row < out; row += kTileRows) {
                const int64_t rows = smaller(kTileRows, out - row);
                float* to = dW + row * ldW + col;
                multiply<kBf16, Left::Columns>(rows, cols, words,
                    tiles + row / kTileRows * tileStride(words), kTileRows, right, ldRight,
                    whole ? to : edge, whole ? ldW : kPanel, whole && add);
                if (whole)
                    continue;
                for (int64_t i = 0; i < rows; ++i)
                    eachVector(cols, [&](int64_t j, auto part) {
                        Vec value = part.load(edge + i * kPanel + j);
                        if (add)
                            value += part.load(to + i * ldW + j);
                        part.store(to + i * ldW + j, value);
                    });
            }
        }
    }
}

template void outerProduct<float>(int64_t, int64_t, int64_t, const float*, int64_t, const float*,
    int64_t, float*, int64_t, bool, Word*);
template void outerProduct<BFloat16>(int64_t, int64_t, int64_t, const BFloat16*, int64_t,
    const BFloat16*, int64_t, float*, int64_t, bool, Word*);

} // namespace moe::kernels::cpu::MOE_ISA
