// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/deferred_operand.h"

namespace moe::tests {

void DeferredBackend::embeddingForward(
    const TensorView& ids, const TensorView& table, const TensorView& out)
{
    queue(
        "embeddingForward", [this, ids = operand(ids), table = operand(table), out = operand(out)] {
            m_inner->embeddingForward(*ids, *table, *out);
        });
}

void DeferredBackend::embeddingBackward(
    const TensorView& ids, const TensorView& dOut, const TensorView& dTable, Write write)
{
    queue("embeddingBackward",
        [this, ids = operand(ids), dOut = operand(dOut), dTable = operand(dTable), write] {
            m_inner->embeddingBackward(*ids, *dOut, *dTable, write);
        });
}

void DeferredBackend::rmsNormForward(const TensorView& x, const TensorView& weight, float eps,
    const TensorView& y, const TensorView& rstd)
{
    queue("rmsNormForward",
        [this, x = operand(x), weight = operand(weight), eps, y = operand(y),
            rstd = operand(rstd)] { m_inner->rmsNormForward(*x, *weight, eps, *y, *rstd); });
}

void DeferredBackend::rmsNormBackward(const TensorView& x, const TensorView& weight,
    const TensorView& rstd, const TensorView& dy, const TensorView& dx, Write writeX,
    const TensorView& dWeight, Write writeWeight)
{
    queue("rmsNormBackward",
        [this, x = operand(x), weight = operand(weight), rstd = operand(rstd), dy = operand(dy),
            dx = operand(dx), writeX, dWeight = operand(dWeight), writeWeight] {
            m_inner->rmsNormBackward(*x, *weight, *rstd, *dy, *dx, writeX, *dWeight, writeWeight);
        });
}

void DeferredBackend::projectionForward(
    const TensorView& x, const PackedMatrix& w, const TensorView& addend, const TensorView& y)
{
    queue("projectionForward",
        [this, x = operand(x), w = DeferredMatrix::innerOf(w), addend = operand(addend),
            y = operand(y)] { m_inner->projectionForward(*x, **w, *addend, *y); });
}

void DeferredBackend::projectionBackward(const TensorView& x, const PackedMatrix& w,
    const TensorView& dy, const TensorView& dx, Write writeX, const TensorView& dW, Write writeW)
{
    queue("projectionBackward",
        [this, x = operand(x), w = DeferredMatrix::innerOf(w), dy = operand(dy), dx = operand(dx),
            writeX, dW = operand(dW),
            writeW] { m_inner->projectionBackward(*x, **w, *dy, *dx, writeX, *dW, writeW); });
}

void DeferredBackend::ropeForward(
    const TensorView& qkv, const TensorView& table, const AttentionShape& shape)
{
    queue("ropeForward", [this, qkv = operand(qkv), table = operand(table), shape] {
        m_inner->ropeForward(*qkv, *table, shape);
    });
}

void DeferredBackend::ropeBackward(
    const TensorView& dQkv, const TensorView& table, const AttentionShape& shape)
{
    queue("ropeBackward", [this, dQkv = operand(dQkv), table = operand(table), shape] {
        m_inner->ropeBackward(*dQkv, *table, shape);
    });
}

void DeferredBackend::attentionForward(const TensorView& qkv, const AttentionShape& shape,
    const TensorView& out, const TensorView& lse)
{
    queue("attentionForward",
        [this, qkv = operand(qkv), shape, out = operand(out), lse = operand(lse)] {
            m_inner->attentionForward(*qkv, shape, *out, *lse);
        });
}

void DeferredBackend::attentionBackward(const TensorView& qkv, const TensorView& out,
    const TensorView& lse, const TensorView& dOut, const AttentionShape& shape,
    const TensorView& dQkv)
{
    queue("attentionBackward",
        [this, qkv = operand(qkv), out = operand(out), lse = operand(lse), dOut = operand(dOut),
            shape, dQkv = operand(dQkv)] {
            m_inner->attentionBackward(*qkv, *out, *lse, *dOut, shape, *dQkv);
        });
}

void DeferredBackend::routerForward(const TensorView& logits, const RouterShape& shape,
    const RouterState& state, const RouterTotals& totals)
{
    queue("routerForward",
        [this, logits = operand(logits), shape, state = operands(state),
            load = operand(totals.load), dropped = operand(totals.dropped),
            sums = operand(totals.sums)] {
            m_inner->routerForward(*logits, shape, *state, RouterTotals{*load, *dropped, *sums});
        });
}

void DeferredBackend::routerBackward(const TensorView& logits, const RouterShape& shape,
    const RouterState& state, const RouterGradient& gradient, const TensorView& dWeights,
    const TensorView& dLogits)
{
    queue("routerBackward",
        [this, logits = operand(logits), shape, state = operands(state), gradient,
            dWeights = operand(dWeights), dLogits = operand(dLogits)] {
            m_inner->routerBackward(*logits, shape, *state, gradient, *dWeights, *dLogits);
        });
}

void DeferredBackend::permuteForward(
    const TensorView& x, const RouterState& state, const TensorView& rows)
{
    queue("permuteForward", [this, x = operand(x), state = operands(state), rows = operand(rows)] {
        m_inner->permuteForward(*x, *state, *rows);
    });
}

void DeferredBackend::permuteBackward(
    const TensorView& dRows, const RouterState& state, const TensorView& dx, Write write)
{
    queue("permuteBackward",
        [this, dRows = operand(dRows), state = operands(state), dx = operand(dx), write] {
            m_inner->permuteBackward(*dRows, *state, *dx, write);
        });
}

void DeferredBackend::combineForward(
    const TensorView& rows, const RouterState& state, const TensorView& addend, const TensorView& y)
{
    queue("combineForward",
        [this, rows = operand(rows), state = operands(state), addend = operand(addend),
            y = operand(y)] { m_inner->combineForward(*rows, *state, *addend, *y); });
}

void DeferredBackend::combineBackward(const TensorView& rows, const RouterState& state,
    const TensorView& dy, const TensorView& dRows, const TensorView& dWeights)
{
    queue("combineBackward",
        [this, rows = operand(rows), state = operands(state), dy = operand(dy),
            dRows = operand(dRows), dWeights = operand(dWeights)] {
            m_inner->combineBackward(*rows, *state, *dy, *dRows, *dWeights);
        });
}

void DeferredBackend::expertsForward(const TensorView& x, const TensorView& offsets,
    const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
    const TensorView& y)
{
    queue("expertsForward",
        [this, x = operand(x), offsets = operand(offsets), gateUp = DeferredMatrix::innerOf(gateUp),
            down = DeferredMatrix::innerOf(down), gateUpOut = operand(gateUpOut), y = operand(y)] {
            m_inner->expertsForward(*x, *offsets, **gateUp, **down, *gateUpOut, *y);
        });
}

void DeferredBackend::expertsBackward(const TensorView& x, const TensorView& offsets,
    const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
    const TensorView& dy, const TensorView& dx, const TensorView& dGateUp, const TensorView& dDown,
    Write write)
{
    queue("expertsBackward",
        [this, x = operand(x), offsets = operand(offsets), gateUp = DeferredMatrix::innerOf(gateUp),
            down = DeferredMatrix::innerOf(down), gateUpOut = operand(gateUpOut), dy = operand(dy),
            dx = operand(dx), dGateUp = operand(dGateUp), dDown = operand(dDown), write] {
            m_inner->expertsBackward(
                *x, *offsets, **gateUp, **down, *gateUpOut, *dy, *dx, *dGateUp, *dDown, write);
        });
}

void DeferredBackend::headLossForward(
    const TensorView& x, const PackedMatrix& w, const TensorView& targets, const TensorView& loss)
{
    queue("headLossForward",
        [this, x = operand(x), w = DeferredMatrix::innerOf(w), targets = operand(targets),
            loss = operand(loss)] { m_inner->headLossForward(*x, **w, *targets, *loss); });
}

void DeferredBackend::headLossForwardBackward(const TensorView& x, const PackedMatrix& w,
    const TensorView& targets, float scale, const TensorView& loss, const TensorView& dx,
    const TensorView& dW, Write write)
{
    queue("headLossForwardBackward",
        [this, x = operand(x), w = DeferredMatrix::innerOf(w), targets = operand(targets), scale,
            loss = operand(loss), dx = operand(dx), dW = operand(dW), write] {
            m_inner->headLossForwardBackward(*x, **w, *targets, scale, *loss, *dx, *dW, write);
        });
}

void DeferredBackend::adamw(const TensorView& parameter, const TensorView& gradient,
    const TensorView& m, const TensorView& v, const AdamW& settings)
{
    queue("adamw",
        [this, parameter = operand(parameter), gradient = operand(gradient), m = operand(m),
            v = operand(v), settings] { m_inner->adamw(*parameter, *gradient, *m, *v, settings); });
}

void DeferredBackend::sumOfSquares(const TensorView& x, const TensorView& sum)
{
    queue("sumOfSquares",
        [this, x = operand(x), sum = operand(sum)] { m_inner->sumOfSquares(*x, *sum); });
}

void DeferredBackend::gram(const TensorView& rows, const TensorView& gram)
{
    queue("gram",
        [this, rows = operand(rows), gram = operand(gram)] { m_inner->gram(*rows, *gram); });
}

} // namespace moe::tests
