// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/completion_request.h"

#include "engine/serve/api_error.h"
#include "engine/serve/body_reader.h"
#include "engine/serve/service_answers.h"
#include "engine/text/chat_template.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace moe::serve {

using base::Json;

namespace {

constexpr int64_t kMostChoices = 128;
constexpr int64_t kMostTokens = int64_t{1} << 31;
constexpr int64_t kCompletionTokens = 16; // OpenAI's default of /v1/completions
constexpr size_t kMostStops = 4, kLongestStop = 1000; // every choice has its own copy

/// Keys of both routes; those of one alone are in knownKeys().
constexpr std::array kCommonKeys{"model", "stream", "stream_options", "stop", "seed", "n",
    "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty",
    "frequency_penalty", "logprobs", "max_tokens", "user", "store", "metadata"};

std::vector<std::string> knownKeys(bool chat)
{
    std::vector<std::string> keys(kCommonKeys.begin(), kCommonKeys.end());
    if (chat)
        keys.insert(keys.end(), {"messages", "top_logprobs", "max_completion_tokens"});
    else
        keys.insert(keys.end(), {"prompt", "echo", "best_of", "suffix"});
    return keys;
}

void checkKeys(const Json& body, bool chat)
{
    const std::vector<std::string> known = knownKeys(chat);
    for (const auto& [key, value] : body.items()) {
        if (value.is_null() || std::find(known.begin(), known.end(), key) != known.end())
            continue;
        const std::string shown = key.substr(0, 80);
        const std::string near = base::nearestWord(shown, known);
        // What OpenAI has and we do not is no slip of the pen.
        const bool slip = !near.empty() && base::wordDistance(shown, near) < 0.35;
        BodyReader::refuse("this server does not offer this key", shown,
            slip ? "did you mean " + near + "?" : "leave it out");
    }
}

/// Keys of /v1/completions that we know with the value alone that asks for nothing.
void checkCompletionKeys(const BodyReader& body, int64_t n)
{
    if (body.boolean("echo"))
        BodyReader::refuse("the prompt is not repeated", "echo", "leave it out, or write false");
    if (body.integer("best_of", 1, kMostChoices).value_or(n) != n)
        BodyReader::refuse(
            "choices are not ranked", "best_of", "leave it out, or write the same as n");
    if (body.find("suffix") && !body.text("suffix").empty())
        BodyReader::refuse("text is not filled in", "suffix", "leave it out");
}

infer::Sampling samplingOf(const BodyReader& body)
{
    infer::Sampling sampling;
    sampling.temperature = body.number("temperature", 0, 2, 1);
    sampling.topP = body.number("top_p", 0, 1, 1);
    sampling.minP = body.number("min_p", 0, 1, 0);
    // −1 is how some clients write "all".
    sampling.topK = std::max<int64_t>(0, body.integer("top_k", -1, 1'000'000'000).value_or(0));
    sampling.repetitionPenalty = body.number("repetition_penalty", 0.01, 100, 1);
    sampling.presencePenalty = body.number("presence_penalty", -2, 2, 0);
    sampling.frequencyPenalty = body.number("frequency_penalty", -2, 2, 0);
    return sampling;
}

int64_t topLogprobsOf(const BodyReader& body, bool chat)
{
    if (!chat)
        return body.integer("logprobs", 0, 5).value_or(-1);
    const std::optional<int64_t> top = body.integer("top_logprobs", 0, 20);
    if (body.boolean("logprobs"))
        return top.value_or(0);
    if (top)
        BodyReader::refuse("top_logprobs are of logprobs", "top_logprobs", "set logprobs, too");
    return -1;
}

std::optional<int64_t> maxTokensOf(const BodyReader& body, bool chat)
{
    const std::optional<int64_t> tokens = body.integer("max_tokens", 1, kMostTokens);
    if (!chat)
        return tokens.value_or(kCompletionTokens);
    const std::optional<int64_t> newer = body.integer("max_completion_tokens", 1, kMostTokens);
    if (tokens && newer && *tokens != *newer)
        BodyReader::refuse("max_tokens and max_completion_tokens differ", "max_completion_tokens",
            "leave max_tokens out");
    return newer ? newer : tokens;
}

/// The text of a message whose content is a list of parts: joined as they stand.
std::string joinedParts(const Json& parts, const std::string& at)
{
    std::string text;
    for (const Json& part : parts) {
        if (part["type"] != "text")
            throw ApiError(400, "this server reads text alone", at, "send parts of the type text",
                "", "messages");
        text += part["text"].get<std::string>();
    }
    return text;
}

Json chatOf(const BodyReader& body)
{
    const Json* messages = body.find("messages");
    if (!messages)
        BodyReader::refuse("this key is missing", "messages", "write a list of messages");
    Json chat = text::checkedChat(messages->is_array() ? *messages : Json::array(), "request");
    for (size_t i = 0; i < chat["messages"].size(); ++i) {
        Json& message = chat["messages"][i];
        const std::string at = "messages[" + std::to_string(i) + "]";
        const auto content = message.find("content");
        if (content != message.end() && content->is_array())
            *content = joinedParts(*content, at);
        else if (content == message.end() || content->is_null()) {
            if (message["role"] != "assistant")
                throw ApiError(400, "a message has no content", at,
                    "write a text or a list of text parts", "", "messages");
            message["content"] = "";
        }
    }
    return chat;
}

void checkLength(size_t tokens, const std::string& key, const ServedModel& model)
{
    if (tokens > static_cast<size_t>(model.context))
        BodyReader::refuse("a prompt of " + std::to_string(tokens) + " tokens", key,
            "at most the context, " + std::to_string(model.context));
}

std::vector<int32_t> idsOf(const Json& list)
{
    std::vector<int32_t> ids;
    ids.reserve(list.size());
    for (const Json& id : list) {
        if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > INT32_MAX)
            BodyReader::refuse("not a token id", "prompt", "write integers of the vocabulary");
        ids.push_back(id.get<int32_t>());
    }
    return ids;
}

std::vector<int32_t> promptOf(const Json& prompt, const ServedModel& model)
{
    if (prompt.is_string()) {
        std::vector<int32_t> ids = model.encodePrompt(prompt.get_ref<const std::string&>());
        checkLength(ids.size(), "prompt", model);
        return ids;
    }
    if (!prompt.is_array())
        BodyReader::refuse(
            "not a prompt", "prompt", "write a text, a list of token ids, or a list of either");
    checkLength(prompt.size(), "prompt", model);
    return idsOf(prompt);
}

const Json& givenPrompt(const BodyReader& body)
{
    const Json* prompt = body.find("prompt");
    if (!prompt)
        BodyReader::refuse("this key is missing", "prompt", "write a text");
    return *prompt;
}

bool areSeveral(const Json& prompt)
{
    return prompt.is_array() && !prompt.empty() && !prompt.front().is_number();
}

std::vector<std::vector<int32_t>> promptsOf(const BodyReader& body, const ServedModel& model)
{
    const Json& prompt = givenPrompt(body);
    if (!areSeveral(prompt))
        return {promptOf(prompt, model)};
    std::vector<std::vector<int32_t>> prompts;
    for (const Json& one : prompt)
        prompts.push_back(promptOf(one, model));
    return prompts;
}

std::vector<std::vector<int32_t>> encoded(
    const BodyReader& body, bool chat, const ServedModel& model)
{
    const std::string key = chat ? "messages" : "prompt";
    try {
        std::vector<std::vector<int32_t>> prompts;
        if (chat) {
            prompts.push_back(model.encodeChat(chatOf(body)));
            checkLength(prompts.back().size(), key, model);
        } else {
            prompts = promptsOf(body, model);
        }
        for (const auto& prompt : prompts) {
            if (prompt.empty())
                BodyReader::refuse("the prompt has no tokens", key, "write some text");
        }
        return prompts;
    } catch (const ApiError&) {
        throw;
    } catch (const Error& error) { // the template's refusal, a text that cannot be encoded
        throw ApiError(400, error.problem(), error.place(), error.remedy(), "", key);
    }
}

/// Each choice holds a prompt and a place until it ends.
void checkChoices(const BodyReader& body, bool chat, int64_t n, int64_t most)
{
    int64_t prompts = 1;
    if (!chat) {
        const Json& prompt = givenPrompt(body);
        prompts = areSeveral(prompt) ? static_cast<int64_t>(prompt.size()) : 1;
    }
    most = std::min(most, kMostChoices);
    if (prompts > most)
        BodyReader::refuse(
            "too many prompts", "prompt", "at most " + std::to_string(most) + " a request");
    if (prompts * n > most)
        BodyReader::refuse("more choices than this server takes at once", "n",
            "at most " + std::to_string(most) + " over all prompts");
}

void checkModel(const BodyReader& body, const ServedModel& model)
{
    const std::string name = body.text("model");
    if (name != model.name)
        throw unknownModel(model, name, "model");
}

bool includesUsage(const BodyReader& body, bool stream)
{
    const Json* options = body.find("stream_options");
    if (!options)
        return false;
    if (!stream)
        BodyReader::refuse("stream_options are of streams", "stream_options", "set stream, too");
    if (!options->is_object())
        BodyReader::refuse("not an object", "stream_options", "write {\"include_usage\": true}");
    return BodyReader(*options).boolean("include_usage");
}

} // namespace

CompletionRequest readCompletionRequest(
    std::string_view bytes, bool chat, const ServedModel& model, int64_t mostChoices)
{
    const Json json = parseBody(bytes);
    const BodyReader body(json);
    checkModel(body, model);
    checkKeys(json, chat);
    CompletionRequest request;
    request.chat = chat;
    request.stream = body.boolean("stream");
    request.includeUsage = includesUsage(body, request.stream);
    request.choicesPerPrompt = body.integer("n", 1, kMostChoices).value_or(1);
    if (!chat)
        checkCompletionKeys(body, request.choicesPerPrompt);
    infer::GenerationRequest common;
    common.sampling = samplingOf(body);
    common.stop = body.texts("stop", kMostStops, kLongestStop);
    common.topLogprobs = topLogprobsOf(body, chat);
    const std::optional<uint64_t> seed = body.seed("seed");
    const std::optional<int64_t> maxTokens = maxTokensOf(body, chat);

    checkChoices(body, chat, request.choicesPerPrompt, mostChoices);
    const auto prompts = encoded(body, chat, model);
    for (const std::vector<int32_t>& prompt : prompts) {
        const auto length = static_cast<int64_t>(prompt.size());
        request.promptTokens += length;
        // What does not fit behind the prompt would end with "length" anyway.
        common.maxTokens = std::clamp<int64_t>(
            maxTokens.value_or(model.context), 1, std::max<int64_t>(1, model.context - length));
        common.prompt = prompt;
        for (int64_t i = 0; i < request.choicesPerPrompt; ++i) {
            // The first choice of a seed is what n = 1 gives; the others have seeds of their own.
            common.seed = seed ? std::optional(*seed + static_cast<uint64_t>(i)) : std::nullopt;
            request.generations.push_back(common);
        }
    }
    return request;
}

} // namespace moe::serve
