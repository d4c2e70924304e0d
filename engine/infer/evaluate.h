// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/opened_model.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace moe::infer {

/// Hears how much is done, and may throw to stop.
using OnEvaluated = std::function<void(int64_t done, int64_t total)>;

/// log p of ids[1…] given all before, [ids − 1]. The model must not be busy with a Generator.
/// Throws for no ids, more than the context, ids outside the vocabulary, and logits that are NaN.
std::vector<double> tokenLogProbabilities(OpenedModel& model, std::span<const int32_t> ids);

struct Perplexity {
    double perplexity = 0; ///< exp of the mean −log p
    int64_t tokens = 0; ///< those whose probability counts
};
/// Over windows of min(max_position_embeddings, 2048) tokens (and the context, where that is
/// shorter) without overlap; every token but a window's first. Throws where there are none.
Perplexity perplexityOf(
    OpenedModel& model, std::span<const int32_t> ids, const OnEvaluated& onWindow = {});

struct MultipleChoice {
    std::string question;
    std::vector<std::string> choices;
    int64_t answer = 0; ///< index of the right choice
    std::string where; ///< "questions.jsonl: line 3", for errors
};
/// Question and choice as one text, joined as they are.
struct ChoiceTokens {
    std::vector<int32_t> ids;
    int64_t given = 0; ///< of them, before the first that is scored
};
/// Of each choice. A choice with nothing before it is put behind the model's begin of sequence, or
/// else its end, which documents follow. Throws, naming the item, for one that has no token to
/// score or that the context does not hold.
std::vector<ChoiceTokens> choiceTokens(const OpenedModel& model, const MultipleChoice& item);
/// The choice with the largest sum of log p of its tokens behind the question's (ties: the first).
int64_t likeliestChoice(OpenedModel& model, std::span<const ChoiceTokens> choices);

} // namespace moe::infer
