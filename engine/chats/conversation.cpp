// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/conversation.h"

#include "engine/checkpoint/checkpoint.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

namespace moe::chats {

namespace {

constexpr int kRandomBits = 10;
constexpr size_t kTitleCharacters = 48;

int64_t microseconds()
{
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// Where `id` stands in messages, which rise by id almost always.
template <typename Messages> auto locate(Messages& messages, int64_t id)
{
    const auto at = std::ranges::lower_bound(messages, id, {}, &Message::id);
    return at != messages.end() && at->id == id ? at
                                                : std::ranges::find(messages, id, &Message::id);
}

} // namespace

int64_t newId()
{
    static std::atomic<int64_t> last = 0;
    const auto bits = static_cast<int64_t>(std::random_device{}() & ((1U << kRandomBits) - 1));
    const int64_t fresh = (microseconds() << kRandomBits) | bits;
    int64_t before = last.load();
    int64_t id = 0;
    do
        id = std::max(fresh, before + 1);
    while (!last.compare_exchange_weak(before, id));
    return id;
}

bool isWrittenElsewhere(const Message& message)
{
    constexpr double kSilentSeconds = 10; // a writer says so every second
    const ReplyFacts& facts = message.facts;
    if (message.state != MessageState::Streaming || facts.writer <= 0 || facts.writer == ::getpid()
        || now() - facts.written > kSilentSeconds)
        return false;
    return ::kill(static_cast<pid_t>(facts.writer), 0) == 0 || errno == EPERM;
}

double now()
{
    return static_cast<double>(microseconds()) / 1e6;
}

std::string titleFrom(const std::string& message)
{
    std::string title;
    size_t characters = 0;
    for (const char c : message) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 && title.empty())
            continue; // leading blank lines
        if (byte < 0x20)
            break;
        if ((byte & 0xC0) != 0x80 && ++characters > kTitleCharacters)
            return title + "…";
        title += c;
    }
    while (!title.empty() && title.back() == ' ')
        title.pop_back();
    return title;
}

std::string modelName(const std::string& model)
{
    const std::filesystem::path folder(model);
    const int64_t step = checkpoint::stepOf(folder);
    return step < 0 ? folder.filename().string()
                    : folder.parent_path().filename().string() + ", step " + std::to_string(step);
}

const Message* Conversation::find(int64_t id) const
{
    const auto at = locate(messages, id);
    return at == messages.end() ? nullptr : &*at;
}

Message* Conversation::find(int64_t id)
{
    const auto at = locate(messages, id);
    return at == messages.end() ? nullptr : &*at;
}

std::vector<int64_t> Conversation::path(int64_t last) const
{
    std::vector<int64_t> ids;
    for (const Message* at = find(last); at != nullptr && ids.size() < messages.size();
         at = find(at->parent))
        ids.push_back(at->id);
    std::ranges::reverse(ids);
    return ids;
}

std::vector<int64_t> Conversation::siblings(int64_t id) const
{
    std::vector<int64_t> ids;
    const Message* self = find(id);
    if (self == nullptr)
        return ids;
    for (const Message& message : messages) {
        if (message.parent == self->parent)
            ids.push_back(message.id);
    }
    std::ranges::sort(ids);
    return ids;
}

int64_t Conversation::newestLeaf(int64_t id) const
{
    std::unordered_map<int64_t, int64_t> newest; // child of each
    for (const Message& message : messages) {
        int64_t& child = newest[message.parent];
        child = std::max(child, message.id);
    }
    for (size_t steps = 0; steps < messages.size() && newest.contains(id); ++steps)
        id = newest[id];
    return id;
}

std::vector<int64_t> Conversation::subtree(int64_t id) const
{
    std::vector<int64_t> ids{id};
    std::unordered_set<int64_t> members{id};
    for (const Message& message : messages) { // parents come first
        if (members.contains(message.parent) && members.insert(message.id).second)
            ids.push_back(message.id);
    }
    return ids;
}

} // namespace moe::chats
