// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/generation.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace moe::serve {

/// What every object of one answer says.
struct AnswerHead {
    bool chat = true;
    bool logprobs = false;
    bool includeUsage = false; ///< chunks say "usage": null until the last
    std::string id; ///< "chatcmpl-…", "cmpl-…"
    int64_t created = 0; ///< seconds since 1970
    std::string model;
    std::function<std::string(int32_t id)> tokenBytes;
};

/// One choice as far as it has come.
struct ChoiceSoFar {
    int64_t index = 0;
    infer::GeneratedPiece all; ///< the pieces joined
    std::string finish; ///< "stop", "length"; empty while it goes on
    int64_t characters = 0; ///< of the tokens in the chunks so far, for text_offset
};

struct Usage {
    int64_t promptTokens = 0, reusedTokens = 0, completionTokens = 0;
};

/// "stop" or "length".
const char* finishReason(infer::FinishReason reason);

// Chunks of a stream, as JSON. Streams of chats begin with a role for each choice.
std::string roleChunk(const AnswerHead& head, int64_t index);
/// Empty when the piece shows nothing. Moves `choice.characters` on.
std::string pieceChunk(
    const AnswerHead& head, ChoiceSoFar& choice, const infer::GeneratedPiece& piece);
std::string finishChunk(const AnswerHead& head, const ChoiceSoFar& choice);
std::string usageChunk(const AnswerHead& head, const Usage& usage);

/// The answer in one piece.
std::string wholeAnswer(
    const AnswerHead& head, const std::vector<ChoiceSoFar>& choices, const Usage& usage);

/// A server-sent event: "data: …" and an empty line. `data` has no line breaks (JSON has none).
std::string serverSentEvent(const std::string& data);

/// Joins a piece to what there is.
void append(infer::GeneratedPiece& all, const infer::GeneratedPiece& piece);

} // namespace moe::serve
