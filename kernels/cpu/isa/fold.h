// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/lanes.h"

namespace moe::kernels::cpu::MOE_ISA {

/// Halves of two vectors' lanes are added and shared out: where bit kStep of a lane is 0 the result
/// is low's lane + low's lane across that bit, elsewhere high's.
template <int kStep, int... kLane>
inline __attribute__((always_inline)) Vec foldPair(Vec low, Vec high, Lanes<kLane...>)
{
    constexpr auto kSource = [](int lane, int otherLane) {
        return otherLane + ((lane & kStep) != 0 ? kLanes : 0);
    };
    return __builtin_shufflevector(low, high, kSource(kLane, kLane)...)
        + __builtin_shufflevector(low, high, kSource(kLane, kLane ^ kStep)...);
}

template <int kStep> inline __attribute__((always_inline)) Vec foldAll(Vec* rows)
{
#pragma GCC unroll 8
    for (int i = 0; i < kStep; ++i)
        rows[i] = foldPair<kStep>(rows[i], rows[i + kStep], AllLanes{});
    if constexpr (kStep > 1)
        return foldAll<kStep / 2>(rows);
    else
        return rows[0];
}

/// Lane i is the sum of rows[i], kLanes vectors; the same tree for each of them, so that a sum does
/// not depend on which row it stands in. rows are used up.
inline __attribute__((always_inline)) Vec totals(Vec* rows)
{
    return foldAll<kLanes / 2>(rows);
}

} // namespace moe::kernels::cpu::MOE_ISA
