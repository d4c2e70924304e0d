// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/host_backend.h"

// The files of this folder are compiled once for each instruction set, into the namespace that
// MOE_ISA names. They use no templates or inline functions of the standard library: the linker
// keeps one copy of those, and an AVX-512 copy would stop a lesser processor. Their own live in
// that namespace and are kept apart.
namespace moe::kernels::cpu::MOE_ISA {

/// Every operation for one instruction set; a group of operations a file.
class CpuBackend final : public HostBackend {
public:
    explicit CpuBackend(int threads);

    void copy(const TensorView& to, const TensorView& from) override;
    void zero(const TensorView& to) override;
    void add(const TensorView& to, const TensorView& from) override;
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
    void linear(const TensorView& x, const Linear& w, const TensorView& addend,
        const TensorView& y) override;
    void expertRows(const TensorView& x, std::span<const FeedForward> experts, Gating gating,
        float limit, const TensorView& chosen, const TensorView& weights, const TensorView& addend,
        const TensorView& y) override;
    void feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating, float limit,
        const TensorView& gate, const TensorView& addend, const TensorView& y) override;

private:
    /// The product of each head; one head is a plain product.
    void multiplyHeads(const TensorView& x, const PlacedMatrix& w, int64_t heads,
        const TensorView& bias, const TensorView& addend, const TensorView& y);
    struct FfnCall; // stored_experts.cpp
    float* runFfns(FfnCall& call);
    /// Which results make up a token: [tokens, topK] each.
    struct Shares {
        const float* weights;
        const int32_t* rowOf;
        int64_t topK;
    };
    void addResults(
        const Shares& shares, const float* results, const TensorView& addend, const TensorView& y);
};

Backend* makeBackend(int threads);

} // namespace moe::kernels::cpu::MOE_ISA
