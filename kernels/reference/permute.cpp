// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

namespace moe::kernels::reference {

Slots readSlots(const RouterState& state)
{
    const int64_t assignments = state.slots.elements();
    const Indices offsets
        = readIndices(state.offsets, state.offsets.elements(), "router state: offsets");
    return {.slots = readIndices(state.slots, assignments, "router state: slots"),
        .rowToken = readIndices(
            state.rowToken.slice(0, offsets.back()), offsets.back(), "router state: rowToken"),
        .weights = read(state.weights, assignments, "router state: weights"),
        .topK = state.slots.shape[1]};
}

Values permute(const Values& x, const Indices& rowToken, int64_t hidden)
{
    Values rows;
    rows.reserve(rowToken.size() * static_cast<size_t>(hidden));
    for (const int32_t token : rowToken) {
        const auto first = x.begin() + token * hidden;
        rows.insert(rows.end(), first, first + hidden);
    }
    return rows;
}

Values permuteGradient(const Values& dRows, const Indices& slots, int64_t topK, int64_t hidden)
{
    return combine(dRows, slots, Values(slots.size(), 1.0), topK, hidden);
}

Values combine(
    const Values& rows, const Indices& slots, const Values& weights, int64_t topK, int64_t hidden)
{
    const auto columns = static_cast<size_t>(hidden);
    Values y(slots.size() / static_cast<size_t>(topK) * columns);
    for (size_t a = 0; a < slots.size(); ++a) {
        if (slots[a] < 0)
            continue;
        const size_t token = a / static_cast<size_t>(topK);
        for (size_t i = 0; i < columns; ++i)
            y[token * columns + i]
                += weights[a] * rows[static_cast<size_t>(slots[a]) * columns + i];
    }
    return y;
}

CombineGradient combineGradient(const Values& rows, const Indices& slots, const Values& weights,
    const Values& dy, int64_t topK, int64_t hidden)
{
    const auto columns = static_cast<size_t>(hidden);
    CombineGradient result{.dRows = Values(rows.size()), .dWeights = Values(slots.size())};
    for (size_t a = 0; a < slots.size(); ++a) {
        if (slots[a] < 0)
            continue;
        const size_t from = a / static_cast<size_t>(topK) * columns;
        const size_t row = static_cast<size_t>(slots[a]) * columns;
        for (size_t i = 0; i < columns; ++i) {
            result.dRows[row + i] = weights[a] * dy[from + i];
            result.dWeights[a] += dy[from + i] * rows[row + i];
        }
    }
    return result;
}

void ReferenceBackend::permuteForward(
    const TensorView& x, const RouterState& state, const TensorView& rows)
{
    const Slots routed = readSlots(state);
    store(rows.slice(0, static_cast<int64_t>(routed.rowToken.size())),
        permute(read(x, x.elements(), "permuteForward: x"), routed.rowToken, x.shape[1]),
        Write::Overwrite, "permuteForward: rows");
}

void ReferenceBackend::permuteBackward(
    const TensorView& dRows, const RouterState& state, const TensorView& dx, Write write)
{
    const Slots routed = readSlots(state);
    const TensorView used = dRows.slice(0, static_cast<int64_t>(routed.rowToken.size()));
    store(dx,
        permuteGradient(read(used, used.elements(), "permuteBackward: dRows"), routed.slots,
            routed.topK, dx.shape[1]),
        write, "permuteBackward: dx");
}

void ReferenceBackend::combineForward(
    const TensorView& rows, const RouterState& state, const TensorView& addend, const TensorView& y)
{
    const Slots routed = readSlots(state);
    const TensorView used = rows.slice(0, static_cast<int64_t>(routed.rowToken.size()));
    Values result = combine(read(used, used.elements(), "combineForward: rows"), routed.slots,
        routed.weights, routed.topK, y.shape[1]);
    const Values more = read(addend, y.elements(), "combineForward: addend");
    for (size_t i = 0; i < result.size(); ++i)
        result[i] += more[i];
    store(y, result, Write::Overwrite, "combineForward: y");
}

void ReferenceBackend::combineBackward(const TensorView& rows, const RouterState& state,
    const TensorView& dy, const TensorView& dRows, const TensorView& dWeights)
{
    const Slots routed = readSlots(state);
    const auto inUse = static_cast<int64_t>(routed.rowToken.size());
    const TensorView used = rows.slice(0, inUse);
    const CombineGradient result = combineGradient(
        read(used, used.elements(), "combineBackward: rows"), routed.slots, routed.weights,
        read(dy, dy.elements(), "combineBackward: dy"), routed.topK, dy.shape[1]);
    store(dRows.slice(0, inUse), result.dRows, Write::Overwrite, "combineBackward: dRows");
    store(dWeights, result.dWeights, Write::Overwrite, "combineBackward: dWeights");
}

} // namespace moe::kernels::reference
