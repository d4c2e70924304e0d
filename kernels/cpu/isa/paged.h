// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/float8.h"
#include "kernels/cpu/isa/ranges.h"
#include "kernels/inference.h"

namespace moe::kernels::cpu::MOE_ISA {

/// body(Type<float>), body(Type<BFloat16>) or body(Type<Float8>): the type of keys and values.
template <typename Body> void withPageType(DType type, const Body& body)
{
    if (type == DType::Float8E4M3)
        body(Type<Float8>{});
    else
        withType(type, body);
}

/// Where a position's token stands, counted in tokens from the first page on.
inline int64_t placeOf(
    const PagedBatch& batch, const PagedRow& row, int64_t position, int64_t pageTokens)
{
    return batch.pages.data()[row.firstPage + position / pageTokens] * pageTokens
        + position % pageTokens;
}

} // namespace moe::kernels::cpu::MOE_ISA
