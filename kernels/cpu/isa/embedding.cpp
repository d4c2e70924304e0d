// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

void CpuBackend::embeddingForward(
    const TensorView& ids, const TensorView& table, const TensorView& out)
{
    const int64_t hidden = table.shape[1];
    checkIndices(ids, table.shape[0], "token id");
    const auto* id = ids.host<int32_t>();
    withType(out.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(
            pool(), ids.elements(), rowGrain(hidden), [&](int64_t begin, int64_t end, int) {
                for (int64_t t = begin; t < end; ++t) {
                    const float* from = table.host<float>() + id[t] * hidden;
                    Act* to = out.host<Act>() + t * hidden;
                    eachVector(hidden,
                        [&](int64_t i, auto part) { part.store(to + i, part.load(from + i)); });
                }
            });
    });
}

// Tokens may share a row of the table: the columns are split over the threads, not the tokens.
void CpuBackend::embeddingBackward(
    const TensorView& ids, const TensorView& dOut, const TensorView& dTable, Write write)
{
    if (write == Write::Overwrite)
        zero(dTable);
    const int64_t hidden = dTable.shape[1];
    const auto* id = ids.host<int32_t>();
    withType(dOut.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(pool(), hidden, 4 * kLanes, [&](int64_t begin, int64_t end, int) {
            for (int64_t t = 0; t < ids.elements(); ++t) {
                const Act* from = dOut.host<Act>() + t * hidden + begin;
                float* to = dTable.host<float>() + id[t] * hidden + begin;
                eachVector(end - begin, [&](int64_t i, auto part) {
                    part.store(to + i, part.load(to + i) + part.load(from + i));
                });
            }
        });
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
