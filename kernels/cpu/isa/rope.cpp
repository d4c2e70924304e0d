// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Rotate-half: (a, b) of columns i and i + d/2 becomes (a cos − b sin, b cos + a sin); backward
// turns the other way.
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

template <typename Act>
void rotateToken(
    Act* token, int64_t heads, int64_t headDim, const float* cosines, const float* sines)
{
    const int64_t half = headDim / 2;
    for (int64_t head = 0; head < heads; ++head) {
        Act* a = token + head * headDim;
        Act* b = a + half;
        eachVector(half, [&](int64_t i, auto part) {
            const Vec x = part.load(a + i), y = part.load(b + i);
            const Vec c = part.load(cosines + i), s = part.load(sines + i);
            part.store(a + i, x * c - y * s);
            part.store(b + i, y * c + x * s);
        });
    }
}

void rotate(ThreadPool& pool, const TensorView& qkv, const TensorView& table,
    const AttentionShape& shape, float sign, float* columns)
{
    const int64_t half = shape.headDim / 2, size = shape.sequence * half;
    const auto* pairs = table.host<float>();
    for (int64_t i = 0; i < size; ++i) { // cosines, then sines
        columns[i] = pairs[2 * i];
        columns[size + i] = sign * pairs[2 * i + 1];
    }
    const int64_t rotated = shape.heads + shape.kvHeads;
    const int64_t stride = (rotated + shape.kvHeads) * shape.headDim;
    withType(qkv.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        parallelRanges(pool, shape.batch * shape.sequence, rowGrain(stride),
            [&](int64_t begin, int64_t end, int) {
                for (int64_t t = begin; t < end; ++t) {
                    const float* cosines = columns + t % shape.sequence * half;
                    rotateToken(qkv.host<Act>() + t * stride, rotated, shape.headDim, cosines,
                        cosines + size);
                }
            });
    });
}

} // namespace

void CpuBackend::ropeForward(
    const TensorView& qkv, const TensorView& table, const AttentionShape& shape)
{
    auto* columns = static_cast<float*>(scratch(kSlotA, shape.sequence * shape.headDim * 4));
    rotate(pool(), qkv, table, shape, 1.0F, columns);
}

void CpuBackend::ropeBackward(
    const TensorView& dQkv, const TensorView& table, const AttentionShape& shape)
{
    auto* columns = static_cast<float*>(scratch(kSlotA, shape.sequence * shape.headDim * 4));
    rotate(pool(), dQkv, table, shape, -1.0F, columns);
}

} // namespace moe::kernels::cpu::MOE_ISA
