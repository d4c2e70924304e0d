// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/infer/generation.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::infer {
class Generator;
class OpenedModel;
} // namespace moe::infer

namespace moe::serve {

/// What the server asks of a model: values and functions, so that tests can serve one whose every
/// step they decide.
struct ServedModel {
    std::string name; ///< the model's id
    int64_t created = 0; ///< seconds since 1970
    int64_t context = 0; ///< tokens
    int64_t parallel = 1; ///< answers generated at once

    // Any thread. Both throw moe::Error for what the client sent.
    std::function<std::vector<int32_t>(const base::Json& chat)> encodeChat; ///< checkedChat's form
    std::function<std::vector<int32_t>(std::string_view text)> encodePrompt;
    std::function<std::string(int32_t id)>
        tokenBytes; ///< a token's own, not always whole characters

    // As infer::Generator's.
    std::function<uint64_t(infer::GenerationRequest,
        std::function<void(const infer::GeneratedPiece&)>,
        std::function<void(const infer::GenerationResult&)>)>
        submit;
    std::function<void(uint64_t)> cancel;
    /// Pages of the KV cache: all, held by running requests, kept for prompts that begin alike.
    struct Pages {
        int64_t all = 0, used = 0, kept = 0;
    };
    std::function<Pages()> pages;
};

/// Both outlive the answer.
ServedModel servedModel(infer::OpenedModel& model, infer::Generator& generator);

} // namespace moe::serve
