// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/generation.h"
#include "engine/serve/served_model.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace moe::serve {

/// A body of /v1/chat/completions or /v1/completions, read, checked and tokenized.
struct CompletionRequest {
    bool chat = true;
    bool stream = false;
    bool includeUsage = false; ///< a last chunk with the usage
    int64_t choicesPerPrompt = 1; ///< n
    /// One a choice, in the order of their index: prompts one after another, n each.
    std::vector<infer::GenerationRequest> generations;
    int64_t promptTokens = 0; ///< of all prompts, each counted once
};

/// Throws ApiError: 400 naming the key that is wrong or that we do not offer, 404 for another
/// model. More than `mostChoices`, and prompts beyond the context, are refused before they take
/// memory. Any thread; long prompts take their time.
CompletionRequest readCompletionRequest(
    std::string_view body, bool chat, const ServedModel& model, int64_t mostChoices);

} // namespace moe::serve
