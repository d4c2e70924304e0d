// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/run_store_impl.h"
#include "engine/telemetry/scalar_fields.h"

#include <cmath>

namespace moe::telemetry {

namespace {

/// Running values of the run's row, read once and written once an append.
struct Summary {
    int64_t lastStep = -1;
    std::optional<double> lastLoss, bestLoss, lastValid, bestValid;
    int64_t layers = 0, experts = 0;

    void add(const StepRecord& record)
    {
        if (record.step >= lastStep) {
            if (std::isfinite(record.loss))
                lastLoss = record.loss;
            if (record.validLoss && std::isfinite(*record.validLoss))
                lastValid = record.validLoss;
        }
        improve(bestLoss, record.loss);
        improve(bestValid, record.validLoss.value_or(NAN));
        lastStep = std::max(lastStep, record.step);
        layers = std::max(layers, static_cast<int64_t>(record.layers.size()));
        for (const LayerRecord& layer : record.layers)
            experts = std::max(experts, static_cast<int64_t>(layer.load.size()));
    }

    static void improve(std::optional<double>& best, double value)
    {
        if (std::isfinite(value) && (!best || value < *best))
            best = value;
    }
};

Summary readSummary(const Database& database, int64_t run)
{
    Statement read = database.prepare("SELECT last_step, last_loss, best_loss, last_valid_loss,"
                                      " best_valid_loss, layers, experts FROM runs WHERE id = ?");
    Summary summary;
    if (!read.bind(1, run).step())
        return summary;
    summary.lastStep = read.isNull(0) ? -1 : read.integer(0);
    summary.lastLoss = read.maybeReal(1);
    summary.bestLoss = read.maybeReal(2);
    summary.lastValid = read.maybeReal(3);
    summary.bestValid = read.maybeReal(4);
    summary.layers = read.integer(5);
    summary.experts = read.integer(6);
    return summary;
}

void writeSummary(const Database& database, int64_t run, const Summary& summary)
{
    Statement write = database.prepare(
        "UPDATE runs SET last_step = ?, last_loss = ?, best_loss = ?, last_valid_loss = ?,"
        " best_valid_loss = ?, layers = ?, experts = ?, updated = ? WHERE id = ?");
    if (summary.lastStep >= 0)
        write.bind(1, summary.lastStep);
    write.bind(2, summary.lastLoss).bind(3, summary.bestLoss).bind(4, summary.lastValid);
    write.bind(5, summary.bestValid).bind(6, summary.layers).bind(7, summary.experts);
    write.bind(8, now()).bind(9, run).run();
}

/// True when no value that a summary may hold goes with `old`.
bool keepsValues(const StepRecord& old, const StepRecord& record)
{
    const bool sameLoss
        = old.loss == record.loss || (!std::isfinite(old.loss) && !std::isfinite(record.loss));
    return sameLoss && (!old.validLoss || old.validLoss == record.validLoss);
}

/// The last and best values from all recorded steps.
void summariseAgain(const Database& database, int64_t run, const RunStore& store, Summary& summary)
{
    summary.lastLoss = summary.bestLoss = summary.lastValid = summary.bestValid = {};
    for (const SeriesPoint& point : store.series(run, "loss")) {
        summary.lastLoss = point.value;
        Summary::improve(summary.bestLoss, point.value);
    }
    for (const SeriesPoint& point : store.series(run, "valid_loss")) {
        summary.lastValid = point.value;
        Summary::improve(summary.bestValid, point.value);
    }
    writeSummary(database, run, summary);
}

/// Writes the rows of level 0.
class RowWriter {
public:
    RowWriter(const Database& database, int64_t run, RunKeys& keys)
        : m_insert(database.prepare("INSERT OR REPLACE INTO records(run, level, layer, first,"
                                    " scalars, load, dropped) VALUES(?, 0, ?, ?, ?, ?, ?)"))
        , m_forget(database.prepare(
              "DELETE FROM records WHERE run = ? AND level = 0 AND layer = ? AND first = ?"))
        , m_addKey(database.prepare(
              "INSERT OR IGNORE INTO keys(run, layer, id, name) VALUES(?, ?, ?, ?)"))
        , m_run(run)
        , m_keys(keys)
    {
    }

    void write(const StepRecord& record)
    {
        std::vector<int> extraIds;
        extraIds.reserve(record.extra.size());
        for (const auto& [name, value] : record.extra)
            extraIds.push_back(extraId(name));
        noteKeys<StepRecord>(record, kStepRow, stepFields());
        insert(kStepRow, record.step, encodeStepScalars(record, extraIds), {}, {});
        for (const LayerRecord& layer : record.layers) {
            noteKeys<LayerRecord>(layer, layer.layer, layerFields());
            insert(layer.layer, record.step, encodeLayerScalars(layer), encodeCounts(layer.load),
                encodeCounts(layer.droppedByExpert));
        }
    }

    /// Before a step is written again: a layer that it had may be gone.
    void forget(int64_t step, const std::vector<int32_t>& layers)
    {
        for (const int32_t layer : layers)
            m_forget.bind(1, m_run).bind(2, static_cast<int64_t>(layer)).bind(3, step).run();
    }

private:
    void insert(
        int32_t layer, int64_t step, const Bytes& scalars, const Bytes& load, const Bytes& dropped)
    {
        m_insert.bind(1, m_run).bind(2, static_cast<int64_t>(layer)).bind(3, step);
        m_insert.bindBlob(4, scalars);
        load.empty() ? m_insert.bindNull(5) : m_insert.bindBlob(5, load);
        dropped.empty() ? m_insert.bindNull(6) : m_insert.bindBlob(6, dropped);
        m_insert.run();
    }

    int extraId(const std::string& name)
    {
        const auto found = m_keys.extraIds.find(name);
        if (found != m_keys.extraIds.end())
            return found->second;
        const int id = kFirstExtraId + static_cast<int>(m_keys.extraIds.size());
        m_keys.extraIds.emplace(name, id);
        addKey(kStepRow, id, name);
        return id;
    }

    template <typename Record>
    void noteKeys(const Record& record, int32_t layer, std::span<const ScalarField<Record>> fields)
    {
        for (size_t id = 0; id < fields.size(); ++id) {
            const std::pair key(layer, static_cast<int>(id));
            if (std::isnan(fields[id].get(record)) || !m_keys.known.insert(key).second)
                continue;
            addKey(layer, key.second,
                layer == kStepRow ? fields[id].key : layerKey(layer, fields[id].key));
        }
    }

    void addKey(int32_t layer, int id, const std::string& name)
    {
        m_addKey.bind(1, m_run).bind(2, static_cast<int64_t>(layer));
        m_addKey.bind(3, static_cast<int64_t>(id)).bind(4, name).run();
    }

    Statement m_insert, m_forget, m_addKey;
    int64_t m_run;
    RunKeys& m_keys;
};

void writeEvent(const Database& database, int64_t run, const RunEvent& event)
{
    database.prepare("INSERT INTO events(run, step, kind, payload, time) VALUES(?, ?, ?, ?, ?)")
        .bind(1, run)
        .bind(2, event.step)
        .bind(3, event.kind)
        .bind(4, event.payload)
        .bind(5, event.time)
        .run();
}

void writeProbe(const Database& database, int64_t run, const ProbeRecord& probe)
{
    const Bytes layers = encodeProbeLayers(probe.layers);
    database.prepare("INSERT INTO probes(run, step, probe, layers) VALUES(?, ?, ?, ?)")
        .bind(1, run)
        .bind(2, probe.step)
        .bind(3, probe.probe)
        .bindBlob(4, layers)
        .run();
}

} // namespace

RunKeys& RunStore::Impl::keysOf(int64_t run)
{
    const auto [at, isNew] = keys.try_emplace(run);
    if (isNew) {
        Statement read = database.prepare("SELECT layer, id, name FROM keys WHERE run = ?");
        read.bind(1, run);
        while (read.step()) {
            const auto id = static_cast<int>(read.integer(1));
            at->second.known.emplace(static_cast<int32_t>(read.integer(0)), id);
            if (id >= kFirstExtraId)
                at->second.extraIds.emplace(read.text(2), id);
        }
    }
    return at->second;
}

void RunStore::append(int64_t run, const std::vector<MessagePtr>& messages)
{
    if (messages.empty())
        return;
    transaction([&] {
        const Database& database = m_impl->database;
        m_impl->lastStep(run); // throws when the run has been deleted
        Summary summary = readSummary(database, run);
        RowWriter rows(database, run, m_impl->keysOf(run));
        bool replaced = false;
        for (const MessagePtr& message : messages) {
            if (const auto* record = std::get_if<StepRecord>(message.get())) {
                const int64_t last = summary.lastStep;
                if (record->step <= last) {
                    // The last step's comes once more with its validation. All else is rare.
                    for (const StepRecord& old : steps(run, record->step, record->step))
                        replaced = replaced || record->step < last || !keepsValues(old, *record);
                    rows.forget(record->step, layersOf(database, run));
                }
                rows.write(*record);
                if (last >= 0)
                    updateLevels(database, run, record->step, last);
                summary.add(*record);
            } else if (const auto* event = std::get_if<RunEvent>(message.get())) {
                writeEvent(database, run, *event);
            } else if (const auto* probe = std::get_if<ProbeRecord>(message.get())) {
                writeProbe(database, run, *probe);
            } else if (const auto* change = std::get_if<StateChange>(message.get())) {
                setState(run, change->state);
            }
        }
        writeSummary(database, run, summary);
        if (replaced) // the best or the last value may have been the one that is gone
            summariseAgain(database, run, *this, summary);
    });
}

void RunStore::truncateAfter(int64_t run, int64_t step)
{
    transaction([&] {
        const Database& database = m_impl->database;
        if (m_impl->lastStep(run) > step) {
            Statement find = database.prepare("SELECT max(first) FROM records WHERE run = ?"
                                              " AND level = 0 AND layer = -1 AND first <= ?");
            const bool some = find.bind(1, run).bind(2, step).step() && !find.isNull(0);
            const int64_t last = some ? find.integer(0) : -1;
            find.reset();
            cutLevels(database, run, last);

            Summary summary = readSummary(database, run);
            summary.lastStep = last;
            writeSummary(database, run, summary); // series() looks at the last step
            summariseAgain(database, run, *this, summary);
        }
        for (const char* table : {"events", "probes"})
            database.prepare(std::string("DELETE FROM ") + table + " WHERE run = ? AND step > ?")
                .bind(1, run)
                .bind(2, step)
                .run();
    });
}

} // namespace moe::telemetry
