// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/sqlite.h"

#include "kernels/error.h"

#include <sqlite3.h>

#include <system_error>
#include <unistd.h>
#include <utility>

namespace moe::telemetry {

namespace {

constexpr int kBusyMilliseconds = 20'000;

/// SQLite's codes in our words.
[[noreturn]] void fail(int code, const std::string& where)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
        throw Error("cannot write", where, "the disk is full, free some space");
    case SQLITE_READONLY:
        throw Error("cannot write", where, "no permission, choose a place you may use");
    case SQLITE_CANTOPEN:
        throw Error("cannot open", where, "check that the path exists and may be read");
    case SQLITE_PERM:
    case SQLITE_AUTH:
        throw Error("cannot open", where, "no permission, choose a place you may use");
    case SQLITE_NOTADB:
        throw Error("not a SQLite file", where, "name another file, or move this one away");
    case SQLITE_CORRUPT:
        throw Error("the file is damaged", where, "move it away, or restore a copy");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        throw Error("in use for too long", where,
            "another program is writing to it, end that one or try again");
    case SQLITE_IOERR:
        throw Error("cannot read or write", where, "the disk is full or failing, check it");
    case SQLITE_NOMEM:
        throw Error("out of memory", where, "close other programs");
    case SQLITE_TOOBIG:
        throw Error("a value is too large", where, "at most 1 GB a value");
    case SQLITE_ERROR:
        throw Error("unexpected tables", where, "this file was not written by a program we know");
    default:
        throw Error("cannot use", where, "SQLite's code " + std::to_string(code));
    }
}

/// "file:…?immutable=1": reads a WAL database in a folder that may not be written, where SQLite
/// cannot make its shared memory. Only right while nobody writes, so only without a live WAL.
std::string immutableUri(const std::filesystem::path& path)
{
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : std::filesystem::absolute(path).string()) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '%' || c == '?' || c == '#' || byte < 0x20) {
            uri += '%';
            uri += kHex[byte >> 4];
            uri += kHex[byte & 15];
        } else {
            uri += c;
        }
    }
    return uri + "?immutable=1";
}

bool mustOpenImmutable(const std::filesystem::path& path)
{
    const std::filesystem::path folder
        = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (::access(folder.c_str(), W_OK) == 0)
        return false;
    std::error_code ignored;
    const auto walBytes = std::filesystem::file_size(path.string() + "-wal", ignored);
    return ignored || walBytes == 0;
}

} // namespace

Statement::Statement(sqlite3* database, std::string_view sql, std::string where)
    : m_database(database)
    , m_where(std::move(where))
{
    check(sqlite3_prepare_v2(
        database, sql.data(), static_cast<int>(sql.size()), &m_statement, nullptr));
}

Statement::~Statement()
{
    sqlite3_finalize(m_statement);
}

Statement::Statement(Statement&& other) noexcept
    : m_database(other.m_database)
    , m_statement(std::exchange(other.m_statement, nullptr))
    , m_where(std::move(other.m_where))
{
}

Statement& Statement::operator=(Statement&& other) noexcept
{
    std::swap(m_database, other.m_database);
    std::swap(m_statement, other.m_statement);
    std::swap(m_where, other.m_where);
    return *this;
}

void Statement::check(int code)
{
    if (code != SQLITE_OK)
        fail(sqlite3_extended_errcode(m_database), m_where);
}

Statement& Statement::bind(int at, int64_t value)
{
    check(sqlite3_bind_int64(m_statement, at, value));
    return *this;
}

Statement& Statement::bind(int at, double value)
{
    check(sqlite3_bind_double(m_statement, at, value));
    return *this;
}

Statement& Statement::bind(int at, std::string_view value)
{
    check(sqlite3_bind_text64(
        m_statement, at, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bindBlob(int at, std::span<const uint8_t> value)
{
    if (value.empty()) { // a null pointer would bind NULL
        check(sqlite3_bind_zeroblob(m_statement, at, 0));
        return *this;
    }
    check(sqlite3_bind_blob64(m_statement, at, value.data(), value.size(), SQLITE_STATIC));
    return *this;
}

Statement& Statement::bindNull(int at)
{
    check(sqlite3_bind_null(m_statement, at));
    return *this;
}

Statement& Statement::bind(int at, std::optional<double> value)
{
    return value ? bind(at, *value) : bindNull(at);
}

bool Statement::step()
{
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return true;
    const int extended = sqlite3_extended_errcode(m_database);
    sqlite3_reset(m_statement);
    if (code != SQLITE_DONE)
        fail(extended, m_where);
    return false;
}

void Statement::run()
{
    while (step()) { }
}

void Statement::reset()
{
    sqlite3_reset(m_statement);
}

bool Statement::isNull(int column) const
{
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
}

int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

double Statement::real(int column) const
{
    return sqlite3_column_double(m_statement, column);
}

std::optional<double> Statement::maybeReal(int column) const
{
    return isNull(column) ? std::nullopt : std::optional(real(column));
}

std::string Statement::text(int column) const
{
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(m_statement, column));
    return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(m_statement, column)))
                : std::string();
}

std::span<const uint8_t> Statement::blob(int column) const
{
    const auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(m_statement, column));
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(m_statement, column))};
}

Database::Database(std::filesystem::path path, Mode mode)
    : m_path(std::move(path))
{
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(m_path, ignored);
    if (std::filesystem::is_directory(status))
        throw Error("cannot open", m_path.string(), "it is a folder, name a file");
    if (std::filesystem::is_other(status)) // a pipe would wait for ever
        throw Error("cannot open", m_path.string(), "it is a pipe or a device, name a file");
    if (mode == Mode::ReadOnly && !std::filesystem::exists(status))
        throw Error("cannot open", m_path.string(), "no such file or folder, check the path");

    const bool immutable = mode == Mode::ReadOnly && mustOpenImmutable(m_path);
    const std::string name = immutable ? immutableUri(m_path) : m_path.string();
    const int flags = (mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY
                                              : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        | (immutable ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(name.c_str(), &m_database, flags, nullptr);
    if (code != SQLITE_OK) {
        sqlite3_close(std::exchange(m_database, nullptr));
        fail(code, m_path.string());
    }
    sqlite3_extended_result_codes(m_database, 1);
    sqlite3_busy_timeout(m_database, kBusyMilliseconds);
}

Database::~Database()
{
    sqlite3_close(m_database);
}

Statement Database::prepare(std::string_view sql) const
{
    return {m_database, sql, m_path.string()};
}

void Database::execute(const char* sql) const
{
    if (sqlite3_exec(m_database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(sqlite3_extended_errcode(m_database), m_path.string());
}

int64_t Database::value(const char* sql) const
{
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

int64_t Database::lastInsertId() const
{
    return sqlite3_last_insert_rowid(m_database);
}

bool Database::inTransaction() const
{
    return sqlite3_get_autocommit(m_database) == 0;
}

Transaction::Transaction(const Database& database)
    : m_database(database)
    , m_outermost(!database.inTransaction())
    , m_open(true)
{
    if (m_outermost)
        m_database.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction()
{
    if (!m_open || !m_outermost || !m_database.inTransaction())
        return;
    try {
        m_database.execute("ROLLBACK");
    } catch (const Error&) {
        // The error that brought us here is the one to report; SQLite undoes the rest when closed.
        m_open = false;
    }
}

void Transaction::commit()
{
    if (m_outermost)
        m_database.execute("COMMIT");
    m_open = false;
}

} // namespace moe::telemetry
