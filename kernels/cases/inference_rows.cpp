// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::kernels::cases {

namespace {

constexpr Tolerance kExact{.exact = true};

OpCase rmsNormCase(RandomInputs& random, int64_t rows, int64_t size, DType from, DType act)
{
    const HostArray x = random.normal({rows, size}, from, 2);
    const HostArray weight = random.normal({size}, DType::Float32);
    return {text("rmsNormRows %ld x %ld, %s to %s", rows, size, nameOf(from), nameOf(act)),
        [=](Operands& in) {
            const TensorView y = in.blank(x.shape, act);
            const TensorView scales = in.input(weight);
            in.backend().rmsNormRows(in.input(x), scales, 1e-5F, y);
            in.output("y", y, {.reduction = size});
            if (from != act)
                return;
            const TensorView both = in.inout(x);
            in.backend().rmsNormRows(both, scales, 1e-5F, both);
            in.output("in place", both, {.reduction = size});
        }};
}

struct Rotation {
    int64_t rows, heads, dim, pairs;
};

OpCase rotateCase(RandomInputs& random, const Rotation& sizes, RopePairs pairs, DType act)
{
    constexpr int64_t kPositions = 40;
    const HostArray x = random.normal({sizes.rows, sizes.heads, sizes.dim}, act);
    std::vector<double> angles;
    for (int64_t i = 0; i < kPositions * sizes.pairs; ++i) {
        const double angle = random.uniform(-3.2, 3.2);
        angles.push_back(std::cos(angle));
        angles.push_back(std::sin(angle));
    }
    const HostArray table = hostArray({kPositions, sizes.pairs, 2}, DType::Float32, angles);
    std::vector<PagedRow> rows(static_cast<size_t>(sizes.rows));
    for (PagedRow& row : rows)
        row.position = random.below(kPositions);
    return {text("rotateRows %ld rows, %ld heads of %ld, %ld pairs, %s, %s", sizes.rows,
                sizes.heads, sizes.dim, sizes.pairs,
                pairs == RopePairs::Halves ? "halves" : "interleaved", nameOf(act)),
        [=](Operands& in) {
            const TensorView turned = in.inout(x);
            in.backend().rotateRows(turned, {rows, {}}, in.input(table), pairs);
            in.output("x", turned, {.reduction = 2});
        }};
}

/// Logits of which no two of a row are close.
std::vector<double> apartLogits(RandomInputs& random, int64_t rows, int64_t experts)
{
    std::vector<double> logits;
    for (int64_t row = 0; row < rows; ++row) {
        std::vector<double> steps;
        for (int64_t e = 0; e < experts; ++e)
            steps.insert(steps.begin() + random.below(e + 1),
                static_cast<float>(6.0 / static_cast<double>(experts)
                    * (static_cast<double>(e) + random.uniform(0, 0.7))));
        logits.insert(logits.end(), steps.begin(), steps.end());
    }
    return logits;
}

OpCase routeCase(RandomInputs& random, const std::vector<double>& logits, int64_t experts,
    InferenceRouter router, bool masked, const char* what)
{
    const int64_t rows = static_cast<int64_t>(logits.size()) / experts;
    const HostArray input{{rows, experts}, DType::Float32, logits};
    HostArray mask{input.shape, DType::Float32, std::vector<double>(logits.size(), 0.0)};
    for (int64_t i = 0; masked && i < rows * (experts - router.topK); i += 2) { // topK are left
        const int64_t row = i / (experts - router.topK);
        mask.values[static_cast<size_t>(row * experts + random.below(experts))]
            = -std::numeric_limits<double>::infinity();
    }
    return {text("routeRows %s %ld rows, top %ld of %ld, %ld of %ld groups, %s%s%s, scaling %g%s",
                what, rows, router.topK, experts, router.topGroups, router.groups,
                router.scoring == RouterScoring::SoftmaxThenTopK ? "softmax first" : "top k first",
                router.normalizeLogits ? ", normalised" : "",
                router.renormalize ? ", renormalised" : "", static_cast<double>(router.scaling),
                masked ? ", masked" : ""),
        [=](Operands& in) {
            InferenceRouter inner = router;
            if (masked)
                inner.mask = in.input(mask);
            const TensorView probs = in.blank(input.shape, DType::Float32);
            const TensorView chosen = in.blank({rows, router.topK}, DType::Int32);
            const TensorView weights = in.blank(chosen.shape, DType::Float32);
            in.backend().routeRows(in.input(input), inner, probs, chosen, weights);
            in.output("probs", probs, {.reduction = experts});
            in.output("chosen", chosen, kExact);
            in.output("weights", weights, {.reduction = experts});
        }};
}

struct Choice {
    int64_t experts, topK, groups = 1, topGroups = 1;
};

void addRouteCases(std::vector<OpCase>& cases, RandomInputs& random)
{
    for (const RouterScoring scoring :
        {RouterScoring::SoftmaxThenTopK, RouterScoring::TopKThenSoftmax}) {
        for (const bool normalise : {false, true}) {
            InferenceRouter router{.scoring = scoring,
                .normalizeLogits = normalise,
                .lambda = 1.5F,
                .renormalize = !normalise,
                .scaling = normalise ? 2.5F : 1.0F,
                .mask = {}};
            for (const auto& [experts, topK, groups, topGroups] :
                {Choice{1, 1}, Choice{2, 2}, Choice{7, 3}, Choice{16, 2}, Choice{131, 8},
                    Choice{16, 2, 4, 2}, Choice{16, 2, 16, 2}, Choice{160, 6, 8, 3}}) {
                router.topK = topK;
                router.groups = groups;
                router.topGroups = topGroups;
                for (const int64_t rows : {1, 35}) {
                    for (const bool masked : {false, true})
                        cases.push_back(routeCase(random, apartLogits(random, rows, experts),
                            experts, router, masked, ""));
                }
            }
            router.topK = 2;
            router.groups = 2;
            router.topGroups = 1;
            cases.push_back(routeCase(
                random, {2, 1, 3, 3, 0, 1, 3, 0, 3, 3, 2, 2}, 6, router, false, "with ties,"));
            router.groups = 1;
            cases.push_back(routeCase(random, {0.5, 1.25, -1, 1.25, 1.25, 3, 3, 3, 3, 3}, 5, router,
                false, "with ties,"));
            cases.push_back(
                routeCase(random, {40, -30, 20, -50, 5}, 5, router, false, "far apart,"));
        }
    }
}

} // namespace

std::vector<OpCase> inferenceRowCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const int64_t rows : kTokenCounts) {
            for (const int64_t size : {1, 37, 128, 1000}) {
                cases.push_back(rmsNormCase(random, rows, size, act, act));
                cases.push_back(rmsNormCase(random, rows, size, DType::Float32, act));
            }
        }
        for (const RopePairs pairs : {RopePairs::Halves, RopePairs::Interleaved}) {
            for (const Rotation& sizes : {Rotation{1, 1, 2, 1}, Rotation{3, 5, 20, 10},
                     Rotation{2, 3, 37, 15}, Rotation{129, 2, 128, 64}, Rotation{5, 4, 192, 32}})
                cases.push_back(rotateCase(random, sizes, pairs, act));
        }
    }
    addRouteCases(cases, random);
    return cases;
}

} // namespace moe::kernels::cases
