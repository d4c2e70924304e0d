// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/evaluate.h"

#include "engine/infer/sampler.h"
#include "engine/infer/token_logits.h"
#include "kernels/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace moe::infer {

namespace {

constexpr int64_t kWindow = 2048;
/// Logits that stand in memory at once.
constexpr int64_t kMostLogits = int64_t{1} << 24;

/// What stands before a text that begins with nothing.
std::optional<int32_t> beforeAll(const OpenedModel& model)
{
    if (const auto& begin = model.config().bosTokenId)
        return static_cast<int32_t>(*begin);
    if (const auto end = model.tokenizer().endOfSequence())
        return end;
    const auto ends = model.endOfSequence();
    return ends.empty() ? std::nullopt : std::optional(ends.front());
}

} // namespace

std::vector<double> tokenLogProbabilities(OpenedModel& model, std::span<const int32_t> ids)
{
    const auto count = std::ssize(ids);
    if (count < 1 || count > model.context())
        throw Error(std::to_string(count) + " tokens at once", model.name(),
            "1 to the context, " + std::to_string(model.context()));
    const int64_t vocabulary = model.config().vocabSize;
    const int64_t chunk
        = std::clamp<int64_t>(kMostLogits / vocabulary, 1, model.model().largestBatch());
    std::vector<double> result;
    eachLogits(model.backend(), model.model(), model.cache(), ids, chunk,
        [&](int64_t first, std::span<const float> logits) {
            const int64_t rows = std::ssize(logits) / vocabulary;
            for (int64_t i = 0; i < rows && first + i + 1 < count; ++i) {
                const auto row = logits.subspan(
                    static_cast<size_t>(i * vocabulary), static_cast<size_t>(vocabulary));
                result.push_back(LogProbabilities(row)(ids[static_cast<size_t>(first + i + 1)]));
                if (std::isnan(result.back()))
                    throw Error("the model's logits are no numbers",
                        "token " + std::to_string(first + i + 1),
                        "check the checkpoint's weights and scales");
            }
        });
    return result;
}

Perplexity perplexityOf(
    OpenedModel& model, std::span<const int32_t> ids, const OnEvaluated& onWindow)
{
    const int64_t window = std::min({kWindow, model.config().maxPositions, model.context()}),
                  all = std::ssize(ids);
    Perplexity result;
    double sum = 0;
    for (int64_t begin = 0; begin < all; begin += window) {
        const int64_t length = std::min(window, all - begin);
        for (const double logProbability : tokenLogProbabilities(
                 model, ids.subspan(static_cast<size_t>(begin), static_cast<size_t>(length)))) {
            sum += logProbability;
            ++result.tokens;
        }
        if (onWindow)
            onWindow(begin + length, all);
    }
    if (result.tokens == 0)
        throw Error("no token has others before it", "the text", "two tokens at least");
    result.perplexity = std::exp(-sum / static_cast<double>(result.tokens));
    return result;
}

std::vector<ChoiceTokens> choiceTokens(const OpenedModel& model, const MultipleChoice& item)
{
    const std::vector<int32_t> question = model.tokenizer().encodePrompt(item.question);
    std::vector<ChoiceTokens> choices;
    for (const std::string& choice : item.choices) {
        ChoiceTokens tokens{model.tokenizer().encodePrompt(item.question + choice), 0};
        auto& ids = tokens.ids;
        const auto own
            = std::mismatch(ids.begin(), ids.end(), question.begin(), question.end()).first;
        if (own == ids.end())
            throw Error("a choice adds no token to its question", item.where,
                "write something in each choice");
        tokens.given = own - ids.begin();
        if (const auto before = beforeAll(model); tokens.given == 0 && before) {
            ids.insert(ids.begin(), *before);
            tokens.given = 1;
        }
        // The first token of all has no probability.
        tokens.given = std::max<int64_t>(1, tokens.given);
        if (tokens.given == std::ssize(ids))
            throw Error("a choice of one token has nothing before it", item.where,
                "write a question that the choice does not swallow");
        if (std::ssize(ids) > model.context())
            throw Error("question and choice are " + std::to_string(ids.size()) + " tokens",
                item.where, "at most the context, " + std::to_string(model.context()));
        choices.push_back(std::move(tokens));
    }
    return choices;
}

int64_t likeliestChoice(OpenedModel& model, std::span<const ChoiceTokens> choices)
{
    int64_t best = 0;
    double most = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < choices.size(); ++i) {
        const std::vector<double> p = tokenLogProbabilities(model, choices[i].ids);
        const double sum = std::accumulate(p.begin() + choices[i].given - 1, p.end(), 0.0);
        if (sum > most) {
            most = sum;
            best = static_cast<int64_t>(i);
        }
    }
    return best;
}

} // namespace moe::infer
