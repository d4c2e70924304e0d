// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"

namespace moe::kernels::cases {

namespace {

struct Types {
    DType x, w, y;
};
constexpr Types kTypes[] = {{DType::Float32, DType::Float32, DType::Float32},
    {DType::BFloat16, DType::BFloat16, DType::BFloat16},
    {DType::BFloat16, DType::BFloat16, DType::Float32},
    {DType::BFloat16, DType::Float32, DType::Float32}}; // the router's
struct Sizes {
    int64_t tokens, in, out;
};
constexpr Sizes kSizes[] = {{1, 37, 51}, {3, 64, 1}, {129, 37, 51}, {129, 130, 257}};

enum class Addend { Absent, Given, Aliased };
const char* nameOf(Addend addend)
{
    return addend == Addend::Absent ? "no addend"
        : addend == Addend::Given   ? "addend"
                                    : "addend is y";
}
using kernels::nameOf;
using moe::kernels::cases::nameOf;

std::string nameOf(const Sizes& sizes, const Types& types)
{
    return text("%ld x %ld to %ld, x %s w %s y %s", sizes.tokens, sizes.in, sizes.out,
        nameOf(types.x), nameOf(types.w), nameOf(types.y));
}

OpCase forwardCase(RandomInputs& random, const Sizes& sizes, const Types& types, Addend addend)
{
    const HostArray x = random.normal({sizes.tokens, sizes.in}, types.x);
    const HostArray w = random.normal({sizes.out, sizes.in}, DType::Float32);
    const HostArray more = random.normal({sizes.tokens, sizes.out}, types.y);
    return {"projectionForward " + nameOf(sizes, types) + ", " + nameOf(addend), [=](Operands& in) {
                const TensorView y
                    = addend == Addend::Aliased ? in.inout(more) : in.blank(more.shape, types.y);
                TensorView added;
                if (addend != Addend::Absent)
                    added = addend == Addend::Aliased ? y : in.input(more);
                in.backend().projectionForward(in.input(x), in.matrix(w, types.w), added, y);
                in.output("y", y, {.reduction = sizes.in});
            }};
}

OpCase backwardCase(RandomInputs& random, const Sizes& sizes, const Types& types, Write writeX,
    Write writeW, bool wantX)
{
    const HostArray x = random.normal({sizes.tokens, sizes.in}, types.x);
    const HostArray w = random.normal({sizes.out, sizes.in}, DType::Float32);
    const HostArray dy = random.normal({sizes.tokens, sizes.out}, types.y);
    const HostArray dxBefore = random.normal(x.shape, types.x);
    const HostArray dWBefore = random.normal(w.shape, DType::Float32);
    return {"projectionBackward " + nameOf(sizes, types)
            + (wantX ? text(", dx %s", nameOf(writeX)) : ", no dx")
            + text(", dW %s", nameOf(writeW)),
        [=](Operands& in) {
            const TensorView dx = wantX ? in.target(dxBefore, writeX) : TensorView{};
            const TensorView dW = in.target(dWBefore, writeW);
            in.backend().projectionBackward(
                in.input(x), in.matrix(w, types.w), in.input(dy), dx, writeX, dW, writeW);
            // A float32 dy may be narrowed for a product with bfloat16.
            const DType precision = types.x == types.y ? DType::Float32 : types.w;
            if (wantX)
                in.output("dx", dx, {.reduction = sizes.out, .precision = precision});
            in.output("dW", dW, {.reduction = sizes.tokens, .precision = precision});
        }};
}

/// Packed again, a matrix has the new values and nothing of the old.
OpCase repackCase(RandomInputs& random, DType act)
{
    const HostArray x = random.normal({3, 37}, act);
    const HostArray first = random.normal({1, 51, 37}, DType::Float32);
    const HostArray second = random.normal({1, 51, 37}, DType::Float32);
    return {text("pack twice %s", nameOf(act)), [=](Operands& in) {
                Backend& backend = in.backend();
                const TensorView master = in.inout(first);
                const auto w = backend.createPacked({1, 51, 37}, act);
                const TensorView input = in.input(x);
                const TensorView before = in.blank({3, 51}, act);
                const TensorView after = in.blank({3, 51}, act);
                backend.pack(*w, master);
                backend.projectionForward(input, *w, {}, before);
                backend.copy(master, in.input(second));
                backend.pack(*w, master);
                backend.projectionForward(input, *w, {}, after);
                in.output("y before", before, {.reduction = 37});
                in.output("y after", after, {.reduction = 37});
            }};
}

} // namespace

std::vector<OpCase> projectionCases(RandomInputs& random)
{
    std::vector<OpCase> cases{
        repackCase(random, DType::Float32), repackCase(random, DType::BFloat16)};
    for (const Types& types : kTypes) {
        for (const Sizes& sizes : kSizes) {
            for (const Addend addend : {Addend::Absent, Addend::Given, Addend::Aliased})
                cases.push_back(forwardCase(random, sizes, types, addend));
            for (const Write writeW : kWrites) {
                for (const Write writeX : kWrites)
                    cases.push_back(backwardCase(random, sizes, types, writeX, writeW, true));
                cases.push_back(
                    backwardCase(random, sizes, types, Write::Overwrite, writeW, false));
            }
        }
    }
    return cases;
}

} // namespace moe::kernels::cases
