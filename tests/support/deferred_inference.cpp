// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/deferred_operand.h"

#include <utility>

namespace moe::tests {

/// A matrix that the inner backend places later.
class DeferredBackend::DeferredPlaced final : public PlacedMatrix {
public:
    using Inner = std::shared_ptr<std::unique_ptr<PlacedMatrix>>;

    DeferredPlaced(DeferredBackend& backend, const StoredMatrix& matrix)
        : PlacedMatrix(matrix.out, matrix.in)
        , m_backend(backend)
        , m_inner(std::make_shared<std::unique_ptr<PlacedMatrix>>())
    {
    }
    ~DeferredPlaced() override
    {
        m_backend.m_queue.emplace_back([inner = m_inner] { inner->reset(); });
    }
    static Inner innerOf(const PlacedMatrix& matrix)
    {
        return dynamic_cast<const DeferredPlaced&>(matrix).m_inner;
    }

private:
    DeferredBackend& m_backend;
    Inner m_inner;
};

struct DeferredBackend::LinearOperand {
    DeferredPlaced::Inner weight;
    Operand bias;

    Linear operator*() const { return {weight->get(), *bias}; }
};

struct DeferredBackend::FeedForwardOperand {
    LinearOperand gate, up, down;

    FeedForward operator*() const { return {*gate, *up, *down}; }
};

/// The rows and pages of a batch, which the caller's may not outlive the call.
struct DeferredBackend::BatchCopy {
    std::vector<PagedRow> rows;
    std::vector<int32_t> pages;

    explicit BatchCopy(const PagedBatch& batch)
        : rows(batch.rows.begin(), batch.rows.end())
        , pages(batch.pages.begin(), batch.pages.end())
    {
    }
    PagedBatch operator*() const { return {rows, pages}; }
};

struct DeferredBackend::PagesOperand {
    KvPages pages;
    Operand keys, values;

    KvPages operator*() const
    {
        KvPages inner = pages;
        inner.keys = *keys;
        inner.values = *values;
        return inner;
    }
};

DeferredBackend::LinearOperand DeferredBackend::operand(const Linear& linear) const
{
    return {DeferredPlaced::innerOf(*linear.weight), operand(linear.bias)};
}

DeferredBackend::FeedForwardOperand DeferredBackend::operand(const FeedForward& ffn) const
{
    return {operand(ffn.gate), operand(ffn.up), operand(ffn.down)};
}

DeferredBackend::PagesOperand DeferredBackend::operand(const KvPages& pages) const
{
    return {pages, operand(pages.keys), operand(pages.values)};
}

std::unique_ptr<PlacedMatrix> DeferredBackend::place(const StoredMatrix& matrix)
{
    auto placed = std::make_unique<DeferredPlaced>(*this, matrix);
    std::vector<float> scales(matrix.scales.begin(), matrix.scales.end());
    queue("place",
        [this, inner = DeferredPlaced::innerOf(*placed), matrix, scales = std::move(scales)] {
            StoredMatrix copy = matrix;
            copy.scales = scales;
            *inner = m_inner->place(copy);
        });
    return placed;
}

void DeferredBackend::embeddingRows(
    const TensorView& ids, const PlacedMatrix& table, const TensorView& out)
{
    queue("embeddingRows",
        [this, ids = operand(ids), table = DeferredPlaced::innerOf(table), out = operand(out)] {
            m_inner->embeddingRows(*ids, **table, *out);
        });
}

void DeferredBackend::linear(
    const TensorView& x, const Linear& w, const TensorView& addend, const TensorView& y)
{
    queue(
        "linear", [this, x = operand(x), w = operand(w), addend = operand(addend), y = operand(y)] {
            m_inner->linear(*x, *w, *addend, *y);
        });
}

void DeferredBackend::headLinear(
    const TensorView& x, const PlacedMatrix& w, int64_t heads, bool transposed, const TensorView& y)
{
    queue("headLinear",
        [this, x = operand(x), w = DeferredPlaced::innerOf(w), heads, transposed, y = operand(y)] {
            m_inner->headLinear(*x, **w, heads, transposed, *y);
        });
}

void DeferredBackend::rmsNormRows(
    const TensorView& x, const TensorView& weight, float eps, const TensorView& y)
{
    queue("rmsNormRows", [this, x = operand(x), weight = operand(weight), eps, y = operand(y)] {
        m_inner->rmsNormRows(*x, *weight, eps, *y);
    });
}

void DeferredBackend::rotateRows(
    const TensorView& x, const PagedBatch& batch, const TensorView& table, RopePairs pairs)
{
    queue("rotateRows",
        [this, x = operand(x), batch = BatchCopy(batch), table = operand(table), pairs] {
            m_inner->rotateRows(*x, *batch, *table, pairs);
        });
}

void DeferredBackend::storeKv(
    const TensorView& k, const TensorView& v, const PagedBatch& batch, const KvPages& pages)
{
    queue("storeKv",
        [this, k = operand(k), v = operand(v), batch = BatchCopy(batch), pages = operand(pages)] {
            m_inner->storeKv(*k, *v, *batch, *pages);
        });
}

void DeferredBackend::pagedAttention(const TensorView& q, const PagedBatch& batch,
    const KvPages& pages, const PagedAttention& attention, const TensorView& out)
{
    queue("pagedAttention",
        [this, q = operand(q), batch = BatchCopy(batch), pages = operand(pages), attention,
            sinks = operand(attention.sinks), out = operand(out)] {
            PagedAttention inner = attention;
            inner.sinks = *sinks;
            m_inner->pagedAttention(*q, *batch, *pages, inner, *out);
        });
}

void DeferredBackend::routeRows(const TensorView& logits, const InferenceRouter& router,
    const TensorView& probs, const TensorView& chosen, const TensorView& weights)
{
    queue("routeRows",
        [this, logits = operand(logits), router, mask = operand(router.mask),
            probs = operand(probs), chosen = operand(chosen), weights = operand(weights)] {
            InferenceRouter inner = router;
            inner.mask = *mask;
            m_inner->routeRows(*logits, inner, *probs, *chosen, *weights);
        });
}

void DeferredBackend::expertRows(const TensorView& x, std::span<const FeedForward> experts,
    Gating gating, float limit, const TensorView& chosen, const TensorView& weights,
    const TensorView& addend, const TensorView& y)
{
    std::vector<FeedForwardOperand> all;
    for (const FeedForward& expert : experts)
        all.push_back(operand(expert));
    queue("expertRows",
        [this, x = operand(x), all = std::move(all), gating, limit, chosen = operand(chosen),
            weights = operand(weights), addend = operand(addend), y = operand(y)] {
            std::vector<FeedForward> inner;
            for (const FeedForwardOperand& expert : all)
                inner.push_back(*expert);
            m_inner->expertRows(*x, inner, gating, limit, *chosen, *weights, *addend, *y);
        });
}

void DeferredBackend::feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating,
    float limit, const TensorView& gate, const TensorView& addend, const TensorView& y)
{
    queue("feedForwardRows",
        [this, x = operand(x), ffn = operand(ffn), gating, limit, gate = operand(gate),
            addend = operand(addend), y = operand(y)] {
            m_inner->feedForwardRows(*x, *ffn, gating, limit, *gate, *addend, *y);
        });
}

} // namespace moe::tests
