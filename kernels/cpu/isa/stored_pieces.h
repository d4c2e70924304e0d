// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/stored_product.h"
#include "kernels/cpu/thread_pool.h"

// A phase of work with stored weights is one list of pieces, rows of this and that matrix of about
// as many bytes each, which the threads take in turn: no thread waits for another but at its end.
namespace moe::kernels::cpu::MOE_ISA {

/// Rows [firstRow, firstRow + rows) of matrix (expert, head) `group`.
struct StoredPiece {
    int64_t group, firstRow, rows;
};

/// Cuts `out` rows of a group into pieces of `step`; the end of the list.
inline StoredPiece* cutPieces(StoredPiece* list, int64_t group, int64_t out, int64_t step)
{
    for (int64_t row = 0; row < out; row += step)
        *list++ = {group, row, smaller(step, out - row)};
    return list;
}

/// body(piece, next, thread) for every piece; `next` is the one that the thread takes after it, or
/// null. Taken one ahead, so that its weights can be fetched in time.
template <typename Body>
void eachPiece(ThreadPool& pool, const StoredPiece* list, int64_t count, const Body& body)
{
    int64_t taken = 0;
    parallel(pool, smaller(pool.threads(), count), [&](int64_t, int thread) {
        const auto take = [&] {
            return __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
        };
        for (int64_t piece = take(); piece < count;) {
            const int64_t next = take();
            body(list[piece], next < count ? list + next : nullptr, thread);
            piece = next;
        }
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
