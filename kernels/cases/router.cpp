// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/cases/routing_inputs.h"
#include "kernels/reference/formulas.h"

#include <algorithm>
#include <cmath>

namespace moe::kernels::cases {

namespace {

constexpr Tolerance kExact{.exact = true};

std::string nameOf(int64_t tokens, const RouterShape& shape)
{
    constexpr const char* kAux[] = {"no aux", "skywork", "switch"};
    return text("%ld tokens, top %ld of %ld%s, capacity %ld by %s, %s", tokens, shape.topK,
        shape.experts, shape.normalize ? ", normalised" : "", shape.capacity,
        shape.dropPolicy == DropPolicy::Probs ? "probs" : "position",
        kAux[static_cast<int>(shape.auxLoss)]);
}

OpCase forwardCase(const std::string& name, RandomInputs& random, const RouterShape& shape,
    const std::vector<double>& logits)
{
    const int64_t tokens = static_cast<int64_t>(logits.size()) / shape.experts;
    const HostArray input{{tokens, shape.experts}, DType::Float32, logits};
    const int64_t rows = hostRouting(logits, shape).rowsInUse();
    const auto counts = [&] {
        const std::vector<int32_t> ids = random.ids(shape.experts, 1000);
        return HostArray{{shape.experts}, DType::Int64, {ids.begin(), ids.end()}};
    };
    const HostArray load = counts();
    const HostArray dropped = counts();
    HostArray sums{{kRouterSums}, DType::Float64, {}};
    for (int64_t i = 0; i < kRouterSums; ++i)
        sums.values.push_back(random.uniform(1, 2));
    return {"routerForward " + name, [=](Operands& in) {
                const Shape perAssignment{tokens, shape.topK};
                const RouterState state{.probs = in.blank(input.shape, DType::Float32),
                    .chosen = in.blank(perAssignment, DType::Int32),
                    .weights = in.blank(perAssignment, DType::Float32),
                    .slots = in.blank(perAssignment, DType::Int32),
                    .rowToken = in.blank({tokens * shape.topK}, DType::Int32),
                    .offsets = in.blank({shape.experts + 1}, DType::Int32),
                    .load = in.blank({shape.experts}, DType::Int32)};
                const RouterTotals totals{
                    .load = in.inout(load), .dropped = in.inout(dropped), .sums = in.inout(sums)};
                in.backend().routerForward(in.input(input), shape, state, totals);
                in.output("probs", state.probs, {.reduction = shape.experts});
                in.output("weights", state.weights, {.reduction = shape.experts});
                in.output("chosen", state.chosen, kExact);
                in.output("slots", state.slots, kExact);
                in.output("rowToken", state.rowToken.slice(0, rows), kExact);
                in.output("offsets", state.offsets, kExact);
                in.output("load", state.load, kExact);
                in.output("totals.load", totals.load, kExact);
                in.output("totals.dropped", totals.dropped, kExact);
                // Each of its own magnitude; the ratios are of exponentials, which carry the
                // rounding of exponents up to about 10.
                for (int64_t i = 0; i < kRouterSums; ++i)
                    in.output(text("totals.sums %ld", i), totals.sums.slice(i, 1),
                        {.reduction = tokens + 100});
            }};
}

OpCase backwardCase(const std::string& name, RandomInputs& random, const RouterShape& shape,
    const std::vector<double>& logits)
{
    const int64_t tokens = static_cast<int64_t>(logits.size()) / shape.experts;
    const HostArray input{{tokens, shape.experts}, DType::Float32, logits};
    const HostRouting routing = hostRouting(logits, shape);
    HostArray dWeights = random.normal({tokens, shape.topK}, DType::Float32);
    for (size_t a = 0; a < dWeights.values.size(); ++a) {
        if (routing.slots.values[a] < 0) // as combineBackward leaves it
            dWeights.values[a] = 0;
    }
    // Coefficients that bring each part to the size of the others.
    const RouterGradient gradient{.auxCoefficient = 3.0F * static_cast<float>(tokens),
        .zCoefficient = 0.3F * static_cast<float>(tokens),
        .scale = 0.5F};
    return {"routerBackward " + name, [=](Operands& in) {
                const TensorView dLogits = in.blank(input.shape, DType::Float32);
                in.backend().routerBackward(in.input(input), shape, inputState(in, routing),
                    gradient, in.input(dWeights), dLogits);
                in.output("dLogits", dLogits, {.reduction = shape.experts, .magnitude = 0.3});
            }};
}

/// Capacities that matter for T tokens: as trained (1.25), tight, one, none, more than all.
std::vector<int64_t> capacities(int64_t tokens, const RouterShape& shape)
{
    const auto of = [&](double factor) {
        return static_cast<int64_t>(std::ceil(factor * static_cast<double>(tokens * shape.topK)
            / static_cast<double>(shape.experts)));
    };
    std::vector<int64_t> all{-1, 0, 1, of(0.5), of(1.25), tokens + 1};
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

void addRandomCases(
    std::vector<OpCase>& cases, RandomInputs& random, int64_t tokens, RouterShape shape)
{
    for (const int64_t capacity : capacities(tokens, shape)) {
        for (const DropPolicy policy : {DropPolicy::Probs, DropPolicy::Position}) {
            shape.capacity = capacity;
            shape.dropPolicy = policy;
            // Two normalised logits are ±λ/√2 whatever they were: rounding decides between tokens.
            if (shape.experts == 2 && shape.normalize && policy == DropPolicy::Probs && capacity > 0
                && capacity < tokens)
                continue;
            const std::vector<double> logits = decidedLogits(random, tokens, shape);
            cases.push_back(forwardCase(nameOf(tokens, shape), random, shape, logits));
            cases.push_back(backwardCase(nameOf(tokens, shape), random, shape, logits));
        }
    }
}

void addSpecialCase(std::vector<OpCase>& cases, RandomInputs& random, const char* what,
    const RouterShape& shape, const std::vector<double>& logits)
{
    const int64_t tokens = static_cast<int64_t>(logits.size()) / shape.experts;
    const std::string name = std::string(what) + ": " + nameOf(tokens, shape);
    cases.push_back(forwardCase(name, random, shape, logits));
    cases.push_back(backwardCase(name, random, shape, logits));
}

std::vector<double> repeated(const std::vector<double>& row, int64_t tokens)
{
    std::vector<double> logits;
    for (int64_t t = 0; t < tokens; ++t)
        logits.insert(logits.end(), row.begin(), row.end());
    return logits;
}

/// Ties within a token and between tokens; everybody on one expert; equal and far-apart logits.
void addSpecialCases(std::vector<OpCase>& cases, RandomInputs& random, bool normalize)
{
    for (const DropPolicy policy : {DropPolicy::Probs, DropPolicy::Position}) {
        const RouterShape shape{.experts = 5,
            .topK = 2,
            .normalize = normalize,
            .lambda = 1.5F,
            .capacity = 4,
            .dropPolicy = policy,
            .auxLoss = AuxLoss::Switch};
        addSpecialCase(cases, random, "ties within a token", shape,
            repeated({0.5, 1.25, -1.0, 1.25, 1.25}, 9));
        addSpecialCase(
            cases, random, "all logits equal", shape, repeated({0.1F, 0.1F, 0.1F, 0.1F, 0.1F}, 9));
        addSpecialCase(
            cases, random, "same tokens", shape, repeated(decidedLogits(random, 1, shape), 21));
        addSpecialCase(
            cases, random, "far apart", shape, repeated({40.0, -30.0, 20.0, -50.0, 5.0}, 3));
        RouterShape one = shape;
        one.topK = 1;
        std::vector<double> crowded = decidedLogits(random, 129, one);
        for (size_t i = 2; i < crowded.size(); i += 5)
            crowded[i] += 16.0; // exact in float32 up to its rounding: still apart
        for (double& value : crowded)
            value = static_cast<float>(value);
        one.capacity = -1;
        addSpecialCase(cases, random, "all on one expert", one, crowded);
    }
}

} // namespace

std::vector<OpCase> routerCases(RandomInputs& random)
{
    const RouterShape shapes[] = {
        {.experts = 1, .topK = 1, .auxLoss = AuxLoss::Skywork},
        {.experts = 1, .topK = 1, .normalize = true, .auxLoss = AuxLoss::Switch},
        {.experts = 2, .topK = 1, .normalize = true, .lambda = 0.5F, .auxLoss = AuxLoss::Switch},
        {.experts = 2, .topK = 2, .auxLoss = AuxLoss::Skywork},
        {.experts = 3, .topK = 2, .normalize = true, .auxLoss = AuxLoss::Skywork},
        {.experts = 7, .topK = 3, .auxLoss = AuxLoss::None},
        {.experts = 16, .topK = 2, .normalize = true, .auxLoss = AuxLoss::Skywork},
        {.experts = 33, .topK = 4, .normalize = true, .lambda = 2, .auxLoss = AuxLoss::Switch},
    };
    std::vector<OpCase> cases;
    for (const int64_t tokens : kTokenCounts) {
        for (const RouterShape& shape : shapes)
            addRandomCases(cases, random, tokens, shape);
    }
    addSpecialCases(cases, random, false);
    addSpecialCases(cases, random, true);
    return cases;
}

} // namespace moe::kernels::cases
