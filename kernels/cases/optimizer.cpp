// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"

#include <cmath>

namespace moe::kernels::cases {

namespace {

constexpr int64_t kSizes[] = {1, 37, 100003};

OpCase adamwCase(RandomInputs& random, Shape shape, const AdamW& settings)
{
    const HostArray p = random.normal(shape, DType::Float32);
    const HostArray g = random.normal(shape, DType::Float32);
    const HostArray m = random.normal(shape, DType::Float32, 0.1);
    HostArray v = random.normal(shape, DType::Float32, 0.1);
    for (double& value : v.values)
        value = std::abs(value);
    return {text("adamw %s, step %ld, decay %g", shape.text().c_str(), settings.step,
                static_cast<double>(settings.weightDecay)),
        [=](Operands& in) {
            const TensorView parameter = in.inout(p);
            const TensorView first = in.inout(m);
            const TensorView second = in.inout(v);
            in.backend().adamw(parameter, in.input(g), first, second, settings);
            in.output("parameter", parameter, {.magnitude = 1});
            in.output("m", first, {.magnitude = 0.1});
            in.output("v", second, {});
        }};
}

OpCase sumOfSquaresCase(RandomInputs& random, int64_t size)
{
    const HostArray x = random.normal({size}, DType::Float32);
    const HostArray before = random.normal({1}, DType::Float64);
    return {text("sumOfSquares %ld", size), [=](Operands& in) {
                const TensorView sum = in.inout(before);
                in.backend().sumOfSquares(in.input(x), sum);
                in.output("sum", sum, {.magnitude = 1});
            }};
}

OpCase gramCase(RandomInputs& random, int64_t n, int64_t m)
{
    const HostArray rows = random.normal({n, m}, DType::Float32);
    const HostArray before = random.normal({n, n}, DType::Float64);
    return {text("gram %ld x %ld", n, m), [=](Operands& in) {
                const TensorView gram = in.inout(before);
                in.backend().gram(in.input(rows), gram);
                in.output("gram", gram, {});
            }};
}

} // namespace

std::vector<OpCase> optimizerCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const int64_t size : kSizes) {
        // A large learning rate: the update must not hide behind the parameter.
        AdamW settings{.lr = 0.5F, .weightDecay = 0.1F, .gradientScale = 0.25F, .step = 1};
        cases.push_back(adamwCase(random, {size}, settings));
        settings.step = 1000;
        settings.weightDecay = 0;
        settings.gradientScale = 1;
        cases.push_back(adamwCase(random, {size}, settings));
        cases.push_back(sumOfSquaresCase(random, size));
    }
    cases.push_back(adamwCase(random, {3, 5, 7}, {.lr = 0.5F, .weightDecay = 0.1F, .step = 3}));
    constexpr float kBelowOne = 1 - 0x1p-24F; // the largest that a run file may ask for
    cases.push_back(
        adamwCase(random, {1003}, {.lr = 0.5F, .beta1 = kBelowOne, .beta2 = kBelowOne}));
    for (const auto& [n, m] :
        {std::pair{1, 37}, std::pair{5, 37}, std::pair{16, 3001}, std::pair{9, 40'000}})
        cases.push_back(gramCase(random, n, m));
    return cases;
}

} // namespace moe::kernels::cases
