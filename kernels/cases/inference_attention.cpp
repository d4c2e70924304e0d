// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/cases/paged_inputs.h"

#include <algorithm>
#include <cmath>

namespace moe::kernels::cases {

namespace {

constexpr DType kPageTypes[] = {DType::Float32, DType::BFloat16, DType::Float8E4M3};

struct NamedRuns {
    const char* name;
    std::vector<PagedRun> runs;
};

std::vector<NamedRuns> namedRuns()
{
    return {{"first token", {{0, 1}}}, {"decode at 300", {{300, 1}}},
        {"decode of four", {{17, 1}, {0, 1}, {130, 1}, {15, 1}}}, {"prompt of 70", {{0, 70}}},
        {"later chunk", {{123, 21}}},
        {"prompts and decode", {{0, 19}, {45, 1}, {10, 23}, {127, 2}, {0, 1}}}};
}

std::string nameOf(const PagedShape& shape, const char* runs, DType act, DType pages)
{
    return text("%s, %ld heads on %ld of %ld and %ld, pages of %ld in %s, %s%s%s%s", runs,
        shape.heads, shape.kvHeads, shape.keyDim, shape.valueDim, shape.pageTokens,
        kernels::nameOf(pages), kernels::nameOf(act), shape.window > 0 ? ", window" : "",
        shape.sinks ? ", sinks" : "", shape.latent ? ", latent" : "");
}

KvPages pagesOf(const PagedShape& shape, const TensorView& keys, const TensorView& values)
{
    return {.keys = keys,
        .values = values,
        .pageTokens = shape.pageTokens,
        .kvHeads = shape.kvHeads,
        .keyDim = shape.keyDim,
        .valueDim = shape.valueDim};
}

OpCase storeCase(
    RandomInputs& random, const PagedShape& shape, const NamedRuns& runs, DType act, DType type)
{
    const PagedRows rows = pagedRows(random, runs.runs, shape.pageTokens);
    const auto count = static_cast<int64_t>(rows.rows.size());
    // Large ones among them: beyond the range of E4M3, and beyond that of its normal numbers.
    HostArray k = random.normal({count, shape.kvHeads, shape.keyDim}, act, 200);
    const HostArray v = random.normal({count, shape.kvHeads, shape.valueDim}, act, 0.01);
    const HostArray keys = pagedArray(random, rows, runs.runs, shape, shape.keyDim, type);
    const HostArray values = pagedArray(random, rows, runs.runs, shape, shape.valueDim, type);
    return {"storeKv " + nameOf(shape, runs.name, act, type), [=](Operands& in) {
                const TensorView keyPages = in.inout(keys);
                const TensorView valuePages = shape.latent ? TensorView() : in.inout(values);
                in.backend().storeKv(in.input(k), shape.latent ? TensorView() : in.input(v),
                    rows.batch(), pagesOf(shape, keyPages, valuePages));
                in.output("keys", keyPages, {.exact = true});
                if (valuePages)
                    in.output("values", valuePages, {.exact = true});
            }};
}

OpCase attentionCase(
    RandomInputs& random, const PagedShape& shape, const NamedRuns& runs, DType act, DType type)
{
    const PagedRows rows = pagedRows(random, runs.runs, shape.pageTokens);
    const auto count = static_cast<int64_t>(rows.rows.size());
    const HostArray q = random.normal({count, shape.heads, shape.keyDim}, act, 2);
    const HostArray keys = pagedArray(random, rows, runs.runs, shape, shape.keyDim, type);
    const HostArray values = pagedArray(random, rows, runs.runs, shape, shape.valueDim, type);
    const HostArray sinks = random.normal({shape.heads}, DType::Float32);
    int64_t last = 0;
    for (const PagedRow& row : rows.rows)
        last = std::max(last, row.position);
    return {"pagedAttention " + nameOf(shape, runs.name, act, type), [=](Operands& in) {
                const TensorView out = in.blank({count, shape.heads, shape.valueDim}, act);
                const PagedAttention attention{.heads = shape.heads,
                    .scale = 1 / std::sqrt(static_cast<float>(shape.keyDim)),
                    .window = shape.window,
                    .sinks = shape.sinks ? in.input(sinks) : TensorView()};
                in.backend().pagedAttention(in.input(q), rows.batch(),
                    pagesOf(shape, in.input(keys), shape.latent ? TensorView() : in.input(values)),
                    attention, out);
                in.output(
                    "out", out, {.reduction = 16 * (last + 1 + shape.keyDim), .precision = act});
            }};
}

} // namespace

std::vector<OpCase> inferenceAttentionCases(RandomInputs& random)
{
    const PagedShape shapes[] = {
        // So many that a decoded token is shared out by blocks and a chunk's heads go in two parts.
        {.heads = 7, .kvHeads = 7, .keyDim = 64, .valueDim = 64},
        {.heads = 6, .kvHeads = 2, .keyDim = 20, .valueDim = 20, .pageTokens = 5, .sinks = true},
        {.heads = 4, .kvHeads = 2, .keyDim = 37, .valueDim = 37, .window = 13},
        {.heads = 20, .kvHeads = 1, .keyDim = 72, .valueDim = 40, .latent = true},
        {.heads = 2,
            .kvHeads = 1,
            .keyDim = 8,
            .valueDim = 8,
            .pageTokens = 1,
            .window = 128,
            .sinks = true},
    };
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const DType pages : kPageTypes) {
            for (const PagedShape& shape : shapes) {
                for (const NamedRuns& runs : namedRuns())
                    cases.push_back(attentionCase(random, shape, runs, act, pages));
                cases.push_back(storeCase(random, shape, namedRuns().back(), act, pages));
            }
        }
    }
    return cases;
}

} // namespace moe::kernels::cases
