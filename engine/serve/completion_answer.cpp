// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/completion_answer.h"

#include "engine/base/files.h"
#include "engine/base/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace moe::serve {

using base::Json;
using infer::GeneratedPiece;
using infer::TokenLogprob;

namespace {

std::string written(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// JSON has no infinities: OpenAI writes −9999 for a token that cannot come.
double finite(double logprob)
{
    return std::isfinite(logprob) ? std::max(logprob, -9999.0) : -9999.0;
}

int64_t charactersOf(const std::string& text)
{
    return std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; });
}

/// The bytes of a token as text: what is no whole character becomes U+FFFD.
std::string shown(const std::string& bytes)
{
    std::string text;
    std::string_view rest = bytes;
    while (const char* bad = base::findInvalidUtf8(rest)) {
        const auto good = static_cast<size_t>(bad - rest.data());
        text.append(rest.substr(0, good)).append("\uFFFD");
        rest.remove_prefix(good + 1);
    }
    return text.append(rest);
}

Json chatToken(const AnswerHead& head, const TokenLogprob& token)
{
    const std::string bytes = head.tokenBytes(token.id);
    Json list = Json::array();
    for (const char byte : bytes)
        list.push_back(static_cast<uint8_t>(byte));
    return {{"token", shown(bytes)}, {"logprob", finite(token.logprob)}, {"bytes", list}};
}

Json chatLogprobs(const AnswerHead& head, const GeneratedPiece& piece)
{
    Json content = Json::array();
    for (size_t i = 0; i < piece.logprobs.size(); ++i) {
        Json token = chatToken(head, piece.logprobs[i]);
        token["top_logprobs"] = Json::array();
        for (const TokenLogprob& top : piece.top.at(i))
            token["top_logprobs"].push_back(chatToken(head, top));
        content.push_back(std::move(token));
    }
    return {{"content", content}, {"refusal", nullptr}};
}

/// /v1/completions: lists side by side. `offset`: characters of the text before the piece.
Json listedLogprobs(const AnswerHead& head, const GeneratedPiece& piece, int64_t offset)
{
    Json tokens = Json::array(), logprobs = Json::array(), tops = Json::array(),
         offsets = Json::array();
    for (size_t i = 0; i < piece.logprobs.size(); ++i) {
        const std::string token = shown(head.tokenBytes(piece.logprobs[i].id));
        tokens.push_back(token);
        logprobs.push_back(finite(piece.logprobs[i].logprob));
        Json top = Json::object();
        for (const TokenLogprob& other : piece.top.at(i))
            top[shown(head.tokenBytes(other.id))] = finite(other.logprob);
        tops.push_back(std::move(top));
        offsets.push_back(offset);
        offset += charactersOf(token);
    }
    return {{"tokens", tokens}, {"token_logprobs", logprobs}, {"top_logprobs", tops},
        {"text_offset", offsets}};
}

Json logprobsOf(const AnswerHead& head, const GeneratedPiece& piece, int64_t offset)
{
    if (!head.logprobs)
        return nullptr;
    return head.chat ? chatLogprobs(head, piece) : listedLogprobs(head, piece, offset);
}

Json usageJson(const Usage& usage)
{
    return {{"prompt_tokens", usage.promptTokens}, {"completion_tokens", usage.completionTokens},
        {"total_tokens", usage.promptTokens + usage.completionTokens},
        {"prompt_tokens_details", {{"cached_tokens", usage.reusedTokens}}}};
}

Json envelope(const AnswerHead& head, const std::string& object, Json choices)
{
    return {{"id", head.id}, {"object", object}, {"created", head.created}, {"model", head.model},
        {"choices", std::move(choices)}};
}

std::string chunk(const AnswerHead& head, Json choice)
{
    Json json = envelope(head, head.chat ? "chat.completion.chunk" : "text_completion",
        Json::array({std::move(choice)}));
    if (head.includeUsage)
        json["usage"] = nullptr;
    return written(json);
}

/// `delta` of a chat, `text` of a completion.
Json chunkChoice(const AnswerHead& head, int64_t index, Json delta, const std::string& text)
{
    Json choice{{"index", index}};
    if (head.chat)
        choice["delta"] = std::move(delta);
    else
        choice["text"] = text;
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = nullptr;
    return choice;
}

} // namespace

const char* finishReason(infer::FinishReason reason)
{
    return reason == infer::FinishReason::Length ? "length" : "stop";
}

std::string roleChunk(const AnswerHead& head, int64_t index)
{
    return chunk(head, chunkChoice(head, index, {{"role", "assistant"}, {"content", ""}}, ""));
}

std::string pieceChunk(const AnswerHead& head, ChoiceSoFar& choice, const GeneratedPiece& piece)
{
    if (piece.text.empty() && (!head.logprobs || piece.logprobs.empty()))
        return "";
    Json json = chunkChoice(head, choice.index, {{"content", piece.text}}, piece.text);
    json["logprobs"] = logprobsOf(head, piece, choice.characters);
    for (const TokenLogprob& token : piece.logprobs)
        choice.characters += charactersOf(shown(head.tokenBytes(token.id)));
    return chunk(head, std::move(json));
}

std::string finishChunk(const AnswerHead& head, const ChoiceSoFar& choice)
{
    Json json = chunkChoice(head, choice.index, Json::object(), "");
    json["finish_reason"] = choice.finish;
    return chunk(head, std::move(json));
}

std::string usageChunk(const AnswerHead& head, const Usage& usage)
{
    Json json
        = envelope(head, head.chat ? "chat.completion.chunk" : "text_completion", Json::array());
    json["usage"] = usageJson(usage);
    return written(json);
}

std::string wholeAnswer(
    const AnswerHead& head, const std::vector<ChoiceSoFar>& choices, const Usage& usage)
{
    Json list = Json::array();
    for (const ChoiceSoFar& choice : choices) {
        Json json{{"index", choice.index}};
        if (head.chat)
            json["message"]
                = {{"role", "assistant"}, {"content", choice.all.text}, {"refusal", nullptr}};
        else
            json["text"] = choice.all.text;
        json["logprobs"] = logprobsOf(head, choice.all, 0);
        json["finish_reason"] = choice.finish;
        list.push_back(std::move(json));
    }
    Json json = envelope(head, head.chat ? "chat.completion" : "text_completion", std::move(list));
    json["usage"] = usageJson(usage);
    return written(json);
}

std::string serverSentEvent(const std::string& data)
{
    return "data: " + data + "\n\n";
}

void append(GeneratedPiece& all, const GeneratedPiece& piece)
{
    all.ids.insert(all.ids.end(), piece.ids.begin(), piece.ids.end());
    all.text += piece.text;
    all.logprobs.insert(all.logprobs.end(), piece.logprobs.begin(), piece.logprobs.end());
    all.top.insert(all.top.end(), piece.top.begin(), piece.top.end());
}

} // namespace moe::serve
