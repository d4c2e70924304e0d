// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/run_store_impl.h"
#include "engine/telemetry/scalar_fields.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::telemetry {

namespace {

/// Steps in one column or point so that at most `most` of them cover [first, last].
int64_t strideFor(int64_t first, int64_t last, int64_t most)
{
    if (most <= 0)
        return 1;
    return std::max<int64_t>(1, (last - first + most) / most);
}

/// The coarsest level whose buckets are no longer than `stride`.
int levelFor(int64_t stride)
{
    int level = 0;
    while (level + 1 < kLevels && strideOf(level + 1) <= stride)
        ++level;
    return level;
}

/// First step of a layer's course; 1 when it has none.
int64_t firstStep(const Database& database, int64_t run, int32_t layer)
{
    Statement find = database.prepare("SELECT first FROM records WHERE run = ? AND level = 0"
                                      " AND layer = ? ORDER BY first LIMIT 1");
    return find.bind(1, run).bind(2, static_cast<int64_t>(layer)).step() ? find.integer(0) : 1;
}

struct KeyPlace {
    int32_t layer = kStepRow;
    int id = -1; ///< -1: the run has no such scalar
};

KeyPlace placeOf(const Database& database, int64_t run, const std::string& key)
{
    const auto idIn = [](const auto& fields, std::string_view name) {
        for (size_t id = 0; id < fields.size(); ++id) {
            if (name == fields[id].key)
                return static_cast<int>(id);
        }
        return -1;
    };
    if (const int id = idIn(stepFields(), key); id >= 0)
        return {kStepRow, id};
    const LayerKey path = parseLayerKey(key);
    if (path.layer >= 0) {
        if (const int id = idIn(layerFields(), path.name); id >= 0)
            return {path.layer, id};
    }
    Statement find = database.prepare(
        "SELECT id FROM keys WHERE run = ? AND layer = -1 AND id >= ? AND name = ?");
    find.bind(1, run).bind(2, static_cast<int64_t>(kFirstExtraId)).bind(3, key);
    return {kStepRow, find.step() ? static_cast<int>(find.integer(0)) : -1};
}

/// The scalar `id` of a row; count 0 when it is not there.
Aggregate valueIn(const Row& row, int32_t layer, int id, const std::string& where)
{
    ScalarReader reader(row.scalars, row.level, layer != kStepRow, row.first, where);
    ScalarEntry entry;
    while (reader.next(entry)) {
        if (entry.id == id)
            return std::isfinite(entry.aggregate.value) ? entry.aggregate : Aggregate{};
    }
    return {};
}

template <typename Record>
void setField(Record& record, std::span<const ScalarField<Record>> fields, const ScalarEntry& entry)
{
    if (entry.id >= static_cast<int>(fields.size()))
        return;
    const ScalarField<Record>& field = fields[static_cast<size_t>(entry.id)];
    if (field.count)
        record.*field.count = entry.integer;
    else
        field.set(record, entry.aggregate.value);
}

LayerRecord layerFrom(const Statement& row, int32_t layer, const std::string& where)
{
    LayerRecord record = unknownLayer(layer);
    ScalarReader reader(row.blob(1), 0, true, row.integer(0), where);
    ScalarEntry entry;
    while (reader.next(entry))
        setField(record, layerFields(), entry);
    addCounts(row.blob(2), record.load, where);
    addCounts(row.blob(3), record.droppedByExpert, where);
    finishImported(record);
    return record;
}

StepRecord stepFrom(
    const Statement& row, const std::map<int, std::string>& extraNames, const std::string& where)
{
    StepRecord record = unknownStep(row.integer(0));
    ScalarReader reader(row.blob(1), 0, false, record.step, where);
    ScalarEntry entry;
    while (reader.next(entry)) {
        const auto name = extraNames.find(entry.id);
        if (name != extraNames.end())
            record.extra.emplace_back(name->second, entry.aggregate.value);
        else
            setField(record, stepFields(), entry);
    }
    return record;
}

std::map<int, std::string> extraNamesOf(const Database& database, int64_t run)
{
    Statement read
        = database.prepare("SELECT id, name FROM keys WHERE run = ? AND layer = -1 AND id >= ?");
    read.bind(1, run).bind(2, static_cast<int64_t>(kFirstExtraId));
    std::map<int, std::string> names;
    while (read.step())
        names.emplace(static_cast<int>(read.integer(0)), read.text(1));
    return names;
}

/// Sums the loads of buckets into columns of LoadHistory.
class ColumnSums {
public:
    ColumnSums(LoadHistory& history, std::string where)
        : m_history(history)
        , m_where(std::move(where))
    {
    }

    void add(const Row& row)
    {
        const int64_t column = (row.first - m_history.firstStep) / m_history.stride;
        if (column != m_column)
            finish();
        m_column = column;
        addCounts(row.load, m_sums, m_where);
    }

    /// Writes the open column; columns without rows between stay NaN.
    void finish()
    {
        if (m_column >= 0 && !m_sums.empty()) {
            const size_t experts = m_sums.size();
            if (experts > static_cast<size_t>(m_history.experts))
                widen(experts);
            double total = 0;
            for (const int64_t sum : m_sums)
                total += static_cast<double>(sum);
            float* column = columnData(m_column);
            const double ideal = total / static_cast<double>(experts);
            for (size_t e = 0; e < experts && ideal > 0; ++e)
                column[e] = static_cast<float>(static_cast<double>(m_sums[e]) / ideal);
            m_history.assignments.back() = static_cast<int64_t>(std::clamp(total, 0.0, 9e18));
        }
        m_sums.clear();
    }

private:
    float* columnData(int64_t column)
    {
        const auto columns = static_cast<size_t>(column) + 1;
        const auto experts = static_cast<size_t>(m_history.experts);
        m_history.utilisation.resize(columns * experts, std::numeric_limits<float>::quiet_NaN());
        m_history.assignments.resize(columns, 0);
        return m_history.utilisation.data() + static_cast<size_t>(column) * experts;
    }

    void widen(size_t experts)
    {
        std::vector<float> wide(
            m_history.assignments.size() * experts, std::numeric_limits<float>::quiet_NaN());
        const auto narrow = static_cast<size_t>(m_history.experts);
        for (size_t c = 0; c < m_history.assignments.size(); ++c)
            std::copy_n(
                m_history.utilisation.data() + c * narrow, narrow, wide.data() + c * experts);
        m_history.utilisation = std::move(wide);
        m_history.experts = static_cast<int32_t>(experts);
    }

    LoadHistory& m_history;
    std::string m_where;
    int64_t m_column = -1;
    std::vector<int64_t> m_sums;
};

} // namespace

std::vector<StepRecord> RunStore::steps(int64_t run, int64_t first, int64_t last) const
{
    const Database& database = m_impl->database;
    const std::string where = path().string();
    Statement read = database.prepare("SELECT first, scalars, load, dropped FROM records"
                                      " WHERE run = ? AND level = 0 AND layer = ?"
                                      " AND first >= ? AND first <= ? ORDER BY first");
    const auto ask = [&](int32_t layer) {
        read.bind(1, run).bind(2, static_cast<int64_t>(layer)).bind(3, first).bind(4, last);
    };
    const std::map<int, std::string> extraNames = extraNamesOf(database, run);
    std::vector<StepRecord> records;
    ask(kStepRow);
    while (read.step())
        records.push_back(stepFrom(read, extraNames, where));
    for (const int32_t layer : layersOf(database, run)) {
        auto at = records.begin();
        ask(layer);
        while (read.step()) {
            while (at != records.end() && at->step < read.integer(0))
                ++at;
            if (at != records.end() && at->step == read.integer(0))
                at->layers.push_back(layerFrom(read, layer, where));
        }
    }
    return records;
}

std::vector<int64_t> RunStore::stepNumbers(int64_t run) const
{
    Statement read = m_impl->database.prepare("SELECT first FROM records WHERE run = ?"
                                              " AND level = 0 AND layer = -1 ORDER BY first");
    read.bind(1, run);
    std::vector<int64_t> numbers;
    while (read.step())
        numbers.push_back(read.integer(0));
    return numbers;
}

std::vector<RunEvent> RunStore::events(int64_t run) const
{
    Statement read = m_impl->database.prepare(
        "SELECT step, kind, payload, time, id FROM events WHERE run = ? ORDER BY step, id");
    read.bind(1, run);
    std::vector<RunEvent> events;
    while (read.step())
        events.push_back(
            {read.integer(0), read.text(1), read.text(2), read.real(3), read.integer(4)});
    return events;
}

std::vector<SeriesPoint> RunStore::series(
    int64_t run, const std::string& key, int64_t maxPoints) const
{
    const Database& database = m_impl->database;
    const std::string where = path().string();
    std::vector<SeriesPoint> points;
    const KeyPlace place = placeOf(database, run, key);
    const int64_t last = m_impl->lastStep(run);
    if (place.id < 0 || last < 0)
        return points;

    const int64_t start = firstStep(database, run, place.layer);
    int64_t stride = strideFor(start, last, maxPoints);
    const int level = levelFor(stride);
    // Buckets are whole, so the stride is a multiple of theirs, and points start where buckets do.
    stride = (stride + strideOf(level) - 1) / strideOf(level) * strideOf(level);
    const int64_t origin = bucketStart(start, level);
    if (maxPoints > 0 && (last - origin) / stride + 1 > maxPoints)
        stride += strideOf(level);

    Aggregate open;
    int64_t openColumn = 0;
    const auto finish = [&] {
        if (open.count > 0)
            points.push_back({open.step, open.value, open.low, open.high});
        open = {};
    };
    visitRows(database, run, place.layer, level, last, false, [&](const Row& row) {
        const int64_t column = (row.first - origin) / stride;
        if (column != openColumn)
            finish();
        openColumn = column;
        open.add(valueIn(row, place.layer, place.id, where));
    });
    finish();
    return points;
}

std::vector<std::string> RunStore::seriesKeys(int64_t run) const
{
    Statement read
        = m_impl->database.prepare("SELECT name FROM keys WHERE run = ? ORDER BY layer, id");
    read.bind(1, run);
    std::vector<std::string> names;
    while (read.step())
        names.push_back(read.text(0));
    return names;
}

LoadHistory RunStore::loadHistory(int64_t run, int32_t layer, int64_t maxColumns) const
{
    const Database& database = m_impl->database;
    LoadHistory history;
    const int64_t last = m_impl->lastStep(run);
    if (last < 0)
        return history;
    const int64_t start = firstStep(database, run, layer);
    constexpr int64_t kMostColumns = 1 << 17; // an import's steps may be far apart
    maxColumns = std::clamp<int64_t>(maxColumns, 1, kMostColumns);
    history.stride = strideFor(start, last, maxColumns);
    const int level = levelFor(history.stride);
    history.stride = (history.stride + strideOf(level) - 1) / strideOf(level) * strideOf(level);
    history.firstStep = bucketStart(start, level);
    if ((last - history.firstStep) / history.stride + 1 > maxColumns)
        history.stride += strideOf(level);
    ColumnSums columns(history, path().string());
    visitRows(database, run, layer, level, last, true, [&](const Row& row) { columns.add(row); });
    columns.finish();
    return history;
}

std::vector<ProbeRecord> RunStore::probes(int64_t run, int64_t lastOnly) const
{
    Statement read = m_impl->database.prepare(lastOnly > 0
            ? "SELECT step, probe, layers FROM probes WHERE run = ?"
              " ORDER BY step DESC, id DESC LIMIT ?"
            : "SELECT step, probe, layers FROM probes WHERE run = ? ORDER BY step, id");
    read.bind(1, run);
    if (lastOnly > 0)
        read.bind(2, lastOnly);
    std::vector<ProbeRecord> probes;
    while (read.step())
        probes.push_back(
            {read.integer(0), read.text(1), decodeProbeLayers(read.blob(2), path().string())});
    return probes;
}

} // namespace moe::telemetry
