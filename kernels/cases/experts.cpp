// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/reference/formulas.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::kernels::cases {

namespace {

struct Sizes {
    int64_t hidden, ffn;
};
constexpr Sizes kSizes[] = {{37, 51}, {64, 96}};

/// How many rows each expert has, and how many rows of the list nobody uses.
struct Loads {
    const char* name;
    std::vector<int64_t> rows;
    int64_t unused;
};

std::vector<Loads> loadsOf(RandomInputs& random)
{
    std::vector<int64_t> uneven(8);
    for (int64_t& rows : uneven)
        rows = random.below(40);
    return {{"one row", {1}, 0}, {"dense, 129 rows", {129}, 0},
        {"empty experts", {0, 3, 0, 0, 17, 1, 0}, 5}, {"all on one", {0, 0, 129, 0}, 0},
        {"no rows", {0, 0, 0}, 7}, {"uneven", uneven, 3}};
}

/// Weights and inputs of one call. Rows in use are random, the others NaN: nobody may read
/// them.
struct Inputs {
    HostArray offsets, gateUp, down, x, dy, gateUpOut;
    int64_t used = 0;
    DType act;

    TensorView usedPart(const TensorView& rows) const { return rows.slice(0, used); }
};

HostArray withUnusedRows(const HostArray& used, int64_t rows)
{
    HostArray all = used;
    all.shape = {rows, used.shape[1]};
    all.values.resize(
        static_cast<size_t>(all.shape.elements()), std::numeric_limits<double>::quiet_NaN());
    return all;
}

Inputs inputsOf(RandomInputs& random, const Sizes& sizes, const Loads& loads, DType act)
{
    const auto n = static_cast<int64_t>(loads.rows.size());
    const auto [hidden, ffn] = sizes;
    std::vector<int32_t> offsets{0};
    for (const int64_t rows : loads.rows)
        offsets.push_back(offsets.back() + static_cast<int32_t>(rows));
    const int64_t used = offsets.back();
    const int64_t rows = used + loads.unused;
    // Weights of variance 1 / inputs keep all activations near 1, so that silu bends.
    Inputs inputs{.offsets = hostArray({n + 1}, offsets),
        .gateUp = random.normal(
            {n, 2 * ffn, hidden}, DType::Float32, 1 / std::sqrt(static_cast<double>(hidden))),
        .down
        = random.normal({n, hidden, ffn}, DType::Float32, 1 / std::sqrt(static_cast<double>(ffn))),
        .x = random.normal({used, hidden}, act),
        .dy = random.normal({used, hidden}, act),
        .gateUpOut = {},
        .used = used,
        .act = act};
    const reference::ExpertWeights weights{
        .gateUp = hostArray(inputs.gateUp.shape, act, inputs.gateUp.values).values,
        .down = hostArray(inputs.down.shape, act, inputs.down.values).values,
        .hidden = hidden,
        .ffn = ffn};
    inputs.gateUpOut = hostArray(
        {used, 2 * ffn}, act, reference::experts(inputs.x.values, offsets, weights).gateUpOut);
    inputs.x = withUnusedRows(inputs.x, rows);
    inputs.dy = withUnusedRows(inputs.dy, rows);
    inputs.gateUpOut = withUnusedRows(inputs.gateUpOut, rows);
    return inputs;
}

OpCase forwardCase(const std::string& name, const Inputs& inputs)
{
    return {"expertsForward " + name, [=](Operands& in) {
                const TensorView gateUpOut = in.blank(inputs.gateUpOut.shape, inputs.act);
                const TensorView y = in.inout(
                    withUnusedRows({{0, inputs.x.shape[1]}, inputs.act, {}}, inputs.x.shape[0]));
                in.backend().expertsForward(in.input(inputs.x), in.input(inputs.offsets),
                    in.matrix(inputs.gateUp, inputs.act), in.matrix(inputs.down, inputs.act),
                    gateUpOut, y);
                in.output(
                    "gateUpOut", inputs.usedPart(gateUpOut), {.reduction = inputs.x.shape[1]});
                // All of it: rows beyond offsets[n] stay the NaN that they were.
                in.output("y", y, {.reduction = inputs.down.shape[2], .precision = inputs.act});
            }};
}

OpCase backwardCase(
    const std::string& name, RandomInputs& random, const Inputs& inputs, Write write, bool inPlace)
{
    const HostArray dGateUpBefore = random.normal(inputs.gateUp.shape, DType::Float32);
    const HostArray dDownBefore = random.normal(inputs.down.shape, DType::Float32);
    return {"expertsBackward " + name + ", " + nameOf(write) + (inPlace ? ", dx is dy" : ""),
        [=](Operands& in) {
            const TensorView dy = inPlace ? in.inout(inputs.dy) : in.input(inputs.dy);
            const TensorView dx = inPlace ? dy : in.blank(inputs.dy.shape, inputs.act);
            const TensorView dGateUp = in.target(dGateUpBefore, write);
            const TensorView dDown = in.target(dDownBefore, write);
            in.backend().expertsBackward(in.input(inputs.x), in.input(inputs.offsets),
                in.matrix(inputs.gateUp, inputs.act), in.matrix(inputs.down, inputs.act),
                in.inout(inputs.gateUpOut), dy, dx, dGateUp, dDown, write);
            in.output("dx", dx, {.reduction = inputs.gateUp.shape[1], .precision = inputs.act});
            in.output("dGateUp", dGateUp, {.reduction = inputs.used, .precision = inputs.act});
            in.output("dDown", dDown, {.reduction = inputs.used, .precision = inputs.act});
        }};
}

} // namespace

std::vector<OpCase> expertsCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const Sizes& sizes : kSizes) {
            for (const Loads& loads : loadsOf(random)) {
                const Inputs inputs = inputsOf(random, sizes, loads, act);
                const std::string name = text("%s, hidden %ld, FFN %ld, %s", loads.name,
                    sizes.hidden, sizes.ffn, kernels::nameOf(act));
                cases.push_back(forwardCase(name, inputs));
                for (const Write write : kWrites) {
                    for (const bool inPlace : {false, true})
                        cases.push_back(backwardCase(name, random, inputs, write, inPlace));
                }
            }
        }
    }
    return cases;
}

} // namespace moe::kernels::cases
