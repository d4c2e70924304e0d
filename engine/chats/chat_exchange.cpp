// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/chat_exchange.h"

#include "engine/base/json.h"
#include "engine/chats/conversation_json.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_map>

namespace moe::chats {

using base::Json;

namespace {

constexpr const char* kFormat = "moe-workbench-conversation";
constexpr int64_t kVersion = 1;

[[noreturn]] void refuse(const std::string& what, const std::string& where)
{
    throw Error(what, where,
        "import a conversation that was exported as JSON, or a list of messages with role and "
        "content");
}

std::string textOf(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double timeOf(const Json& object, double fallback)
{
    const auto found = object.find("created");
    return found != object.end() && found->is_number() ? found->get<double>() : fallback;
}

/// The number of a message, or 0.
int64_t numberOf(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

MessageState stateFrom(const std::string& name)
{
    for (const MessageState state : {MessageState::Stopped, MessageState::Failed}) {
        if (name == nameOf(state))
            return state;
    }
    return name == nameOf(MessageState::Streaming) ? MessageState::Stopped : MessageState::Done;
}

/// Content as a text, or as text parts.
std::string contentOf(const Json& message, const std::string& where)
{
    const auto found = message.find("content");
    if (found != message.end() && found->is_string())
        return found->get<std::string>();
    if (found == message.end() || !found->is_array())
        refuse("content is no text", where);
    std::string text;
    for (const Json& part : *found) {
        if (!part.is_object() || textOf(part, "type") != "text")
            refuse("a part of content is no text", where);
        text += textOf(part, "text");
    }
    return text;
}

Message messageFrom(const Json& json, const std::string& where)
{
    if (!json.is_object())
        refuse("not an object", where);
    Message message;
    const std::string role = textOf(json, "role");
    if (role != "user" && role != "assistant")
        refuse("the role \"" + role + "\" is not known", where);
    message.role = role == "user" ? Role::User : Role::Assistant;
    message.text = contentOf(json, where);
    message.state = stateFrom(textOf(json, "state"));
    message.created = timeOf(json, now());
    message.model = textOf(json, "model");
    if (const auto facts = json.find("facts"); facts != json.end())
        message.facts = factsFrom(*facts);
    return message;
}

/// A message without a parent of its own (a plain list) follows the one before it.
void takeMessages(const Json& list, const std::string& where, Conversation& conversation)
{
    std::unordered_map<int64_t, int64_t> ids; // written number to ours
    int64_t before = 0;
    for (size_t i = 0; i < list.size(); ++i) {
        const Json& json = list[i];
        const std::string place = where + ": message " + std::to_string(i + 1);
        if (json.is_object() && textOf(json, "role") == "system") {
            std::string& prompt = conversation.setup.systemPrompt;
            prompt += (prompt.empty() ? "" : "\n\n") + contentOf(json, place);
            continue;
        }
        Message message = messageFrom(json, place);
        message.id = newId();
        message.parent = before;
        if (json.contains("parent")) {
            const int64_t parent = numberOf(json, "parent");
            if (parent != 0 && !ids.contains(parent))
                refuse("its parent does not stand before it", place);
            message.parent = parent == 0 ? 0 : ids.at(parent);
        }
        if (const int64_t number = numberOf(json, "id"); number != 0)
            ids[number] = message.id;
        before = message.id;
        conversation.messages.push_back(std::move(message));
    }
    conversation.leaf = conversation.newestLeaf(0);
}

} // namespace

std::string toMarkdown(const Conversation& conversation)
{
    std::string text = "# " + conversation.info.title + "\n";
    if (!conversation.setup.systemPrompt.empty())
        text += "\n## System prompt\n\n" + conversation.setup.systemPrompt + "\n";
    for (const int64_t id : conversation.path()) {
        const Message& message = *conversation.find(id);
        const std::string who = message.role == Role::User ? "User"
            : message.model.empty()                        ? "Assistant"
                                                           : modelName(message.model);
        text += "\n## " + who + "\n\n" + message.text + "\n";
    }
    return text;
}

std::string toJsonText(const Conversation& conversation)
{
    std::unordered_map<int64_t, int64_t> numbers;
    Json messages = Json::array();
    for (const Message& message : conversation.messages) {
        const auto parent = numbers.find(message.parent);
        const auto number = static_cast<int64_t>(numbers.size()) + 1;
        numbers[message.id] = number;
        Json json
            = {{"id", number}, {"parent", parent == numbers.end() ? Json() : Json(parent->second)},
                {"role", nameOf(message.role)}, {"state", nameOf(message.state)},
                {"created", message.created}, {"content", message.text}};
        if (message.role == Role::Assistant) {
            json["model"] = message.model;
            json["facts"] = toJson(message.facts);
        }
        messages.push_back(std::move(json));
    }
    const auto leaf = numbers.find(conversation.leaf);
    const Json json = {{"format", kFormat}, {"version", kVersion},
        {"title", conversation.info.title}, {"folder", conversation.info.folder},
        {"tags", conversation.info.tags}, {"created", conversation.info.created},
        {"model", conversation.info.model}, {"setup", toJson(conversation.setup)},
        {"leaf", leaf == numbers.end() ? Json() : Json(leaf->second)},
        {"messages", std::move(messages)}};
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Conversation fromJsonText(std::string_view text, const std::string& where)
{
    const Json json = base::parseJson(text, where);
    Conversation conversation;
    conversation.info.id = newId();
    conversation.info.created = conversation.info.updated = now();
    const Json* messages = &json;
    if (json.is_object()) {
        if (numberOf(json, "version") > kVersion)
            throw Error("the conversation was written by a newer version", where, "use that one");
        const auto found = json.find("messages");
        if (found == json.end())
            refuse("no messages in it", where);
        messages = &*found;
        conversation.info.title = textOf(json, "title");
        conversation.info.folder = textOf(json, "folder");
        conversation.info.model = textOf(json, "model");
        conversation.info.created = timeOf(json, conversation.info.created);
        if (const auto tags = json.find("tags"); tags != json.end())
            conversation.info.tags = tagsFrom(*tags);
        if (const auto setup = json.find("setup"); setup != json.end())
            conversation.setup = setupFrom(*setup);
    }
    if (!messages->is_array())
        refuse("no list of messages", where);
    takeMessages(*messages, where, conversation);
    if (json.is_object()) {
        const int64_t leaf = numberOf(json, "leaf");
        const auto count = static_cast<int64_t>(conversation.messages.size());
        if (leaf >= 1 && leaf <= count) // numbered in order
            conversation.leaf = conversation.messages[static_cast<size_t>(leaf - 1)].id;
    }
    if (conversation.info.title.empty() && !conversation.messages.empty())
        conversation.info.title = titleFrom(conversation.messages.front().text);
    return conversation;
}

} // namespace moe::chats
