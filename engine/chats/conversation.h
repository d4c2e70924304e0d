// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moe::chats {

enum class Role : uint8_t { User, Assistant };
/// Streaming: being written, or cut off by a crash.
enum class MessageState : uint8_t { Done, Streaming, Stopped, Failed };

/// How replies are drawn; the meaning of each stands at infer::Sampling.
struct SamplingSettings {
    std::string preset = "balanced"; ///< the name it was chosen by, "" when changed by hand
    double temperature = 0.7, topP = 0.9, minP = 0, repetitionPenalty = 1;
    int64_t topK = 0, maxTokens = 1024;
    std::optional<uint64_t> seed; ///< none: a new one each time
    bool operator==(const SamplingSettings&) const = default;
};

struct MaskedExpert {
    int64_t layer = 0; ///< decoder layer's index
    int32_t expert = 0;
    bool operator==(const MaskedExpert&) const = default;
    auto operator<=>(const MaskedExpert&) const = default;
};

/// What stands before the first message of a conversation.
struct Setup {
    std::string systemPrompt;
    SamplingSettings sampling;
    std::vector<MaskedExpert> masks;
    bool operator==(const Setup&) const = default;
};

/// What a reply cost and how it was made; kept with it.
struct ReplyFacts {
    int64_t promptTokens = 0, tokens = 0;
    double firstTokenSeconds = 0, tokensPerSecond = 0;
    std::string finish; ///< "stop", "length", "cancelled", "failed"; "" while it comes
    std::string error; ///< of a failed one
    uint64_t seed = 0;
    int64_t step = -1; ///< of the checkpoint, where the model is one of a run
    /// Of one that is being written: the process that does, and when it last said so.
    int64_t writer = 0;
    double written = 0;
    SamplingSettings sampling;
    std::vector<MaskedExpert> masks;
};

struct Message {
    int64_t id = 0, parent = 0; ///< 0: none
    Role role = Role::User;
    MessageState state = MessageState::Done;
    std::string text;
    double created = 0; ///< seconds since the epoch
    std::string model; ///< folder of the checkpoint that replied; a name in older stores
    ReplyFacts facts;
};

/// A row of the list.
struct ConversationInfo {
    int64_t id = 0;
    std::string title, folder;
    std::vector<std::string> tags;
    double created = 0, updated = 0;
    std::string model; ///< the folder it last spoke with
};

struct Conversation {
    ConversationInfo info;
    Setup setup;
    std::string draft; ///< typed and not sent
    std::map<int64_t, std::string> edits; ///< the same of messages being edited, by their ids
    int64_t leaf = 0; ///< last message of the branch on screen
    std::vector<Message> messages; ///< all branches, parents before their children

    const Message* find(int64_t id) const;
    Message* find(int64_t id);
    /// From the first message to `leaf`. Messages of a tree that is not whole are left out.
    std::vector<int64_t> path() const { return path(leaf); }
    std::vector<int64_t> path(int64_t last) const; ///< the same to another message
    /// Those that answer the same message as `id`, oldest first, itself among them.
    std::vector<int64_t> siblings(int64_t id) const;
    /// Where the branch through `id` ends: the newest child of the newest child …
    int64_t newestLeaf(int64_t id) const;
    /// `id` and all that hang on it.
    std::vector<int64_t> subtree(int64_t id) const;
};

/// An id that no other conversation or message has: microseconds since the epoch and a few random
/// bits, so that the window can name a message before the store has it. Rising. Any thread.
int64_t newId();
/// Whether a process that lives, another one than this, is writing the reply.
bool isWrittenElsewhere(const Message& message);

double now(); ///< seconds since the epoch

/// A name for people of what Message::model says: "out, step 40", or the folder's own.
std::string modelName(const std::string& model);

/// A title made of the first line of a message, at most 48 characters.
std::string titleFrom(const std::string& message);

} // namespace moe::chats
