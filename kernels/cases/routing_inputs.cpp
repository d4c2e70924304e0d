// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/routing_inputs.h"

#include "kernels/error.h"
#include "kernels/reference/formulas.h"

#include <algorithm>
#include <functional>

namespace moe::kernels::cases {

using kernels::RouterShape;

namespace {

constexpr double kMargin = 1e-4;

bool apart(double larger, double smaller)
{
    return larger - smaller > kMargin * larger;
}

/// The chosen ones stand apart from each other and from the next.
bool tokenDecided(std::vector<double> g, int64_t topK)
{
    std::sort(g.begin(), g.end(), std::greater<>());
    for (size_t j = 0; j < static_cast<size_t>(topK) && j + 1 < g.size(); ++j) {
        if (!apart(g[j], g[j + 1]))
            return false;
    }
    return true;
}

bool capacityDecided(const kernels::reference::Routing& routing, const RouterShape& shape)
{
    if (shape.dropPolicy == kernels::DropPolicy::Position || shape.experts == 1)
        return true; // tokens have an order, and all of one expert's p are exactly 1
    std::vector<std::vector<double>> byExpert(static_cast<size_t>(shape.experts));
    for (size_t a = 0; a < routing.chosen.size(); ++a) {
        const auto token = a / static_cast<size_t>(shape.topK);
        const auto expert = static_cast<size_t>(routing.chosen[a]);
        byExpert[expert].push_back(routing.probs[token * byExpert.size() + expert]);
    }
    const auto capacity = static_cast<size_t>(std::max<int64_t>(shape.capacity, 0));
    for (std::vector<double>& p : byExpert) {
        std::sort(p.begin(), p.end(), std::greater<>());
        if (capacity > 0 && capacity < p.size() && !apart(p[capacity - 1], p[capacity]))
            return false;
    }
    return true;
}

} // namespace

std::vector<double> decidedLogits(RandomInputs& random, int64_t tokens, const RouterShape& shape)
{
    constexpr int kAttempts = 200;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        std::vector<double> logits;
        for (int64_t t = 0; t < tokens;) {
            const std::vector<double> row
                = random.normal({shape.experts}, kernels::DType::Float32).values;
            if (!tokenDecided(kernels::reference::route(row, shape).probs, shape.topK))
                continue;
            logits.insert(logits.end(), row.begin(), row.end());
            ++t;
        }
        if (capacityDecided(kernels::reference::route(logits, shape), shape))
            return logits;
    }
    throw Error("no decided routing found", std::to_string(tokens) + " tokens", "fewer tokens");
}

HostRouting hostRouting(const std::vector<double>& logits, const RouterShape& shape)
{
    using kernels::DType;
    kernels::reference::Routing routing = kernels::reference::route(logits, shape);
    const int64_t tokens = static_cast<int64_t>(logits.size()) / shape.experts;
    routing.rowToken.resize(routing.chosen.size(), 1 << 30);
    const kernels::Shape perAssignment{tokens, shape.topK};
    return {.probs = hostArray({tokens, shape.experts}, DType::Float32, routing.probs),
        .chosen = hostArray(perAssignment, routing.chosen),
        .weights = hostArray(perAssignment, DType::Float32, routing.weights),
        .slots = hostArray(perAssignment, routing.slots),
        .rowToken = hostArray({tokens * shape.topK}, routing.rowToken),
        .offsets = hostArray({shape.experts + 1}, routing.offsets),
        .load = hostArray({shape.experts}, routing.load)};
}

kernels::RouterState inputState(Operands& operands, const HostRouting& routing)
{
    return {.probs = operands.input(routing.probs),
        .chosen = operands.input(routing.chosen),
        .weights = operands.input(routing.weights),
        .slots = operands.input(routing.slots),
        .rowToken = operands.input(routing.rowToken),
        .offsets = operands.input(routing.offsets),
        .load = operands.input(routing.load)};
}

} // namespace moe::kernels::cases
