// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/chat_store.h"

#include "engine/base/files.h"
#include "engine/chats/conversation_json.h"
#include "engine/telemetry/store_schema.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <system_error>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace moe::chats {

using telemetry::Database;
using telemetry::Statement;
using telemetry::Transaction;

namespace {

constexpr double kUndoSeconds = 3600;

std::filesystem::path preparedPath(const std::filesystem::path& path)
{
    base::makeFolderOf(path);
    return path;
}

base::Json parsed(const std::string& text)
{
    base::Json json = base::Json::parse(text, nullptr, false);
    return json.is_discarded() ? base::Json() : json;
}

/// JSON of any bytes: what is not UTF-8 becomes U+FFFD instead of an exception.
std::string dumped(const base::Json& json)
{
    return json.dump(-1, ' ', false, base::Json::error_handler_t::replace);
}

template <typename Enum> Enum enumFrom(int64_t value, Enum most)
{
    return value >= 0 && value <= static_cast<int64_t>(most) ? static_cast<Enum>(value) : most;
}

constexpr const char* kInfoColumns
    = "SELECT id, title, folder, tags, created, updated, model, setup, draft, leaf"
      " FROM conversations WHERE removed IS NULL ";

ConversationInfo infoFrom(const Statement& row)
{
    return {row.integer(0), row.text(1), row.text(2), tagsFrom(parsed(row.text(3))), row.real(4),
        row.real(5), row.text(6)};
}

Message messageFrom(const Statement& row)
{
    Message message;
    message.id = row.integer(0);
    message.parent = row.integer(1);
    message.role = enumFrom(row.integer(2), Role::Assistant);
    message.state = enumFrom(row.integer(3), MessageState::Failed);
    message.text = row.text(4);
    message.created = row.real(5);
    message.model = row.text(6);
    if (const std::string facts = row.text(7); !facts.empty())
        message.facts = factsFrom(parsed(facts));
    return message;
}

std::string factsText(const Message& message)
{
    if (message.role != Role::Assistant)
        return {};
    ReplyFacts facts = message.facts;
    const bool comes = message.state == MessageState::Streaming;
    facts.writer = comes ? ::getpid() : 0;
    facts.written = comes ? now() : 0;
    return dumped(toJson(facts));
}

} // namespace

ChatStore::ChatStore(const std::filesystem::path& path)
    : m_database(preparedPath(path), Database::Mode::ReadWrite)
{
    prepareSchema(m_database, Database::Mode::ReadWrite);
    const double before = now() - kUndoSeconds;
    Statement find = m_database.prepare("SELECT 1 FROM conversations WHERE removed < ?1"
                                        " UNION ALL SELECT 1 FROM messages WHERE removed < ?1");
    find.bind(1, before);
    if (!find.step())
        return;
    find.reset();
    Transaction transaction(m_database);
    for (const char* sql : {"DELETE FROM messages WHERE removed < ?1 OR conversation IN"
                            " (SELECT id FROM conversations WHERE removed < ?1)",
             "DELETE FROM conversations WHERE removed < ?1"})
        m_database.prepare(sql).bind(1, before).run();
    transaction.commit();
}

std::vector<ConversationInfo> ChatStore::list() const
{
    std::vector<ConversationInfo> infos;
    Statement rows
        = m_database.prepare(std::string(kInfoColumns) + "ORDER BY updated DESC, id DESC");
    while (rows.step())
        infos.push_back(infoFrom(rows));
    return infos;
}

Conversation ChatStore::open(int64_t id) const
{
    Statement row = m_database.prepare(std::string(kInfoColumns) + "AND id = ?");
    row.bind(1, id);
    if (!row.step())
        throw Error("no such conversation", m_database.path().string() + ": " + std::to_string(id),
            "choose one of the list");
    Conversation conversation;
    conversation.info = infoFrom(row);
    conversation.setup = setupFrom(parsed(row.text(7)));
    conversation.draft = row.text(8);
    conversation.leaf = row.integer(9);
    Statement rows = m_database.prepare("SELECT id, parent, role, state, text, created, model,"
                                        " facts FROM messages WHERE conversation = ?"
                                        " AND removed IS NULL ORDER BY id");
    rows.bind(1, id);
    while (rows.step())
        conversation.messages.push_back(messageFrom(rows));
    Statement edits = m_database.prepare("SELECT message, e.text FROM edits e JOIN messages m"
                                         " ON m.id = message WHERE conversation = ?");
    edits.bind(1, id);
    while (edits.step())
        conversation.edits[edits.integer(0)] = edits.text(1);
    if (conversation.find(conversation.leaf)
        == nullptr) // nothing shown is no state to come back to
        conversation.leaf = conversation.newestLeaf(0);
    return conversation;
}

void ChatStore::insert(int64_t conversation, const Message& message, const char* orElse)
{
    Statement insert = m_database.prepare(
        "INSERT INTO messages(id, conversation, parent, role, state, text, created, model, facts)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) "
        + std::string(orElse));
    insert.bind(1, message.id).bind(2, conversation).bind(3, message.parent);
    insert.bind(4, static_cast<int64_t>(message.role));
    insert.bind(5, static_cast<int64_t>(message.state));
    insert.bind(6, message.text).bind(7, message.created).bind(8, message.model);
    insert.bind(9, factsText(message)).run();
}

void ChatStore::insertRow(const Conversation& conversation, const char* orElse)
{
    const ConversationInfo& info = conversation.info;
    Statement insert = m_database.prepare(
        "INSERT INTO conversations(id, title, folder, tags, created, updated, model, setup, draft,"
        " leaf) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        + std::string(orElse));
    insert.bind(1, info.id).bind(2, info.title).bind(3, info.folder);
    insert.bind(4, dumped(base::Json(info.tags))).bind(5, info.created).bind(6, info.updated);
    insert.bind(7, info.model).bind(8, dumped(toJson(conversation.setup)));
    insert.bind(9, conversation.draft).bind(10, conversation.leaf).run();
}

void ChatStore::create(const Conversation& conversation)
{
    Transaction transaction(m_database);
    insertRow(conversation, "");
    for (const Message& message : conversation.messages)
        insert(conversation.info.id, message);
    for (const auto& [message, typed] : conversation.edits)
        setEdit(message, typed);
    transaction.commit();
}

void ChatStore::change(const char* sql, int64_t id, const std::string& value)
{
    m_database.prepare(sql).bind(1, value).bind(2, id).run();
}

void ChatStore::rename(int64_t id, const std::string& title)
{
    change("UPDATE conversations SET title = ? WHERE id = ?", id, title);
}

void ChatStore::setFolder(int64_t id, const std::string& folder)
{
    change("UPDATE conversations SET folder = ? WHERE id = ?", id, folder);
}

void ChatStore::setTags(int64_t id, const std::vector<std::string>& tags)
{
    change("UPDATE conversations SET tags = ? WHERE id = ?", id, dumped(base::Json(tags)));
}

void ChatStore::setModel(int64_t id, const std::string& folder)
{
    change("UPDATE conversations SET model = ? WHERE id = ?", id, folder);
}

void ChatStore::setSetup(int64_t id, const Setup& setup)
{
    change("UPDATE conversations SET setup = ? WHERE id = ?", id, dumped(toJson(setup)));
}

void ChatStore::setDraft(int64_t id, const std::string& draft)
{
    change("UPDATE conversations SET draft = ? WHERE id = ?", id, draft);
}

void ChatStore::setEdit(int64_t message, const std::string& typed)
{
    m_database.prepare("INSERT OR REPLACE INTO edits VALUES(?, ?)")
        .bind(1, message)
        .bind(2, typed)
        .run();
}

void ChatStore::dropEdit(int64_t message)
{
    m_database.prepare("DELETE FROM edits WHERE message = ?").bind(1, message).run();
}

void ChatStore::setLeaf(int64_t id, int64_t leaf)
{
    m_database.prepare("UPDATE conversations SET leaf = ? WHERE id = ?")
        .bind(1, leaf)
        .bind(2, id)
        .run();
}

void ChatStore::touch(int64_t conversation)
{
    m_database.prepare("UPDATE conversations SET updated = ? WHERE id = ?")
        .bind(1, now())
        .bind(2, conversation)
        .run();
}

Conversation ChatStore::duplicate(int64_t id, const std::string& title)
{
    Transaction transaction(m_database);
    Conversation copy = open(id);
    copy.info.id = newId();
    copy.info.title = title;
    copy.info.created = copy.info.updated = now();
    std::unordered_map<int64_t, int64_t> ids; // old to new
    for (Message& message : copy.messages) {
        message.id = ids[message.id] = newId();
        if (message.state == MessageState::Streaming) // nobody goes on writing the copy
            message.state = MessageState::Stopped;
    }
    const auto renamed = [&ids](int64_t old) {
        const auto found = ids.find(old);
        return found == ids.end() ? 0 : found->second;
    };
    for (Message& message : copy.messages)
        message.parent = renamed(message.parent);
    copy.leaf = renamed(copy.leaf);
    for (const auto& [message, typed] : std::exchange(copy.edits, {})) {
        if (ids.contains(message))
            copy.edits[ids[message]] = typed;
    }
    create(copy);
    for (const auto& [old, fresh] : ids) {
        m_database.prepare("INSERT INTO routings SELECT ?, trace FROM routings WHERE message = ?")
            .bind(1, fresh)
            .bind(2, old)
            .run();
    }
    transaction.commit();
    return copy;
}

void ChatStore::remove(int64_t id)
{
    m_database.prepare("UPDATE conversations SET removed = ? WHERE id = ?")
        .bind(1, now())
        .bind(2, id)
        .run();
}

bool ChatStore::restore(int64_t id)
{
    m_database.prepare("UPDATE conversations SET removed = NULL WHERE id = ?").bind(1, id).run();
    return m_database.value("SELECT changes()") > 0;
}

void ChatStore::add(const Conversation& conversation, const Message& message)
{
    const int64_t id = conversation.info.id;
    Transaction transaction(m_database);
    insertRow(conversation, "ON CONFLICT(id) DO UPDATE SET removed = NULL");
    m_database
        .prepare("WITH RECURSIVE above(id) AS (SELECT ?1 UNION SELECT m.parent FROM messages m"
                 " JOIN above ON m.id = above.id) UPDATE messages SET removed = NULL"
                 " WHERE id IN above AND removed IS NOT NULL")
        .bind(1, message.parent)
        .run();
    insert(id, message);
    setLeaf(id, message.id);
    touch(id);
    transaction.commit();
}

void ChatStore::keep(const Conversation& conversation)
{
    Transaction transaction(m_database);
    insertRow(conversation, "ON CONFLICT(id) DO UPDATE SET leaf = excluded.leaf");
    for (const Message& message : conversation.messages)
        // another window may have gone on with one
        insert(conversation.info.id, message,
            "ON CONFLICT(id) DO UPDATE SET text = excluded.text, state = excluded.state,"
            " model = excluded.model, facts = excluded.facts"
            " WHERE length(excluded.text) >= length(text)");
    transaction.commit();
}

void ChatStore::update(const Message& message)
{
    Statement change = m_database.prepare(
        "UPDATE messages SET text = ?, state = ?, model = ?, facts = ? WHERE id = ?");
    change.bind(1, message.text).bind(2, static_cast<int64_t>(message.state));
    change.bind(3, message.model).bind(4, factsText(message)).bind(5, message.id).run();
}

void ChatStore::removeMessage(int64_t id)
{
    // One time stamp for all of them, which restoreMessage() knows them by.
    m_database
        .prepare("WITH RECURSIVE tree(id) AS (SELECT ?1 UNION SELECT m.id FROM messages m"
                 " JOIN tree ON m.parent = tree.id WHERE m.removed IS NULL)"
                 " UPDATE messages SET removed = ?2 WHERE id IN tree AND removed IS NULL")
        .bind(1, id)
        .bind(2, now())
        .run();
}

int64_t ChatStore::restoreMessage(int64_t id)
{
    m_database
        .prepare("WITH RECURSIVE stamp(at) AS (SELECT removed FROM messages WHERE id = ?1),"
                 " tree(id) AS (SELECT ?1 UNION SELECT m.id FROM messages m JOIN tree"
                 " ON m.parent = tree.id WHERE m.removed = (SELECT at FROM stamp))"
                 " UPDATE messages SET removed = NULL WHERE id IN tree AND removed IS NOT NULL")
        .bind(1, id)
        .run();
    return m_database.value("SELECT changes()");
}

void ChatStore::setRouting(int64_t message, std::span<const uint8_t> trace)
{
    Statement put = m_database.prepare("INSERT OR REPLACE INTO routings VALUES(?, ?)");
    put.bind(1, message).bindBlob(2, trace).run();
}

std::vector<uint8_t> ChatStore::routing(int64_t message) const
{
    Statement row = m_database.prepare("SELECT trace FROM routings WHERE message = ?");
    row.bind(1, message);
    if (!row.step())
        return {};
    const auto bytes = row.blob(0);
    return {bytes.begin(), bytes.end()};
}

} // namespace moe::chats
