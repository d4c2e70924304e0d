// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"

namespace moe::kernels::cases {

namespace {

struct Sizes {
    int64_t tokens, hidden, vocabulary;
};
constexpr Sizes kSizes[]
    = {{1, 37, 11}, {3, 37, 515}, {129, 37, 515}, {129, 64, 1}, {300, 20, 1031}};

/// `deviation` of x: with a large one the logits span hundreds and a plain exp overflows.
void addCases(std::vector<OpCase>& cases, RandomInputs& random, const Sizes& sizes, DType act,
    double deviation)
{
    const auto [tokens, hidden, vocabulary] = sizes;
    const HostArray x = random.normal({tokens, hidden}, act, deviation);
    const HostArray w = random.normal({vocabulary, hidden}, DType::Float32, 0.3);
    const HostArray targets = hostArray({tokens}, random.ids(tokens, vocabulary));
    const HostArray loss = random.normal({1}, DType::Float64);
    const std::string name = text("%ld tokens, hidden %ld, vocabulary %ld, %s%s", tokens, hidden,
        vocabulary, kernels::nameOf(act), deviation > 1 ? ", large logits" : "");
    // Logits grow with the deviation, and their rounding is the relative error of a probability.
    const auto growth = static_cast<int64_t>(4 * deviation * deviation);
    // The loss is a sum of terms of one sign; their logits are sums over hidden.
    const Tolerance lossTolerance{.reduction = hidden, .magnitude = deviation};
    cases.push_back({"headLossForward " + name, [=](Operands& in) {
                         const TensorView sum = in.inout(loss);
                         in.backend().headLossForward(
                             in.input(x), in.matrix(w, act), in.input(targets), sum);
                         in.output("loss", sum, lossTolerance);
                     }});
    for (const Write write : kWrites) {
        const HostArray dWBefore = random.normal(w.shape, DType::Float32);
        const float scale = write == Write::Add ? 1.0F : 1.0F / static_cast<float>(tokens);
        cases.push_back(
            {"headLossForwardBackward " + name + ", " + nameOf(write), [=](Operands& in) {
                 const TensorView sum = in.inout(loss);
                 const TensorView dx = in.blank(x.shape, act);
                 const TensorView dW = in.target(dWBefore, write);
                 in.backend().headLossForwardBackward(
                     in.input(x), in.matrix(w, act), in.input(targets), scale, sum, dx, dW, write);
                 in.output("loss", sum, lossTolerance);
                 in.output("dx", dx,
                     {.reduction = growth * (vocabulary + hidden),
                         .precision = act,
                         .magnitude = 0.3 * scale});
                 in.output("dW", dW,
                     {.reduction = growth * (tokens + hidden),
                         .precision = act,
                         .magnitude = deviation * scale});
             }});
    }
}

} // namespace

std::vector<OpCase> headLossCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const Sizes& sizes : kSizes)
            addCases(cases, random, sizes, act, 1);
        addCases(cases, random, {3, 37, 515}, act, 100);
    }
    return cases;
}

} // namespace moe::kernels::cases
