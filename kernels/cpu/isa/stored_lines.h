// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/stored_product.h"

// Weights fetched ahead of their use: what a thread reads next is known long before it is needed.
namespace moe::kernels::cpu::MOE_ISA {

inline constexpr int64_t kLine = 64;
/// How far beyond the next rows the memory is asked: the time that it takes to answer.
inline constexpr int64_t kBeyond = 4096;

/// Lines of memory asked for ahead of their use: [at, end), then [next, nextEnd), then no more.
/// Into the second-level cache: four rows and the four after them crowd each other out of the
/// first.
struct Lines {
    const uint8_t* at;
    const uint8_t* end;
    const uint8_t* next;
    const uint8_t* nextEnd;
    int64_t step = kLine;

    template <int kCount> void fetch()
    {
#pragma GCC unroll 8
        for (int i = 0; i < kCount; ++i)
            __builtin_prefetch(at + i * step, 0, 2);
        at += kCount * step;
        if (at < end)
            return;
        if (next) {
            at = next;
            end = nextEnd;
            next = nullptr;
        } else { // nothing is left: the last line again and again
            at -= kLine;
            end = (const uint8_t*)UINTPTR_MAX;
            step = 0;
        }
    }
};

/// Lines from `at` on, a place in `rows` or as far behind their end as into `next`.
inline Lines linesFrom(const uint8_t* at, const StoredRows& rows, const StoredRows& next)
{
    const uint8_t* nextBegin = next.rows > 0 ? next.begin() : nullptr;
    const uint8_t* nextEnd = next.rows > 0 ? next.end() : nullptr;
    if (at < rows.end())
        return {at, rows.end(), nextBegin, nextEnd};
    const uint8_t* inNext = nextBegin + (at - rows.end());
    if (next.rows > 0 && inNext < nextEnd)
        return {inNext, nextEnd, nullptr, nullptr};
    return {rows.begin(), (const uint8_t*)UINTPTR_MAX, nullptr, nullptr, 0};
}

} // namespace moe::kernels::cpu::MOE_ISA
