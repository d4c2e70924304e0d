// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/infer/plain_operations.h"

#include "kernels/bfloat16.h"
#include "kernels/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace moe::tests {

namespace {

using namespace kernels;

class PlainMatrix : public PlacedMatrix {
public:
    explicit PlainMatrix(const StoredMatrix& m)
        : PlacedMatrix(m.out, m.in)
        , values(static_cast<size_t>(m.out * m.in))
    {
        for (int64_t o = 0; o < m.out; ++o) {
            for (int64_t i = 0; i < m.in; ++i)
                values[static_cast<size_t>(o * m.in + i)] = decoded(m, o, i);
        }
    }
    double at(int64_t o, int64_t i) const { return values[static_cast<size_t>(o * in() + i)]; }

private:
    static float decoded(const StoredMatrix& m, int64_t o, int64_t i)
    {
        const std::byte* row = m.codes + o * m.rowBytes;
        if (m.format == WeightFormat::MxFloat4) {
            static constexpr std::array<float, 8> kE2M1{0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
            const auto pair = static_cast<uint8_t>(row[i / 2]);
            const uint8_t code = i % 2 ? pair >> 4U : pair & 15U;
            const float value = code & 8U ? -kE2M1[code & 7U] : kE2M1[code & 7U];
            return std::ldexp(value, m.exponents[o * m.exponentRowBytes + i / 32] - 127);
        }
        if (m.format == WeightFormat::BFloat16) {
            BFloat16 value;
            std::memcpy(&value, row + 2 * i, 2);
            return value;
        }
        if (m.format != WeightFormat::Float32)
            throw Error("format", "plain operations", "float32, bfloat16 or MXFP4");
        float value = 0;
        std::memcpy(&value, row + 4 * i, 4);
        return value;
    }
    std::vector<float> values;
};

const PlainMatrix& plain(const PlacedMatrix& matrix)
{
    return static_cast<const PlainMatrix&>(matrix);
}

double sigmoid(double x)
{
    return 1 / (1 + std::exp(-x));
}

std::vector<double> product(const float* x, const Linear& w)
{
    const PlainMatrix& m = plain(*w.weight);
    std::vector<double> y(static_cast<size_t>(m.out()));
    for (int64_t o = 0; o < m.out(); ++o) {
        double sum = w.bias ? static_cast<double>(w.bias.host<float>()[o]) : 0.0;
        for (int64_t i = 0; i < m.in(); ++i)
            sum += m.at(o, i) * static_cast<double>(x[i]);
        y[static_cast<size_t>(o)] = sum;
    }
    return y;
}

std::vector<double> feedForward(const float* x, const FeedForward& ffn, Gating gating, double limit)
{
    std::vector<double> g = product(x, ffn.gate);
    const std::vector<double> u = product(x, ffn.up);
    std::vector<float> middle;
    for (size_t i = 0; i < g.size(); ++i) {
        if (gating == Gating::Silu) {
            middle.push_back(static_cast<float>(g[i] * sigmoid(g[i]) * u[i]));
        } else {
            const double gate = std::min(g[i], limit), up = std::clamp(u[i], -limit, limit);
            middle.push_back(static_cast<float>(gate * sigmoid(1.702 * gate) * (up + 1)));
        }
    }
    return product(middle.data(), ffn.down);
}

void softmax(std::vector<double>& values)
{
    const double largest = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (double& value : values)
        sum += value = std::exp(value - largest);
    for (double& value : values)
        value /= sum;
}

class PlainOperations : public InferenceOperations {
public:
    std::unique_ptr<PlacedMatrix> place(const StoredMatrix& matrix) override
    {
        return std::make_unique<PlainMatrix>(matrix);
    }
    void embeddingRows(
        const TensorView& ids, const PlacedMatrix& table, const TensorView& out) override
    {
        for (int64_t t = 0; t < out.shape[0]; ++t) {
            for (int64_t i = 0; i < table.in(); ++i)
                out.host<float>()[t * table.in() + i]
                    = static_cast<float>(plain(table).at(ids.host<int32_t>()[t], i));
        }
    }
    void linear(const TensorView& x, const Linear& w, const TensorView& addend,
        const TensorView& y) override
    {
        const int64_t in = w.weight->in(), out = w.weight->out();
        for (int64_t t = 0; t < x.shape[0]; ++t) {
            const std::vector<double> result = product(x.host<float>() + t * in, w);
            for (int64_t o = 0; o < out; ++o) {
                const double add
                    = addend ? static_cast<double>(addend.host<float>()[t * out + o]) : 0.0;
                y.host<float>()[t * out + o]
                    = static_cast<float>(result[static_cast<size_t>(o)] + add);
            }
        }
    }
    void headLinear(const TensorView& x, const PlacedMatrix& w, int64_t heads, bool transposed,
        const TensorView& y) override
    {
        const int64_t a = x.shape[2], b = y.shape[2], rows = w.out() / heads;
        for (int64_t th = 0; th < x.shape[0] * heads; ++th) {
            const int64_t first = th % heads * rows;
            for (int64_t j = 0; j < b; ++j) {
                double sum = 0;
                for (int64_t i = 0; i < a; ++i)
                    sum += static_cast<double>(x.host<float>()[th * a + i])
                        * (transposed ? plain(w).at(first + i, j) : plain(w).at(first + j, i));
                y.host<float>()[th * b + j] = static_cast<float>(sum);
            }
        }
    }
    void rmsNormRows(
        const TensorView& x, const TensorView& weight, float eps, const TensorView& y) override
    {
        const int64_t d = weight.elements();
        for (int64_t n = 0; n < x.elements() / d; ++n) {
            const float* row = x.host<float>() + n * d;
            double sum = 0;
            for (int64_t i = 0; i < d; ++i)
                sum += static_cast<double>(row[i]) * static_cast<double>(row[i]);
            const double factor
                = 1 / std::sqrt(sum / static_cast<double>(d) + static_cast<double>(eps));
            for (int64_t i = 0; i < d; ++i)
                y.host<float>()[n * d + i] = static_cast<float>(static_cast<double>(row[i]) * factor
                    * static_cast<double>(weight.host<float>()[i]));
        }
    }
    void rotateRows(const TensorView& x, const PagedBatch& batch, const TensorView& table,
        RopePairs pairs) override
    {
        const int64_t count = table.shape[1], heads = x.shape[1], d = x.shape[2];
        for (int64_t t = 0; t < x.shape[0]; ++t) {
            const float* angles
                = table.host<float>() + batch.rows[static_cast<size_t>(t)].position * count * 2;
            for (int64_t h = 0; h < heads; ++h) {
                float* head = x.host<float>() + (t * heads + h) * d;
                for (int64_t i = 0; i < count; ++i) {
                    float& a = head[pairs == RopePairs::Halves ? i : 2 * i];
                    float& b = head[pairs == RopePairs::Halves ? i + count : 2 * i + 1];
                    const float c = angles[2 * i], s = angles[2 * i + 1], first = a;
                    a = first * c - b * s;
                    b = b * c + first * s;
                }
            }
        }
    }
    void storeKv(const TensorView& k, const TensorView& v, const PagedBatch& batch,
        const KvPages& pages) override
    {
        for (int64_t t = 0; t < k.shape[0]; ++t) {
            const int64_t place = placeOf(batch, batch.rows[static_cast<size_t>(t)],
                batch.rows[static_cast<size_t>(t)].position, pages);
            const int64_t key = pages.kvHeads * pages.keyDim,
                          value = pages.kvHeads * pages.valueDim;
            std::copy_n(k.host<float>() + t * key, key, pages.keys.host<float>() + place * key);
            if (v)
                std::copy_n(
                    v.host<float>() + t * value, value, pages.values.host<float>() + place * value);
        }
    }
    void pagedAttention(const TensorView& q, const PagedBatch& batch, const KvPages& pages,
        const PagedAttention& attention, const TensorView& out) override
    {
        for (int64_t t = 0; t < q.shape[0]; ++t) {
            for (int64_t h = 0; h < attention.heads; ++h)
                attendOne(q, batch, pages, attention, out, t, h);
        }
    }
    void routeRows(const TensorView& logits, const InferenceRouter& router, const TensorView& probs,
        const TensorView& chosen, const TensorView& weights) override
    {
        const int64_t n = logits.shape[1], k = router.topK;
        for (int64_t t = 0; t < logits.shape[0]; ++t) {
            const float* row = logits.host<float>() + t * n;
            std::vector<double> g(row, row + n);
            if (router.normalizeLogits)
                normalise(g, static_cast<double>(router.lambda));
            const std::vector<double> z = g;
            softmax(g);
            std::copy(g.begin(), g.end(), probs.host<float>() + t * n);
            std::vector<int32_t> order(static_cast<size_t>(n));
            std::iota(order.begin(), order.end(), 0);
            std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
                return z[static_cast<size_t>(a)] > z[static_cast<size_t>(b)];
            });
            std::vector<double> w;
            for (int64_t j = 0; j < k; ++j)
                w.push_back((router.scoring == RouterScoring::TopKThenSoftmax
                        ? z
                        : g)[static_cast<size_t>(order[static_cast<size_t>(j)])]);
            if (router.scoring == RouterScoring::TopKThenSoftmax)
                softmax(w);
            else if (router.renormalize) {
                const double sum = std::accumulate(w.begin(), w.end(), 0.0);
                for (double& value : w)
                    value /= sum;
            }
            for (int64_t j = 0; j < k; ++j) {
                chosen.host<int32_t>()[t * k + j] = order[static_cast<size_t>(j)];
                weights.host<float>()[t * k + j] = static_cast<float>(
                    w[static_cast<size_t>(j)] * static_cast<double>(router.scaling));
            }
        }
    }
    void expertRows(const TensorView& x, std::span<const FeedForward> experts, Gating gating,
        float limit, const TensorView& chosen, const TensorView& weights, const TensorView& addend,
        const TensorView& y) override
    {
        const int64_t h = x.shape[1], k = chosen.shape[1];
        for (int64_t t = 0; t < x.shape[0]; ++t) {
            std::vector<double> sum(static_cast<size_t>(h), 0.0);
            for (int64_t j = 0; j < k; ++j) {
                const auto& expert
                    = experts[static_cast<size_t>(chosen.host<int32_t>()[t * k + j])];
                const std::vector<double> out = feedForward(
                    x.host<float>() + t * h, expert, gating, static_cast<double>(limit));
                for (size_t i = 0; i < out.size(); ++i)
                    sum[i] += static_cast<double>(weights.host<float>()[t * k + j]) * out[i];
            }
            store(sum, addend, y, t, h);
        }
    }
    void feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating,
        const TensorView& gate, const TensorView& addend, const TensorView& y) override
    {
        const int64_t h = x.shape[1];
        for (int64_t t = 0; t < x.shape[0]; ++t) {
            std::vector<double> out = feedForward(x.host<float>() + t * h, ffn, gating, 0);
            if (gate) {
                for (double& value : out)
                    value *= sigmoid(static_cast<double>(gate.host<float>()[t]));
            }
            store(out, addend, y, t, h);
        }
    }

private:
    static int64_t placeOf(
        const PagedBatch& batch, const PagedRow& row, int64_t position, const KvPages& pages)
    {
        const int64_t page
            = batch.pages[static_cast<size_t>(row.firstPage + position / pages.pageTokens)];
        return page * pages.pageTokens + position % pages.pageTokens;
    }
    static void store(const std::vector<double>& values, const TensorView& addend,
        const TensorView& y, int64_t t, int64_t h)
    {
        for (int64_t i = 0; i < h; ++i) {
            const double add = addend ? static_cast<double>(addend.host<float>()[t * h + i]) : 0.0;
            y.host<float>()[t * h + i] = static_cast<float>(values[static_cast<size_t>(i)] + add);
        }
    }
    static void normalise(std::vector<double>& z, double lambda)
    {
        const auto n = static_cast<double>(z.size());
        const double mean = std::accumulate(z.begin(), z.end(), 0.0) / n;
        double squares = 0;
        for (const double value : z)
            squares += (value - mean) * (value - mean);
        const double deviation = std::sqrt(squares / (n - 1));
        for (double& value : z)
            value = deviation > 0 ? lambda * (value - mean) / deviation : 0;
    }
    static void attendOne(const TensorView& q, const PagedBatch& batch, const KvPages& pages,
        const PagedAttention& attention, const TensorView& out, int64_t t, int64_t h)
    {
        const PagedRow& row = batch.rows[static_cast<size_t>(t)];
        const int64_t kvHead = h / (attention.heads / pages.kvHeads);
        const int64_t first
            = attention.window ? std::max<int64_t>(0, row.position - attention.window + 1) : 0;
        const float* query = q.host<float>() + (t * attention.heads + h) * pages.keyDim;
        std::vector<double> scores;
        std::vector<const float*> values;
        for (int64_t p = first; p <= row.position; ++p) {
            const int64_t place = placeOf(batch, row, p, pages) * pages.kvHeads + kvHead;
            const float* key = pages.keys.host<float>() + place * pages.keyDim;
            double score = 0;
            for (int64_t i = 0; i < pages.keyDim; ++i)
                score += static_cast<double>(query[i]) * static_cast<double>(key[i]);
            scores.push_back(score * static_cast<double>(attention.scale));
            values.push_back(
                pages.values ? pages.values.host<float>() + place * pages.valueDim : key);
        }
        if (attention.sinks)
            scores.push_back(static_cast<double>(attention.sinks.host<float>()[h]));
        softmax(scores);
        float* to = out.host<float>() + (t * attention.heads + h) * pages.valueDim;
        for (int64_t i = 0; i < pages.valueDim; ++i) {
            double sum = 0;
            for (size_t p = 0; p < values.size(); ++p)
                sum += scores[p] * static_cast<double>(values[p][i]);
            to[i] = static_cast<float>(sum);
        }
    }
};

} // namespace

std::unique_ptr<InferenceOperations> makePlainOperations()
{
    return std::make_unique<PlainOperations>();
}

} // namespace moe::tests
