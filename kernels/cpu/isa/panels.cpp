// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// How matrices become the panels and tiles of product.h.
#include "kernels/cpu/isa/lanes.h"
#include "kernels/cpu/isa/product.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

template <Keep kKeep> inline void put(Word* p, Vec x)
{
    if constexpr (kKeep == Keep::InMemory)
        stream(p, x);
    else
        *(unaligned::Vec*)p = x;
}

/// One step of a transposition of kLanes × kLanes: lanes whose index has bit kBit clear stay, the
/// others change places with the row kBit further.
template <int kBit, int... kLane> inline void exchange(Vec& a, Vec& b, Lanes<kLane...>)
{
    const Vec low
        = __builtin_shufflevector(a, b, ((kLane & kBit) != 0 ? kLanes + kLane - kBit : kLane)...);
    const Vec high
        = __builtin_shufflevector(a, b, ((kLane & kBit) != 0 ? kLanes + kLane : kLane + kBit)...);
    a = low;
    b = high;
}
template <int kBit> inline void exchangeRows(Vec* rows)
{
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i)
        if ((i & kBit) == 0)
            exchange<kBit>(rows[i], rows[i + kBit], AllLanes{});
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

// What packTiles moves at a time.
using Eight = float __attribute__((vector_size(32), aligned(4), may_alias));
using EightHalves = uint16_t __attribute__((vector_size(16), aligned(2), may_alias));
using EightPairs = uint16_t __attribute__((vector_size(32), aligned(4), may_alias));

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
    HalfVec bits{};
    for (int64_t i = 0; i < n; ++i)
        bits[i] = p[i].bits;
    return bits;
}

} // namespace

template <Keep kKeep>
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
                    rows[i] = i < count ? loadPart(block + i * ld + p, depth) : Vec{};
            }
            transpose(rows);
            Word* to = panel + p * kPanel + col;
            if (depth == kLanes) {
#pragma GCC unroll 16
                for (int i = 0; i < kLanes; ++i)
                    put<kKeep>(to + i * kPanel, rows[i]);
            } else {
                for (int64_t i = 0; i < depth; ++i)
                    put<kKeep>(to + i * kPanel, rows[i]);
            }
        }
    }
}

template void packRowsAsColumns<Keep::InCache>(const Word*, int64_t, int64_t, int64_t, Word*);
template void packRowsAsColumns<Keep::InMemory>(const Word*, int64_t, int64_t, int64_t, Word*);

void packColumns(const float* from, int64_t ld, int64_t k, int64_t cols, Word* panel)
{
    for (int64_t p = 0; p < k; ++p)
        eachVector(cols, [&](int64_t j, auto part) {
            *(unaligned::Vec*)(panel + p * kPanel + j) = part.load(from + p * ld + j);
        });
}

template <Keep kKeep>
void packColumns(const BFloat16* from, int64_t ld, int64_t k, int64_t cols, Word* panel)
{
    for (int64_t p = 0; p < k; p += 2) {
        const BFloat16* row = from + p * ld;
        for (int64_t j = 0; j < cols; j += kLanes) {
            const HalfVec even = loadBits(row + j, cols - j);
            const HalfVec odd = p + 1 < k ? loadBits(row + ld + j, cols - j) : HalfVec{};
            put<kKeep>(panel + p / 2 * kPanel + j, pairs(even, odd));
        }
    }
}

template void packColumns<Keep::InCache>(const BFloat16*, int64_t, int64_t, int64_t, Word*);
template void packColumns<Keep::InMemory>(const BFloat16*, int64_t, int64_t, int64_t, Word*);

void packTiles(const float* from, int64_t ld, int64_t k, int64_t rows, Word* tiles)
{
    const int64_t stride = tileStride(k), whole = rows >= kTileStore ? rows - kTileStore : -1;
    for (int64_t p = 0; p < k; ++p, from += ld) {
        Word* to = tiles + p * kTileRows;
        int64_t row = 0;
        for (; row <= whole; row += kTileRows, to += stride)
            *(Eight*)to = *(const Eight*)(from + row);
        for (; row < rows; row += kTileRows, to += stride)
            for (int64_t i = 0; i < kTileRows; ++i)
                to[i] = row + i < rows ? from[row + i] : 0.0F;
    }
}

void packTiles(const BFloat16* from, int64_t ld, int64_t k, int64_t rows, Word* tiles)
{
    const int64_t stride = tileStride((k + 1) / 2);
    const int64_t whole = rows >= kTileStore ? rows - kTileStore : -1;
    for (int64_t p = 0; p < k; p += 2, from += 2 * ld) {
        const bool both = p + 1 < k;
        const BFloat16* next = both ? from + ld : from;
        Word* to = tiles + p / 2 * kTileRows;
        int64_t row = 0;
        for (; row <= whole && both; row += kTileRows, to += stride) {
            const EightHalves a = *(const EightHalves*)(from + row);
            const EightHalves b = *(const EightHalves*)(next + row);
            *(EightPairs*)to = __builtin_shufflevector(
                a, b, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        }
        for (; row < rows; row += kTileRows, to += stride)
            for (int64_t i = 0; i < kTileRows; ++i) {
                const uint32_t a = row + i < rows ? from[row + i].bits : 0U;
                const uint32_t b = row + i < rows && both ? next[row + i].bits : 0U;
                to[i] = __builtin_bit_cast(float, a | (b << 16));
            }
    }
}

} // namespace moe::kernels::cpu::MOE_ISA
