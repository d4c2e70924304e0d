// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/host_backend.h"

namespace moe::kernels::cpu {

std::unique_ptr<PlacedMatrix> HostBackend::place(const StoredMatrix& matrix)
{
    return m_reference->place(matrix);
}

void HostBackend::embeddingRows(
    const TensorView& ids, const PlacedMatrix& table, const TensorView& out)
{
    m_reference->embeddingRows(ids, table, out);
}

void HostBackend::linear(
    const TensorView& x, const Linear& w, const TensorView& addend, const TensorView& y)
{
    m_reference->linear(x, w, addend, y);
}

void HostBackend::headLinear(
    const TensorView& x, const PlacedMatrix& w, int64_t heads, bool transposed, const TensorView& y)
{
    m_reference->headLinear(x, w, heads, transposed, y);
}

void HostBackend::rmsNormRows(
    const TensorView& x, const TensorView& weight, float eps, const TensorView& y)
{
    m_reference->rmsNormRows(x, weight, eps, y);
}

void HostBackend::rotateRows(
    const TensorView& x, const PagedBatch& batch, const TensorView& table, RopePairs pairs)
{
    m_reference->rotateRows(x, batch, table, pairs);
}

void HostBackend::storeKv(
    const TensorView& k, const TensorView& v, const PagedBatch& batch, const KvPages& pages)
{
    m_reference->storeKv(k, v, batch, pages);
}

void HostBackend::pagedAttention(const TensorView& q, const PagedBatch& batch, const KvPages& pages,
    const PagedAttention& attention, const TensorView& out)
{
    m_reference->pagedAttention(q, batch, pages, attention, out);
}

void HostBackend::routeRows(const TensorView& logits, const InferenceRouter& router,
    const TensorView& probs, const TensorView& chosen, const TensorView& weights)
{
    m_reference->routeRows(logits, router, probs, chosen, weights);
}

void HostBackend::expertRows(const TensorView& x, std::span<const FeedForward> experts,
    Gating gating, float limit, const TensorView& chosen, const TensorView& weights,
    const TensorView& addend, const TensorView& y)
{
    m_reference->expertRows(x, experts, gating, limit, chosen, weights, addend, y);
}

void HostBackend::feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating,
    float limit, const TensorView& gate, const TensorView& addend, const TensorView& y)
{
    m_reference->feedForwardRows(x, ffn, gating, limit, gate, addend, y);
}

} // namespace moe::kernels::cpu
