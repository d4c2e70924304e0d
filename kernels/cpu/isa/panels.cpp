// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// How matrices become the panels and tiles of product.h.
#include "kernels/cpu/isa/product.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// One step of a transposition of kLanes × kLanes: lanes whose index has bit kBit clear stay, the
/// others change places with the row kBit further.
template <int kBit, int... kLane> inline void exchange(Vec& a, Vec& b)
{
    const Vec low = __builtin_shufflevector(
        a, b, ((kLane & kBit) != 0 ? kLanes + kLane - kBit : kLane)...);
    const Vec high
        = __builtin_shufflevector(a, b, ((kLane & kBit) != 0 ? kLanes + kLane : kLane + kBit)...);
    a = low;
    b = high;
}
template <int kBit> inline void exchangeRows(Vec* rows)
{
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i)
        if ((i & kBit) == 0) {
#if defined(__AVX512F__)
            exchange<kBit, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>(
                rows[i], rows[i + kBit]);
#elif defined(__AVX2__)
            exchange<kBit, 0, 1, 2, 3, 4, 5, 6, 7>(rows[i], rows[i + kBit]);
#else
            exchange<kBit, 0, 1, 2, 3>(rows[i], rows[i + kBit]);
#endif
        }
}
inline void transpose(Vec* rows)
{
    exchangeRows<1>(rows);
    exchangeRows<2>(rows);
#if defined(__AVX2__)
    exchangeRows<4>(rows);
#endif
#if defined(__AVX512F__)
    exchangeRows<8>(rows);
#endif
}

/// Lanes of two rows of bfloat16 as words: row `even` in the lower half, `odd` in the upper.
inline Vec pairs(HalfVec even, HalfVec odd)
{
    return (Vec)(__builtin_convertvector(even, UintVec)
        | (__builtin_convertvector(odd, UintVec) << 16));
}
inline HalfVec loadBits(const BFloat16* p, int64_t n)
{
    if (n >= kLanes)
        return *(const unaligned::HalfVec*)p;
    HalfVec bits {};
    for (int64_t i = 0; i < n; ++i)
        bits[i] = p[i].bits;
    return bits;
}

} // namespace

void packRowsAsColumns(const Word* from, int64_t ld, int64_t cols, int64_t k, Word* panel)
{
    for (int64_t col = 0; col < roundUp(cols, kLanes); col += kLanes) {
        const int64_t count = smaller(kLanes, cols - col);
        const Word* block = from + col * ld;
        for (int64_t p = 0; p < k; p += kLanes) {
            const int64_t depth = smaller(kLanes, k - p);
            Vec rows[kLanes];
            if (count == kLanes && depth == kLanes) {
#pragma GCC unroll 16
                for (int i = 0; i < kLanes; ++i)
                    rows[i] = *(const unaligned::Vec*)(block + i * ld + p);
            } else {
                for (int i = 0; i < kLanes; ++i)
                    rows[i] = i < count ? loadPart(block + i * ld + p, depth) : Vec {};
            }
            transpose(rows);
            Word* to = panel + p * kPanel + col;
            if (depth == kLanes) {
#pragma GCC unroll 16
                for (int i = 0; i < kLanes; ++i)
                    *(unaligned::Vec*)(to + i * kPanel) = rows[i];
            } else {
                for (int64_t i = 0; i < depth; ++i)
                    *(unaligned::Vec*)(to + i * kPanel) = rows[i];
            }
        }
    }
}

void packColumns(const float* from, int64_t ld, int64_t k, int64_t cols, Word* panel)
{
    for (int64_t p = 0; p < k; ++p)
        eachVector(cols, [&](int64_t j, auto part) {
            *(unaligned::Vec*)(panel + p * kPanel + j) = part.load(from + p * ld + j);
        });
}

void packColumns(const BFloat16* from, int64_t ld, int64_t k, int64_t cols, Word* panel)
{
    for (int64_t p = 0; p < k; p += 2) {
        const BFloat16* row = from + p * ld;
        for (int64_t j = 0; j < cols; j += kLanes) {
            const HalfVec even = loadBits(row + j, cols - j);
            const HalfVec odd = p + 1 < k ? loadBits(row + ld + j, cols - j) : HalfVec {};
            *(unaligned::Vec*)(panel + p / 2 * kPanel + j) = pairs(even, odd);
        }
    }
}

void packTiles(const float* from, int64_t ld, int64_t k, int64_t rows, Word* tiles)
{
    for (int64_t p = 0; p < k; ++p) {
        for (int64_t row = 0; row < rows; row += kTileRows) {
            const int64_t count = smaller(kTileRows, rows - row);
            const Vec value = loadPart(from + p * ld + row, smaller(kLanes, count));
            storePart(tiles + row * k + p * kTileRows, value, smaller(kLanes, kTileRows));
        }
    }
}

void packTiles(const BFloat16* from, int64_t ld, int64_t k, int64_t rows, Word* tiles)
{
    const int64_t words = (k + 1) / 2;
    for (int64_t p = 0; p < k; p += 2) {
        for (int64_t row = 0; row < rows; row += kTileRows) {
            const int64_t count = smaller(kTileRows, rows - row);
            const BFloat16* at = from + p * ld + row;
            const UintVec even = (UintVec)loadPart(at, count);
            const UintVec odd = p + 1 < k ? (UintVec)loadPart(at + ld, count) : UintVec {};
            storePart(tiles + row * words + p / 2 * kTileRows, (Vec)((even >> 16) | odd), kTileRows);
        }
    }
}

} // namespace moe::kernels::cpu::MOE_ISA
