// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/sampler.h"

#include "kernels/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>

namespace moe::infer {

namespace {

void checkRange(const char* name, double value, double least, double most)
{
    if (!(value >= least && value <= most))
        throw UsageError(std::string(name) + " is out of range", std::to_string(value),
            std::to_string(least) + " to " + std::to_string(most));
}

/// A logit for comparing: NaN below everything.
double ordered(float logit)
{
    return std::isnan(logit) ? -std::numeric_limits<double>::infinity()
                             : static_cast<double>(logit);
}

int32_t largestOf(std::span<const float> logits)
{
    size_t best = 0;
    for (size_t i = 1; i < logits.size(); ++i) {
        if (ordered(logits[i]) > ordered(logits[best]))
            best = i;
    }
    return static_cast<int32_t>(best);
}

/// softmax(logits / temperature), not yet divided by its sum. The k largest logits are chosen
/// before: probabilities may round to equals.
Ranking largestWithProbabilities(std::span<const float> logits, size_t k, double temperature)
{
    std::vector<Candidate> candidates(logits.size());
    for (size_t i = 0; i < logits.size(); ++i)
        candidates[i] = {static_cast<int32_t>(i), ordered(logits[i])};
    Ranking byLogit(std::move(candidates));
    const double largest = byLogit[0].probability;
    byLogit.keep(k);
    // Infinite logits share all there is.
    byLogit.change([&](double logit) {
        return std::exp((logit == largest ? 0 : logit - largest) / temperature);
    });
    return byLogit;
}

} // namespace

void checkSampling(const Sampling& sampling)
{
    constexpr double kMost = 1e6;
    checkRange("repetition penalty", sampling.repetitionPenalty, 1e-6, kMost);
    checkRange("presence penalty", sampling.presencePenalty, -kMost, kMost);
    checkRange("frequency penalty", sampling.frequencyPenalty, -kMost, kMost);
    checkRange("temperature", sampling.temperature, 0, kMost);
    checkRange("top-k", static_cast<double>(sampling.topK), 0, 1e9);
    checkRange("top-p", sampling.topP, 0, 1);
    checkRange("min-p", sampling.minP, 0, 1);
}

void applyPenalties(const Sampling& sampling, std::span<const int32_t> prompt,
    std::span<const int32_t> generated, std::span<float> logits)
{
    if (sampling.repetitionPenalty != 1) {
        std::set<int32_t> seen(prompt.begin(), prompt.end());
        seen.insert(generated.begin(), generated.end());
        const auto penalty = static_cast<float>(sampling.repetitionPenalty);
        for (const int32_t token : seen) {
            float& logit = logits[static_cast<size_t>(token)];
            logit = logit > 0 ? logit / penalty : logit * penalty;
        }
    }
    if (sampling.presencePenalty == 0 && sampling.frequencyPenalty == 0)
        return;
    std::map<int32_t, int64_t> counts;
    for (const int32_t token : generated)
        ++counts[token];
    for (const auto& [token, count] : counts)
        logits[static_cast<size_t>(token)] -= static_cast<float>(
            sampling.presencePenalty + sampling.frequencyPenalty * static_cast<double>(count));
}

Ranking candidatesOf(const Sampling& sampling, std::span<const float> logits)
{
    const size_t k = sampling.topK > 0 ? std::min(logits.size(), static_cast<size_t>(sampling.topK))
                                       : logits.size();
    Ranking candidates = largestWithProbabilities(logits, k, sampling.temperature);
    candidates.scaleToOne();
    if (sampling.topP < 1) {
        double sum = 0;
        size_t kept = 0;
        while (kept < candidates.size() && (kept == 0 || sum < sampling.topP))
            sum += candidates[kept++].probability;
        candidates.keep(kept);
    }
    if (sampling.minP > 0) {
        const double least = sampling.minP * candidates[0].probability;
        size_t kept = 1;
        while (kept < candidates.size() && candidates[kept].probability >= least)
            ++kept;
        candidates.keep(kept);
    }
    candidates.scaleToOne();
    return candidates;
}

int32_t sampleToken(const Sampling& sampling, std::span<const int32_t> prompt,
    std::span<const int32_t> generated, std::span<float> logits, base::Random& random)
{
    applyPenalties(sampling, prompt, generated, logits);
    if (sampling.temperature == 0)
        return largestOf(logits);
    Ranking candidates = candidatesOf(sampling, logits);
    double left = random.uniform();
    for (size_t rank = 0; rank + 1 < candidates.size(); ++rank) {
        left -= candidates[rank].probability;
        if (left < 0)
            return candidates[rank].token;
    }
    return candidates[candidates.size() - 1].token; // its share, or a crumb that rounding left
}

std::vector<int32_t> mostLikely(std::span<const float> logits, int64_t count)
{
    std::vector<int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const auto most = std::min<int64_t>(count, std::ssize(order));
    std::partial_sort(order.begin(), order.begin() + most, order.end(), [&](int32_t a, int32_t b) {
        const double x = ordered(logits[static_cast<size_t>(a)]),
                     y = ordered(logits[static_cast<size_t>(b)]);
        return x != y ? x > y : a < b;
    });
    order.resize(static_cast<size_t>(most));
    return order;
}

LogProbabilities::LogProbabilities(std::span<const float> logits)
    : m_logits(logits)
    , m_largest(ordered(logits[static_cast<size_t>(largestOf(logits))]))
{
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(ordered(logit) - m_largest);
    m_logOfSum = std::log(sum);
}

double LogProbabilities::operator()(int32_t token) const
{
    return ordered(m_logits[static_cast<size_t>(token)]) - m_largest - m_logOfSum;
}

} // namespace moe::infer
