// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/reference/formulas.h"

#include <cmath>

namespace moe::kernels::cases {

namespace {

struct Heads {
    int64_t heads, kvHeads, headDim;
};
constexpr Heads kHeads[] = {{1, 1, 20}, {4, 4, 64}, {6, 2, 20}, {6, 2, 80}};
struct Batch {
    int64_t batch, sequence;
};
constexpr Batch kBatches[] = {{1, 1}, {2, 3}, {1, 129}, {2, 67}};

AttentionShape shapeOf(const Batch& batch, const Heads& heads)
{
    return {.batch = batch.batch,
        .sequence = batch.sequence,
        .heads = heads.heads,
        .kvHeads = heads.kvHeads,
        .headDim = heads.headDim,
        .scale = 1.0F / std::sqrt(static_cast<float>(heads.headDim))};
}

Shape qkvShape(const AttentionShape& shape)
{
    return {shape.batch * shape.sequence, shape.heads + 2 * shape.kvHeads, shape.headDim};
}
Shape outShape(const AttentionShape& shape)
{
    return {shape.batch * shape.sequence, shape.heads * shape.headDim};
}

std::string nameOf(const AttentionShape& shape, DType act)
{
    return text("%ld x %ld tokens, %ld heads on %ld, dim %ld, %s", shape.batch, shape.sequence,
        shape.heads, shape.kvHeads, shape.headDim, kernels::nameOf(act));
}

HostArray rotations(RandomInputs& random, const AttentionShape& shape)
{
    std::vector<double> table;
    for (int64_t i = 0; i < shape.sequence * shape.headDim / 2; ++i) {
        const double angle = random.uniform(-3.2, 3.2);
        table.push_back(std::cos(angle));
        table.push_back(std::sin(angle));
    }
    return hostArray({shape.sequence, shape.headDim / 2, 2}, DType::Float32, table);
}

void addRopeCases(
    std::vector<OpCase>& cases, RandomInputs& random, const AttentionShape& shape, DType act)
{
    const HostArray qkv = random.normal(qkvShape(shape), act);
    const HostArray table = rotations(random, shape);
    cases.push_back({"ropeForward " + nameOf(shape, act), [=](Operands& in) {
                         const TensorView turned = in.inout(qkv);
                         in.backend().ropeForward(turned, in.input(table), shape);
                         in.output("qkv", turned, {.reduction = 2});
                     }});
    cases.push_back({"ropeBackward " + nameOf(shape, act), [=](Operands& in) {
                         const TensorView turned = in.inout(qkv);
                         in.backend().ropeBackward(turned, in.input(table), shape);
                         in.output("dQkv", turned, {.reduction = 2});
                     }});
}

/// Inputs of the backward pass as the forward pass leaves them.
struct BackwardInputs {
    HostArray qkv, out, lse, dOut;
};

BackwardInputs backwardInputs(
    RandomInputs& random, const AttentionShape& shape, const HostArray& qkv)
{
    const reference::Attention forward = reference::attention(qkv.values, shape);
    return {.qkv = qkv,
        .out = hostArray(outShape(shape), qkv.dtype, forward.out),
        .lse = hostArray({shape.batch, shape.heads, shape.sequence}, DType::Float32, forward.lse),
        .dOut = random.normal(outShape(shape), qkv.dtype)};
}

/// `deviation` of q, k and v: large ones make the softmax pick single keys.
void addAttentionCases(std::vector<OpCase>& cases, RandomInputs& random,
    const AttentionShape& shape, DType act, double deviation)
{
    const std::string name = nameOf(shape, act) + (deviation > 1 ? ", sharp" : "");
    const HostArray qkv = random.normal(qkvShape(shape), act, deviation);
    // Scores grow with deviation², and their rounding is the relative error of a probability.
    const auto growth = static_cast<int64_t>(std::pow(deviation, 4));
    const Tolerance tolerance{
        .reduction = growth * (shape.sequence + shape.headDim), .precision = act};
    cases.push_back({"attentionForward " + name, [=](Operands& in) {
                         const TensorView out = in.blank(outShape(shape), act);
                         const TensorView lse
                             = in.blank({shape.batch, shape.heads, shape.sequence}, DType::Float32);
                         in.backend().attentionForward(in.input(qkv), shape, out, lse);
                         in.output("out", out, tolerance);
                         in.output("lse", lse, {.reduction = shape.headDim, .magnitude = 1});
                     }});
    const BackwardInputs inputs = backwardInputs(random, shape, qkv);
    cases.push_back({"attentionBackward " + name, [=](Operands& in) {
                         const TensorView dQkv = in.blank(qkvShape(shape), act);
                         in.backend().attentionBackward(in.input(inputs.qkv), in.input(inputs.out),
                             in.input(inputs.lse), in.input(inputs.dOut), shape, dQkv);
                         in.output("dQkv", dQkv, tolerance);
                     }});
}

} // namespace

std::vector<OpCase> ropeCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const Heads& heads : kHeads) {
            for (const Batch& batch : kBatches)
                addRopeCases(cases, random, shapeOf(batch, heads), act);
        }
    }
    return cases;
}

std::vector<OpCase> attentionCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const Heads& heads : kHeads) {
            for (const Batch& batch : kBatches)
                addAttentionCases(cases, random, shapeOf(batch, heads), act, 1);
        }
        addAttentionCases(cases, random, shapeOf({2, 67}, {6, 2, 20}), act, 4);
    }
    return cases;
}

} // namespace moe::kernels::cases
