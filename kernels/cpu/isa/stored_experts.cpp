// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// FFNs with stored weights, one or an expert each: a phase for gate and up, whose pieces end as
// inputs of the down product, and a phase for down. Assignments (token, choice) are sorted by
// expert and results added per token in the order of its choices.
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"
#include "kernels/cpu/isa/stored_pieces.h"
#include "kernels/cpu/stored_checks.h"
#include "kernels/stored_matrix.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// One FFN and the tokens that pass through it.
struct Group {
    const FeedForward* ffn;
    int64_t firstRow, count; ///< of the assignments
    Tokens forGate, forUp, hidden; ///< up's are gate's unless they want another order
};

const StoredMatrix& storedOf(const Linear& w)
{
    return static_cast<const HostPlaced&>(*w.weight).stored();
}

const float* biasOf(const Linear& w)
{
    return w.bias ? w.bias.host<float>() : nullptr;
}

/// What goes into the down product.
inline Vec gated(Vec gate, Vec up, Gating gating, float limit)
{
    if (gating == Gating::Silu)
        return gate * sigmoid(gate) * up;
    const Vec g = select(gate > splat(limit), splat(limit), gate);
    const Vec below = select(up < splat(-limit), splat(-limit), up);
    const Vec u = select(below > splat(limit), splat(limit), below);
    return g * sigmoid(g * 1.702F) * (u + 1.0F);
}

struct Activation {
    Gating gating;
    float limit;
};

/// A piece of gate's and up's results, [tokens, rows], becomes hidden elements of the tokens.
void gateRows(const Group& group, const float* gates, const float* ups, int64_t firstRow,
    int64_t rows, const Activation& how)
{
    const float* gateBias = biasOf(group.ffn->gate);
    const float* upBias = biasOf(group.ffn->up);
    const bool last = firstRow + rows == group.hidden.in;
    for (int64_t t = 0; t < group.count; ++t) {
        const Slot slot = slotOf(group.hidden, t);
        eachVector(rows, [&](int64_t i, auto part) {
            Vec gate = part.load(gates + t * rows + i), up = part.load(ups + t * rows + i);
            if (gateBias)
                gate += part.load(gateBias + firstRow + i);
            if (upBias)
                up += part.load(upBias + firstRow + i);
            Vec value = gated(gate, up, how.gating, how.limit);
            if (rows - i < kLanes) // beyond the end a bias of none may give anything
                value = select(laneIndex() < static_cast<int32_t>(rows - i), value, Vec{});
            putRun(group.hidden.order, slot, firstRow + i, value);
        });
        if (last)
            padToken(group.hidden, slot, roundUp(group.hidden.in, kLanes));
    }
}

StoredRows rowsOf(const Linear& w, const StoredPiece& piece)
{
    return {&storedOf(w), piece.firstRow, piece.rows};
}

constexpr StoredRows kNothing{nullptr, 0, 0};

} // namespace

/// FFNs and the rows that pass through them.
struct CpuBackend::FfnCall {
    TensorView x;
    Group* groups; ///< with ffn, firstRow and count
    int64_t groupCount;
    const int32_t* tokenOf; ///< [rows] the row of x of each row, sorted by group; null: the same
    int64_t rows;
    Gating gating;
    float limit;
    StoredPiece* pieces; ///< room for mostPieces()

    static int64_t mostPieces(const PlacedMatrix& gate, const PlacedMatrix& down)
    {
        return ceilDiv(larger(gate.out(), down.out()), kLanes);
    }
};

namespace {

Tokens tokensFor(const Linear& w, int64_t count, DType act)
{
    const StoredMatrix& stored = storedOf(w);
    return {nullptr, count, mostInTile(stored), stored.in, orderOf(stored, act)};
}

bool sameShape(const Tokens& a, const Tokens& b)
{
    return a.order == b.order && a.mostInTile == b.mostInTile;
}

/// Gives every group its tokens; the bytes of all inputs and of all hidden ones.
struct Sizes {
    int64_t inputs = 0, hidden = 0;
};
Sizes layOut(Group* groups, int64_t count, DType act)
{
    Sizes sizes;
    for (Group* group = groups; group < groups + count; ++group) {
        group->forGate = tokensFor(group->ffn->gate, group->count, act);
        group->forUp = tokensFor(group->ffn->up, group->count, act);
        group->hidden = tokensFor(group->ffn->down, group->count, act);
        sizes.inputs += group->forGate.bytes();
        if (!sameShape(group->forGate, group->forUp))
            sizes.inputs += group->forUp.bytes();
        sizes.hidden += group->hidden.bytes();
    }
    return sizes;
}
void placeTokens(Group* groups, int64_t count, uint8_t* inputs, uint8_t* hidden)
{
    for (Group* group = groups; group < groups + count; ++group) {
        group->forGate.data = inputs;
        group->forUp.data = inputs;
        inputs += group->forGate.bytes();
        if (!sameShape(group->forGate, group->forUp)) {
            group->forUp.data = inputs;
            inputs += group->forUp.bytes();
        }
        group->hidden.data = hidden;
        hidden += group->hidden.bytes();
    }
}

template <typename Act>
void putInputs(const Group* groups, int64_t count, const Act* x, const int32_t* tokenOf,
    int64_t begin, int64_t end)
{
    const Group* group = groups;
    for (int64_t row = begin; row < end; ++row) {
        while (group + 1 < groups + count && row >= group->firstRow + group->count)
            ++group;
        const Act* from = x + (tokenOf ? tokenOf[row] : row) * group->forGate.in;
        putToken(group->forGate, row - group->firstRow, from);
        if (group->forUp.data != group->forGate.data)
            putToken(group->forUp, row - group->firstRow, from);
    }
}

void addBias(const float* bias, float* result, int64_t tokens, int64_t ld, int64_t rows)
{
    for (int64_t t = 0; t < tokens; ++t)
        eachVector(rows, [&](int64_t i, auto part) {
            float* to = result + t * ld + i;
            part.store(to, part.load(to) + part.load(bias + i));
        });
}

/// to = addend + Σ_j weights[j] · results[rows[j]].
template <typename Act>
void combine(const float* weights, const int32_t* rows, int64_t topK, const float* results,
    int64_t ld, const Act* addend, Act* to, int64_t columns)
{
    eachVector(columns, [&](int64_t i, auto part) {
        Vec sum = addend ? part.load(addend + i) : Vec{};
        for (int64_t j = 0; j < topK; ++j)
            sum += splat(weights[j]) * part.load(results + rows[j] * ld + i);
        part.store(to + i, sum);
    });
}

} // namespace

/// The results of all rows, [rows, hidden] float32, before their weights.
float* CpuBackend::runFfns(FfnCall& call)
{
    Group* groups = call.groups;
    const int64_t count = call.groupCount, hidden = call.x.shape[1];
    const Sizes sizes = layOut(groups, count, call.x.dtype);
    placeTokens(groups, count, static_cast<uint8_t*>(scratch(kSlotB, sizes.inputs)),
        static_cast<uint8_t*>(scratch(kSlotC, sizes.hidden)));
    auto* results
        = static_cast<float*>(scratch(kSlotD, call.rows * hidden * int64_t{sizeof(float)}));
    parallelRanges(pool(), call.rows, rowGrain(hidden), [&](int64_t begin, int64_t end, int) {
        withType(call.x.dtype, [&](auto type) {
            using Act = typename decltype(type)::Of;
            putInputs(groups, count, call.x.host<Act>(), call.tokenOf, begin, end);
        });
    });

    StoredPiece* end = call.pieces;
    for (int64_t g = 0; g < count; ++g) {
        const StoredMatrix& gate = storedOf(groups[g].ffn->gate);
        end = cutPieces(end, g, gate.out, rowsAPiece(gate, groups[g].count));
    }
    eachPiece(pool(), call.pieces, end - call.pieces,
        [&](const StoredPiece& piece, const StoredPiece* next, int thread) {
            const Group& group = groups[piece.group];
            const Linear &gate = group.ffn->gate, &up = group.ffn->up;
            const int64_t panel = larger(panelBytes(storedOf(gate), piece.rows, group.forGate),
                panelBytes(storedOf(up), piece.rows, group.forUp));
            const int64_t each = group.count * piece.rows;
            auto* room = static_cast<uint8_t*>(
                threadScratch(thread, panel + 2 * each * int64_t{sizeof(float)}));
            auto* gates = (float*)(room + panel);
            const StoredRows upRows = rowsOf(up, piece);
            multiplyStored(rowsOf(gate, piece), upRows, group.forGate, gates, piece.rows, room);
            multiplyStored(upRows, next ? rowsOf(groups[next->group].ffn->gate, *next) : kNothing,
                group.forUp, gates + each, piece.rows, room);
            gateRows(
                group, gates, gates + each, piece.firstRow, piece.rows, {call.gating, call.limit});
        });

    end = call.pieces;
    for (int64_t g = 0; g < count; ++g)
        end = cutPieces(end, g, hidden, rowsAPiece(storedOf(groups[g].ffn->down), groups[g].count));
    eachPiece(pool(), call.pieces, end - call.pieces,
        [&](const StoredPiece& piece, const StoredPiece* next, int thread) {
            const Group& group = groups[piece.group];
            const Linear& down = group.ffn->down;
            void* room
                = threadScratch(thread, panelBytes(storedOf(down), piece.rows, group.hidden));
            float* to = results + group.firstRow * hidden + piece.firstRow;
            multiplyStored(rowsOf(down, piece),
                next ? rowsOf(groups[next->group].ffn->down, *next) : kNothing, group.hidden, to,
                hidden, room);
            if (down.bias)
                addBias(biasOf(down) + piece.firstRow, to, group.count, hidden, piece.rows);
        });
    return results;
}

void CpuBackend::expertRows(const TensorView& x, std::span<const FeedForward> experts,
    Gating gating, float limit, const TensorView& chosen, const TensorView& weights,
    const TensorView& addend, const TensorView& y)
{
    const auto n = static_cast<int64_t>(experts.size());
    const int64_t tokens = chosen.shape[0], topK = chosen.shape[1], rows = tokens * topK;
    checkIndices(chosen, n, "an expert");
    if (rows == 0)
        return;
    const auto* choice = chosen.host<int32_t>();
    int64_t most = 0; // pieces of one expert
    for (int64_t e = 0; e < n; ++e) {
        checkFeedForward(experts.data()[e], x.shape[1]);
        most = larger(most,
            FfnCall::mostPieces(*experts.data()[e].gate.weight, *experts.data()[e].down.weight));
    }
    const int64_t groupsMost = smaller(n, rows);
    const int64_t groupBytes = groupsMost * int64_t{sizeof(Group)};
    const int64_t pieceBytes = groupsMost * most * int64_t{sizeof(StoredPiece)};
    auto* room = static_cast<uint8_t*>(
        scratch(kSlotA, groupBytes + pieceBytes + (n + 2 * rows) * int64_t{sizeof(int32_t)}));
    auto* groups = (Group*)room;
    auto* pieces = (StoredPiece*)(room + groupBytes);
    auto* next = (int32_t*)(room + groupBytes + pieceBytes); // per expert: its next free row
    int32_t* rowOf = next + n; // of each assignment
    int32_t* tokenOf = rowOf + rows;

    for (int64_t e = 0; e < n; ++e)
        next[e] = 0;
    for (int64_t i = 0; i < rows; ++i)
        ++next[choice[i]];
    int64_t count = 0, row = 0;
    for (int64_t e = 0; e < n; ++e) {
        const int64_t load = next[e];
        next[e] = static_cast<int32_t>(row);
        if (load > 0)
            groups[count++] = {experts.data() + e, row, load, {}, {}, {}};
        row += load;
    }
    for (int64_t i = 0; i < rows; ++i) {
        rowOf[i] = next[choice[i]]++;
        tokenOf[rowOf[i]] = static_cast<int32_t>(i / topK);
    }
    FfnCall call{x, groups, count, tokenOf, rows, gating, limit, pieces};
    const float* results = runFfns(call);
    addResults({weights.host<float>(), rowOf, topK}, results, addend, y);
}

void CpuBackend::feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating,
    float limit, const TensorView& gate, const TensorView& addend, const TensorView& y)
{
    const int64_t tokens = x.shape[0];
    checkFeedForward(ffn, x.shape[1]);
    if (tokens == 0)
        return;
    const int64_t most = FfnCall::mostPieces(*ffn.gate.weight, *ffn.down.weight);
    const int64_t pieceBytes = most * int64_t{sizeof(StoredPiece)};
    auto* room = static_cast<uint8_t*>(
        scratch(kSlotA, pieceBytes + tokens * int64_t{sizeof(float) + sizeof(int32_t)}));
    auto* weights = (float*)(room + pieceBytes);
    auto* rowOf = (int32_t*)(weights + tokens);
    for (int64_t t = 0; t < tokens; ++t) {
        weights[t] = gate ? sigmoid(splat(gate.host<float>()[t]))[0] : 1.0F;
        rowOf[t] = static_cast<int32_t>(t);
    }
    Group group{&ffn, 0, tokens, {}, {}, {}};
    FfnCall call{x, &group, 1, nullptr, tokens, gating, limit, (StoredPiece*)room};
    const float* results = runFfns(call);
    addResults({weights, rowOf, 1}, results, addend, y);
}

/// y[t] = addend[t] + Σ_j weights[t, j] · results[rowOf[t, j]], by token and columns.
void CpuBackend::addResults(
    const Shares& shares, const float* results, const TensorView& addend, const TensorView& y)
{
    constexpr int64_t kColumns = 1024;
    const int64_t hidden = y.shape[1], parts = ceilDiv(hidden, kColumns);
    parallelRanges(pool(), y.shape[0] * parts, rowGrain(kColumns * shares.topK),
        [&](int64_t begin, int64_t end, int) {
            for (int64_t job = begin; job < end; ++job) {
                const int64_t t = job / parts, column = job % parts * kColumns;
                const int64_t at = t * hidden + column, first = t * shares.topK;
                withType(y.dtype, [&](auto type) {
                    using Act = typename decltype(type)::Of;
                    combine<Act>(shares.weights + first, shares.rowOf + first, shares.topK,
                        results + column, hidden, addend ? addend.host<Act>() + at : nullptr,
                        y.host<Act>() + at, smaller(kColumns, hidden - column));
                });
            }
        });
}

} // namespace moe::kernels::cpu::MOE_ISA
