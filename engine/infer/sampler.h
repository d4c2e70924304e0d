// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/random.h"
#include "engine/infer/ranking.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moe::infer {

/// How a token is chosen from logits, in the order of the fields: penalties, temperature, top-k,
/// top-p, min-p. The default is greedy.
struct Sampling {
    double repetitionPenalty = 1; ///< a token seen before (prompt included): z > 0 ? z / p : z · p
    double presencePenalty = 0; ///< subtracted from the logit of every token generated before
    double frequencyPenalty = 0; ///< the same, times how often
    double temperature = 0; ///< 0: greedy, the largest logit (ties: lower id)
    int64_t topK = 0; ///< the k largest; 0: all
    double topP = 1; ///< the fewest largest whose probabilities reach p
    double minP = 0; ///< those with at least this share of the largest probability
};

/// Throws UsageError naming the value that is out of range.
void checkSampling(const Sampling& sampling);

/// Changes the logits as the penalties say.
void applyPenalties(const Sampling& sampling, std::span<const int32_t> prompt,
    std::span<const int32_t> generated, std::span<float> logits);

/// What may be drawn after temperature (above 0), top-k, top-p and min-p, by falling probability
/// (ties: lower id); the probabilities sum to one. Never empty: NaN logits are never chosen unless
/// all are.
Ranking candidatesOf(const Sampling& sampling, std::span<const float> logits);

/// The next token: penalties are applied to `logits` in place. The same random state gives the same
/// token; greedy draws nothing.
int32_t sampleToken(const Sampling& sampling, std::span<const int32_t> prompt,
    std::span<const int32_t> generated, std::span<float> logits, base::Random& random);

/// The `count` tokens (at most all) with the largest logits, largest first (ties: lower id).
std::vector<int32_t> mostLikely(std::span<const float> logits, int64_t count);

/// log softmax(logits); all of them are read once, when it is made.
class LogProbabilities {
public:
    explicit LogProbabilities(std::span<const float> logits);
    double operator()(int32_t token) const;

private:
    std::span<const float> m_logits;
    double m_largest, m_logOfSum; ///< log Σ e^(logit − largest)
};

} // namespace moe::infer
