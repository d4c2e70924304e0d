// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/sampler.h"
#include "kernels/error.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace moe::infer {

/// An expert that a request leaves out. `layer` is the decoder layer's index.
struct ExpertMask {
    int64_t layer = 0;
    int32_t expert = 0;
    auto operator<=>(const ExpertMask&) const = default;
};

/// What a generator is asked for.
struct GenerationRequest {
    std::vector<int32_t> prompt; ///< not empty, ids of the vocabulary, at most the context
    /// So many ids at the prompt's end are text that the reply goes on from: see ReplyText.
    int64_t continued = 0;
    int64_t maxTokens = 256;
    Sampling sampling;
    std::optional<uint64_t> seed; ///< none: drawn
    std::vector<std::string> stop; ///< never part of the text; may span tokens
    int64_t topLogprobs = -1; ///< −1: none; n: the token's own and the n most likely
    bool routing = false;
    int64_t routingExtra = 0; ///< runners-up behind the chosen experts
    std::vector<ExpertMask> masks; ///< −∞ on the experts' logits, after normalisation
};

/// A chosen expert and its weight; a runner-up and its gate probability.
struct ExpertChoice {
    int32_t expert = 0;
    float weight = 0;
    float gate = std::numeric_limits<float>::quiet_NaN(); ///< probability, with runners-up alone
};
using LayerRouting = std::vector<ExpertChoice>; ///< the chosen first; dense layers: empty
using TokenRouting = std::vector<LayerRouting>; ///< [layers]

/// log softmax of the model's own logits, before penalties and temperature.
struct TokenLogprob {
    int32_t id = 0;
    double logprob = 0;
};

/// What a step adds to a reply. Joined, the pieces are the result.
struct GeneratedPiece {
    /// Those whose text is out: none while a stop string or a character may still be completed,
    /// several when it was.
    std::vector<int32_t> ids;
    std::string text; ///< whole UTF-8 characters, never (part of) a stop string
    std::vector<TokenLogprob> logprobs; ///< one for each id, when asked
    std::vector<std::vector<TokenLogprob>> top; ///< the same, by falling probability
    std::vector<TokenRouting> routing; ///< of the tokens fed since the last piece, when asked
};

enum class FinishReason : uint8_t {
    Stop, ///< an end-of-sequence id or a stop string
    Length, ///< maxTokens, or prompt and reply fill the context; a full prompt gets one token
    Cancelled,
    Failed
};
const char* nameOf(FinishReason reason); ///< "stop", "length", "cancelled", "failed"

struct GenerationResult {
    /// The reply: without the end-of-sequence id, and without the tokens that begin behind a stop
    /// string's first character.
    std::vector<int32_t> ids;
    std::string text;
    int64_t promptTokens = 0;
    int64_t reusedTokens = 0; ///< of the prompt, whose keys and values were there already
    FinishReason finish = FinishReason::Stop;
    std::optional<Error> error; ///< of a failed one
    double ttftSeconds = 0; ///< from submit to the first token, waiting included
    double decodeTokensPerSecond = 0; ///< of the tokens behind the first; 0 when there are none
    std::vector<TokenRouting> routing; ///< of the prompt and all ids but the last that were fed
    std::vector<TokenLogprob> logprobs;
    std::vector<std::vector<TokenLogprob>> top;
};

} // namespace moe::infer
