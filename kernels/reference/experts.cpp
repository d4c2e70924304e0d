// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

#include <cmath>

namespace moe::kernels::reference {
namespace {

double sigmoid(double x)
{
    return 1 / (1 + std::exp(-x));
}

Values part(const Values& all, int64_t first, int64_t count)
{
    return {all.begin() + first, all.begin() + first + count};
}

void append(Values& to, const Values& more)
{
    to.insert(to.end(), more.begin(), more.end());
}

/// silu(gate) ∘ up of rows [gate's f columns, up's f columns].
Values gated(const Values& gateUpOut, int64_t ffn)
{
    const auto columns = static_cast<size_t>(ffn);
    Values hidden(gateUpOut.size() / 2);
    for (size_t i = 0; i < hidden.size(); ++i) {
        const size_t at = i / columns * 2 * columns + i % columns;
        const double gate = gateUpOut[at];
        hidden[i] = gate * sigmoid(gate) * gateUpOut[at + columns];
    }
    return hidden;
}

/// d(gate, up) from dHidden; silu' = σ (1 + gate (1 − σ)).
Values gatedGradient(const Values& gateUpOut, const Values& dHidden, int64_t ffn)
{
    const auto columns = static_cast<size_t>(ffn);
    Values result(gateUpOut.size());
    for (size_t i = 0; i < dHidden.size(); ++i) {
        const size_t at = i / columns * 2 * columns + i % columns;
        const double gate = gateUpOut[at];
        const double up = gateUpOut[at + columns];
        const double s = sigmoid(gate);
        result[at] = dHidden[i] * up * s * (1 + gate * (1 - s));
        result[at + columns] = dHidden[i] * gate * s;
    }
    return result;
}

} // namespace

Experts experts(const Values& x, const Indices& offsets, const ExpertWeights& weights)
{
    const int64_t hidden = weights.hidden;
    const int64_t ffn = weights.ffn;
    Experts result;
    for (size_t e = 0; e + 1 < offsets.size(); ++e) {
        const Values gateUp
            = part(weights.gateUp, static_cast<int64_t>(e) * 2 * ffn * hidden, 2 * ffn * hidden);
        const Values down
            = part(weights.down, static_cast<int64_t>(e) * hidden * ffn, hidden * ffn);
        const int64_t rows = offsets[e + 1] - offsets[e];
        const Values gateUpOut
            = product(part(x, offsets[e] * hidden, rows * hidden), gateUp, hidden, 2 * ffn);
        append(result.gateUpOut, gateUpOut);
        append(result.y, product(gated(gateUpOut, ffn), down, ffn, hidden));
    }
    return result;
}

ExpertsGradient expertsGradient(const Values& x, const Indices& offsets,
    const ExpertWeights& weights, const Values& gateUpOut, const Values& dy)
{
    const int64_t hidden = weights.hidden;
    const int64_t ffn = weights.ffn;
    ExpertsGradient result;
    for (size_t e = 0; e + 1 < offsets.size(); ++e) {
        const Values gateUp
            = part(weights.gateUp, static_cast<int64_t>(e) * 2 * ffn * hidden, 2 * ffn * hidden);
        const Values down
            = part(weights.down, static_cast<int64_t>(e) * hidden * ffn, hidden * ffn);
        const int64_t first = offsets[e];
        const int64_t rows = offsets[e + 1] - first;
        const Values kept = part(gateUpOut, first * 2 * ffn, rows * 2 * ffn);
        const Values dyHere = part(dy, first * hidden, rows * hidden);
        const Values dGateUpOut
            = gatedGradient(kept, productGradientX(dyHere, down, ffn, hidden), ffn);
        append(result.dDown, productGradientW(dyHere, gated(kept, ffn), ffn, hidden));
        append(result.dGateUp,
            productGradientW(dGateUpOut, part(x, first * hidden, rows * hidden), hidden, 2 * ffn));
        append(result.dx, productGradientX(dGateUpOut, gateUp, hidden, 2 * ffn));
    }
    return result;
}

namespace {

struct Operands {
    Indices offsets;
    ExpertWeights weights;
    int64_t rows = 0; ///< in use
};

Operands readOperands(
    const TensorView& offsets, const PackedMatrix& gateUp, const PackedMatrix& down)
{
    const int64_t n = gateUp.groups();
    const int64_t hidden = gateUp.in();
    const int64_t ffn = down.in();
    if (down.groups() != n || down.out() != hidden || gateUp.out() != 2 * ffn)
        refuse("experts: down", Shape({down.groups(), down.out(), down.in()}).text(),
            "[n, h, f] beside a gateUp of [n, 2f, h]");
    Operands result{.offsets = readIndices(offsets, n + 1, "experts: offsets"),
        .weights = {.gateUp = read(gateUp), .down = read(down), .hidden = hidden, .ffn = ffn}};
    result.rows = result.offsets.back();
    return result;
}

TensorView used(const TensorView& all, int64_t rows, int64_t columns)
{
    return all.at(0, {rows, columns});
}

} // namespace

void ReferenceBackend::expertsForward(const TensorView& x, const TensorView& offsets,
    const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
    const TensorView& y)
{
    const Operands in = readOperands(offsets, gateUp, down);
    const int64_t hidden = in.weights.hidden;
    const int64_t ffn = in.weights.ffn;
    const Experts result
        = experts(read(used(x, in.rows, hidden), in.rows * hidden, "expertsForward: x"), in.offsets,
            in.weights);
    store(used(gateUpOut, in.rows, 2 * ffn), result.gateUpOut, Write::Overwrite,
        "expertsForward: gateUpOut");
    store(used(y, in.rows, hidden), result.y, Write::Overwrite, "expertsForward: y");
}

void ReferenceBackend::expertsBackward(const TensorView& x, const TensorView& offsets,
    const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
    const TensorView& dy, const TensorView& dx, const TensorView& dGateUp, const TensorView& dDown,
    Write write)
{
    const Operands in = readOperands(offsets, gateUp, down);
    const int64_t hidden = in.weights.hidden;
    const int64_t ffn = in.weights.ffn;
    const ExpertsGradient result = expertsGradient(
        read(used(x, in.rows, hidden), in.rows * hidden, "expertsBackward: x"), in.offsets,
        in.weights,
        read(used(gateUpOut, in.rows, 2 * ffn), in.rows * 2 * ffn, "expertsBackward: gateUpOut"),
        read(used(dy, in.rows, hidden), in.rows * hidden, "expertsBackward: dy"));
    store(used(dx, in.rows, hidden), result.dx, Write::Overwrite, "expertsBackward: dx");
    store(dGateUp, result.dGateUp, write, "expertsBackward: dGateUp");
    store(dDown, result.dDown, write, "expertsBackward: dDown");
}

} // namespace moe::kernels::reference
