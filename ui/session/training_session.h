// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/bus.h"
#include "engine/telemetry/run_store.h"
#include "engine/train/run_file.h"

#include <QObject>
#include <QString>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace moe::session {

/// One training run in this process, seen from the window: owns the worker thread that trains,
/// turns errors into signals, and hands over what came on the bus at 30 Hz. Lives on the GUI
/// thread; nothing here blocks it.
class TrainingSession : public QObject {
    Q_OBJECT
public:
    explicit TrainingSession(std::filesystem::path store, QObject* parent = nullptr);
    ~TrainingSession() override; ///< stops the run (saved) and joins

    void setThreads(int threads); ///< of the runs started from now on; 0: all cores
    bool isRunning() const; ///< preparing, training, or paused
    bool isPaused() const;
    int64_t runId() const; ///< 0 before it is registered

    void start(train::RunFile file, bool resume = false);
    /// Goes on with a run of the store from its newest checkpoint: its resolved run file says
    /// where.
    void resume(const QString& runFileJson, const QString& name);
    void startDemo(const std::filesystem::path& folder, int64_t steps);
    void setPaused(bool paused);
    void stop(); ///< saves; finished() follows
    void steer(
        const QString& key, const QString& valueJson); ///< steeringRefused() when it is wrong

Q_SIGNALS:
    void preparing(const QString& what, qint64 done, qint64 total); ///< corpus, tokenizer, weights
    void registered(qint64 run); ///< the run is in the store
    void messages(
        const std::vector<moe::telemetry::MessagePtr>& batch); ///< at most 30 times a second
    void stateChanged();
    void failed(const QString& line); ///< the one error line
    void finished();
    void steeringRefused(const QString& line);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::session
