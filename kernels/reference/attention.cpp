// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

#include <algorithm>
#include <cmath>

namespace moe::kernels::reference {
namespace {

/// Where the vectors of one query head stand in qkv, out and lse.
class HeadLayout {
public:
    HeadLayout(const AttentionShape& shape, int64_t batch, int64_t head)
        : m_shape(shape)
        , m_batch(batch)
        , m_head(head)
        , m_kvHead(head / (shape.heads / shape.kvHeads))
    {
    }
    size_t q(int64_t s) const { return qkv(s, m_head); }
    size_t k(int64_t s) const { return qkv(s, m_shape.heads + m_kvHead); }
    size_t v(int64_t s) const { return qkv(s, m_shape.heads + m_shape.kvHeads + m_kvHead); }
    size_t out(int64_t s) const
    {
        return static_cast<size_t>((token(s) * m_shape.heads + m_head) * m_shape.headDim);
    }
    size_t lse(int64_t s) const
    {
        return static_cast<size_t>((m_batch * m_shape.heads + m_head) * m_shape.sequence + s);
    }

private:
    int64_t token(int64_t s) const { return m_batch * m_shape.sequence + s; }
    size_t qkv(int64_t s, int64_t head) const
    {
        const int64_t allHeads = m_shape.heads + 2 * m_shape.kvHeads;
        return static_cast<size_t>((token(s) * allHeads + head) * m_shape.headDim);
    }

    const AttentionShape& m_shape;
    int64_t m_batch, m_head, m_kvHead;
};

double dot(const Values& a, size_t fromA, const Values& b, size_t fromB, int64_t count)
{
    double sum = 0;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i)
        sum += a[fromA + i] * b[fromB + i];
    return sum;
}

void addScaled(
    Values& to, size_t fromTo, double factor, const Values& x, size_t fromX, int64_t count)
{
    for (size_t i = 0; i < static_cast<size_t>(count); ++i)
        to[fromTo + i] += factor * x[fromX + i];
}

int64_t tokens(const AttentionShape& shape)
{
    return shape.batch * shape.sequence;
}
int64_t qkvElements(const AttentionShape& shape)
{
    if (shape.kvHeads < 1 || shape.heads % shape.kvHeads)
        refuse("attention: heads", std::to_string(shape.heads),
            "a multiple of the KV heads (" + std::to_string(shape.kvHeads) + ")");
    return tokens(shape) * (shape.heads + 2 * shape.kvHeads) * shape.headDim;
}

} // namespace

Attention attention(const Values& qkv, const AttentionShape& shape)
{
    Attention result{
        .out = Values(static_cast<size_t>(tokens(shape) * shape.heads * shape.headDim)),
        .lse = Values(static_cast<size_t>(tokens(shape) * shape.heads))};
    Values scores(static_cast<size_t>(shape.sequence));
    for (int64_t b = 0; b < shape.batch; ++b) {
        for (int64_t head = 0; head < shape.heads; ++head) {
            const HeadLayout at(shape, b, head);
            for (int64_t s = 0; s < shape.sequence; ++s) {
                for (int64_t j = 0; j <= s; ++j)
                    scores[static_cast<size_t>(j)]
                        = shape.scale * dot(qkv, at.q(s), qkv, at.k(j), shape.headDim);
                const double largest = *std::max_element(scores.begin(), scores.begin() + s + 1);
                double sum = 0;
                for (int64_t j = 0; j <= s; ++j)
                    sum += std::exp(scores[static_cast<size_t>(j)] - largest);
                const double lse = largest + std::log(sum);
                result.lse[at.lse(s)] = lse;
                for (int64_t j = 0; j <= s; ++j)
                    addScaled(result.out, at.out(s), std::exp(scores[static_cast<size_t>(j)] - lse),
                        qkv, at.v(j), shape.headDim);
            }
        }
    }
    return result;
}

/// p = exp(scale q·k − lse); dv = Σ p dout; ds = p (dout·v − dout·out); dq = scale Σ ds k;
/// dk = scale Σ ds q.
Values attentionGradient(
    const Values& qkv, const Attention& forward, const Values& dOut, const AttentionShape& shape)
{
    const int64_t dim = shape.headDim;
    Values dQkv(qkv.size());
    for (int64_t b = 0; b < shape.batch; ++b) {
        for (int64_t head = 0; head < shape.heads; ++head) {
            const HeadLayout at(shape, b, head);
            for (int64_t s = 0; s < shape.sequence; ++s) {
                const double lse = forward.lse[at.lse(s)];
                const double mean = dot(dOut, at.out(s), forward.out, at.out(s), dim);
                for (int64_t j = 0; j <= s; ++j) {
                    const double p
                        = std::exp(shape.scale * dot(qkv, at.q(s), qkv, at.k(j), dim) - lse);
                    const double ds = p * (dot(dOut, at.out(s), qkv, at.v(j), dim) - mean);
                    addScaled(dQkv, at.v(j), p, dOut, at.out(s), dim);
                    addScaled(dQkv, at.q(s), shape.scale * ds, qkv, at.k(j), dim);
                    addScaled(dQkv, at.k(j), shape.scale * ds, qkv, at.q(s), dim);
                }
            }
        }
    }
    return dQkv;
}

void ReferenceBackend::attentionForward(const TensorView& qkv, const AttentionShape& shape,
    const TensorView& out, const TensorView& lse)
{
    const Attention result
        = attention(read(qkv, qkvElements(shape), "attentionForward: qkv"), shape);
    store(out, result.out, Write::Overwrite, "attentionForward: out");
    store(lse, result.lse, Write::Overwrite, "attentionForward: lse");
}

void ReferenceBackend::attentionBackward(const TensorView& qkv, const TensorView& out,
    const TensorView& lse, const TensorView& dOut, const AttentionShape& shape,
    const TensorView& dQkv)
{
    const int64_t outElements = tokens(shape) * shape.heads * shape.headDim;
    const Attention forward{.out = read(out, outElements, "attentionBackward: out"),
        .lse = read(lse, tokens(shape) * shape.heads, "attentionBackward: lse")};
    store(dQkv,
        attentionGradient(read(qkv, qkvElements(shape), "attentionBackward: qkv"), forward,
            read(dOut, outElements, "attentionBackward: dOut"), shape),
        Write::Overwrite, "attentionBackward: dQkv");
}

} // namespace moe::kernels::reference
