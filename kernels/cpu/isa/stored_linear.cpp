// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// y = x Wᵀ + bias + addend, and its like for each head. The tokens are put in order once, by all
// threads; then the threads share the rows of W.
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"
#include "kernels/cpu/isa/stored_pieces.h"
#include "kernels/cpu/stored_checks.h"
#include "kernels/stored_matrix.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// What happens to a piece of the result, [tokens, rows] floats, on its way to y.
struct Finish {
    const float* bias; ///< [out], or null
    TensorView addend; ///< like y, or empty
    TensorView y;
    int64_t ld; ///< elements from a token of y to the next
};

template <typename Out>
void finish(const Finish& how, const float* result, int64_t tokens, int64_t firstRow, int64_t rows)
{
    for (int64_t t = 0; t < tokens; ++t) {
        const float* from = result + t * rows;
        Out* to = how.y.host<Out>() + t * how.ld + firstRow;
        const Out* more = how.addend ? how.addend.host<Out>() + t * how.ld + firstRow : nullptr;
        eachVector(rows, [&](int64_t i, auto part) {
            Vec value = part.load(from + i);
            if (how.bias)
                value += part.load(how.bias + firstRow + i);
            if (more)
                value += part.load(more + i);
            part.store(to + i, value);
        });
    }
}

/// x [T, heads, in], W [heads · rowsOfHead, in], y [T, heads, rowsOfHead].
struct HeadRows {
    TensorView x;
    const StoredMatrix* w;
    int64_t tokens, heads, rowsOfHead;
};

template <typename Act> void putHeads(ThreadPool& pool, const HeadRows& job, const Tokens* heads)
{
    const int64_t in = job.w->in;
    parallelRanges(
        pool, job.tokens * job.heads, rowGrain(in), [&](int64_t begin, int64_t end, int) {
            for (int64_t row = begin; row < end; ++row)
                putToken(heads[row % job.heads], row / job.heads, job.x.host<Act>() + row * in);
        });
}

} // namespace

void CpuBackend::linear(
    const TensorView& x, const Linear& w, const TensorView& addend, const TensorView& y)
{
    checkProduct(x, *w.weight, 1);
    multiplyHeads(x, *w.weight, 1, w.bias, addend, y);
}

/// The product of each head; one head is a plain product.
void CpuBackend::multiplyHeads(const TensorView& x, const PlacedMatrix& placed, int64_t heads,
    const TensorView& bias, const TensorView& addend, const TensorView& y)
{
    const StoredMatrix& w = static_cast<const HostPlaced&>(placed).stored();
    const HeadRows job{x, &w, x.shape[0], heads, w.out / heads};
    if (job.tokens == 0)
        return;
    const Tokens one{nullptr, job.tokens, mostInTile(w), w.in, orderOf(w, x.dtype)};
    auto* data = static_cast<uint8_t*>(scratch(kSlotB, heads * one.bytes()));
    const int64_t step = rowsAPiece(w, job.tokens);
    const int64_t most = heads * ceilDiv(job.rowsOfHead, step);
    auto* lists = static_cast<uint8_t*>(
        scratch(kSlotA, heads * int64_t{sizeof(Tokens)} + most * int64_t{sizeof(StoredPiece)}));
    auto* tokens = (Tokens*)lists;
    auto* pieces = (StoredPiece*)(lists + heads * int64_t{sizeof(Tokens)});
    StoredPiece* end = pieces;
    for (int64_t head = 0; head < heads; ++head) {
        tokens[head] = one;
        tokens[head].data = data + head * one.bytes();
        end = cutPieces(end, head, job.rowsOfHead, step);
    }
    withType(
        x.dtype, [&](auto type) { putHeads<typename decltype(type)::Of>(pool(), job, tokens); });
    const Finish how{bias ? bias.host<float>() : nullptr, addend, y, w.out};
    const int64_t panel = panelBytes(w, step, one);
    eachPiece(pool(), pieces, end - pieces,
        [&](const StoredPiece& piece, const StoredPiece* next, int thread) {
            const auto rowsOf = [&](const StoredPiece& p) {
                return StoredRows{&w, p.group * job.rowsOfHead + p.firstRow, p.rows};
            };
            auto* room = static_cast<uint8_t*>(
                threadScratch(thread, panel + job.tokens * piece.rows * int64_t{sizeof(float)}));
            auto* result = (float*)(room + panel);
            const StoredRows rows = rowsOf(piece);
            multiplyStored(rows, next ? rowsOf(*next) : StoredRows{&w, 0, 0}, tokens[piece.group],
                result, piece.rows, room);
            withType(y.dtype, [&](auto type) {
                finish<typename decltype(type)::Of>(
                    how, result, job.tokens, rows.firstRow, rows.rows);
            });
        });
}

} // namespace moe::kernels::cpu::MOE_ISA
