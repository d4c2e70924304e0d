// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/router_places.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace moe::kernels::cpu {

namespace {

/// Leaves the `capacity` assignments that stay at the front of the list, in token order.
void keepBest(std::span<int32_t> list, const RouterShape& shape, const RouterState& state)
{
    if (shape.dropPolicy == DropPolicy::Position)
        return; // the lists are in token order
    const auto* probs = state.probs.host<float>();
    const auto* chosen = state.chosen.host<int32_t>();
    const auto probability = [&](int32_t assignment) {
        const float p = probs[assignment / shape.topK * shape.experts + chosen[assignment]];
        return std::isnan(p) ? -1.0F : p; // a NaN has no order; sorting needs one
    };
    const auto better = [&](int32_t a, int32_t b) {
        const float first = probability(a), second = probability(b);
        return first != second ? first > second : a < b;
    };
    const auto end = list.begin() + shape.capacity;
    std::nth_element(list.begin(), end, list.end(), better);
    std::sort(list.begin(), end);
}

} // namespace

int64_t placesBytes(int64_t tokens, const RouterShape& shape)
{
    return (tokens * shape.topK + shape.experts) * int64_t{sizeof(int32_t)};
}

void givePlaces(
    const RouterShape& shape, const RouterState& state, const RouterTotals& totals, void* memory)
{
    const int64_t experts = shape.experts, assignments = state.chosen.elements();
    const auto* chosen = state.chosen.host<int32_t>();
    auto* load = state.load.host<int32_t>();
    auto* slots = state.slots.host<int32_t>();
    auto* offsets = state.offsets.host<int32_t>();
    auto* lists = static_cast<int32_t*>(memory); // the assignments of each expert, in token order
    int32_t* ends = lists + assignments;

    std::fill_n(load, experts, 0);
    for (int64_t a = 0; a < assignments; ++a)
        ++load[chosen[a]];
    int32_t begin = 0;
    for (int64_t e = 0; e < experts; ++e) {
        ends[e] = begin;
        begin += load[e];
    }
    for (int64_t a = 0; a < assignments; ++a)
        lists[ends[chosen[a]]++] = static_cast<int32_t>(a);

    std::fill_n(slots, assignments, -1);
    int32_t row = 0;
    for (int64_t e = 0; e < experts; ++e) {
        offsets[e] = row;
        const std::span list(lists + ends[e] - load[e], static_cast<size_t>(load[e]));
        const bool full = shape.capacity >= 0 && load[e] > shape.capacity;
        if (full)
            keepBest(list, shape, state);
        const int64_t kept = full ? shape.capacity : load[e];
        for (const int32_t assignment : list.first(static_cast<size_t>(kept))) {
            slots[assignment] = row;
            state.rowToken.host<int32_t>()[row++] = static_cast<int32_t>(assignment / shape.topK);
        }
        totals.load.host<int64_t>()[e] += load[e];
        totals.dropped.host<int64_t>()[e] += load[e] - kept;
    }
    offsets[experts] = row;
}

} // namespace moe::kernels::cpu
