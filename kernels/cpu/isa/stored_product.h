// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/stored_tokens.h"

// Products with weights as a checkpoint keeps them. Every path adds in one order, so that a token's
// result does not depend on how many there are: a row's sum is kLanes partial sums along `in`, one
// chain of vectors, then lanes i and i + half, halving. The scale of a row is multiplied last;
// block scales lane by lane at the end of each block.
namespace moe::kernels::cpu::MOE_ISA {

#if defined(__AVX512F__)
inline constexpr int kStoredRows = 4; ///< rows of weights at a time
inline constexpr int kStoredTile = 6; ///< tokens of a tile
inline constexpr int kScaledTile = 4; ///< the same with block scales
inline constexpr int kFewTokens = 4; ///< up to here weights are widened in registers
#else
inline constexpr int kStoredRows = 4;
inline constexpr int kStoredTile = 3;
inline constexpr int kScaledTile = 2;
inline constexpr int kFewTokens = 3;
#endif

/// Blocks that no whole number of vectors fills: each element is scaled when it is widened.
inline bool scalesElements(const StoredMatrix& w)
{
    return w.layout == ScaleLayout::Block && w.blockIn % (4 * kLanes) != 0;
}
inline bool scalesBlocks(const StoredMatrix& w)
{
    return w.layout == ScaleLayout::Block && !scalesElements(w);
}
inline int64_t mostInTile(const StoredMatrix& w)
{
    return scalesBlocks(w) ? kScaledTile : kStoredTile;
}

/// Whether weights are widened as they come.
inline bool isFew(const StoredMatrix& w, int64_t tokens)
{
    return tokens <= smaller(kFewTokens, mostInTile(w)) && !scalesElements(w);
}
/// Rows that a call of multiplyStored takes best: a piece of memory worth a turn for few tokens,
/// else a panel that stays in the second-level cache. A multiple of kLanes.
int64_t rowsAPiece(const StoredMatrix& w, int64_t tokens);
/// Bytes of the panel for a call with as many rows.
inline int64_t panelBytes(const StoredMatrix& w, int64_t rows, const Tokens& x)
{
    return isFew(w, x.count) ? 0 : roundUp(rows, kStoredRows) * x.tokenBytes();
}

/// Rows [firstRow, firstRow + rows) of a matrix.
struct StoredRows {
    const StoredMatrix* w;
    int64_t firstRow, rows;

    const uint8_t* begin() const { return (const uint8_t*)w->codes + firstRow * w->rowBytes; }
    const uint8_t* end() const { return begin() + rows * w->rowBytes; }
};

/// out[t · ldOut + i] = row i · token t, scaled. `next` is what this thread reads after it (rows of
/// 0 bytes: nothing is known), fetched ahead. `panel` holds panelBytes(), 64-byte aligned.
void multiplyStored(const StoredRows& rows, const StoredRows& next, const Tokens& x, float* out,
    int64_t ldOut, void* panel);

} // namespace moe::kernels::cpu::MOE_ISA
