// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/conversation_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace moe::chats {

using base::Json;

namespace {

constexpr int64_t kMostTokens = 1'000'000;
constexpr int64_t kMostIndex = 1'000'000; ///< of a layer or an expert

const Json* member(const Json& object, const char* key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? &*found : nullptr;
}

std::string text(const Json& object, const char* key, const std::string& fallback = {})
{
    const Json* value = member(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>() : fallback;
}

double number(const Json& object, const char* key, double least, double most, double fallback)
{
    const Json* value = member(object, key);
    if (value == nullptr || !value->is_number())
        return fallback;
    const auto given = value->get<double>();
    return std::isfinite(given) ? std::clamp(given, least, most) : fallback;
}

int64_t whole(const Json& object, const char* key, int64_t least, int64_t most, int64_t fallback)
{
    return std::llround(number(object, key, static_cast<double>(least), static_cast<double>(most),
        static_cast<double>(fallback)));
}

std::optional<uint64_t> seed(const Json& object)
{
    const Json* value = member(object, "seed");
    if (value == nullptr || !value->is_number_integer())
        return {};
    return value->get<uint64_t>();
}

Json masksJson(const std::vector<MaskedExpert>& masks)
{
    Json list = Json::array();
    for (const MaskedExpert& mask : masks)
        list.push_back(Json::array({mask.layer, mask.expert}));
    return list;
}

std::vector<MaskedExpert> masksFrom(const Json& object)
{
    std::vector<MaskedExpert> masks;
    const Json* list = member(object, "masks");
    if (list == nullptr || !list->is_array())
        return masks;
    const auto isIndex = [](const Json& value) {
        return value.is_number_integer() && value.get<double>() >= 0
            && value.get<double>() <= static_cast<double>(kMostIndex);
    };
    for (const Json& pair : *list) {
        if (pair.is_array() && pair.size() == 2 && isIndex(pair[0]) && isIndex(pair[1]))
            masks.push_back({pair[0].get<int64_t>(), pair[1].get<int32_t>()});
    }
    return masks;
}

} // namespace

Json toJson(const SamplingSettings& sampling)
{
    Json json = {{"preset", sampling.preset}, {"temperature", sampling.temperature},
        {"top_p", sampling.topP}, {"top_k", sampling.topK}, {"min_p", sampling.minP},
        {"repetition_penalty", sampling.repetitionPenalty}, {"max_tokens", sampling.maxTokens}};
    if (sampling.seed)
        json["seed"] = *sampling.seed;
    return json;
}

SamplingSettings samplingFrom(const Json& json)
{
    const SamplingSettings usual;
    SamplingSettings sampling;
    sampling.preset = text(json, "preset", json.is_object() ? "" : usual.preset);
    sampling.temperature = number(json, "temperature", 0, 100, usual.temperature);
    sampling.topP = number(json, "top_p", 0, 1, usual.topP);
    sampling.topK = whole(json, "top_k", 0, kMostTokens, usual.topK);
    sampling.minP = number(json, "min_p", 0, 1, usual.minP);
    sampling.repetitionPenalty
        = number(json, "repetition_penalty", 0.01, 100, usual.repetitionPenalty);
    sampling.maxTokens = whole(json, "max_tokens", 1, kMostTokens, usual.maxTokens);
    sampling.seed = seed(json);
    return sampling;
}

Json toJson(const Setup& setup)
{
    return {{"system", setup.systemPrompt}, {"sampling", toJson(setup.sampling)},
        {"masks", masksJson(setup.masks)}};
}

Setup setupFrom(const Json& json)
{
    const Json* sampling = member(json, "sampling");
    return {text(json, "system"),
        sampling != nullptr ? samplingFrom(*sampling) : SamplingSettings(), masksFrom(json)};
}

Json toJson(const ReplyFacts& facts)
{
    Json json = {{"prompt_tokens", facts.promptTokens}, {"tokens", facts.tokens},
        {"ttft_seconds", facts.firstTokenSeconds}, {"tokens_per_second", facts.tokensPerSecond},
        {"finish_reason", facts.finish}, {"seed", facts.seed}};
    if (!facts.error.empty())
        json["error"] = facts.error;
    if (facts.step >= 0)
        json["step"] = facts.step;
    if (facts.writer > 0) {
        json["writer"] = facts.writer;
        json["written"] = facts.written;
    }
    json["sampling"] = toJson(facts.sampling);
    if (!facts.masks.empty())
        json["masks"] = masksJson(facts.masks);
    return json;
}

ReplyFacts factsFrom(const Json& json)
{
    constexpr int64_t kMost = INT64_C(1) << 52;
    ReplyFacts facts;
    facts.promptTokens = whole(json, "prompt_tokens", 0, kMost, 0);
    facts.tokens = whole(json, "tokens", 0, kMost, 0);
    facts.firstTokenSeconds = number(json, "ttft_seconds", 0, 1e9, 0);
    facts.tokensPerSecond = number(json, "tokens_per_second", 0, 1e9, 0);
    facts.finish = text(json, "finish_reason");
    facts.error = text(json, "error");
    facts.seed = seed(json).value_or(0);
    facts.step = whole(json, "step", -1, kMost, -1);
    facts.writer = whole(json, "writer", 0, INT32_MAX, 0);
    facts.written = number(json, "written", 0, 1e12, 0);
    if (const Json* sampling = member(json, "sampling"))
        facts.sampling = samplingFrom(*sampling);
    facts.masks = masksFrom(json);
    return facts;
}

std::vector<std::string> tagsFrom(const Json& json)
{
    std::vector<std::string> tags;
    for (const Json& tag : json.is_array() ? json : Json::array()) {
        if (tag.is_string())
            tags.push_back(tag.get<std::string>());
    }
    return tags;
}

const char* nameOf(Role role)
{
    return role == Role::User ? "user" : "assistant";
}

const char* nameOf(MessageState state)
{
    static constexpr std::array kNames{"done", "streaming", "stopped", "failed"};
    return kNames.at(static_cast<size_t>(state));
}

} // namespace moe::chats
