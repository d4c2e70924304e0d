// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/chat_template.h"

#include "engine/base/files.h"

#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_parser.h"
#include "engine/text/jinja_text.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::text {

using base::Json;

struct ChatTemplate::Parsed {
    jinja::Body body;
};

ChatTemplate::ChatTemplate(std::string_view source)
    : m_parsed(std::make_unique<Parsed>(Parsed{jinja::Parser(source).parse()}))
{
}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

namespace {

using jinja::Value;

Value textValue(const std::string& text)
{
    if (base::findInvalidUtf8(text))
        throw Error("a text is not valid UTF-8", "chat", "send UTF-8");
    auto held = std::make_shared<jinja::String>();
    held->length = jinja::countCodePoints(text);
    held->bytes = text;
    return Value(jinja::StringRef(std::move(held)));
}

Value dictValue(std::vector<std::pair<Value, Value>> entries)
{
    auto dict = std::make_shared<jinja::Dict>();
    for (const auto& [key, value] : entries)
        dict->depth = std::max(dict->depth, jinja::depthOf(value) + 1);
    dict->entries = std::move(entries);
    return Value(jinja::DictRef(std::move(dict)));
}

Value valueOf(const Json& json)
{
    if (json.is_string())
        return textValue(json.get<std::string>());
    if (json.is_boolean())
        return json.get<bool>();
    if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX)
        throw Error("a whole number is wider than 64 bits", "chat", "send smaller numbers");
    if (json.is_number_integer())
        return json.get<int64_t>();
    if (json.is_number())
        return json.get<double>();
    if (json.is_array()) {
        auto list = std::make_shared<jinja::Sequence>();
        for (const Json& item : json) {
            list->items.push_back(valueOf(item));
            list->depth = std::max(list->depth, jinja::depthOf(list->items.back()) + 1);
        }
        return Value(jinja::SequenceRef(std::move(list)));
    }
    if (json.is_object()) {
        std::vector<std::pair<Value, Value>> entries;
        for (const auto& [key, item] : json.items())
            entries.emplace_back(textValue(key), valueOf(item));
        return dictValue(std::move(entries));
    }
    return Value();
}

/// As transformers does: a message's reasoning goes by all the names that templates read.
Json withReasoning(const Json& messages)
{
    Json all = Json::array();
    for (const Json& message : messages) {
        const Json* reasoning = nullptr;
        for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
            if (!reasoning && message.contains(name) && !message[name].is_null())
                reasoning = &message[name];
        }
        if (!reasoning) {
            all.push_back(message);
            continue;
        }
        Json aliased = {{"thinking", *reasoning}};
        for (const auto& [key, value] : message.items())
            aliased[key] = value;
        aliased["reasoning_content"] = *reasoning;
        all.push_back(std::move(aliased));
    }
    return all;
}

} // namespace

std::string ChatTemplate::render(
    const Json& chat, const Json& variables, std::time_t now, std::chrono::milliseconds most) const
{
    Json all = {{"messages", withReasoning(chat.at("messages"))}, {"tools", chat.at("tools")},
        {"documents", nullptr}, {"add_generation_prompt", false}};
    for (const auto& [key, value] : variables.items())
        all[key] = value;
    jinja::Interpreter interpreter(valueOf(all), now, most);
    return interpreter.run(m_parsed->body);
}

} // namespace moe::text
