// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// What stands between the products of inference: norms, rotation, the KV cache, routing.
#include "kernels/cpu/inference_checks.h"
#include "kernels/reference/backend_class.h"
#include "kernels/reference/inference_formulas.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace moe::kernels::reference {

namespace {

/// λ (z − mean z) / std z, std with n − 1; all zero where they do not differ.
void normalise(Values& logits, double lambda)
{
    const auto count = static_cast<double>(logits.size());
    const double mean = std::accumulate(logits.begin(), logits.end(), 0.0) / count;
    double squares = 0;
    for (const double z : logits)
        squares += (z - mean) * (z - mean);
    const double deviation = count > 1 ? std::sqrt(squares / (count - 1)) : 0;
    for (double& z : logits)
        z = deviation == 0 ? 0 : lambda * (z - mean) / deviation;
}

/// e^(z − greatest) of the given logits / their sum.
Values softmax(const Values& logits)
{
    const double most = *std::max_element(logits.begin(), logits.end());
    Values result;
    double sum = 0;
    for (const double z : logits) {
        result.push_back(std::exp(z - most));
        sum += result.back();
    }
    for (double& p : result)
        p /= sum;
    return result;
}

/// The k largest, largest first; ties and NaN (never larger): the lower index first.
Indices largest(const Values& logits, int64_t k)
{
    Values left = logits;
    for (double& z : left)
        z = std::isnan(z) ? -std::numeric_limits<double>::infinity() : z;
    Indices order(left.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&left](int32_t a, int32_t b) {
        return left[static_cast<size_t>(a)] > left[static_cast<size_t>(b)];
    });
    order.resize(static_cast<size_t>(k));
    return order;
}

/// −∞ for the scores of all but the topGroups groups with the largest scores.
Values withinGroups(const Values& logits, int64_t groups, int64_t topGroups)
{
    const size_t size = logits.size() / static_cast<size_t>(groups);
    Values best;
    for (auto group = logits.begin(); group != logits.end(); group += static_cast<int64_t>(size))
        best.push_back(logits[static_cast<size_t>(group - logits.begin())
            + static_cast<size_t>(largest({group, group + static_cast<int64_t>(size)}, 1)[0])]);
    Values left(logits.size(), -std::numeric_limits<double>::infinity());
    for (const int32_t group : largest(best, topGroups)) {
        const auto first = static_cast<size_t>(group) * size;
        std::copy_n(logits.begin() + static_cast<int64_t>(first), size,
            left.begin() + static_cast<int64_t>(first));
    }
    return left;
}

/// Where a position's token stands, counted in tokens from the first page on.
size_t placeOf(const PagedBatch& batch, const PagedRow& row, int64_t position, int64_t pageTokens)
{
    const auto entry = static_cast<size_t>(row.firstPage + position / pageTokens);
    if (entry >= batch.pages.size())
        refuse("paged batch: page list", std::to_string(batch.pages.size()) + " pages",
            "a page for each position");
    return static_cast<size_t>(batch.pages[entry] * pageTokens + position % pageTokens);
}

} // namespace

RoutedRow routeRow(Values logits, const InferenceRouter& router, const Values& mask)
{
    if (router.normalizeLogits)
        normalise(logits, router.lambda);
    for (size_t e = 0; e < mask.size(); ++e)
        logits[e] += mask[e];
    RoutedRow result{.probs = softmax(logits), .weights = {}, .chosen = {}};
    result.chosen = largest(withinGroups(logits, router.groups, router.topGroups), router.topK);
    for (const int32_t e : result.chosen) {
        const bool ofAll = router.scoring == RouterScoring::SoftmaxThenTopK;
        result.weights.push_back((ofAll ? result.probs : logits)[static_cast<size_t>(e)]);
    }
    if (router.scoring == RouterScoring::TopKThenSoftmax)
        result.weights = softmax(result.weights);
    const double sum = std::accumulate(result.weights.begin(), result.weights.end(), 0.0);
    for (double& weight : result.weights)
        weight *= router.scaling / (router.renormalize ? sum : 1);
    return result;
}

Values attendRow(const Values& q, const Values& keys, const Values& values, size_t valueDim,
    double scale, const double* sink)
{
    const size_t count = keys.size() / q.size();
    Values scores;
    for (size_t j = 0; j < count; ++j) {
        double dot = 0;
        for (size_t i = 0; i < q.size(); ++i)
            dot += q[i] * keys[j * q.size() + i];
        scores.push_back(dot * scale);
    }
    if (sink)
        scores.push_back(*sink);
    const Values probs = softmax(scores);
    Values out(valueDim);
    for (size_t j = 0; j < count; ++j) {
        for (size_t i = 0; i < valueDim; ++i)
            out[i] += probs[j] * values[j * valueDim + i];
    }
    return out;
}

void ReferenceBackend::rmsNormRows(
    const TensorView& x, const TensorView& weight, float eps, const TensorView& y)
{
    const int64_t hidden = x.shape[x.shape.rank() - 1];
    store(y,
        rmsNorm(read(x, x.elements(), "rmsNormRows: x"),
            read(weight, hidden, "rmsNormRows: weight"), eps)
            .y,
        Write::Overwrite, "rmsNormRows: y");
}

void ReferenceBackend::rotateRows(
    const TensorView& x, const PagedBatch& batch, const TensorView& table, RopePairs pairs)
{
    const auto tokens = static_cast<size_t>(x.shape[0]), heads = static_cast<size_t>(x.shape[1]);
    const auto dim = static_cast<size_t>(x.shape[2]), half = static_cast<size_t>(table.shape[1]);
    if (batch.rows.size() != tokens || 2 * half > dim)
        refuse("rotateRows: x", x.shape.text(), "a row for each of the batch, wide enough");
    Values values = read(x, x.elements(), "rotateRows: x");
    const Values turns = read(table, table.elements(), "rotateRows: table");
    for (size_t t = 0; t < tokens; ++t) {
        const int64_t position = batch.rows[t].position;
        if (position < 0 || position >= table.shape[0])
            refuse("rotateRows: position", std::to_string(position), "a position of the table");
        for (size_t head = 0; head < heads; ++head) {
            double* first = values.data() + (t * heads + head) * dim;
            for (size_t i = 0; i < half; ++i) {
                double& a = first[pairs == RopePairs::Halves ? i : 2 * i];
                double& b = first[pairs == RopePairs::Halves ? i + half : 2 * i + 1];
                const size_t turn = (static_cast<size_t>(position) * half + i) * 2;
                const double c = turns[turn], s = turns[turn + 1], before = a;
                a = before * c - b * s;
                b = b * c + before * s;
            }
        }
    }
    store(x, values, Write::Overwrite, "rotateRows: x");
}

void ReferenceBackend::routeRows(const TensorView& logits, const InferenceRouter& router,
    const TensorView& probs, const TensorView& chosen, const TensorView& weights)
{
    const int64_t tokens = logits.shape[0], experts = logits.shape[1];
    cpu::checkRouter(router, experts);
    const Values all = read(logits, tokens * experts, "routeRows: logits");
    const Values masks
        = router.mask ? read(router.mask, tokens * experts, "routeRows: mask") : Values();
    Values g, shares;
    Indices choice;
    for (int64_t t = 0; t < tokens; ++t) {
        const auto begin = all.begin() + t * experts;
        Values mask;
        if (!masks.empty())
            mask.assign(masks.begin() + t * experts, masks.begin() + (t + 1) * experts);
        const RoutedRow row = routeRow({begin, begin + experts}, router, mask);
        g.insert(g.end(), row.probs.begin(), row.probs.end());
        shares.insert(shares.end(), row.weights.begin(), row.weights.end());
        choice.insert(choice.end(), row.chosen.begin(), row.chosen.end());
    }
    store(probs, g, Write::Overwrite, "routeRows: probs");
    store(chosen, choice, "routeRows: chosen");
    store(weights, shares, Write::Overwrite, "routeRows: weights");
}

void ReferenceBackend::storeKv(
    const TensorView& k, const TensorView& v, const PagedBatch& batch, const KvPages& pages)
{
    const auto write = [&](const TensorView& from, const TensorView& to, int64_t dim) {
        const auto tokens = static_cast<int64_t>(batch.rows.size());
        const Values all = read(from, tokens * pages.kvHeads * dim, "storeKv: rows");
        const int64_t width = pages.kvHeads * dim;
        for (int64_t t = 0; t < tokens; ++t) {
            const PagedRow& row = batch.rows[static_cast<size_t>(t)];
            const size_t place = placeOf(batch, row, row.position, pages.pageTokens);
            const auto begin = all.begin() + t * width;
            store(to.at(static_cast<int64_t>(place) * width, {width}), {begin, begin + width},
                Write::Overwrite, "storeKv: pages");
        }
    };
    write(k, pages.keys, pages.keyDim);
    if (v)
        write(v, pages.values, pages.valueDim);
}

void ReferenceBackend::pagedAttention(const TensorView& q, const PagedBatch& batch,
    const KvPages& pages, const PagedAttention& attention, const TensorView& out)
{
    const auto tokens = static_cast<int64_t>(batch.rows.size());
    if (attention.heads < 1 || attention.heads % pages.kvHeads)
        refuse("pagedAttention: heads", std::to_string(attention.heads),
            "a multiple of " + std::to_string(pages.kvHeads) + " KV heads");
    const Values queries = read(q, tokens * attention.heads * pages.keyDim, "pagedAttention: q");
    const Values sinks = attention.sinks
        ? read(attention.sinks, attention.heads, "pagedAttention: sinks")
        : Values();
    Values result;
    for (int64_t job = 0; job < tokens * attention.heads; ++job) {
        const PagedRow& row = batch.rows[static_cast<size_t>(job / attention.heads)];
        const int64_t head = job % attention.heads,
                      kvHead = head / (attention.heads / pages.kvHeads);
        const int64_t first
            = attention.window > 0 ? std::max<int64_t>(0, row.position + 1 - attention.window) : 0;
        Values keys, values;
        const auto gather = [&](Values& to, const TensorView& from, int64_t at, int64_t dim) {
            const Values piece = read(from.at(at, {dim}), dim, "pagedAttention: pages");
            to.insert(to.end(), piece.begin(), piece.end());
        };
        for (int64_t p = first; p <= row.position; ++p) {
            const auto token
                = static_cast<int64_t>(placeOf(batch, row, p, pages.pageTokens)) * pages.kvHeads
                + kvHead;
            gather(keys, pages.keys, token * pages.keyDim, pages.keyDim);
            if (pages.values)
                gather(values, pages.values, token * pages.valueDim, pages.valueDim);
            else
                gather(values, pages.keys, token * pages.keyDim, pages.valueDim);
        }
        const auto begin = queries.begin() + job * pages.keyDim;
        const Values one = attendRow({begin, begin + pages.keyDim}, keys, values,
            static_cast<size_t>(pages.valueDim), attention.scale,
            sinks.empty() ? nullptr : &sinks[static_cast<size_t>(head)]);
        result.insert(result.end(), one.begin(), one.end());
    }
    store(out, result, Write::Overwrite, "pagedAttention: out");
}

} // namespace moe::kernels::reference
