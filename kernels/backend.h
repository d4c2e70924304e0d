// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/inference.h"
#include "kernels/tensor.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace moe::kernels {

/// Whether results replace what stands at the destination or are added to it.
enum class Write : uint8_t { Overwrite, Add };

/// A [groups, out, in] weight in the layout and type that a backend's products want.
/// Made by Backend::createPacked, filled by Backend::pack. A backend may keep only a reference to
/// the master, so the master must live as long and pack() must be called again whenever it changed.
class PackedMatrix {
public:
    PackedMatrix(Shape shape, DType dtype)
        : m_shape(shape)
        , m_dtype(dtype)
    {
    }
    virtual ~PackedMatrix() = default;
    PackedMatrix(const PackedMatrix&) = delete;
    PackedMatrix& operator=(const PackedMatrix&) = delete;

    int64_t groups() const { return m_shape[0]; }
    int64_t out() const { return m_shape[1]; }
    int64_t in() const { return m_shape[2]; }
    DType dtype() const { return m_dtype; }

private:
    Shape m_shape;
    DType m_dtype;
};

struct AttentionShape {
    int64_t batch = 1, sequence = 1; ///< tokens = batch · sequence
    int64_t heads = 1, kvHeads = 1, headDim = 1;
    float scale = 1.0F; ///< on q·k, usually 1/√headDim
};

enum class DropPolicy : uint8_t { Probs, Position };
enum class AuxLoss : uint8_t { None, Skywork, Switch };

struct RouterShape {
    int64_t experts = 1, topK = 1;
    bool normalize
        = false; ///< z ← λ (z − mean z) / std z over the experts (std with n − 1; std 0: zeros)
    float lambda = 1.0F;
    int64_t capacity = -1; ///< assignments an expert takes of this microbatch; −1: dropless
    DropPolicy dropPolicy = DropPolicy::Probs;
    AuxLoss auxLoss = AuxLoss::None;
};

/// What a router decided for one microbatch of T tokens; all views are written by routerForward.
/// Kept assignments are the rows of the permuted list, grouped by expert, in token order within one
/// (at most T·topK rows; only offsets[experts] of them are in use).
struct RouterState {
    TensorView probs; ///< [T, experts] float32, g
    TensorView chosen; ///< [T, topK] int32, by falling g, ties: lower index
    TensorView weights; ///< [T, topK] float32, g / Σ g over the chosen
    TensorView slots; ///< [T, topK] int32, row of the permuted list, −1 when dropped
    TensorView rowToken; ///< [T·topK] int32, the token of each row of the permuted list
    TensorView offsets; ///< [experts + 1] int32, rows of expert e: [offsets[e], offsets[e + 1])
    TensorView load; ///< [experts] int32, assignments of this microbatch before dropping
};

/// Sums over microbatches, for one layer; routerForward adds to them.
struct RouterTotals {
    TensorView load; ///< [experts] int64, assignments before dropping
    TensorView dropped; ///< [experts] int64
    TensorView sums; ///< [kRouterSums] float64
};
inline constexpr int64_t kRouterSums = 5;
/// Indices into RouterTotals::sums. Each is the microbatch's mean over tokens (Aux, ZLoss: its
/// loss). The ratios count g_(1)/g_(2) and g_(2)/g_(3) of the sorted g; 0 when there are too few
/// experts.
enum RouterSum : int64_t { kSumEntropy, kSumRatio12, kSumRatio23, kSumAux, kSumZLoss };

struct RouterGradient {
    float auxCoefficient = 0.0F; ///< α of this layer
    float zCoefficient = 0.0F;
    float scale = 1.0F; ///< on both, usually 1 / microbatches of the step
};

struct AdamW {
    float lr = 0, beta1 = 0.9F, beta2 = 0.95F, eps = 1e-8F, weightDecay = 0;
    float gradientScale = 1.0F; ///< the clipping factor
    int64_t step = 1; ///< for the bias corrections, from 1
};

struct MemoryUse {
    std::array<int64_t, kMemoryKinds> bytes{}; ///< held now, by MemoryKind
    std::array<int64_t, kMemoryKinds> peakBytes{}; ///< since resetPeak(), each kind by itself
    int64_t totalBytes = 0;
    int64_t totalPeakBytes = 0; ///< of the sum
};

/// The operations of a model on one device (those of inference alone: kernels/inference.h), coarse
/// enough that a call costs nothing beside its work. Calls are queued in order and may return
/// before they have run; arguments that are values are copied, memory that views name must stay
/// alive until synchronize() or download(). Freeing a Tensor is queued like an operation. One
/// thread calls one backend.
///
/// Activations are float32 or BFloat16, all of one call alike ("act" below); sums run in float32
/// at least. T tokens, h hidden, f FFN columns, n experts, V vocabulary. Throws moe::Error.
class Backend : public InferenceOperations {
public:
    virtual std::string_view name() const = 0; ///< "cpu", "reference"

    // Memory -----------------------------------------------------------------------------------
    /// Uninitialised memory, 64-byte aligned. Throws when there is none left.
    Tensor allocate(Shape shape, DType dtype, MemoryKind kind);
    virtual void upload(const TensorView& to, const void* from) = 0; ///< `from` may go on return
    virtual void download(void* to, const TensorView& from) = 0; ///< waits for all before it
    virtual void copy(const TensorView& to, const TensorView& from)
        = 0; ///< converts between float types
    virtual void zero(const TensorView& to) = 0;
    virtual void add(const TensorView& to, const TensorView& from) = 0; ///< to += from, same type
    virtual void synchronize() = 0;
    virtual MemoryUse memory() const = 0;
    virtual void resetPeak() = 0;

    // Weights ----------------------------------------------------------------------------------
    virtual std::unique_ptr<PackedMatrix> createPacked(Shape groupsOutIn, DType dtype) = 0;
    virtual void pack(PackedMatrix& to, const TensorView& master) = 0; ///< master float32

    // Embedding: out[t] = table[ids[t]] ----------------------------------------------------------
    /// ids [T] int32, table [V, h] float32, out [T, h] act.
    virtual void embeddingForward(
        const TensorView& ids, const TensorView& table, const TensorView& out)
        = 0;
    virtual void embeddingBackward(
        const TensorView& ids, const TensorView& dOut, const TensorView& dTable, Write write)
        = 0;

    // RMSNorm: y = x / √(mean x² + eps) · weight
    // ---------------------------------------------------
    /// x, y [T, h] act; weight [h] float32; rstd [T] float32, kept for the backward pass.
    virtual void rmsNormForward(const TensorView& x, const TensorView& weight, float eps,
        const TensorView& y, const TensorView& rstd)
        = 0;
    /// dx by `writeX`, dWeight [h] float32 by `writeWeight`.
    virtual void rmsNormBackward(const TensorView& x, const TensorView& weight,
        const TensorView& rstd, const TensorView& dy, const TensorView& dx, Write writeX,
        const TensorView& dWeight, Write writeWeight)
        = 0;

    // Projection: y = x Wᵀ (+ addend) -------------------------------------------------------------
    /// x [T, in] act, y [T, out] act or float32, addend like y or empty (may be y itself). W is of
    /// one group and of x's type, or float32 with x act (the router's case: x is widened).
    virtual void projectionForward(
        const TensorView& x, const PackedMatrix& w, const TensorView& addend, const TensorView& y)
        = 0;
    /// dx [T, in] by `writeX` (empty: not wanted), dW [out, in] float32 by `writeW`. dy of y's
    /// type.
    virtual void projectionBackward(const TensorView& x, const PackedMatrix& w,
        const TensorView& dy, const TensorView& dx, Write writeX, const TensorView& dW,
        Write writeW)
        = 0;

    // Rotary position embedding (rotate-half, as in Hugging Face), in place on the first heads +
    // kvHeads heads of qkv [T, heads + 2 kvHeads, headDim] act; table [sequence, headDim/2, 2]
    // float32: cos, sin.
    virtual void ropeForward(
        const TensorView& qkv, const TensorView& table, const AttentionShape& shape)
        = 0;
    virtual void ropeBackward(
        const TensorView& dQkv, const TensorView& table, const AttentionShape& shape)
        = 0;

    // Causal attention with grouped KV; never stores sequence × sequence
    // ----------------------------
    /// qkv [T, heads + 2 kvHeads, headDim] act: q heads, k heads, v heads; out [T, heads · headDim]
    /// act; lse [batch, heads, sequence] float32: log-sum-exp of the scaled scores.
    virtual void attentionForward(const TensorView& qkv, const AttentionShape& shape,
        const TensorView& out, const TensorView& lse)
        = 0;
    virtual void attentionBackward(const TensorView& qkv, const TensorView& out,
        const TensorView& lse, const TensorView& dOut, const AttentionShape& shape,
        const TensorView& dQkv)
        = 0;

    // Router (contract section 3, items 1 to 4)
    // -----------------------------------------------------
    /// logits [T, experts] float32, raw.
    virtual void routerForward(const TensorView& logits, const RouterShape& shape,
        const RouterState& state, const RouterTotals& totals)
        = 0;
    /// dWeights [T, topK] float32 as combineBackward leaves it; dLogits [T, experts] float32 is
    /// overwritten with the gradient by the raw logits, aux and z-loss included.
    virtual void routerBackward(const TensorView& logits, const RouterShape& shape,
        const RouterState& state, const RouterGradient& gradient, const TensorView& dWeights,
        const TensorView& dLogits)
        = 0;

    // Token permutation
    // -------------------------------------------------------------------------------
    /// rows[r] = x[rowToken[r]] for the rows in use; x [T, h] act, rows [T·topK, h] act.
    virtual void permuteForward(
        const TensorView& x, const RouterState& state, const TensorView& rows)
        = 0;
    /// dx[t] (by `write`) = Σ_j dRows[slots[t, j]] over kept assignments.
    virtual void permuteBackward(
        const TensorView& dRows, const RouterState& state, const TensorView& dx, Write write)
        = 0;
    /// y[t] = addend[t] + Σ_j weights[t, j] · rows[slots[t, j]]; a dropped assignment adds nothing.
    virtual void combineForward(const TensorView& rows, const RouterState& state,
        const TensorView& addend, const TensorView& y)
        = 0;
    /// dRows overwritten (rows in use), dWeights [T, topK] float32 overwritten (0 where dropped).
    virtual void combineBackward(const TensorView& rows, const RouterState& state,
        const TensorView& dy, const TensorView& dRows, const TensorView& dWeights)
        = 0;

    // Grouped expert SwiGLU: y = (silu(x W1ᵀ) ∘ (x W3ᵀ)) W2ᵀ, all experts in one call; a dense FFN
    // is one expert with offsets {0, T}
    // -----------------------------------------------------------------------
    /// x [rows, h] act grouped by offsets [n + 1] int32; gateUp [n, 2f, h] (W1's f rows, then
    /// W3's), down [n, h, f]; gateUpOut [rows, 2f] act is kept for the backward pass; y [rows, h]
    /// act. Rows from offsets[n] on are neither read nor written.
    virtual void expertsForward(const TensorView& x, const TensorView& offsets,
        const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
        const TensorView& y)
        = 0;
    /// dx [rows, h] overwritten (may be dy itself); dGateUp [n, 2f, h], dDown [n, h, f] float32 by
    /// `write` (an expert without rows: zeros, or nothing added). gateUpOut may be destroyed.
    virtual void expertsBackward(const TensorView& x, const TensorView& offsets,
        const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
        const TensorView& dy, const TensorView& dx, const TensorView& dGateUp,
        const TensorView& dDown, Write write)
        = 0;

    // Cross-entropy fused with the head, in chunks of tokens: [T, V] is never stored whole
    // ----------------
    /// loss [1] float64 += Σ_t −log softmax(x[t] Wᵀ)[targets[t]]; x [T, h] act, targets [T] int32.
    virtual void headLossForward(const TensorView& x, const PackedMatrix& w,
        const TensorView& targets, const TensorView& loss)
        = 0;
    /// The same, and dx [T, h] act overwritten, dW [V, h] float32 by `write`: gradients of scale ·
    /// Σ_t.
    virtual void headLossForwardBackward(const TensorView& x, const PackedMatrix& w,
        const TensorView& targets, float scale, const TensorView& loss, const TensorView& dx,
        const TensorView& dW, Write write)
        = 0;

    // Optimizer, all float32, any shape
    // -----------------------------------------------------------------
    /// p ← p(1 − lr·wd) − lr·m̂/(√v̂ + eps) with gradient · gradientScale.
    virtual void adamw(const TensorView& parameter, const TensorView& gradient, const TensorView& m,
        const TensorView& v, const AdamW& settings)
        = 0;
    /// sum [1] float64 += Σ x²; the sum is made in an order that depends on the size alone.
    virtual void sumOfSquares(const TensorView& x, const TensorView& sum) = 0;
    /// gram [n, n] float64 += rows · rowsᵀ; rows [n, m] float32.
    virtual void gram(const TensorView& rows, const TensorView& gram) = 0;

protected:
    friend class Tensor;
    virtual void* allocateBytes(int64_t bytes, MemoryKind kind) = 0;
    virtual void freeBytes(void* data, int64_t bytes, MemoryKind kind) noexcept = 0;
};

} // namespace moe::kernels
