// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_snapshot.h"

#include <QObject>
#include <QString>
#include <QStringList>

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace moe::session {

/// The run store seen from the window: every read and write happens on a thread of its own, and
/// comes back as a value in a signal. Each request gives a number that its answer carries, so that
/// a view can drop answers it no longer waits for. Once a second it looks whether the list of runs
/// changed (other processes write too) and follows the watched run. Lives on the GUI thread.
class StoreReader : public QObject {
    Q_OBJECT
public:
    explicit StoreReader(std::filesystem::path store, QObject* parent = nullptr);
    ~StoreReader() override; ///< finishes the request in progress, drops the waiting ones

    void requestRuns();
    /// RUN as on the command line. Answers: snapshotLoaded, then layersLoaded until `last`.
    quint64 requestRun(const QString& run, int tailSteps, bool withLayers);
    quint64 requestLayer(qint64 run, int layer);
    /// The last `steps` records before and including `last`, in pieces.
    quint64 requestWindow(qint64 run, qint64 last, int steps);
    /// Follows a run that another process trains from the step after `after`, and from the event
    /// after that of id `afterEvent` (0, not known: those of later steps); run 0 ends it.
    void watch(qint64 run, qint64 after, qint64 afterEvent = 0);

    // Changes of the store; the list of runs is read again after each
    void rename(qint64 run, const QString& name);
    void setTags(qint64 run, const QStringList& tags);
    void setNotes(qint64 run, const QString& notes);
    void remove(qint64 run);
    void queueSteering(qint64 run, const QString& key, const QString& valueJson);
    void import(const QString& path);
    void exportRun(qint64 run, const QString& format, const QString& path);

Q_SIGNALS:
    void runsLoaded(const std::vector<moe::telemetry::RunInfo>& runs);
    void snapshotLoaded(quint64 request, const moe::session::RunSnapshot& snapshot);
    void layersLoaded(
        quint64 request, const std::vector<moe::session::LayerCurves>& layers, bool last);
    void layerLoaded(quint64 request, const moe::session::LayerDetail& detail);
    void windowLoaded(
        quint64 request, const std::vector<moe::telemetry::StepRecord>& steps, bool last);
    void runGrew(qint64 run, const std::vector<moe::telemetry::MessagePtr>& batch);
    void imported(const std::vector<qint64>& runs);
    void exported(const QString& path);
    /// `request` 0: a change of the store or the list of runs.
    void failed(quint64 request, const QString& line);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::session
