// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/telemetry/bus.h"
#include "engine/telemetry/run_store.h"
#include "engine/train/resume.h"
#include "engine/train/run_file.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace moe::train {

/// Publishes on the bus, and keeps the run's line in the store when there is one. Lives on the
/// thread that trains; runId() may be read from any.
class Recorder {
public:
    Recorder(telemetry::Bus& bus, std::optional<std::filesystem::path> store)
        : m_bus(bus)
        , m_storePath(std::move(store))
    {
    }

    /// Opens the store and finds the line of the run that a resumed one continues. Changes nothing
    /// of a run: until begin(), what is published is not recorded either.
    void open(const RunFile& file, bool resume, const std::optional<ResumePoint>& point);
    /// After open(), when the run is ready for its first step: makes the run's line, or drops what
    /// the resumed run recorded after the checkpoint; from then on everything published is
    /// recorded.
    void begin(const RunFile& file, const std::optional<ResumePoint>& point);
    int64_t runId() const { return m_run; }
    /// The last step that the store held when the run was opened (0: none); empty without a store.
    std::optional<int64_t> recordedSteps() const { return m_recorded; }
    /// What was queued for the run while nobody trained it, as key = value. It came too late, and
    /// begin() has dropped it.
    const std::vector<std::string>& steeredTooLate() const { return m_tooLate; }
    /// When the run's line was made, seconds since the epoch; 0 when not recorded.
    double runCreated() const { return m_created; }

    void publish(telemetry::Message message) { m_bus.publish(std::move(message)); }
    void event(int64_t step, const std::string& kind, const base::Json& payload);
    void progress(const std::string& what, const std::string& unit, int64_t done, int64_t total);

    /// Returns when everything published is durable; throws when it cannot be.
    void flush();
    /// Throws what has gone wrong with recording so far.
    void check() const;
    /// Assignments that other processes queued; looks at most four times a second.
    std::vector<telemetry::QueuedSteering> queuedSteering();
    /// Once the events that tell of them are published: drops the assignments up to this id. Until
    /// those are durable an assignment stays queued, so that who checks another one sees it.
    void dropSteering(int64_t last);

private:
    int64_t findRun(const RunFile& file, const std::optional<ResumePoint>& point) const;

    telemetry::Bus& m_bus;
    std::optional<std::filesystem::path> m_storePath;
    std::optional<telemetry::RunStore> m_store;
    std::optional<telemetry::StoreWriter> m_writer;
    int64_t m_continued = 0; ///< the resumed run's id; 0: a new line
    std::atomic<int64_t> m_run = 0;
    double m_created = 0;
    std::optional<int64_t> m_recorded;
    std::vector<std::string> m_tooLate;
    std::chrono::steady_clock::time_point m_looked{};
};

} // namespace moe::train
