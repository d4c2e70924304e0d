// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/host_backend.h"
#include "kernels/cpu/isa/product.h"
#include "kernels/cpu/isa/ranges.h"

// Products of groups of rows with the groups' weights, cut into one flat list of jobs, so that no
// thread waits for another before the list is empty. A projection is one group.
namespace moe::kernels::cpu::MOE_ISA {

/// Rows [first, first + rows) of one group.
struct Piece {
    int64_t group, first, rows;
};
struct Pieces {
    const Piece* list;
    int64_t count;
};

/// Pieces of at most `most` rows; `list` has room for offsets[groups] / most + groups of them.
template <typename Index>
Pieces cutRows(const Index* offsets, int64_t groups, int64_t most, Piece* list)
{
    int64_t count = 0;
    for (int64_t group = 0; group < groups; ++group) {
        const int64_t rows = offsets[group + 1] - offsets[group];
        const int64_t step = roundUp(ceilDiv(rows, larger(1, ceilDiv(rows, most))), kTileRows);
        for (int64_t first = 0; first < rows; first += step)
            list[count++] = {group, offsets[group] + first, smaller(step, rows - first)};
    }
    return {list, count};
}

/// Which way a weight [out, in] is used: x Wᵀ over `in`, or dy W over `out`.
enum class Way : uint8_t { Forward, Backward };

template <Way kWay> int64_t reductionOf(const CpuPacked& w)
{
    return kWay == Way::Forward ? w.in() : w.out();
}
template <Way kWay> int64_t columnsOf(const CpuPacked& w)
{
    return kWay == Way::Forward ? w.out() : w.in();
}

/// Some columns of a group's weight as the right side of multiply(): where pack() left them, or
/// gathered into a buffer.
struct Right {
    const Word* words;
    int64_t ld, cols;
    const Word* ahead; ///< where the columns that are wanted next come from
};

/// The columns from `column` on, at most `cols` (≤ kPanel) and no further than the panel goes; the
/// next ones stand `ahead` columns further.
template <bool kBf16, Way kWay>
Right rightOf(
    const CpuPacked& w, int64_t group, int64_t column, int64_t cols, int64_t ahead, Word* buffer)
{
    if constexpr (kBf16) {
        const bool forward = kWay == Way::Forward;
        const auto* all = static_cast<const Word*>((forward ? w.forward : w.backward)->data());
        const int64_t inPanel = column % kPanel;
        const int64_t k = wordsOf(true, reductionOf<kWay>(w));
        const Word* panel = all + group * (forward ? w.forwardWords : w.backwardWords)
            + (column - inPanel) * k + inPanel;
        return {panel, kPanel, smaller(cols, kPanel - inPanel), panel + ahead * k};
    } else {
        const float* master = w.master + group * w.out() * w.in();
        if constexpr (kWay == Way::Forward) {
            packRowsAsColumns(master + column * w.in(), w.in(), cols, w.in(), buffer);
            return {buffer, kPanel, cols, master + (column + ahead) * w.in()};
        }
        if (cols % kLanes == 0 && readsInPlace<float>(w.in()))
            return {master + column, w.in(), cols, nullptr};
        packColumns(master + column, w.in(), w.out(), cols, buffer);
        return {buffer, kPanel, cols, nullptr};
    }
}

/// Words of thread scratch for rowsTimesPanel with a weight's panel.
template <bool kBf16, Way kWay> int64_t panelScratchWords(const CpuPacked& w)
{
    return kEmitFloats + (kBf16 ? 0 : reductionOf<kWay>(w) * kPanel);
}

/// Rows of activations as words; rows of odd length in bfloat16 had to be padded.
struct WordRows {
    const Word* data;
    int64_t ld;
};

template <typename Act> void padRow(const Act* from, int64_t n, int64_t padded, Act* to)
{
    for (int64_t i = 0; i < n; ++i)
        to[i] = from[i];
    for (int64_t i = n; i < padded; ++i)
        to[i] = Act();
}

/// `room` is called for memory only when rows have to be padded.
template <typename Act, typename Room>
WordRows wordRows(const Act* x, int64_t rows, int64_t columns, const Room& room)
{
    if constexpr (kIsBf16<Act>) {
        const int64_t padded = roundUp(columns, 2);
        if (padded == columns)
            return {reinterpret_cast<const Word*>(x), columns / 2};
        auto* copy = static_cast<Act*>(room(rows * padded * 2));
        for (int64_t row = 0; row < rows; ++row)
            padRow(x + row * columns, columns, padded, copy + row * padded);
        return {reinterpret_cast<const Word*>(copy), padded / 2};
    } else {
        return {x, columns};
    }
}

/// emit(row, rowCount, column, cols, tile) for x · w[column … column + cols), the rows of x those
/// of one piece; `buffer` of panelScratchWords. What this thread wants next stands `ahead` columns
/// further (a guess that costs nothing when it is wrong).
template <bool kBf16, Way kWay, typename Emit>
void rowsTimesColumns(WordRows x, Piece piece, const CpuPacked& w, int64_t column, int64_t cols,
    int64_t ahead, float* buffer, const Emit& emit)
{
    const int64_t k = wordsOf(kBf16, reductionOf<kWay>(w));
    for (int64_t done = 0; done < cols;) {
        const int64_t at = column + done;
        const Right right
            = rightOf<kBf16, kWay>(w, piece.group, at, cols - done, ahead, buffer + kEmitFloats);
        rowsTimesPanel<kBf16>(x.data + piece.first * x.ld, x.ld, piece.rows, right.words, right.ld,
            k, right.cols, right.ahead, buffer, [&](int64_t row, int64_t count, const float* tile) {
                emit(piece.first + row, count, at, right.cols, tile);
            });
        done += right.cols;
    }
}

/// to[row, 0…cols) = tile (+ addend), rows of the result's type at stride ld.
template <typename To>
void storeTile(const float* tile, int64_t rows, int64_t cols, const To* addend, To* to, int64_t ld)
{
    for (int64_t i = 0; i < rows; ++i)
        eachVector(cols, [&](int64_t j, auto part) {
            Vec value = part.load(tile + i * kPanel + j);
            if (addend)
                value += part.load(addend + i * ld + j);
            part.store(to + i * ld + j, value);
        });
}

/// dW of all groups, [groups, out, in]: job by job in blocks of the result.
struct OuterBlocks {
    int64_t out, in, outStep, inStep, outBlocks, inBlocks;

    OuterBlocks(int64_t groups, int64_t outSize, int64_t inSize, int64_t threads)
        : out(outSize)
        , in(inSize)
    {
        constexpr int64_t kStep = 256, kInStep = 512;
        inBlocks = ceilDiv(in, kInStep);
        inStep = roundUp(ceilDiv(in, inBlocks), kPanel);
        inBlocks = ceilDiv(in, inStep);
        outBlocks = ceilDiv(out, kStep);
        if (groups * outBlocks * inBlocks < 8 * threads) // few: all alike
            outBlocks = roundUp(outBlocks, threads);
        outStep = roundUp(ceilDiv(out, outBlocks), kTileRows);
        outBlocks = ceilDiv(out, outStep);
    }
    int64_t jobsOfGroup() const { return outBlocks * inBlocks; }
    int64_t scratchBytes() const { return outerScratchWords(outStep) * 4; }

    template <typename Act>
    void run(int64_t job, int64_t rows, const Act* dy, const Act* x, int64_t ldX, float* dW,
        bool add, void* scratch) const
    {
        const int64_t row = job / inBlocks * outStep, col = job % inBlocks * inStep;
        outerProduct(smaller(outStep, out - row), smaller(inStep, in - col), rows, dy + row, out,
            x + col, ldX, dW + row * in + col, in, add, static_cast<Word*>(scratch));
    }
};

} // namespace moe::kernels::cpu::MOE_ISA
