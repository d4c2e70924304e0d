// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/store_schema.h"

#include "kernels/error.h"

#include <string>

namespace moe::telemetry {

namespace {

constexpr int64_t kSchemaVersion = 1;
constexpr int64_t kApplicationId = 0x4D6F4557; // "MoEW"

// records: one row a (run, level, layer, bucket of steps); layer -1 holds the step's own scalars.
// Level 0 has one row a step; level l one a bucket of 8^l steps, written when the bucket is full
// (see levels.h). `first` is the bucket's first step. The key puts one layer's course in one piece.
// keys: which scalars a run has; id is the scalar's number inside the rows' blobs.
const char* const kTables = R"sql(
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

void createTables(const Database& database)
{
    // Page size and vacuum mode can only be chosen while the file is empty.
    database.execute("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;");
    database.execute("PRAGMA journal_mode = WAL;");
    Transaction transaction(database);
    if (database.value("PRAGMA user_version") == 0) { // another process may have been faster
        database.execute(kTables);
        const std::string marks = "PRAGMA application_id = " + std::to_string(kApplicationId)
            + "; PRAGMA user_version = " + std::to_string(kSchemaVersion);
        database.execute(marks.c_str());
    }
    transaction.commit();
}

} // namespace

void prepareSchema(const Database& database, Database::Mode mode)
{
    const std::string where = database.path().string();
    const int64_t version = database.value("PRAGMA user_version");
    const bool empty = database.value("SELECT count(*) FROM sqlite_master") == 0;
    if (version == 0 && empty) {
        if (mode == Database::Mode::ReadOnly)
            throw Error("the store is empty", where, "record or import a run first");
        createTables(database);
    } else if (database.value("PRAGMA application_id") != kApplicationId) {
        throw Error("not a run store", where,
            "this SQLite file belongs to another program; name another file with --store");
    } else if (version > kSchemaVersion) {
        throw Error("the store was written by a newer version", where,
            "use that version, or name another file with --store");
    }
    if (mode == Database::Mode::ReadWrite) {
        // FULL: what a call has written is on the disk when the call returns.
        database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                         "PRAGMA wal_autocheckpoint = 4000;");
    }
    database.execute("PRAGMA cache_size = -65536;");
}

} // namespace moe::telemetry
