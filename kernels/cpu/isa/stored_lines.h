// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/stored_product.h"

// Weights fetched ahead of their use: what a thread reads next is known long before it is needed.
namespace moe::kernels::cpu::MOE_ISA {

inline constexpr int64_t kLine = 64;
/// How far beyond the next rows the memory is asked: the time that it takes to answer.
inline constexpr int64_t kBeyond = 4096;

/// Lines of memory asked for ahead of their use: `left` bytes from `at` on, then `nextLeft` from
/// `next` on, then no more. Into the second-level cache: four rows and the four after them crowd
/// each other out of the first.
struct Lines {
    const uint8_t* at;
    int64_t left;
    const uint8_t* next = nullptr;
    int64_t nextLeft = 0;
    int64_t step = kLine;

    template <int kCount> void fetch()
    {
#pragma GCC unroll 8
        for (int i = 0; i < kCount; ++i)
            __builtin_prefetch(at + i * step, 0, 2);
        at += kCount * step;
        left -= kCount * kLine;
        if (left > 0)
            return;
        if (next) {
            at = next;
            left = nextLeft;
            next = nullptr;
        } else { // nothing is left: the last line again and again
            at -= kLine;
            left = INT64_MAX;
            step = 0;
        }
    }
};

/// Lines from `at` on, a place in `rows` or as far behind their end as into `next`.
inline Lines linesFrom(const uint8_t* at, const StoredRows& rows, const StoredRows& next)
{
    const int64_t left = rows.end() - at;
    const int64_t nextBytes = next.rows > 0 ? next.end() - next.begin() : 0;
    if (left > 0 && nextBytes > 0)
        return {at, left, next.begin(), nextBytes};
    if (left > 0)
        return {at, left};
    if (-left < nextBytes)
        return {next.begin() - left, nextBytes + left};
    return {rows.begin(), INT64_MAX, nullptr, 0, 0};
}

} // namespace moe::kernels::cpu::MOE_ISA
