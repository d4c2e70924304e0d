// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/chat_store.h"

#include <algorithm>

namespace moe::chats {

namespace {

constexpr size_t kBefore = 40, kExcerpt = 160; ///< bytes of an excerpt
constexpr size_t kTrigram = 3; ///< characters below which the index does not help

struct Query {
    std::vector<std::string> words, tags, folders;
};

bool isContinuation(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

size_t characters(const std::string& text)
{
    return text.size() - static_cast<size_t>(std::ranges::count_if(text, isContinuation));
}

Query parseQuery(const std::string& text)
{
    Query query;
    std::string word;
    bool quoted = false;
    const auto take = [&query, &word] {
        const auto after = [&word](const char* prefix) {
            return word.substr(std::string(prefix).size());
        };
        if (word.starts_with("tag:"))
            query.tags.push_back(after("tag:"));
        else if (word.starts_with("folder:"))
            query.folders.push_back(after("folder:"));
        else if (!word.empty())
            query.words.push_back(word);
        word.clear();
    };
    for (const char c : text) {
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && static_cast<unsigned char>(c) <= ' ')
            take();
        else
            word += c;
    }
    take();
    return query;
}

/// "%50\% of it%" with \ as ESCAPE.
std::string likeOf(const std::string& word)
{
    std::string pattern = "%";
    for (const char c : word) {
        if (c == '%' || c == '_' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

std::string phraseOf(const std::string& word)
{
    std::string phrase = "\"";
    for (const char c : word)
        phrase += c == '"' ? "\"\"" : std::string(1, c);
    return phrase + "\"";
}

std::string lower(std::string text)
{
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

std::string excerptOf(const std::string& text, const std::vector<std::string>& words)
{
    size_t at = 0;
    if (!words.empty())
        at = lower(text).find(lower(words.front()));
    if (at == std::string::npos)
        at = 0;
    size_t from = at > kBefore ? at - kBefore : 0;
    while (from > 0 && isContinuation(text[from]))
        --from;
    size_t to = std::min(text.size(), from + kExcerpt);
    while (to < text.size() && isContinuation(text[to]))
        ++to;
    std::string excerpt = (from > 0 ? "…" : "") + text.substr(from, to - from);
    std::ranges::replace_if(
        excerpt, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return excerpt;
}

/// The conditions that a query sets, with their values in order; `text` is the column searched in.
struct Conditions {
    std::string sql;
    std::vector<std::string> values;

    void add(const std::string& condition, std::string value)
    {
        sql += " AND " + condition;
        values.push_back(std::move(value));
    }
};

Conditions conversationConditions(const Query& query)
{
    Conditions conditions;
    for (const std::string& tag : query.tags)
        conditions.add("EXISTS (SELECT 1 FROM json_each(c.tags) WHERE value = ?)", tag);
    for (const std::string& folder : query.folders)
        conditions.add("c.folder = ?", folder);
    return conditions;
}

} // namespace

std::vector<SearchHit> ChatStore::search(const std::string& text, int64_t limit) const
{
    const Query query = parseQuery(text);
    std::vector<SearchHit> hits;
    const auto collect = [&](const std::string& sql, const Conditions& conditions, bool message) {
        telemetry::Statement rows = m_database.prepare(sql);
        int place = 0;
        for (const std::string& value : conditions.values)
            rows.bind(++place, value);
        rows.bind(++place, limit - static_cast<int64_t>(hits.size()));
        while (rows.step())
            hits.push_back({rows.integer(0), message ? rows.integer(2) : 0, rows.text(1),
                message ? excerptOf(rows.text(3), query.words) : std::string()});
    };
    Conditions titles = conversationConditions(query), messages = titles;
    for (const std::string& word : query.words)
        titles.add("c.title LIKE ? ESCAPE '\\'", likeOf(word));
    collect("SELECT c.id, c.title FROM conversations c WHERE c.removed IS NULL" + titles.sql
            + " ORDER BY c.updated DESC LIMIT ?",
        titles, false);
    if (query.words.empty())
        return hits;
    for (const std::string& word : query.words) {
        if (characters(word) >= kTrigram)
            messages.add("m.id IN (SELECT rowid FROM message_search WHERE message_search MATCH ?)",
                phraseOf(word));
        else
            messages.add("m.text LIKE ? ESCAPE '\\'", likeOf(word));
    }
    collect("SELECT c.id, c.title, m.id, m.text FROM messages m JOIN conversations c"
            " ON c.id = m.conversation WHERE m.removed IS NULL AND c.removed IS NULL"
            + messages.sql + " ORDER BY m.id DESC LIMIT ?",
        messages, true);
    return hits;
}

} // namespace moe::chats
