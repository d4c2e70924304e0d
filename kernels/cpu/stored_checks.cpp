// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/stored_checks.h"

#include "kernels/error.h"

#include <string>

namespace moe::kernels::cpu {

namespace {

std::string shapeOf(const PlacedMatrix& w)
{
    return "[" + std::to_string(w.out()) + ", " + std::to_string(w.in()) + "]";
}

} // namespace

void checkProduct(const TensorView& x, const PlacedMatrix& w, int64_t heads)
{
    if (heads < 1 || w.out() % heads != 0)
        throw Error("a product of " + std::to_string(heads) + " heads", "weight " + shapeOf(w),
            "rows that are a multiple of the heads");
    if (x.elements() != x.shape[0] * heads * w.in())
        throw Error("a product does not fit its weight",
            "activations " + x.shape.text() + ", weight " + shapeOf(w),
            std::to_string(heads * w.in()) + " columns");
}

void checkFeedForward(const FeedForward& ffn, int64_t hidden)
{
    const PlacedMatrix &gate = *ffn.gate.weight, &up = *ffn.up.weight, &down = *ffn.down.weight;
    if (gate.in() != hidden || up.in() != hidden || up.out() != gate.out()
        || down.in() != gate.out() || down.out() != hidden)
        throw Error("the weights of an FFN do not fit each other",
            "gate " + shapeOf(gate) + ", up " + shapeOf(up) + ", down " + shapeOf(down),
            "gate and up [ffn, " + std::to_string(hidden) + "], down [" + std::to_string(hidden)
                + ", ffn]");
}

} // namespace moe::kernels::cpu
