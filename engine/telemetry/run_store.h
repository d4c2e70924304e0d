// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/bus.h"
#include "engine/telemetry/record.h"
#include "kernels/error.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moe::telemetry {

struct RunInfo {
    int64_t id = 0;
    std::string name;
    RunState state = RunState::Running;
    double created = 0, updated = 0; ///< seconds since the epoch
    int64_t steps = 0, trainSteps = 0; ///< last step recorded; planned (0: unknown)
    std::optional<double> lastLoss, bestLoss, lastValidLoss, bestValidLoss;
    int32_t layers = 0, experts = 0; ///< MoE layers, experts a layer
    std::vector<std::string> tags;
    std::string notes;
    std::string runFile; ///< JSON text as resolved
    std::string source; ///< "moe", or the importer's name
};

/// A scalar's course; `low` and `high` bound what a point stands for (equal to `value` at full
/// detail).
struct SeriesPoint {
    double step, value, low, high;
};

/// An assignment that waits for the run's trainer.
struct QueuedSteering {
    int64_t id = 0; ///< rising
    std::string key, valueJson;
};

/// Utilisation of the experts of one layer over time: column c covers steps [firstStep + c·stride,
/// …+stride).
struct LoadHistory {
    int64_t firstStep = 1, stride = 1;
    int32_t experts = 0;
    std::vector<float> utilisation; ///< [columns, experts], load / ideal; NaN: no data
    std::vector<int64_t> assignments; ///< [columns]
};

/// $MOE_STORE, else $XDG_DATA_HOME/moe-workbench/store.sqlite, else ~/.local/share/….
std::filesystem::path defaultStorePath();

/// Names and tags of runs stand in lists, file names and error lines: throws, naming `where`, what
/// is longer than 255 bytes, holds control characters or is no UTF-8.
void checkRunText(const std::string& text, const std::string& where);
/// Such a name of any text, for those that files of others bring along.
std::string presentableName(const std::string& text);

/// Thrown for a store without tables, opened for reading: somebody may just be making it.
class EmptyStore : public Error {
public:
    using Error::Error;
};

/// The SQLite run store (WAL; one writer at a time, any number of readers, other processes
/// included). One RunStore belongs to one thread; open another for another thread. Throws
/// moe::Error in our words.
class RunStore {
public:
    enum class Mode : uint8_t { ReadOnly, ReadWrite };
    explicit RunStore(const std::filesystem::path& path, Mode mode = Mode::ReadWrite);
    ~RunStore();
    RunStore(RunStore&&) noexcept;

    // Runs
    /// `created`: when the run was begun, of one that another store knew; 0: now.
    int64_t createRun(const std::string& name, const std::string& runFileJson, int64_t trainSteps,
        const std::string& source = "moe", double created = 0);
    std::vector<RunInfo> runs() const; ///< newest first
    /// RUN of the command line: an id, a name (its newest run) or "last". Throws when there is
    /// none.
    RunInfo find(const std::string& run) const;
    RunInfo run(int64_t id) const;
    void rename(int64_t id, const std::string& name);
    void setNotes(int64_t id, const std::string& notes);
    void setTags(int64_t id, const std::vector<std::string>& tags);
    void setRunFile(int64_t id, const std::string& runFileJson, int64_t trainSteps);
    void setState(int64_t id, RunState state);
    /// Throws when it is running.
    void remove(int64_t id);
    /// Says that this process still works on the run (append does so too): a run whose process is
    /// gone without a word is shown as Stopped.
    void heartbeat(int64_t id);

    // Writing (each call is one transaction; durable when it returns). A step written again
    // replaces the old one. StateChange sets the run's state; Progress is not kept.
    void append(int64_t run, const std::vector<MessagePtr>& messages);
    /// Drops steps, events, probes after `step`: a resumed run replaces them.
    void truncateAfter(int64_t run, int64_t step);

    // Reading
    std::vector<StepRecord> steps(
        int64_t run, int64_t first, int64_t last) const; ///< whole records
    std::vector<int64_t> stepNumbers(int64_t run) const; ///< those recorded, ascending
    std::vector<RunEvent> events(int64_t run) const; ///< by step, those of one step as they came
    /// key: a JSONL key ("loss", "lr", …), "layers/3/drop_rate", "layers/3/alpha", …, or an
    /// imported scalar's name. At most `maxPoints` points (0: all), from the coarser levels when
    /// there are more steps.
    std::vector<SeriesPoint> series(
        int64_t run, const std::string& key, int64_t maxPoints = 0) const;
    std::vector<std::string> seriesKeys(int64_t run) const;
    LoadHistory loadHistory(int64_t run, int32_t layer, int64_t maxColumns) const;
    std::vector<ProbeRecord> probes(
        int64_t run, int64_t lastOnly = 0) const; ///< newest first when limited

    // Steering from other processes: queued here, applied by the trainer between two steps, which
    // drops it once the event that tells of it is recorded. queueSteering throws when the run is
    // not running.
    void queueSteering(int64_t run, const std::string& key, const std::string& valueJson);
    std::vector<QueuedSteering> queuedSteering(int64_t run) const; ///< oldest first
    void dropSteering(int64_t run, int64_t last); ///< all up to this id

    /// All that `work` does with this store happens, or nothing of it when `work` throws.
    void transaction(const std::function<void()>& work);

    const std::filesystem::path& path() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Follows a bus into a store on a thread of its own: nothing is lost, at most a second behind.
/// flush() returns when all published before it is durable, and throws the write error (disk full)
/// when that cannot be; check() only throws what has gone wrong so far. What could not be written
/// is kept and tried again, so nothing is lost once there is room.
class StoreWriter {
public:
    StoreWriter(const std::filesystem::path& store, int64_t run, Bus& bus);
    ~StoreWriter(); ///< flushes; a last error goes to the log
    void flush();
    void check() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// moe runs export: jsonl (a file), csv (a file), tensorboard (a folder). Throws.
void exportRun(const RunStore& store, int64_t run, const std::string& format,
    const std::filesystem::path& out);

/// moe runs import: what PATH holds is told from its content (tfevents file or folder, our JSONL,
/// trackio SQLite, Megatron per-expert JSONL). Returns the new runs' ids. Throws without leaving
/// half a run.
std::vector<int64_t> importRuns(RunStore& store, const std::filesystem::path& path);

} // namespace moe::telemetry
