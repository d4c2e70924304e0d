// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace moe::telemetry {

/// One prepared statement. Parameters are bound from 1, columns read from 0, as SQLite counts.
class Statement {
public:
    Statement(sqlite3* database, std::string_view sql, std::string where);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;

    Statement& bind(int at, int64_t value);
    Statement& bind(int at, double value);
    Statement& bind(int at, std::string_view value);
    Statement& bindBlob(int at, std::span<const uint8_t> value); ///< must outlive the step
    Statement& bindNull(int at);
    Statement& bind(int at, std::optional<double> value);

    /// True when a row is there; after the last row the statement is ready for the next use.
    bool step();
    /// Runs a statement without rows.
    void run();
    void reset();

    bool isNull(int column) const;
    int64_t integer(int column) const;
    double real(int column) const;
    std::optional<double> maybeReal(int column) const;
    std::string text(int column) const;
    std::span<const uint8_t> blob(int column) const; ///< valid until the next step

private:
    void check(int code);

    sqlite3* m_database;
    sqlite3_stmt* m_statement = nullptr;
    std::string m_where;
};

/// An open SQLite file. Errors are moe::Error in our words, naming the file.
class Database {
public:
    enum class Mode : uint8_t { ReadOnly, ReadWrite };
    Database(std::filesystem::path path, Mode mode);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Statement prepare(std::string_view sql) const;
    void execute(const char* sql) const; ///< one or more statements without parameters
    int64_t value(const char* sql) const; ///< first column of the first row, 0 without rows
    int64_t lastInsertId() const;
    bool inTransaction() const;
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
    sqlite3* m_database = nullptr;
};

/// Everything between construction and commit() happens or nothing does. Inside another
/// transaction it becomes part of that.
class Transaction {
public:
    explicit Transaction(const Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

private:
    const Database& m_database;
    bool m_outermost;
    bool m_open;
};

} // namespace moe::telemetry
