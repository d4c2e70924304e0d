// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moe::kernels::reference {
namespace {

/// One token's logits, normalised (contract section 3, item 1): λ u with u = (z − mean z) / std.
struct Normalized {
    Values z; ///< what softmax sees
    double std = 0; ///< of the raw logits, with n − 1; 0: z is zero and has no gradient
};

Normalized normalize(const Values& raw, const RouterShape& shape)
{
    const auto n = static_cast<double>(raw.size());
    const double mean = std::accumulate(raw.begin(), raw.end(), 0.0) / n;
    double squares = 0;
    for (const double z : raw)
        squares += (z - mean) * (z - mean);
    Normalized result{
        .z = Values(raw.size()), .std = raw.size() > 1 ? std::sqrt(squares / (n - 1)) : 0};
    for (size_t e = 0; e < raw.size() && result.std != 0; ++e)
        result.z[e] = shape.lambda * (raw[e] - mean) / result.std;
    return result;
}

double logSumExp(const Values& z)
{
    const double largest = *std::max_element(z.begin(), z.end());
    double sum = 0;
    for (const double value : z)
        sum += std::exp(value - largest);
    return largest + std::log(sum);
}

Values softmax(const Values& z)
{
    const double lse = logSumExp(z);
    Values g(z.size());
    for (size_t e = 0; e < z.size(); ++e)
        g[e] = std::exp(z[e] - lse);
    return g;
}

/// Expert numbers by falling g; of equals (and of NaNs) the lower first.
Indices topExperts(const Values& g, int64_t count)
{
    Indices order;
    std::vector<bool> taken(g.size());
    for (int64_t j = 0; j < count; ++j) {
        size_t best = g.size();
        for (size_t e = 0; e < g.size(); ++e) {
            if (!taken[e] && (best == g.size() || g[e] > g[best]))
                best = e;
        }
        taken[best] = true;
        order.push_back(static_cast<int32_t>(best));
    }
    return order;
}

Values rowOf(const Values& values, int64_t row, int64_t columns)
{
    return {values.begin() + row * columns, values.begin() + (row + 1) * columns};
}

/// Softmax, choice and weights of one token, appended to the routing, and its part of the sums.
void routeToken(const Values& raw, const RouterShape& shape, double tokens, Routing& routing)
{
    const Values g = softmax(shape.normalize ? normalize(raw, shape).z : raw);
    routing.probs.insert(routing.probs.end(), g.begin(), g.end());

    const Indices best = topExperts(g, std::min<int64_t>(shape.experts, 3));
    const auto of = [&](size_t rank) {
        return g[static_cast<size_t>(best[rank])];
    };
    for (const double p : g)
        routing.sums[kSumEntropy] -= p > 0 ? p * std::log(p) / tokens : 0;
    routing.sums[kSumRatio12] += shape.experts >= 2 ? of(0) / of(1) / tokens : 0;
    routing.sums[kSumRatio23] += shape.experts >= 3 ? of(1) / of(2) / tokens : 0;
    const double lse = logSumExp(raw);
    routing.sums[kSumZLoss] += lse * lse / tokens;

    const Indices chosen = topExperts(g, shape.topK);
    double sum = 0;
    for (const int32_t e : chosen)
        sum += g[static_cast<size_t>(e)];
    for (const int32_t e : chosen) {
        routing.chosen.push_back(e);
        routing.weights.push_back(g[static_cast<size_t>(e)] / sum);
        ++routing.load[static_cast<size_t>(e)];
    }
}

/// Which assignments (indices into [T, topK]) each expert keeps, in token order (item 2).
std::vector<Indices> keptAssignments(const RouterShape& shape, const Routing& routing)
{
    std::vector<Indices> kept(static_cast<size_t>(shape.experts));
    for (size_t a = 0; a < routing.chosen.size(); ++a)
        kept[static_cast<size_t>(routing.chosen[a])].push_back(static_cast<int32_t>(a));
    const auto probability = [&](int32_t assignment) {
        const double p = routing.probs[static_cast<size_t>(assignment / shape.topK * shape.experts
            + routing.chosen[static_cast<size_t>(assignment)])];
        return std::isnan(p) ? -1 : p; // a NaN has no order; sorting needs one
    };
    for (Indices& list : kept) {
        if (shape.capacity < 0 || static_cast<int64_t>(list.size()) <= shape.capacity)
            continue;
        if (shape.dropPolicy == DropPolicy::Probs)
            std::stable_sort(list.begin(), list.end(),
                [&](int32_t a, int32_t b) { return probability(a) > probability(b); });
        list.resize(static_cast<size_t>(shape.capacity));
        std::sort(list.begin(), list.end());
    }
    return kept;
}

/// mean_i g_ij of every expert j.
Values meanProbs(const Values& probs, int64_t experts)
{
    Values mean(static_cast<size_t>(experts));
    const auto tokens = static_cast<double>(probs.size()) / static_cast<double>(experts);
    for (size_t i = 0; i < probs.size(); ++i)
        mean[i % mean.size()] += probs[i] / tokens;
    return mean;
}

/// The aux loss (item 3) and its derivative by each expert's mean probability; the shares f of
/// `switch` are counts and have no gradient.
struct Aux {
    double loss = 0;
    Values byMean;
};

Aux auxLoss(const RouterShape& shape, const Routing& routing)
{
    const Values mean = meanProbs(routing.probs, shape.experts);
    const auto n = static_cast<double>(shape.experts);
    const auto assignments = static_cast<double>(routing.chosen.size());
    Aux aux{.loss = 0, .byMean = Values(mean.size())};
    for (size_t e = 0; e < mean.size(); ++e) {
        if (shape.auxLoss == AuxLoss::Skywork) {
            aux.loss += (1 / n - mean[e]) * (1 / n - mean[e]);
            aux.byMean[e] = -2 * (1 / n - mean[e]);
        } else if (shape.auxLoss == AuxLoss::Switch) {
            const double share = static_cast<double>(routing.load[e]) / assignments;
            aux.loss += n * share * mean[e];
            aux.byMean[e] = n * share;
        }
    }
    return aux;
}

} // namespace

Routing route(const Values& logits, const RouterShape& shape)
{
    const int64_t tokens = static_cast<int64_t>(logits.size()) / shape.experts;
    Routing routing;
    routing.load.resize(static_cast<size_t>(shape.experts));
    routing.sums.resize(kRouterSums);
    for (int64_t t = 0; t < tokens; ++t)
        routeToken(rowOf(logits, t, shape.experts), shape, static_cast<double>(tokens), routing);
    routing.sums[kSumAux] = auxLoss(shape, routing).loss;

    routing.slots.assign(routing.chosen.size(), -1);
    routing.offsets.push_back(0);
    for (const Indices& list : keptAssignments(shape, routing)) {
        for (const int32_t assignment : list) {
            routing.slots[static_cast<size_t>(assignment)]
                = static_cast<int32_t>(routing.rowToken.size());
            routing.rowToken.push_back(static_cast<int32_t>(assignment / shape.topK));
        }
        routing.offsets.push_back(static_cast<int32_t>(routing.rowToken.size()));
    }
    return routing;
}

namespace {

/// Through w_j = g_j / Σ g over the chosen: dg_j = (dw_j − Σ_i w_i dw_i) / Σ g.
void addWeightGradient(
    Values& dg, const Routing& routing, const Values& dWeights, int64_t token, int64_t topK)
{
    double mean = 0;
    double sum = 0;
    const auto first = static_cast<size_t>(token * topK);
    for (size_t a = first; a < first + static_cast<size_t>(topK); ++a) {
        mean += routing.weights[a] * dWeights[a];
        sum += routing.probs[static_cast<size_t>(token) * dg.size()
            + static_cast<size_t>(routing.chosen[a])];
    }
    for (size_t a = first; a < first + static_cast<size_t>(topK); ++a)
        dg[static_cast<size_t>(routing.chosen[a])] += (dWeights[a] - mean) / sum;
}

/// dz = g ∘ (dg − Σ g dg)
Values softmaxGradient(const Values& g, const Values& dg)
{
    double mean = 0;
    for (size_t e = 0; e < g.size(); ++e)
        mean += g[e] * dg[e];
    Values dz(g.size());
    for (size_t e = 0; e < g.size(); ++e)
        dz[e] = g[e] * (dg[e] - mean);
    return dz;
}

/// With u the normalised logits before λ: dz = λ / std (d − mean d − u Σ u d / (n − 1)).
Values normalizeGradient(const Values& raw, const RouterShape& shape, const Values& d)
{
    const Normalized normalized = normalize(raw, shape);
    Values dz(raw.size());
    if (normalized.std == 0)
        return dz;
    const auto n = static_cast<double>(raw.size());
    const double meanRaw = std::accumulate(raw.begin(), raw.end(), 0.0) / n;
    const double mean = std::accumulate(d.begin(), d.end(), 0.0) / n;
    double along = 0;
    for (size_t e = 0; e < raw.size(); ++e)
        along += (raw[e] - meanRaw) / normalized.std * d[e] / (n - 1);
    for (size_t e = 0; e < raw.size(); ++e)
        dz[e] = shape.lambda / normalized.std
            * (d[e] - mean - (raw[e] - meanRaw) / normalized.std * along);
    return dz;
}

} // namespace

Values routeGradient(const Values& logits, const RouterShape& shape, const Routing& routing,
    const RouterGradient& gradient, const Values& dWeights)
{
    const int64_t tokens = static_cast<int64_t>(logits.size()) / shape.experts;
    const auto perToken = static_cast<double>(gradient.scale) / static_cast<double>(tokens);
    const Values auxByMean = auxLoss(shape, routing).byMean;
    Values dLogits;
    dLogits.reserve(logits.size());
    for (int64_t t = 0; t < tokens; ++t) {
        Values dg(auxByMean.size());
        for (size_t e = 0; e < dg.size(); ++e)
            dg[e] = gradient.auxCoefficient * perToken * auxByMean[e];
        addWeightGradient(dg, routing, dWeights, t, shape.topK);

        const Values raw = rowOf(logits, t, shape.experts);
        Values dz = softmaxGradient(rowOf(routing.probs, t, shape.experts), dg);
        if (shape.normalize)
            dz = normalizeGradient(raw, shape, dz);
        const double lse = logSumExp(raw); // z-loss: d lse² = 2 lse softmax(z)
        for (size_t e = 0; e < raw.size(); ++e)
            dLogits.push_back(
                dz[e] + gradient.zCoefficient * perToken * 2 * lse * std::exp(raw[e] - lse));
    }
    return dLogits;
}

void ReferenceBackend::routerForward(const TensorView& logits, const RouterShape& shape,
    const RouterState& state, const RouterTotals& totals)
{
    if (shape.topK < 1 || shape.topK > shape.experts)
        refuse("router: topK", std::to_string(shape.topK), "1 to the number of experts");
    const Routing routing = route(read(logits, logits.elements(), "routerForward: logits"), shape);
    store(state.probs, routing.probs, Write::Overwrite, "routerForward: probs");
    store(state.chosen, routing.chosen, "routerForward: chosen");
    store(state.weights, routing.weights, Write::Overwrite, "routerForward: weights");
    store(state.slots, routing.slots, "routerForward: slots");
    store(state.rowToken.slice(0, static_cast<int64_t>(routing.rowToken.size())), routing.rowToken,
        "routerForward: rowToken");
    store(state.offsets, routing.offsets, "routerForward: offsets");
    store(state.load, routing.load, "routerForward: load");

    if (totals.load.dtype != DType::Int64 || totals.dropped.dtype != DType::Int64
        || totals.sums.dtype != DType::Float64)
        refuse("routerForward: totals", "of other types", "int64 counts and float64 sums");
    for (int64_t e = 0; e < shape.experts; ++e) {
        const auto i = static_cast<size_t>(e);
        const int32_t kept = routing.offsets[i + 1] - routing.offsets[i];
        totals.load.host<int64_t>()[e] += routing.load[i];
        totals.dropped.host<int64_t>()[e] += routing.load[i] - kept;
    }
    store(totals.sums, routing.sums, Write::Add, "routerForward: sums");
}

void ReferenceBackend::routerBackward(const TensorView& logits, const RouterShape& shape,
    const RouterState& state, const RouterGradient& gradient, const TensorView& dWeights,
    const TensorView& dLogits)
{
    const int64_t tokens = logits.elements() / shape.experts;
    const int64_t assignments = tokens * shape.topK;
    Routing routing;
    routing.probs = read(state.probs, logits.elements(), "routerBackward: probs");
    routing.chosen = readIndices(state.chosen, assignments, "routerBackward: chosen");
    routing.weights = read(state.weights, assignments, "routerBackward: weights");
    routing.load = readIndices(state.load, shape.experts, "routerBackward: load");
    store(dLogits,
        routeGradient(read(logits, logits.elements(), "routerBackward: logits"), shape, routing,
            gradient, read(dWeights, assignments, "routerBackward: dWeights")),
        Write::Overwrite, "routerBackward: dLogits");
}

} // namespace moe::kernels::reference
