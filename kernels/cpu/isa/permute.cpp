// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

#include <cstring>

namespace moe::kernels::cpu::MOE_ISA {

void CpuBackend::permuteForward(
    const TensorView& x, const RouterState& state, const TensorView& rows)
{
    const int64_t bytes = x.shape[1] * bytesOf(x.dtype);
    const int64_t used = state.offsets.host<int32_t>()[state.load.elements()];
    const auto* token = state.rowToken.host<int32_t>();
    parallelRanges(pool(), used, rowGrain(x.shape[1]), [&](int64_t begin, int64_t end, int) {
        for (int64_t row = begin; row < end; ++row)
            std::memcpy(rows.host<char>() + row * bytes, x.host<char>() + token[row] * bytes,
                static_cast<size_t>(bytes));
    });
}

void CpuBackend::permuteBackward(
    const TensorView& dRows, const RouterState& state, const TensorView& dx, Write write)
{
    const int64_t tokens = dx.shape[0], hidden = dx.shape[1], topK = state.slots.shape[1];
    withType(dx.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(pool(), tokens, rowGrain(hidden), [&](int64_t begin, int64_t end, int) {
            for (int64_t t = begin; t < end; ++t) {
                const int32_t* slots = state.slots.host<int32_t>() + t * topK;
                Act* to = dx.host<Act>() + t * hidden;
                eachVector(hidden, [&](int64_t i, auto part) {
                    Vec value = write == Write::Add ? part.load(to + i) : Vec{};
                    for (int64_t j = 0; j < topK; ++j)
                        if (slots[j] >= 0)
                            value += part.load(dRows.host<Act>() + slots[j] * hidden + i);
                    part.store(to + i, value);
                });
            }
        });
    });
}

void CpuBackend::combineForward(
    const TensorView& rows, const RouterState& state, const TensorView& addend, const TensorView& y)
{
    const int64_t tokens = y.shape[0], hidden = y.shape[1], topK = state.slots.shape[1];
    withType(y.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(pool(), tokens, rowGrain(hidden), [&](int64_t begin, int64_t end, int) {
            for (int64_t t = begin; t < end; ++t) {
                const int32_t* slots = state.slots.host<int32_t>() + t * topK;
                const float* weights = state.weights.host<float>() + t * topK;
                Act* to = y.host<Act>() + t * hidden;
                const Act* base = addend ? addend.host<Act>() + t * hidden : nullptr;
                eachVector(hidden, [&](int64_t i, auto part) {
                    Vec value = base ? part.load(base + i) : Vec{};
                    for (int64_t j = 0; j < topK; ++j)
                        if (slots[j] >= 0)
                            value
                                += weights[j] * part.load(rows.host<Act>() + slots[j] * hidden + i);
                    part.store(to + i, value);
                });
            }
        });
    });
}

void CpuBackend::combineBackward(const TensorView& rows, const RouterState& state,
    const TensorView& dy, const TensorView& dRows, const TensorView& dWeights)
{
    const int64_t tokens = dy.shape[0], hidden = dy.shape[1], topK = state.slots.shape[1];
    withType(dy.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(pool(), tokens, rowGrain(hidden), [&](int64_t begin, int64_t end, int) {
            for (int64_t t = begin; t < end; ++t) {
                const Act* gradient = dy.host<Act>() + t * hidden;
                for (int64_t j = 0; j < topK; ++j) {
                    const int32_t slot = state.slots.host<int32_t>()[t * topK + j];
                    const float weight = state.weights.host<float>()[t * topK + j];
                    Vec products{};
                    if (slot >= 0) {
                        const Act* row = rows.host<Act>() + slot * hidden;
                        Act* to = dRows.host<Act>() + slot * hidden;
                        eachVector(hidden, [&](int64_t i, auto part) {
                            const Vec g = part.load(gradient + i);
                            products += g * part.load(row + i);
                            part.store(to + i, g * weight);
                        });
                    }
                    dWeights.host<float>()[t * topK + j] = sum(products);
                }
            }
        });
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
