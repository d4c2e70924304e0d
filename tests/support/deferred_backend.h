// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace moe::tests {

/// A backend as unlike host memory as the interface allows, around another that does the work:
/// - addresses handed out stand in unreadable pages: whoever dereferences one crashes;
/// - nothing runs before synchronize(), download() or memory(): operations, allocations and frees
///   wait in one queue and run in order, and an operation's error appears there;
/// - fresh memory is all ones (NaN as a float, −1 as an integer);
/// - an operand that is freed, or reaches beyond its allocation, is refused when it is queued.
class DeferredBackend : public kernels::Backend {
public:
    explicit DeferredBackend(std::unique_ptr<kernels::Backend> inner);
    ~DeferredBackend() override;

    /// Names of the Backend functions called so far.
    const std::set<std::string>& called() const { return m_called; }

    std::string_view name() const override;

    void upload(const kernels::TensorView& to, const void* from) override;
    void download(void* to, const kernels::TensorView& from) override;
    void copy(const kernels::TensorView& to, const kernels::TensorView& from) override;
    void zero(const kernels::TensorView& to) override;
    void add(const kernels::TensorView& to, const kernels::TensorView& from) override;
    void synchronize() override;
    kernels::MemoryUse memory() const override;
    void resetPeak() override;

    std::unique_ptr<kernels::PackedMatrix> createPacked(
        kernels::Shape groupsOutIn, kernels::DType dtype) override;
    void pack(kernels::PackedMatrix& to, const kernels::TensorView& master) override;

    void embeddingForward(const kernels::TensorView& ids, const kernels::TensorView& table,
        const kernels::TensorView& out) override;
    void embeddingBackward(const kernels::TensorView& ids, const kernels::TensorView& dOut,
        const kernels::TensorView& dTable, kernels::Write write) override;

    void rmsNormForward(const kernels::TensorView& x, const kernels::TensorView& weight, float eps,
        const kernels::TensorView& y, const kernels::TensorView& rstd) override;
    void rmsNormBackward(const kernels::TensorView& x, const kernels::TensorView& weight,
        const kernels::TensorView& rstd, const kernels::TensorView& dy,
        const kernels::TensorView& dx, kernels::Write writeX, const kernels::TensorView& dWeight,
        kernels::Write writeWeight) override;

    void projectionForward(const kernels::TensorView& x, const kernels::PackedMatrix& w,
        const kernels::TensorView& addend, const kernels::TensorView& y) override;
    void projectionBackward(const kernels::TensorView& x, const kernels::PackedMatrix& w,
        const kernels::TensorView& dy, const kernels::TensorView& dx, kernels::Write writeX,
        const kernels::TensorView& dW, kernels::Write writeW) override;

    void ropeForward(const kernels::TensorView& qkv, const kernels::TensorView& table,
        const kernels::AttentionShape& shape) override;
    void ropeBackward(const kernels::TensorView& dQkv, const kernels::TensorView& table,
        const kernels::AttentionShape& shape) override;

    void attentionForward(const kernels::TensorView& qkv, const kernels::AttentionShape& shape,
        const kernels::TensorView& out, const kernels::TensorView& lse) override;
    void attentionBackward(const kernels::TensorView& qkv, const kernels::TensorView& out,
        const kernels::TensorView& lse, const kernels::TensorView& dOut,
        const kernels::AttentionShape& shape, const kernels::TensorView& dQkv) override;

    void routerForward(const kernels::TensorView& logits, const kernels::RouterShape& shape,
        const kernels::RouterState& state, const kernels::RouterTotals& totals) override;
    void routerBackward(const kernels::TensorView& logits, const kernels::RouterShape& shape,
        const kernels::RouterState& state, const kernels::RouterGradient& gradient,
        const kernels::TensorView& dWeights, const kernels::TensorView& dLogits) override;

    void permuteForward(const kernels::TensorView& x, const kernels::RouterState& state,
        const kernels::TensorView& rows) override;
    void permuteBackward(const kernels::TensorView& dRows, const kernels::RouterState& state,
        const kernels::TensorView& dx, kernels::Write write) override;
    void combineForward(const kernels::TensorView& rows, const kernels::RouterState& state,
        const kernels::TensorView& addend, const kernels::TensorView& y) override;
    void combineBackward(const kernels::TensorView& rows, const kernels::RouterState& state,
        const kernels::TensorView& dy, const kernels::TensorView& dRows,
        const kernels::TensorView& dWeights) override;

    void expertsForward(const kernels::TensorView& x, const kernels::TensorView& offsets,
        const kernels::PackedMatrix& gateUp, const kernels::PackedMatrix& down,
        const kernels::TensorView& gateUpOut, const kernels::TensorView& y) override;
    void expertsBackward(const kernels::TensorView& x, const kernels::TensorView& offsets,
        const kernels::PackedMatrix& gateUp, const kernels::PackedMatrix& down,
        const kernels::TensorView& gateUpOut, const kernels::TensorView& dy,
        const kernels::TensorView& dx, const kernels::TensorView& dGateUp,
        const kernels::TensorView& dDown, kernels::Write write) override;

    void headLossForward(const kernels::TensorView& x, const kernels::PackedMatrix& w,
        const kernels::TensorView& targets, const kernels::TensorView& loss) override;
    void headLossForwardBackward(const kernels::TensorView& x, const kernels::PackedMatrix& w,
        const kernels::TensorView& targets, float scale, const kernels::TensorView& loss,
        const kernels::TensorView& dx, const kernels::TensorView& dW,
        kernels::Write write) override;

    void adamw(const kernels::TensorView& parameter, const kernels::TensorView& gradient,
        const kernels::TensorView& m, const kernels::TensorView& v,
        const kernels::AdamW& settings) override;
    void sumOfSquares(const kernels::TensorView& x, const kernels::TensorView& sum) override;
    void gram(const kernels::TensorView& rows, const kernels::TensorView& gram) override;

    std::unique_ptr<kernels::PlacedMatrix> place(const kernels::StoredMatrix& matrix) override;
    void embeddingRows(const kernels::TensorView& ids, const kernels::PlacedMatrix& table,
        const kernels::TensorView& out) override;
    void linear(const kernels::TensorView& x, const kernels::Linear& w,
        const kernels::TensorView& addend, const kernels::TensorView& y) override;
    void headLinear(const kernels::TensorView& x, const kernels::PlacedMatrix& w, int64_t heads,
        bool transposed, const kernels::TensorView& y) override;
    void rmsNormRows(const kernels::TensorView& x, const kernels::TensorView& weight, float eps,
        const kernels::TensorView& y) override;
    void rotateRows(const kernels::TensorView& x, const kernels::PagedBatch& batch,
        const kernels::TensorView& table, kernels::RopePairs pairs) override;
    void storeKv(const kernels::TensorView& k, const kernels::TensorView& v,
        const kernels::PagedBatch& batch, const kernels::KvPages& pages) override;
    void pagedAttention(const kernels::TensorView& q, const kernels::PagedBatch& batch,
        const kernels::KvPages& pages, const kernels::PagedAttention& attention,
        const kernels::TensorView& out) override;
    void routeRows(const kernels::TensorView& logits, const kernels::InferenceRouter& router,
        const kernels::TensorView& probs, const kernels::TensorView& chosen,
        const kernels::TensorView& weights) override;
    void expertRows(const kernels::TensorView& x, std::span<const kernels::FeedForward> experts,
        kernels::Gating gating, float limit, const kernels::TensorView& chosen,
        const kernels::TensorView& weights, const kernels::TensorView& addend,
        const kernels::TensorView& y) override;
    void feedForwardRows(const kernels::TensorView& x, const kernels::FeedForward& ffn,
        kernels::Gating gating, float limit, const kernels::TensorView& gate,
        const kernels::TensorView& addend, const kernels::TensorView& y) override;

protected:
    void* allocateBytes(int64_t bytes, kernels::MemoryKind kind) override;
    void freeBytes(void* data, int64_t bytes, kernels::MemoryKind kind) noexcept override;

private:
    struct Allocation; ///< one range of unreadable pages and the inner memory that it stands for
    struct Operand; ///< a view and the allocation that it lies in
    class DeferredMatrix;
    class DeferredPlaced;
    struct LinearOperand; ///< a Linear, or one of the three of a FeedForward
    struct FeedForwardOperand;
    struct BatchCopy;
    struct PagesOperand;

    Operand operand(const kernels::TensorView& view) const;
    struct StateOperands;
    StateOperands operands(const kernels::RouterState& state) const;
    LinearOperand operand(const kernels::Linear& linear) const;
    FeedForwardOperand operand(const kernels::FeedForward& ffn) const;
    PagesOperand operand(const kernels::KvPages& pages) const;
    void queue(const char* function, std::function<void()> operation) const;
    void runQueue() const;

    std::unique_ptr<kernels::Backend> m_inner;
    std::map<const char*, std::shared_ptr<Allocation>> m_live; ///< by first address; not yet freed
    mutable std::vector<std::function<void()>> m_queue;
    mutable std::set<std::string> m_called;
};

} // namespace moe::tests
