// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/host_memory.h"
#include "kernels/reference/formulas.h"

#include <string_view>

namespace moe::kernels::reference {

/// A weight in its own type, rounded from the master; rows as they are.
class ReferenceMatrix final : public PackedMatrix {
public:
    ReferenceMatrix(HostMemory& memory, const Shape& shape, DType dtype);
    TensorView view() const;

private:
    HostBlock m_block;
};

/// The number that each element stands for. Checks type and size: `what` names the operand in the
/// error ("ropeForward: table").
Values read(const TensorView& view, int64_t elements, std::string_view what);
Values read(const PackedMatrix& matrix);
Indices readIndices(const TensorView& view, int64_t elements, std::string_view what);
/// Rounds each value once to the view's type; Write::Add adds before it rounds.
void store(const TensorView& to, const Values& values, Write write, std::string_view what);
void store(const TensorView& to, const Indices& values, std::string_view what);
/// RouterState's [T, topK] arrays that the permutation uses, and the rows in use.
struct Slots {
    Indices slots, rowToken;
    Values weights;
    int64_t topK = 1;
};
Slots readSlots(const RouterState& state);

[[noreturn]] void refuse(
    std::string_view what, const std::string& found, const std::string& wanted);

/// Host memory, one thread; every operation has run when it returns.
class ReferenceBackend final : public Backend {
public:
    std::string_view name() const override { return "reference"; }

    void upload(const TensorView& to, const void* from) override;
    void download(void* to, const TensorView& from) override;
    void copy(const TensorView& to, const TensorView& from) override;
    void zero(const TensorView& to) override;
    void add(const TensorView& to, const TensorView& from) override;
    void synchronize() override { }
    MemoryUse memory() const override { return m_memory.use(); }
    void resetPeak() override { m_memory.resetPeak(); }

    std::unique_ptr<PackedMatrix> createPacked(Shape groupsOutIn, DType dtype) override;
    void pack(PackedMatrix& to, const TensorView& master) override;

    void embeddingForward(
        const TensorView& ids, const TensorView& table, const TensorView& out) override;
    void embeddingBackward(const TensorView& ids, const TensorView& dOut, const TensorView& dTable,
        Write write) override;

    void rmsNormForward(const TensorView& x, const TensorView& weight, float eps,
        const TensorView& y, const TensorView& rstd) override;
    void rmsNormBackward(const TensorView& x, const TensorView& weight, const TensorView& rstd,
        const TensorView& dy, const TensorView& dx, Write writeX, const TensorView& dWeight,
        Write writeWeight) override;

    void projectionForward(const TensorView& x, const PackedMatrix& w, const TensorView& addend,
        const TensorView& y) override;
    void projectionBackward(const TensorView& x, const PackedMatrix& w, const TensorView& dy,
        const TensorView& dx, Write writeX, const TensorView& dW, Write writeW) override;

    void ropeForward(
        const TensorView& qkv, const TensorView& table, const AttentionShape& shape) override;
    void ropeBackward(
        const TensorView& dQkv, const TensorView& table, const AttentionShape& shape) override;

    void attentionForward(const TensorView& qkv, const AttentionShape& shape, const TensorView& out,
        const TensorView& lse) override;
    void attentionBackward(const TensorView& qkv, const TensorView& out, const TensorView& lse,
        const TensorView& dOut, const AttentionShape& shape, const TensorView& dQkv) override;

    void routerForward(const TensorView& logits, const RouterShape& shape, const RouterState& state,
        const RouterTotals& totals) override;
    void routerBackward(const TensorView& logits, const RouterShape& shape,
        const RouterState& state, const RouterGradient& gradient, const TensorView& dWeights,
        const TensorView& dLogits) override;

    void permuteForward(
        const TensorView& x, const RouterState& state, const TensorView& rows) override;
    void permuteBackward(const TensorView& dRows, const RouterState& state, const TensorView& dx,
        Write write) override;
    void combineForward(const TensorView& rows, const RouterState& state, const TensorView& addend,
        const TensorView& y) override;
    void combineBackward(const TensorView& rows, const RouterState& state, const TensorView& dy,
        const TensorView& dRows, const TensorView& dWeights) override;

    void expertsForward(const TensorView& x, const TensorView& offsets, const PackedMatrix& gateUp,
        const PackedMatrix& down, const TensorView& gateUpOut, const TensorView& y) override;
    void expertsBackward(const TensorView& x, const TensorView& offsets, const PackedMatrix& gateUp,
        const PackedMatrix& down, const TensorView& gateUpOut, const TensorView& dy,
        const TensorView& dx, const TensorView& dGateUp, const TensorView& dDown,
        Write write) override;

    void headLossForward(const TensorView& x, const PackedMatrix& w, const TensorView& targets,
        const TensorView& loss) override;
    void headLossForwardBackward(const TensorView& x, const PackedMatrix& w,
        const TensorView& targets, float scale, const TensorView& loss, const TensorView& dx,
        const TensorView& dW, Write write) override;

    void adamw(const TensorView& parameter, const TensorView& gradient, const TensorView& m,
        const TensorView& v, const AdamW& settings) override;
    void sumOfSquares(const TensorView& x, const TensorView& sum) override;
    void gram(const TensorView& rows, const TensorView& gram) override;

    std::unique_ptr<PlacedMatrix> place(const StoredMatrix& matrix) override;
    void embeddingRows(
        const TensorView& ids, const PlacedMatrix& table, const TensorView& out) override;
    void linear(const TensorView& x, const Linear& w, const TensorView& addend,
        const TensorView& y) override;
    void headLinear(const TensorView& x, const PlacedMatrix& w, int64_t heads, bool transposed,
        const TensorView& y) override;
    void rmsNormRows(
        const TensorView& x, const TensorView& weight, float eps, const TensorView& y) override;
    void rotateRows(const TensorView& x, const PagedBatch& batch, const TensorView& table,
        RopePairs pairs) override;
    void storeKv(const TensorView& k, const TensorView& v, const PagedBatch& batch,
        const KvPages& pages) override;
    void pagedAttention(const TensorView& q, const PagedBatch& batch, const KvPages& pages,
        const PagedAttention& attention, const TensorView& out) override;
    void routeRows(const TensorView& logits, const InferenceRouter& router, const TensorView& probs,
        const TensorView& chosen, const TensorView& weights) override;
    void expertRows(const TensorView& x, std::span<const FeedForward> experts, Gating gating,
        float limit, const TensorView& chosen, const TensorView& weights, const TensorView& addend,
        const TensorView& y) override;
    void feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating, float limit,
        const TensorView& gate, const TensorView& addend, const TensorView& y) override;

protected:
    void* allocateBytes(int64_t bytes, MemoryKind kind) override
    {
        return m_memory.allocate(bytes, kind);
    }
    void freeBytes(void* data, int64_t bytes, MemoryKind kind) noexcept override
    {
        m_memory.release(data, bytes, kind);
    }

private:
    HostMemory m_memory;
};

} // namespace moe::kernels::reference
