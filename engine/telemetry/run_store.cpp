// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/run_store.h"

#include "engine/base/files.h"
#include "engine/telemetry/run_owner.h"
#include "engine/telemetry/run_store_impl.h"
#include "engine/telemetry/store_schema.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <system_error>

namespace moe::telemetry {

namespace {

constexpr const char* kRunColumns
    = "SELECT id, name, state, created, updated, owner, last_step, train_steps, last_loss,"
      " best_loss, last_valid_loss, best_valid_loss, layers, experts, tags, notes, run_file, source"
      " FROM runs ";

std::vector<std::string> tagsFrom(const std::string& text)
{
    std::vector<std::string> tags;
    const auto list = base::Json::parse(text, nullptr, false);
    for (const auto& tag : list.is_array() ? list : base::Json::array()) {
        if (tag.is_string())
            tags.push_back(tag.get<std::string>());
    }
    return tags;
}

RunInfo runFrom(const Statement& row)
{
    RunInfo run;
    run.id = row.integer(0);
    run.name = row.text(1);
    const int64_t state = row.integer(2);
    run.state = state >= 0 && state <= static_cast<int64_t>(RunState::Imported)
        ? static_cast<RunState>(state)
        : RunState::Stopped;
    run.created = row.real(3);
    run.updated = row.real(4);
    const bool live = run.state == RunState::Running || run.state == RunState::Paused;
    if (live && !isAlive(row.text(5), now() - run.updated))
        run.state = RunState::Stopped;
    run.steps = row.integer(6);
    run.trainSteps = row.integer(7);
    run.lastLoss = row.maybeReal(8);
    run.bestLoss = row.maybeReal(9);
    run.lastValidLoss = row.maybeReal(10);
    run.bestValidLoss = row.maybeReal(11);
    run.layers = static_cast<int32_t>(row.integer(12));
    run.experts = static_cast<int32_t>(row.integer(13));
    run.tags = tagsFrom(row.text(14));
    run.notes = row.text(15);
    run.runFile = row.text(16);
    run.source = row.text(17);
    return run;
}

std::filesystem::path preparedPath(const std::filesystem::path& path, RunStore::Mode mode)
{
    if (mode == RunStore::Mode::ReadWrite)
        base::makeFolderOf(path);
    return path;
}

Database::Mode databaseMode(RunStore::Mode mode)
{
    return mode == RunStore::Mode::ReadOnly ? Database::Mode::ReadOnly : Database::Mode::ReadWrite;
}

} // namespace

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::filesystem::path defaultStorePath()
{
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
        return std::string(value ? value : "");
    };
    if (std::string store = variable("MOE_STORE"); !store.empty())
        return store;
    std::filesystem::path data = variable("XDG_DATA_HOME");
    if (!data.is_absolute())
        data = std::filesystem::path(variable("HOME")) / ".local" / "share";
    return data / "moe-workbench" / "store.sqlite";
}

RunStore::Impl::Impl(const std::filesystem::path& path, Database::Mode mode)
    : database(path, mode)
{
    prepareSchema(database, mode);
}

int64_t RunStore::Impl::lastStep(int64_t run) const
{
    Statement find = database.prepare("SELECT last_step FROM runs WHERE id = ?");
    find.bind(1, run);
    if (!find.step())
        throw Error("no such run", database.path().string() + ": " + std::to_string(run),
            "moe runs list shows them");
    return find.isNull(0) ? -1 : find.integer(0);
}

RunStore::RunStore(const std::filesystem::path& path, Mode mode)
    : m_impl(std::make_unique<Impl>(preparedPath(path, mode), databaseMode(mode)))
{
}

RunStore::~RunStore() = default;
RunStore::RunStore(RunStore&&) noexcept = default;

const std::filesystem::path& RunStore::path() const
{
    return m_impl->database.path();
}

int64_t RunStore::createRun(const std::string& name, const std::string& runFileJson,
    int64_t trainSteps, const std::string& source, double created)
{
    Transaction transaction(m_impl->database);
    Statement insert = m_impl->database.prepare(
        "INSERT INTO runs(name, state, created, updated, owner, train_steps, run_file, source)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    const bool ours = source == "moe";
    const double time = now();
    insert.bind(1, name);
    insert.bind(2, static_cast<int64_t>(ours ? RunState::Running : RunState::Imported));
    insert.bind(3, created > 0 ? created : time)
        .bind(4, time)
        .bind(5, ours ? thisProcess() : "")
        .bind(6, trainSteps);
    insert.bind(7, runFileJson).bind(8, source).run();
    const int64_t id = m_impl->database.lastInsertId();
    transaction.commit();
    return id;
}

std::vector<RunInfo> RunStore::runs() const
{
    Statement read
        = m_impl->database.prepare(std::string(kRunColumns) + "ORDER BY created DESC, id DESC");
    std::vector<RunInfo> runs;
    while (read.step())
        runs.push_back(runFrom(read));
    return runs;
}

RunInfo RunStore::run(int64_t id) const
{
    Statement read = m_impl->database.prepare(std::string(kRunColumns) + "WHERE id = ?");
    read.bind(1, id);
    if (!read.step())
        throw Error(
            "no such run", path().string() + ": " + std::to_string(id), "moe runs list shows them");
    return runFrom(read);
}

RunInfo RunStore::find(const std::string& text) const
{
    if (text.empty())
        throw Error("no run is named", path().string(), "an id, a name or last");
    int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error == std::errc() && end == text.data() + text.size()) {
        Statement read = m_impl->database.prepare(std::string(kRunColumns) + "WHERE id = ?");
        if (read.bind(1, id).step())
            return runFrom(read);
    }
    if (text == "last") {
        Statement newest = m_impl->database.prepare(
            std::string(kRunColumns) + "ORDER BY created DESC, id DESC LIMIT 1");
        if (newest.step())
            return runFrom(newest);
    }
    Statement named = m_impl->database.prepare(
        std::string(kRunColumns) + "WHERE name = ? ORDER BY created DESC, id DESC LIMIT 1");
    if (named.bind(1, text).step())
        return runFrom(named);
    throw Error("no such run", path().string() + ": " + text.substr(0, 200),
        "an id, a name or last; moe runs list shows them");
}

namespace {

/// One column of one run. Throws when there is no such run.
template <typename Value>
void setColumn(const Database& database, int64_t id, const char* column, const Value& value)
{
    Transaction transaction(database);
    Statement update = database.prepare(
        std::string("UPDATE runs SET ") + column + " = ? WHERE id = ? RETURNING id");
    update.bind(1, value).bind(2, id);
    if (!update.step())
        throw Error("no such run", database.path().string() + ": " + std::to_string(id),
            "moe runs list shows them");
    update.reset();
    transaction.commit();
}

} // namespace

void RunStore::rename(int64_t id, const std::string& name)
{
    if (name.empty())
        throw Error("a run needs a name", path().string(), "give at least one character");
    checkRunText(name, "the run's name");
    setColumn(m_impl->database, id, "name", std::string_view(name));
}

void RunStore::setNotes(int64_t id, const std::string& notes)
{
    const auto isEscape = [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    };
    if (std::any_of(notes.begin(), notes.end(), isEscape))
        throw Error("a control character in it", "the run's notes", "lines of plain text");
    setColumn(m_impl->database, id, "notes", std::string_view(notes));
}

void RunStore::setTags(int64_t id, const std::vector<std::string>& tags)
{
    for (const std::string& tag : tags)
        checkRunText(tag, "tag");
    const std::string text
        = base::Json(tags).dump(-1, ' ', false, base::Json::error_handler_t::replace);
    setColumn(m_impl->database, id, "tags", std::string_view(text));
}

void RunStore::setRunFile(int64_t id, const std::string& runFileJson, int64_t trainSteps)
{
    Transaction transaction(m_impl->database);
    setColumn(m_impl->database, id, "run_file", std::string_view(runFileJson));
    setColumn(m_impl->database, id, "train_steps", trainSteps);
    transaction.commit();
}

void RunStore::setState(int64_t id, RunState state)
{
    Transaction transaction(m_impl->database);
    setColumn(m_impl->database, id, "state", static_cast<int64_t>(state));
    setColumn(m_impl->database, id, "updated", now());
    if (state == RunState::Running || state == RunState::Paused)
        setColumn(m_impl->database, id, "owner", std::string_view(thisProcess()));
    transaction.commit();
}

void RunStore::heartbeat(int64_t id)
{
    setColumn(m_impl->database, id, "updated", now());
}

void RunStore::remove(int64_t id)
{
    Transaction transaction(m_impl->database);
    const RunState state = run(id).state;
    if (state == RunState::Running || state == RunState::Paused)
        throw Error("the run is " + std::string(nameOf(state)),
            path().string() + ": " + std::to_string(id), "stop it first");
    for (const char* table : {"records", "keys", "events", "probes", "steering"})
        m_impl->database.prepare(std::string("DELETE FROM ") + table + " WHERE run = ?")
            .bind(1, id)
            .run();
    m_impl->database.prepare("DELETE FROM runs WHERE id = ?").bind(1, id).run();
    transaction.commit();
    m_impl->keys.erase(id);
    if (!m_impl->database.inTransaction())
        m_impl->database.execute("PRAGMA incremental_vacuum"); // gives the space back to the disk
}

void RunStore::queueSteering(int64_t id, const std::string& key, const std::string& valueJson)
{
    Transaction transaction(m_impl->database);
    const RunInfo info = run(id);
    if (info.state != RunState::Running && info.state != RunState::Paused)
        throw Error("the run is not running, it is " + std::string(nameOf(info.state)),
            path().string() + ": " + info.name, "steer a run while moe train works on it");
    m_impl->database.prepare("INSERT INTO steering(run, key, value) VALUES(?, ?, ?)")
        .bind(1, id)
        .bind(2, key)
        .bind(3, valueJson)
        .run();
    transaction.commit();
}

std::vector<QueuedSteering> RunStore::queuedSteering(int64_t id) const
{
    std::vector<QueuedSteering> queued;
    Statement read
        = m_impl->database.prepare("SELECT id, key, value FROM steering WHERE run = ? ORDER BY id");
    read.bind(1, id);
    while (read.step())
        queued.push_back({read.integer(0), read.text(1), read.text(2)});
    return queued;
}

void RunStore::dropSteering(int64_t id, int64_t last)
{
    m_impl->database.prepare("DELETE FROM steering WHERE run = ? AND id <= ?")
        .bind(1, id)
        .bind(2, last)
        .run();
}

void RunStore::transaction(const std::function<void()>& work)
{
    Transaction transaction(m_impl->database);
    try {
        work();
    } catch (...) {
        m_impl->keys.clear();
        throw;
    }
    transaction.commit();
}

} // namespace moe::telemetry
