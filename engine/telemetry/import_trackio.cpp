// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"
#include "engine/telemetry/importers.h"
#include "engine/telemetry/scalar_fields.h"
#include "engine/telemetry/sqlite.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace moe::telemetry {

namespace {

using base::Json;

std::set<std::string> columnsOf(const Database& database, const char* table)
{
    Statement read = database.prepare("SELECT name FROM pragma_table_info(?)");
    read.bind(1, std::string_view(table));
    std::set<std::string> columns;
    while (read.step())
        columns.insert(read.text(0));
    return columns;
}

/// trackio writes numbers that JSON does not have as text.
std::optional<double> numberFrom(const Json& value)
{
    if (value.is_number())
        return value.get<double>();
    if (value == "NaN")
        return std::numeric_limits<double>::quiet_NaN();
    if (value == "Infinity" || value == "-Infinity")
        return (value == "Infinity" ? 1 : -1) * std::numeric_limits<double>::infinity();
    return std::nullopt;
}

std::optional<std::vector<double>> numbersFrom(const Json& value)
{
    if (!value.is_array() || value.empty())
        return std::nullopt;
    std::vector<double> numbers;
    for (const Json& entry : value) {
        if (!entry.is_number())
            return std::nullopt;
        numbers.push_back(entry.get<double>());
    }
    return numbers;
}

struct TrackioRun {
    std::string name;
    RecordCollector collector;
    int64_t nextStep = 0; ///< for rows without a step
};

} // namespace

std::vector<int64_t> importTrackio(RunStore& store, const std::filesystem::path& file)
{
    const Database database(file, Database::Mode::ReadOnly);
    database.execute("PRAGMA trusted_schema = OFF");
    const std::set<std::string> columns = columnsOf(database, "metrics");
    for (const char* column : {"run_name", "step", "metrics"}) {
        if (!columns.contains(column))
            throw Error("not a trackio database", file.string(),
                std::string("a table metrics with the column ") + column);
    }
    // Older files know runs by their names only.
    const std::string runKey
        = columns.contains("run_id") ? "coalesce(run_id, run_name)" : "run_name";
    Statement read = database.prepare(
        "SELECT " + runKey + ", run_name, step, metrics, rowid FROM metrics ORDER BY rowid");
    std::vector<TrackioRun> runs;
    std::map<std::string, size_t> places;
    int64_t leftOut = 0;
    while (read.step()) {
        const auto [place, isNew] = places.try_emplace(read.text(0), runs.size());
        if (isNew)
            runs.push_back({read.text(1), {}, 0});
        TrackioRun& run = runs[place->second];
        const std::string where
            = file.string() + ": metrics row " + std::to_string(read.integer(4));
        const int64_t step = read.isNull(2) ? run.nextStep : read.integer(2);
        if (step < 0 || step > kLargestStep)
            throw Error("not a step", where, "a whole number from 0");
        run.nextStep = step + 1;
        const Json metrics = base::parseJson(read.text(3), where);
        if (!metrics.is_object())
            throw Error("not a trackio row", where, "metrics is a JSON object");
        for (const auto& [key, value] : metrics.items()) {
            if (const auto number = numberFrom(value))
                run.collector.addScalar(step, key, *number);
            else if (const auto list = numbersFrom(value);
                     !list || !run.collector.addCounts(step, key, *list))
                ++leftOut;
        }
    }
    if (leftOut > 0)
        base::log(base::LogLevel::Warning,
            file.string() + ": " + std::to_string(leftOut)
                + " values left out: they are no numbers");
    std::vector<int64_t> ids;
    for (TrackioRun& run : runs) {
        if (!run.collector.empty())
            ids.push_back(storeImported(store, run.name.empty() ? file.stem().string() : run.name,
                "trackio", run.collector.take()));
    }
    if (ids.empty())
        throw Error("nothing to import", file.string(), "the database holds no numbers");
    return ids;
}

} // namespace moe::telemetry
