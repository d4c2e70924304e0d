// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/text/chat_template.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::text {

using base::Json;

namespace {

void checkContent(const Json& message, const std::string& at)
{
    const auto content = message.find("content");
    if (content == message.end() || content->is_null() || content->is_string())
        return;
    if (!content->is_array())
        throw Error("content is neither a text nor a list of parts", at, "write a text in quotes");
    for (const Json& part : *content) {
        if (!part.is_object() || !part.contains("type") || !part["type"].is_string())
            throw Error(
                "a part of the content has no type", at, "write {\"type\": \"text\", \"text\": …}");
        if (part["type"] == "text" && (!part.contains("text") || !part["text"].is_string()))
            throw Error("a text part has no text", at, "write {\"type\": \"text\", \"text\": …}");
    }
}

std::string plainContent(const Json& message)
{
    const auto content = message.find("content");
    if (content == message.end() || content->is_null())
        return "";
    if (content->is_string())
        return content->get<std::string>();
    std::string text;
    for (const Json& part : *content) {
        if (part.contains("text") && part["text"].is_string())
            text += part["text"].get<std::string>();
    }
    return text;
}

void setTemplate(ChatFormat& format, std::string source)
{
    format.chatTemplate.emplace(source);
    format.templateSource = std::move(source);
}

} // namespace

Json checkedChat(const Json& chat, const std::string& where)
{
    Json checked = {{"messages", chat}, {"tools", nullptr}};
    if (chat.is_object()) {
        base::ObjectReader reader(chat, where);
        const Json* messages = reader.raw("messages");
        if (!messages)
            throw Error("no messages", where, "write a list of messages, or {\"messages\": […]}");
        checked["messages"] = *messages;
        if (reader.has("tools"))
            checked["tools"] = *reader.raw("tools");
        reader.finish();
    }
    const Json& messages = checked["messages"];
    if (!messages.is_array() || messages.empty())
        throw Error("the messages are not a list with at least one", where,
            "write [{\"role\": \"user\", \"content\": …}]");
    for (size_t i = 0; i < messages.size(); ++i) {
        const std::string at = where + ": messages[" + std::to_string(i) + "]";
        if (!messages[i].is_object())
            throw Error(
                "a message is not an object", at, "write {\"role\": \"user\", \"content\": …}");
        const auto role = messages[i].find("role");
        if (role == messages[i].end() || !role->is_string() || role->get<std::string>().empty())
            throw Error("a message has no role", at,
                "write \"role\": \"user\", \"assistant\" or \"system\"");
        checkContent(messages[i], at);
    }
    const Json& tools = checked["tools"];
    if (!tools.is_null() && !tools.is_array())
        throw Error("tools are not a list", where, "write a list of JSON schemas");
    for (const Json& tool : tools.is_null() ? Json::array() : tools) {
        if (!tool.is_object())
            throw Error("a tool is not an object", where, "write a list of JSON schemas");
    }
    return checked;
}

Json readChat(const std::filesystem::path& file)
{
    return checkedChat(base::readJsonFile(file), file.string());
}

std::string ChatFormat::prompt(const Json& chat, bool addGenerationPrompt) const
{
    if (chatTemplate) {
        Json variables = base::parseJson(specialTokens, "special tokens");
        variables["add_generation_prompt"] = addGenerationPrompt;
        const bool tools = toolTemplate && !chat.at("tools").is_null();
        return (tools ? *toolTemplate : *chatTemplate).render(chat, variables, std::time(nullptr));
    }
    std::string joined;
    for (const Json& message : chat.at("messages"))
        joined += (joined.empty() ? "" : "\n") + plainContent(message);
    return addGenerationPrompt ? joined + "\n" : joined;
}

ChatFormat readChatFormat(const std::filesystem::path& folder)
{
    ChatFormat format;
    const std::filesystem::path config = folder / "tokenizer_config.json";
    Json settings = std::filesystem::exists(config) ? base::readJsonFile(config) : Json::object();
    if (!settings.is_object())
        throw Error("expected an object", config.string(), "write {\"key\": value, …}");
    Json tokens = Json::object();
    for (const auto& [key, value] : settings.items()) {
        if (key.ends_with("_token") && value.is_string())
            tokens[key] = value;
        else if (key.ends_with("_token") && value.is_object() && value.contains("content")
            && value["content"].is_string())
            tokens[key] = value["content"];
    }
    format.specialTokens = tokens.dump();
    const std::filesystem::path file = folder / "chat_template.jinja";
    if (std::filesystem::exists(file)) {
        setTemplate(format, base::readFile(file, int64_t{4} << 20));
        return format;
    }
    const auto found = settings.find("chat_template");
    if (found == settings.end() || found->is_null())
        return format;
    if (found->is_string()) {
        setTemplate(format, found->get<std::string>());
        return format;
    }
    for (const Json& named : found->is_array() ? *found : Json::array()) {
        if (!named.is_object() || !named.contains("name") || !named.contains("template")
            || !named["template"].is_string())
            throw Error("chat_template is not well formed", config.string(),
                "write a text, or a list of {\"name\": …, \"template\": …}");
        if (named["name"] == "default")
            setTemplate(format, named["template"].get<std::string>());
        else if (named["name"] == "tool_use")
            format.toolTemplate.emplace(named["template"].get<std::string>());
    }
    if (!format.chatTemplate)
        throw Error("chat_template has no default", config.string(),
            "write a text, or a list with one named default");
    return format;
}

} // namespace moe::text
