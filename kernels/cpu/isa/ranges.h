// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/simd.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/tensor.h"

namespace moe::kernels::cpu::MOE_ISA {

/// body(begin, end, thread) over [0, n) in pieces of `grain`: pieces depend on n alone, not on the
/// threads, so that sums made per piece are the same on any number of them.
template <typename Body>
void parallelRanges(ThreadPool& pool, int64_t n, int64_t grain, const Body& body)
{
    parallel(pool, ceilDiv(n, grain),
        [&](int64_t job, int thread) { body(job * grain, smaller(n, (job + 1) * grain), thread); });
}

template <typename T> struct Type {
    using Of = T;
};

/// body(Type<float>) or body(Type<BFloat16>): the type of a call's activations.
template <typename Body> void withType(DType type, const Body& body)
{
    if (type == DType::BFloat16)
        body(Type<BFloat16>{});
    else
        body(Type<float>{});
}

/// Rows of about 64 KB a piece: enough to hide the cost of handing them out.
inline int64_t rowGrain(int64_t rowElements)
{
    return larger(1, 16384 / larger(1, rowElements));
}

} // namespace moe::kernels::cpu::MOE_ISA
