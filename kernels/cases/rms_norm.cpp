// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/reference/formulas.h"

#include <algorithm>

namespace moe::kernels::cases {

namespace {

constexpr float kEps = 1e-5F;

OpCase forwardCase(std::string name, const HostArray& x, const HostArray& weight)
{
    return {std::move(name), [=](Operands& in) {
                const int64_t tokens = x.shape[0];
                const int64_t hidden = x.shape[1];
                const TensorView y = in.blank(x.shape, x.dtype);
                const TensorView rstd = in.blank({tokens}, DType::Float32);
                in.backend().rmsNormForward(in.input(x), in.input(weight), kEps, y, rstd);
                in.output("y", y, {.reduction = hidden});
                in.output("rstd", rstd, {.reduction = hidden});
            }};
}

OpCase backwardCase(RandomInputs& random, Shape shape, DType act, Write writeX, Write writeW)
{
    const int64_t tokens = shape[0];
    const int64_t hidden = shape[1];
    const HostArray x = random.normal(shape, act);
    const HostArray weight = random.normal({hidden}, DType::Float32);
    const HostArray rstd = hostArray(
        {tokens}, DType::Float32, reference::rmsNorm(x.values, weight.values, kEps).rstd);
    const HostArray dy = random.normal(shape, act);
    const HostArray dxBefore = random.normal(shape, act);
    const HostArray dWeightBefore = random.normal({hidden}, DType::Float32);
    return {text("rmsNormBackward %s %s, dx %s, dWeight %s", shape.text().c_str(), nameOf(act),
                nameOf(writeX), nameOf(writeW)),
        [=](Operands& in) {
            const TensorView dx = in.target(dxBefore, writeX);
            const TensorView dWeight = in.target(dWeightBefore, writeW);
            in.backend().rmsNormBackward(in.input(x), in.input(weight), in.input(rstd),
                in.input(dy), dx, writeX, dWeight, writeW);
            in.output("dx", dx, {.reduction = hidden, .magnitude = 1});
            in.output("dWeight", dWeight, {.reduction = tokens});
        }};
}

} // namespace

std::vector<OpCase> rmsNormCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const int64_t tokens : kTokenCounts) {
            for (const int64_t hidden : {int64_t{37}, int64_t{64}, int64_t{3}}) {
                const Shape shape{tokens, hidden};
                cases.push_back(
                    forwardCase(text("rmsNormForward %s %s", shape.text().c_str(), nameOf(act)),
                        random.normal(shape, act), random.normal({hidden}, DType::Float32)));
                for (const Write writeX : kWrites) {
                    for (const Write writeW : kWrites)
                        cases.push_back(backwardCase(random, shape, act, writeX, writeW));
                }
            }
        }
        HostArray zeros = random.normal({3, 37}, act);
        std::fill(zeros.values.begin(), zeros.values.end(), 0.0);
        cases.push_back(forwardCase(text("rmsNormForward of zeros %s", nameOf(act)), zeros,
            random.normal({37}, DType::Float32)));
    }
    return cases;
}

} // namespace moe::kernels::cases
