// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/tensor.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace moe::kernels {

/// How a checkpoint keeps the elements of a matrix.
enum class WeightFormat : uint8_t {
    Float32,
    BFloat16,
    Float16,
    Float8E4M3, ///< S.EEEE.MMM, bias 7, no infinity; 0x7F and 0xFF are NaN
    Float8E5M2,
    MxFloat4 ///< pairs of E2M1 in a byte (low half first), an E8M0 exponent for each 32 along `in`
};

/// Elements along `in` that share an exponent of MxFloat4.
inline constexpr int64_t kMxBlock = 32;

/// Which elements share a scale; an element's value is code × scale.
enum class ScaleLayout : uint8_t { None, Tensor, Row, Block };

/// A matrix [out, in] as it lies in a checkpoint: host memory (a memory map) that outlives every
/// use of it. Nothing is copied that can be read where it is.
struct StoredMatrix {
    const std::byte* codes = nullptr;
    WeightFormat format = WeightFormat::Float32;
    int64_t out = 0, in = 0;
    int64_t rowBytes = 0; ///< from one row to the next: above a row's own bytes where the rows of
                          ///< two matrices alternate (gpt-oss keeps gate and up so)
    ScaleLayout layout = ScaleLayout::None;
    /// Tensor: 1, Row: out, Block: ceil(out / blockOut) · ceil(in / blockIn), row-major. Copied
    /// by place().
    std::span<const float> scales;
    int64_t blockOut = 128, blockIn = 128;
    const uint8_t* exponents = nullptr; ///< MxFloat4: E8M0, in / 32 a row
    int64_t exponentRowBytes = 0;
};

/// A StoredMatrix where a backend's products can read it. Made by InferenceOperations::place.
class PlacedMatrix {
public:
    PlacedMatrix(int64_t out, int64_t in)
        : m_out(out)
        , m_in(in)
    {
    }
    virtual ~PlacedMatrix() = default;
    PlacedMatrix(const PlacedMatrix&) = delete;
    PlacedMatrix& operator=(const PlacedMatrix&) = delete;
    int64_t out() const { return m_out; }
    int64_t in() const { return m_in; }

private:
    int64_t m_out, m_in;
};

/// A product's weight: W [out, in] and a bias [out] float32, or none.
struct Linear {
    const PlacedMatrix* weight = nullptr;
    TensorView bias;
};

/// What stands between the two products of an FFN, g and u the results of gate and up.
enum class Gating : uint8_t {
    Silu, ///< silu(g) · u
    ClampedSwish ///< gpt-oss: g ≤ limit, |u| ≤ limit, g · sigmoid(1.702 g) · (u + 1)
};

/// An FFN or one expert of many.
struct FeedForward {
    Linear gate, up, down;
};

enum class RouterScoring : uint8_t {
    SoftmaxThenTopK, ///< g = softmax(z) over all; weights g of the k largest
    TopKThenSoftmax ///< softmax over the k largest logits alone
};

struct InferenceRouter {
    int64_t topK = 1;
    /// Experts in groups of equal size, one behind the other: the k are chosen within the topGroups
    /// whose largest score is largest (ties: lower group). One group: among all.
    int64_t groups = 1, topGroups = 1;
    RouterScoring scoring = RouterScoring::SoftmaxThenTopK;
    bool normalizeLogits = false; ///< z ← λ (z − mean z) / std z, std with n − 1 (0: all zero)
    float lambda = 1.0F;
    bool renormalize = true; ///< weights / their sum
    float scaling = 1.0F; ///< on the weights, last
    /// [T, experts] float32, 0 or −∞, added after normalisation (masked experts); or empty.
    TensorView mask;
};

/// Keys and values of one layer, in pages of tokens. Position p of a sequence stands in page
/// table[p / pageTokens], place p % pageTokens.
struct KvPages {
    TensorView keys; ///< [pages, pageTokens, kvHeads, keyDim]; float32, BFloat16 or Float8E4M3
    TensorView values; ///< [pages, pageTokens, kvHeads, valueDim]; empty: the first valueDim of
                       ///< each key (a latent cache)
    int64_t pageTokens = 16, kvHeads = 1, keyDim = 1, valueDim = 1;
};

/// Rows of a batch: row r is the token at `position` of the sequence whose pages are listed from
/// `firstPage` on in PagedBatch::pages. Host values, copied by the call.
struct PagedRow {
    int64_t position = 0, firstPage = 0;
};
struct PagedBatch {
    std::span<const PagedRow> rows;
    std::span<const int32_t> pages;
};

struct PagedAttention {
    int64_t heads = 1;
    float scale = 1.0F; ///< on q·k
    int64_t window = 0; ///< keys a query sees, itself included; 0: all before it
    TensorView sinks; ///< [heads] float32, logits that take part in the softmax without a value;
                      ///< or empty
};

enum class RopePairs : uint8_t { Halves, Interleaved };

/// The part of a Backend that inference uses, queued like the rest. Activations are float32 ("act";
/// products exact in float32 over the dequantised weights) or BFloat16 (products of bfloat16 pairs
/// summed in float32, weights widened in registers). Every result of a row is the same, bit for
/// bit, whatever other rows are in the call: sums run in one order for all shapes. T rows of the
/// batch, h hidden. Throws moe::Error.
class InferenceOperations {
public:
    virtual ~InferenceOperations() = default;

    /// Checks sizes and scales; copies only where the device cannot read host memory.
    virtual std::unique_ptr<PlacedMatrix> place(const StoredMatrix& matrix) = 0;

    /// out[t] = row ids[t] of the table; ids [T] int32, out [T, h] act or float32.
    virtual void embeddingRows(
        const TensorView& ids, const PlacedMatrix& table, const TensorView& out)
        = 0;
    /// y [T, out] (act or float32) = x Wᵀ + bias (+ addend, like y, may be y itself); x [T, in]
    /// act.
    virtual void linear(
        const TensorView& x, const Linear& w, const TensorView& addend, const TensorView& y)
        = 0;
    /// A product for each head: y[t, i] = x[t, i] W_iᵀ, W_i rows [i · out/heads, (i+1) · out/heads)
    /// of w, or (transposed) y[t, i] = x[t, i] W_i. x [T, heads, a], y [T, heads, b] act.
    virtual void headLinear(const TensorView& x, const PlacedMatrix& w, int64_t heads,
        bool transposed, const TensorView& y)
        = 0;
    /// Each row of x [n, d] act or float32: y (act, may be x) = x / √(mean x² + eps) · weight [d].
    virtual void rmsNormRows(
        const TensorView& x, const TensorView& weight, float eps, const TensorView& y)
        = 0;
    /// The first 2 · table.shape[1] elements of every head of x [T, heads, d] act are rotated in
    /// place by row position[t] of table [positions, pairs, 2] float32 (cos, sin).
    virtual void rotateRows(
        const TensorView& x, const PagedBatch& batch, const TensorView& table, RopePairs pairs)
        = 0;
    /// Writes k [T, kvHeads, keyDim], v [T, kvHeads, valueDim] act (v empty for a latent cache) to
    /// their places.
    virtual void storeKv(
        const TensorView& k, const TensorView& v, const PagedBatch& batch, const KvPages& pages)
        = 0;
    /// out [T, heads, valueDim] act; q [T, heads, keyDim] act. Each row attends to the positions up
    /// to its own; all of them stand in the pages.
    virtual void pagedAttention(const TensorView& q, const PagedBatch& batch, const KvPages& pages,
        const PagedAttention& attention, const TensorView& out)
        = 0;
    /// logits [T, n] float32 → probs [T, n] float32 (g; for TopKThenSoftmax, too, over all n),
    /// chosen [T, k] int32 by falling score (ties: lower index), weights [T, k] float32.
    virtual void routeRows(const TensorView& logits, const InferenceRouter& router,
        const TensorView& probs, const TensorView& chosen, const TensorView& weights)
        = 0;
    /// y [T, h] act or float32 (by addend, may be y) += Σ_j weights[t, j] · expert chosen[t, j]
    /// (x[t]), summed in the order of j, in float32.
    virtual void expertRows(const TensorView& x, std::span<const FeedForward> experts,
        Gating gating, float limit, const TensorView& chosen, const TensorView& weights,
        const TensorView& addend, const TensorView& y)
        = 0;
    /// y = f(x) · (gate: sigmoid(gate[t]), [T, 1] float32, or empty: 1) + addend.
    virtual void feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating,
        float limit, const TensorView& gate, const TensorView& addend, const TensorView& y)
        = 0;
};

} // namespace moe::kernels
