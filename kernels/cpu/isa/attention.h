// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/isa/product.h"

// What the two directions of causal attention share. One job is one (batch, key/value head): it
// cuts that head's keys and values into panels once and goes through the query heads that use them.
namespace moe::kernels::cpu::MOE_ISA {

/// Keys whose scores are held at a time; a multiple of kPanel and of 2.
inline constexpr int64_t kKeys = 512;

/// Sizes of one head's pieces: `words` of a row of headDim, `columns` of headDim in whole panels.
template <typename Act> struct HeadSizes {
    static constexpr bool kBf16 = kIsBf16<Act>;
    static constexpr int64_t kPerWord = kBf16 ? 2 : 1;

    explicit HeadSizes(const AttentionShape& shape)
        : sequence(shape.sequence)
        , dim(shape.headDim)
        , stride((shape.heads + 2 * shape.kvHeads) * shape.headDim)
        , words(wordsOf(kBf16, shape.headDim))
        , columns(roundUp(shape.headDim, kPanel))
        , keyColumns(roundUp(shape.sequence, kPanel))
        , sequenceWords(wordsOf(kBf16, shape.sequence))
    {
    }
    int64_t acrossWords() const { return keyColumns * words; } ///< of panels [dim, sequence]
    int64_t alongWords() const { return columns * sequenceWords; } ///< of panels [sequence, dim]

    int64_t sequence, dim, stride, words, columns, keyColumns, sequenceWords;
};

/// Row by row copies of a head, so that odd lengths become whole words: to [rows, words].
template <typename Act>
void copyRows(const Act* from, int64_t stride, int64_t rows, int64_t dim, int64_t words, Word* to)
{
    constexpr int64_t kPerWord = kIsBf16<Act> ? 2 : 1;
    for (int64_t row = 0; row < rows; ++row) {
        auto* target = reinterpret_cast<Act*>(to + row * words);
        eachVector(dim, [&](int64_t i, auto part) {
            part.store(target + i, part.load(from + row * stride + i));
        });
        if (dim < words * kPerWord)
            target[dim] = Act();
    }
}

/// Panels [dim, sequence] for products over dim (q · k): panel p holds positions p · kPanel on.
template <typename Act>
void packAcross(const HeadSizes<Act>& sizes, const Act* head, Word* rows, Word* panels)
{
    for (int64_t first = 0; first < sizes.sequence; first += kPanel) {
        const int64_t count = smaller(kPanel, sizes.sequence - first);
        copyRows(head + first * sizes.stride, sizes.stride, count, sizes.dim, sizes.words, rows);
        packRowsAsColumns(rows, sizes.words, count, sizes.words, panels + first * sizes.words);
    }
}

/// Panels [sequence, dim] for products over positions (p · v).
template <typename Act>
void packAlong(const HeadSizes<Act>& sizes, const Act* head, int64_t stride, Word* panels)
{
    for (int64_t col = 0; col < sizes.dim; col += kPanel)
        packColumns(head + col, stride, sizes.sequence, smaller(kPanel, sizes.dim - col),
            panels + col * sizes.sequenceWords);
}

/// c[rows, dim] (by `add`) = a · panels [sequence, dim] from position `first` on (even).
template <typename Act, Left kLeft>
void timesAlong(const HeadSizes<Act>& sizes, int64_t rows, int64_t positions, const Word* a,
    int64_t lda, const Word* panels, int64_t first, float* c, bool add)
{
    for (int64_t col = 0; col < sizes.dim; col += kPanel)
        multiply<kIsBf16<Act>, kLeft>(rows, smaller(kPanel, sizes.dim - col),
            wordsOf(kIsBf16<Act>, positions), a, lda,
            panels + col * sizes.sequenceWords + first / HeadSizes<Act>::kPerWord * kPanel, kPanel,
            c + col, sizes.columns, add);
}

/// scores[rows, kKeys] = a [rows, words] · panels [dim, sequence] for `count` positions from
/// `first` on (a multiple of kPanel).
template <typename Act>
void timesAcross(const HeadSizes<Act>& sizes, int64_t rows, const Word* a, const Word* panels,
    int64_t first, int64_t count, float* scores)
{
    for (int64_t at = 0; at < count; at += kPanel)
        multiply<kIsBf16<Act>, Left::Rows>(rows, smaller(kPanel, count - at), sizes.words, a,
            sizes.words, panels + (first + at) * sizes.words, kPanel, scores + at, kKeys, false);
}

} // namespace moe::kernels::cpu::MOE_ISA
