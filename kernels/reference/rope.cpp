// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

namespace moe::kernels::reference {
namespace {

int64_t qkvElements(const AttentionShape& shape)
{
    return shape.batch * shape.sequence * (shape.heads + 2 * shape.kvHeads) * shape.headDim;
}

int64_t tableElements(const AttentionShape& shape)
{
    if (shape.headDim % 2)
        refuse("rope: headDim", std::to_string(shape.headDim), "an even number");
    return shape.sequence * shape.headDim;
}

} // namespace

/// Pairs (i, i + headDim/2) turn by the angle of their position: (a, b) → (a cos − b sin,
/// b cos + a sin).
Values rope(Values qkv, const Values& table, const AttentionShape& shape, double direction)
{
    const auto half = static_cast<size_t>(shape.headDim / 2);
    const int64_t allHeads = shape.heads + 2 * shape.kvHeads;
    for (int64_t t = 0; t < shape.batch * shape.sequence; ++t) {
        const size_t position = static_cast<size_t>(t % shape.sequence) * half * 2;
        for (int64_t head = 0; head < shape.heads + shape.kvHeads; ++head) {
            const size_t first = static_cast<size_t>((t * allHeads + head) * shape.headDim);
            for (size_t i = 0; i < half; ++i) {
                const double cosine = table[position + 2 * i];
                const double sine = direction * table[position + 2 * i + 1];
                const double a = qkv[first + i];
                const double b = qkv[first + half + i];
                qkv[first + i] = a * cosine - b * sine;
                qkv[first + half + i] = b * cosine + a * sine;
            }
        }
    }
    return qkv;
}

void ReferenceBackend::ropeForward(
    const TensorView& qkv, const TensorView& table, const AttentionShape& shape)
{
    store(qkv,
        rope(read(qkv, qkvElements(shape), "ropeForward: qkv"),
            read(table, tableElements(shape), "ropeForward: table"), shape, 1),
        Write::Overwrite, "ropeForward: qkv");
}

void ReferenceBackend::ropeBackward(
    const TensorView& dQkv, const TensorView& table, const AttentionShape& shape)
{
    store(dQkv,
        rope(read(dQkv, qkvElements(shape), "ropeBackward: dQkv"),
            read(table, tableElements(shape), "ropeBackward: table"), shape, -1),
        Write::Overwrite, "ropeBackward: dQkv");
}

} // namespace moe::kernels::reference
