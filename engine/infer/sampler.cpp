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

void scaleToOne(std::vector<Candidate>& candidates)
{
    double sum = 0;
    for (const Candidate& candidate : candidates)
        sum += candidate.probability;
    for (Candidate& candidate : candidates)
        candidate.probability /= sum;
}

/// The k largest logits by falling value, with softmax(logits / temperature) over them.
std::vector<Candidate> largestWithProbabilities(
    std::span<const float> logits, size_t k, double temperature)
{
    std::vector<Candidate> candidates(logits.size());
    for (size_t i = 0; i < logits.size(); ++i)
        candidates[i] = {static_cast<int32_t>(i), ordered(logits[i])};
    const auto before = [](const Candidate& a, const Candidate& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.token < b.token;
    };
    std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(k),
        candidates.end(), before);
    candidates.resize(k);
    const double largest = candidates.front().probability;
    for (Candidate& candidate : candidates) {
        // Infinite logits share all there is.
        const double difference
            = candidate.probability == largest ? 0 : candidate.probability - largest;
        candidate.probability = std::exp(difference / temperature);
    }
    return candidates;
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

std::vector<Candidate> candidatesOf(const Sampling& sampling, std::span<const float> logits)
{
    const size_t k = sampling.topK > 0 ? std::min(logits.size(), static_cast<size_t>(sampling.topK))
                                       : logits.size();
    std::vector<Candidate> candidates = largestWithProbabilities(logits, k, sampling.temperature);
    scaleToOne(candidates);
    if (sampling.topP < 1) {
        double sum = 0;
        size_t kept = 0;
        while (kept < candidates.size() && (kept == 0 || sum < sampling.topP))
            sum += candidates[kept++].probability;
        candidates.resize(kept);
    }
    const double least = sampling.minP * candidates.front().probability;
    std::erase_if(candidates, [&](const Candidate& c) { return c.probability < least; });
    scaleToOne(candidates);
    return candidates;
}

int32_t sampleToken(const Sampling& sampling, std::span<const int32_t> prompt,
    std::span<const int32_t> generated, std::span<float> logits, base::Random& random)
{
    applyPenalties(sampling, prompt, generated, logits);
    if (sampling.temperature == 0)
        return largestOf(logits);
    const std::vector<Candidate> candidates = candidatesOf(sampling, logits);
    double left = random.uniform();
    for (const Candidate& candidate : candidates) {
        left -= candidate.probability;
        if (left < 0)
            return candidate.token;
    }
    return candidates.back().token; // rounding left a crumb
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

double logProbability(std::span<const float> logits, int32_t token)
{
    const auto largest = ordered(logits[static_cast<size_t>(largestOf(logits))]);
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(ordered(logit) - largest);
    return ordered(logits[static_cast<size_t>(token)]) - largest - std::log(sum);
}

} // namespace moe::infer
