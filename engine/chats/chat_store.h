// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/chats/conversation.h"
#include "engine/telemetry/sqlite.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moe::chats {

/// A message that holds what was searched for.
struct SearchHit {
    int64_t conversation = 0, message = 0;
    std::string title, excerpt; ///< one line around the first place found
};

/// Conversations in the store file that also holds the runs (telemetry/store_schema). Each call is
/// one transaction and durable when it returns, so what was said survives kill -9. One ChatStore
/// belongs to one thread; several processes may share the file. Throws moe::Error in our words.
class ChatStore {
public:
    /// Makes the file and its folder when they are missing, brings an older store up to date, and
    /// drops for good what was removed longer ago than an hour.
    explicit ChatStore(const std::filesystem::path& path);

    std::vector<ConversationInfo> list() const; ///< newest first
    Conversation open(int64_t id) const; ///< throws when there is none
    /// Ids are the caller's (newId): of the conversation and of its messages.
    void create(const Conversation& conversation);
    void rename(int64_t id, const std::string& title);
    void setFolder(int64_t id, const std::string& folder);
    void setTags(int64_t id, const std::vector<std::string>& tags);
    void setModel(int64_t id, const std::string& folder);
    void setSetup(int64_t id, const Setup& setup);
    void setDraft(int64_t id, const std::string& draft);
    void setEdit(int64_t message, const std::string& typed);
    void dropEdit(int64_t message);
    void setLeaf(int64_t id, int64_t leaf);
    /// The same under new ids, with all branches and routings; what is still being written is
    /// stopped there.
    Conversation duplicate(int64_t id, const std::string& title);
    void remove(int64_t id); ///< restore() undoes it, for an hour
    bool restore(int64_t id); ///< whether it was still there

    /// Adds it and makes it the leaf of its conversation, whose row comes with it when it is not
    /// there (yet). What it hangs on comes back when another window removed it.
    void add(const Conversation& conversation, const Message& message);
    /// Writes what the store lacks of it (a write failed, another process dropped it for good): the
    /// row, messages, and the rest of a text that is longer here than there.
    void keep(const Conversation& conversation);
    void update(const Message& message); ///< text, state, model and facts
    /// With all that hang on it; restoreMessage() undoes it, for an hour.
    void removeMessage(int64_t id);
    int64_t restoreMessage(int64_t id); ///< how many came back
    void setRouting(int64_t message, std::span<const uint8_t> trace);
    std::vector<uint8_t> routing(int64_t message) const; ///< empty: none

    /// Messages and titles that hold all words of `query` (case of letters aside), newest first;
    /// "…" keeps words together; tag:WORD and folder:WORD keep to conversations that have it.
    std::vector<SearchHit> search(const std::string& query, int64_t limit) const;

private:
    void change(const char* sql, int64_t id, const std::string& value);
    void insertRow(const Conversation& conversation, const char* orElse);
    void insert(int64_t conversation, const Message& message, const char* orElse = "");
    void touch(int64_t conversation);

    telemetry::Database m_database;
};

} // namespace moe::chats
