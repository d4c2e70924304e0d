// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/cases/routing_inputs.h"

#include <algorithm>
#include <limits>

namespace moe::kernels::cases {

namespace {

constexpr int64_t kHidden = 37;

/// A list of rows of which only the first are in use: NaN behind, which nobody may read.
HostArray partlyUsed(RandomInputs& random, const HostRouting& routing, DType act)
{
    HostArray rows = random.normal({routing.rowToken.shape[0], kHidden}, act);
    std::fill(rows.values.begin() + routing.rowsInUse() * kHidden, rows.values.end(),
        std::numeric_limits<double>::quiet_NaN());
    return rows;
}

void addPermuteCases(std::vector<OpCase>& cases, RandomInputs& random, const std::string& name,
    const HostRouting& routing, DType act)
{
    const int64_t tokens = routing.slots.shape[0];
    const int64_t topK = routing.slots.shape[1];
    const HostArray x = random.normal({tokens, kHidden}, act);
    cases.push_back({"permuteForward " + name, [=](Operands& in) {
                         const TensorView rows = in.blank({tokens * topK, kHidden}, act);
                         in.backend().permuteForward(in.input(x), inputState(in, routing), rows);
                         in.output("rows", rows.slice(0, routing.rowsInUse()), {.exact = true});
                     }});
    const HostArray dRows = partlyUsed(random, routing, act);
    for (const Write write : kWrites) {
        const HostArray before = random.normal({tokens, kHidden}, act);
        cases.push_back({"permuteBackward " + name + ", " + nameOf(write), [=](Operands& in) {
                             const TensorView dx = in.target(before, write);
                             in.backend().permuteBackward(
                                 in.input(dRows), inputState(in, routing), dx, write);
                             in.output("dx", dx, {.reduction = topK});
                         }});
    }
}

void addCombineCases(std::vector<OpCase>& cases, RandomInputs& random, const std::string& name,
    const HostRouting& routing, DType act)
{
    const int64_t tokens = routing.slots.shape[0];
    const int64_t topK = routing.slots.shape[1];
    const HostArray rows = partlyUsed(random, routing, act);
    const HostArray addend = random.normal({tokens, kHidden}, act);
    for (const bool aliased : {false, true}) {
        cases.push_back(
            {"combineForward " + name + (aliased ? ", addend is y" : ""), [=](Operands& in) {
                 const TensorView y = aliased ? in.inout(addend) : in.blank(addend.shape, act);
                 in.backend().combineForward(
                     in.input(rows), inputState(in, routing), aliased ? y : in.input(addend), y);
                 in.output("y", y, {.reduction = topK});
             }});
    }
    const HostArray dy = random.normal({tokens, kHidden}, act);
    cases.push_back(
        {"combineBackward " + name, [=](Operands& in) {
             const TensorView dRows = in.blank({tokens * topK, kHidden}, act);
             const TensorView dWeights = in.blank({tokens, topK}, DType::Float32);
             in.backend().combineBackward(
                 in.input(rows), inputState(in, routing), in.input(dy), dRows, dWeights);
             in.output("dRows", dRows.slice(0, routing.rowsInUse()), {});
             in.output("dWeights", dWeights, {.reduction = kHidden, .magnitude = 6}); // √kHidden
         }});
}

} // namespace

std::vector<OpCase> permuteCases(RandomInputs& random)
{
    const RouterShape shapes[] = {{.experts = 1, .topK = 1}, {.experts = 8, .topK = 2},
        {.experts = 8, .topK = 2, .capacity = 5}, {.experts = 8, .topK = 4, .capacity = 1},
        {.experts = 4, .topK = 1, .capacity = 0}, // all dropped: no row in use
        {.experts = 150, .topK = 3}}; // most experts empty
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const int64_t tokens : kTokenCounts) {
            for (const RouterShape& shape : shapes) {
                const HostRouting routing
                    = hostRouting(random.normals(tokens * shape.experts), shape);
                const std::string name = text("%ld tokens, top %ld of %ld, capacity %ld, %s",
                    tokens, shape.topK, shape.experts, shape.capacity, kernels::nameOf(act));
                addPermuteCases(cases, random, name, routing, act);
                addCombineCases(cases, random, name, routing, act);
            }
        }
    }
    return cases;
}

} // namespace moe::kernels::cases
