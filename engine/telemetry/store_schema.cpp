// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/store_schema.h"

#include "engine/telemetry/run_store.h"

#include "kernels/error.h"

#include <array>
#include <string>

namespace moe::telemetry {

namespace {

constexpr int64_t kApplicationId = 0x4D6F4557; // "MoEW"

// records: one row a (run, level, layer, bucket of steps); layer -1 holds the step's own scalars.
// Level 0 has one row a step; level l one a bucket of 8^l steps, written when the bucket is full
// (see levels.h). `first` is the bucket's first step. The key puts one layer's course in one piece.
// keys: which scalars a run has; id is the scalar's number inside the rows' blobs.
constexpr const char* kRuns = R"sql(
CREATE TABLE runs(
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, state INTEGER NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, owner TEXT NOT NULL DEFAULT '',
    last_step INTEGER, train_steps INTEGER NOT NULL DEFAULT 0,
    last_loss REAL, best_loss REAL, last_valid_loss REAL, best_valid_loss REAL,
    layers INTEGER NOT NULL DEFAULT 0, experts INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]', notes TEXT NOT NULL DEFAULT '',
    run_file TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT 'moe');
CREATE INDEX runs_by_name ON runs(name);
CREATE TABLE records(
    run INTEGER NOT NULL, level INTEGER NOT NULL, layer INTEGER NOT NULL, first INTEGER NOT NULL,
    scalars BLOB NOT NULL, load BLOB, dropped BLOB,
    PRIMARY KEY(run, level, layer, first)) WITHOUT ROWID;
CREATE TABLE keys(
    run INTEGER NOT NULL, layer INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY(run, layer, id)) WITHOUT ROWID;
CREATE TABLE events(
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL,
    payload TEXT NOT NULL, time REAL NOT NULL);
CREATE INDEX events_by_run ON events(run, step);
CREATE TABLE probes(
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, step INTEGER NOT NULL, probe TEXT NOT NULL,
    layers BLOB NOT NULL);
CREATE INDEX probes_by_run ON probes(run, step);
CREATE TABLE steering(
    id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, key TEXT NOT NULL,
    value TEXT NOT NULL);
)sql";

// Of engine/chats. conversations: setup is JSON (system prompt, sampling, masks), leaf the last
// message of the branch on screen. messages: a tree by parent (0: the first of a branch); facts is
// JSON (what a reply cost and how it was sampled). `removed` is the time of a removal that can
// still be undone: NULL is there. routings stand apart so that a conversation opens without them.
// Trigrams find parts of words, and Chinese, which sets no spaces.
constexpr const char* kConversations = R"sql(
CREATE TABLE conversations(
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, folder TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]', created REAL NOT NULL, updated REAL NOT NULL,
    model TEXT NOT NULL DEFAULT '', setup TEXT NOT NULL DEFAULT '{}',
    draft TEXT NOT NULL DEFAULT '', leaf INTEGER NOT NULL DEFAULT 0, removed REAL);
CREATE TABLE messages(
    id INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, parent INTEGER NOT NULL,
    role INTEGER NOT NULL, state INTEGER NOT NULL, text TEXT NOT NULL, created REAL NOT NULL,
    model TEXT NOT NULL DEFAULT '', facts TEXT NOT NULL DEFAULT '', removed REAL);
CREATE INDEX messages_by_conversation ON messages(conversation);
CREATE INDEX messages_by_parent ON messages(parent);
CREATE TABLE routings(message INTEGER PRIMARY KEY, trace BLOB NOT NULL);
CREATE VIRTUAL TABLE message_search USING fts5(
    text, content = 'messages', content_rowid = 'id', tokenize = 'trigram');
CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
    INSERT INTO message_search(rowid, text) VALUES(new.id, new.text);
END;
CREATE TRIGGER message_dropped AFTER DELETE ON messages BEGIN
    INSERT INTO message_search(message_search, rowid, text) VALUES('delete', old.id, old.text);
    DELETE FROM routings WHERE message = old.id;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO message_search(message_search, rowid, text) VALUES('delete', old.id, old.text);
    INSERT INTO message_search(rowid, text) VALUES(new.id, new.text);
END;
)sql";

// What was typed into a message that is being edited and is not sent yet.
constexpr const char* kEdits = R"sql(
CREATE TABLE edits(message INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TRIGGER message_edit_dropped AFTER DELETE ON messages BEGIN
    DELETE FROM edits WHERE message = old.id;
END;
)sql";

/// Step v brings a store of version v to v + 1.
constexpr std::array kSteps{kRuns, kConversations, kEdits};
constexpr auto kSchemaVersion = static_cast<int64_t>(kSteps.size());

/// All steps that are missing, or none of them.
void migrate(const Database& database)
{
    Transaction transaction(database);
    // asked again: another process may have been faster
    const int64_t version = database.value("PRAGMA user_version");
    for (int64_t step = version; step < kSchemaVersion; ++step)
        database.execute(kSteps.at(static_cast<size_t>(step)));
    if (version < kSchemaVersion) {
        const std::string marks = "PRAGMA application_id = " + std::to_string(kApplicationId)
            + "; PRAGMA user_version = " + std::to_string(kSchemaVersion);
        database.execute(marks.c_str());
    }
    transaction.commit();
}

void createTables(const Database& database)
{
    // Page size and vacuum mode can only be chosen while the file is empty.
    database.execute("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;");
    database.execute("PRAGMA journal_mode = WAL;");
    migrate(database);
}

} // namespace

void prepareSchema(const Database& database, Database::Mode mode)
{
    const std::string where = database.path().string();
    const int64_t version = database.value("PRAGMA user_version");
    const bool empty = database.value("SELECT count(*) FROM sqlite_master") == 0;
    if (version == 0 && empty) {
        if (mode == Database::Mode::ReadOnly)
            throw EmptyStore("the store is empty", where, "record or import a run first");
        createTables(database);
    } else if (database.value("PRAGMA application_id") != kApplicationId) {
        throw Error("not a run store", where,
            "this SQLite file belongs to another program; name another file with --store");
    } else if (version > kSchemaVersion) {
        throw Error("the store was written by a newer version", where,
            "use that version, or name another file with --store");
    } else if (version < kSchemaVersion && mode == Database::Mode::ReadWrite) {
        migrate(database);
    }
    if (mode == Database::Mode::ReadWrite) {
        // FULL: what a call has written is on the disk when the call returns.
        database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                         "PRAGMA wal_autocheckpoint = 4000;");
    }
    database.execute("PRAGMA cache_size = -65536;");
}

} // namespace moe::telemetry
