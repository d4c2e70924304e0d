// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"

namespace moe::kernels::cases {

namespace {

/// Few ids, so that some repeat and gradients meet in one row.
constexpr int64_t kVocabulary = 11;
constexpr int64_t kHidden = 37;

OpCase forwardCase(RandomInputs& random, int64_t tokens, DType act)
{
    const HostArray ids = hostArray({tokens}, random.ids(tokens, kVocabulary));
    const HostArray table = random.normal({kVocabulary, kHidden}, DType::Float32);
    return {text("embeddingForward %ld tokens %s", tokens, nameOf(act)), [=](Operands& in) {
                const TensorView out = in.blank({tokens, kHidden}, act);
                in.backend().embeddingForward(in.input(ids), in.input(table), out);
                in.output("out", out, {});
            }};
}

OpCase backwardCase(RandomInputs& random, int64_t tokens, DType act, Write write)
{
    const HostArray ids = hostArray({tokens}, random.ids(tokens, kVocabulary));
    const HostArray dOut = random.normal({tokens, kHidden}, act);
    const HostArray before = random.normal({kVocabulary, kHidden}, DType::Float32);
    return {text("embeddingBackward %ld tokens %s %s", tokens, nameOf(act), nameOf(write)),
        [=](Operands& in) {
            const TensorView dTable = in.target(before, write);
            in.backend().embeddingBackward(in.input(ids), in.input(dOut), dTable, write);
            in.output("dTable", dTable, {.reduction = tokens});
        }};
}

} // namespace

std::vector<OpCase> embeddingCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const int64_t tokens : kTokenCounts) {
            cases.push_back(forwardCase(random, tokens, act));
            for (const Write write : kWrites)
                cases.push_back(backwardCase(random, tokens, act, write));
        }
    }
    return cases;
}

} // namespace moe::kernels::cases
