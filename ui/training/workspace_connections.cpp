// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/format.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"
#include "ui/training/workspace_impl.h"

#include <QFileDialog>
#include <QFileInfo>

#include <algorithm>

namespace moe::training {

using shell::MessageBar;

void TrainingWorkspace::Impl::connectSession()
{
    QObject::connect(&session, &session::TrainingSession::messages, &self,
        [this](const std::vector<telemetry::MessagePtr>& batch) {
            recent.insert(recent.end(), batch.begin(), batch.end());
            if (ownIsFront)
                takeBatch(session.runId(), batch);
            else if (const auto shown = overlays.find(session.runId()); shown != overlays.end()) {
                for (const telemetry::MessagePtr& message : batch)
                    shown->second->data.append(*message);
                scheduleFrame();
            }
        });
    QObject::connect(&session, &session::TrainingSession::preparing, &self,
        [this](const QString& what, qint64 done, qint64 total) {
            if (ownIsFront && front.isEmpty())
                strip->setPreparing(what, done, total);
        });
    QObject::connect(&session, &session::TrainingSession::registered, &self, [this](qint64 run) {
        reader.requestRuns();
        if (!ownIsFront)
            return;
        // What stands in the store (a resumed run's past, the name, the run file) comes first; what
        // the bus brings meanwhile waits.
        frontRequest = reader.requestRun(QString::number(run), load->span(), true);
    });
    QObject::connect(&session, &session::TrainingSession::stateChanged, &self, [this] {
        updateActions();
        scheduleFrame();
    });
    QObject::connect(&session, &session::TrainingSession::failed, &self,
        [this](const QString& line) { fail(line, QStringLiteral("run-failed")); });
    QObject::connect(
        &session, &session::TrainingSession::steeringRefused, &self, [this](const QString& line) {
            services.messages.show({QStringLiteral("steering"), MessageBar::Level::Error,
                tr("Steering was refused:"), line, {}, {}});
            dashboard->law().revert();
            steering->revert();
            settingsGeneration = -1;
            scheduleFrame();
        });
    QObject::connect(&session, &session::TrainingSession::finished, &self, [this] {
        reader.requestRuns();
        frame(); // nothing of the last steps is left out
        updateActions();
        Q_EMIT self.finished();
    });
}

void TrainingWorkspace::Impl::connectReader()
{
    QObject::connect(&reader, &session::StoreReader::runsLoaded, &self,
        [this](const std::vector<telemetry::RunInfo>& list) {
            runs.setRuns(list);
            forgetStored(list);
            if (const telemetry::RunInfo* info = runs.find(front.info().id)) {
                telemetry::RunInfo merged = *info;
                merged.steps = std::max(merged.steps, front.lastStep());
                if (frontIsLive()) // the bus knows the state before the store does
                    merged.state = front.info().state;
                front.setInfo(merged);
            }
            runsPanel->setFront(front.info().id);
            updateOverlays();
            watchFront();
            Q_EMIT self.recentChanged();
            scheduleFrame();
        });
    QObject::connect(&reader, &session::StoreReader::snapshotLoaded, &self,
        [this](quint64 request, const session::RunSnapshot& loaded) {
            if (request == frontRequest) {
                snapshot = loaded;
                snapshotLayers.clear();
                return;
            }
            for (auto& [run, shown] : overlays) {
                if (shown->request != request)
                    continue;
                shown->data.load(loaded, {});
                if (isOwn(run)) {
                    for (const telemetry::MessagePtr& message : recent)
                        shown->data.append(*message);
                }
            }
            updateOverlays();
            scheduleFrame();
        });
    QObject::connect(&reader, &session::StoreReader::layersLoaded, &self,
        [this](quint64 request, const std::vector<session::LayerCurves>& piece, bool last) {
            if (request != frontRequest)
                return;
            snapshotLayers.insert(snapshotLayers.end(), piece.begin(), piece.end());
            if (last)
                finishLoading();
        });
    QObject::connect(&reader, &session::StoreReader::layerLoaded, &self,
        [this](quint64 request, const session::LayerDetail& detail) {
            if (request == layerRequest && detail.layer == layer.layer()) {
                layer.load(detail);
                scheduleFrame();
            }
        });
    QObject::connect(&reader, &session::StoreReader::windowLoaded, &self,
        [this](quint64 request, const std::vector<telemetry::StepRecord>& steps, bool last) {
            if (request != windowRequest)
                return;
            windowPieces.insert(windowPieces.end(), steps.begin(), steps.end());
            if (!last)
                return;
            if (isOwn(front.info().id)) {
                const int64_t stored = windowPieces.empty() ? 0 : windowPieces.back().step;
                for (const telemetry::MessagePtr& message : recent) {
                    const auto* step = std::get_if<telemetry::StepRecord>(message.get());
                    if (step != nullptr && step->step > stored)
                        windowPieces.push_back(*step);
                }
            }
            front.refillWindow(windowPieces);
            windowPieces = {};
            scheduleFrame();
        });
    QObject::connect(&reader, &session::StoreReader::runGrew, &self,
        [this](qint64 run, const std::vector<telemetry::MessagePtr>& batch) {
            if (run == front.info().id && !frontIsLive())
                takeBatch(run, batch);
        });
    QObject::connect(
        &reader, &session::StoreReader::imported, &self, [this](const std::vector<qint64>& ids) {
            if (!ids.empty())
                bringToFront(ids.back());
            services.messages.show({QStringLiteral("import"), MessageBar::Level::Info,
                tr("%n runs imported", nullptr, static_cast<int>(ids.size())), {}, {}, {}});
        });
    QObject::connect(&reader, &session::StoreReader::exported, &self, [this](const QString& path) {
        services.messages.show({QStringLiteral("export"), MessageBar::Level::Info,
            tr("The record is written:"), path, {}, {}});
    });
    QObject::connect(&reader, &session::StoreReader::failed, &self,
        [this](quint64 request, const QString& line) {
            if (request != 0 && request == frontRequest) {
                frontRequest = 0;
                if (ownIsFront) // the run is there all the same: the bus brings it
                    finishLoading();
            }
            fail(line, QStringLiteral("store"));
        });
}

void TrainingWorkspace::Impl::connectPanels()
{
    QObject::connect(
        runsPanel, &RunsPanel::chosen, &self, [this](qint64 run) { bringToFront(run); });
    QObject::connect(
        runsPanel, &RunsPanel::overlayToggled, &self, [this](qint64 run) { toggleOverlay(run); });
    QObject::connect(
        runsPanel, &RunsPanel::pinToggled, &self, [this](qint64 run) { togglePin(run); });
    QObject::connect(runsPanel, &RunsPanel::renamed, &reader, &session::StoreReader::rename);
    QObject::connect(runsPanel, &RunsPanel::tagsChanged, &reader, &session::StoreReader::setTags);
    QObject::connect(runsPanel, &RunsPanel::notesChanged, &reader, &session::StoreReader::setNotes);
    QObject::connect(runsPanel, &RunsPanel::removed, &self, [this](qint64 run) {
        if (session.isRunning() && session.runId() == run) {
            fail(tr("a run in progress cannot be deleted: %1: stop it first")
                     .arg(QString::fromStdString(front.info().name)),
                QStringLiteral("store"));
            return;
        }
        if (overlays.contains(run))
            toggleOverlay(run);
        if (run == front.info().id) {
            front.clear();
            ownIsFront = false;
        }
        reader.remove(run);
        scheduleFrame();
    });
    QObject::connect(
        runsPanel, &RunsPanel::resumeRequested, &self, [this](qint64 run) { resumeRun(run); });
    QObject::connect(runsPanel, &RunsPanel::newRunRequested, &self, [this] { self.showNewRun(); });
    QObject::connect(runsPanel, &RunsPanel::importRequested, &self, [this] { askImport(); });
    QObject::connect(runsPanel, &RunsPanel::demoRequested, &self, [this] { self.startDemo(1000); });
    QObject::connect(newRun, &NewRunPanel::startRequested, &self,
        [this](const std::shared_ptr<const train::RunFile>& file) {
            closeForm();
            startRun(file);
        });
    const auto send = [this](const QString& key, const QString& value) {
        steer(key, value);
    };
    QObject::connect(&dashboard->law(), &LawRow::steer, &self, send);
    QObject::connect(steering, &SteeringPanel::steer, &self, send);
    QObject::connect(strip, &ReadoutStrip::pauseClicked, &self,
        [this] { session.setPaused(!session.isPaused()); });
    QObject::connect(strip, &ReadoutStrip::stopClicked, &self, [this] { session.stop(); });
    QObject::connect(load, &LoadPanel::rowActivated, &self, [this](int row) { openLayer(row); });
    QObject::connect(load, &LoadPanel::spanChosen, &self, [this](int steps) {
        front.setSpan(steps);
        if (front.info().id != 0) {
            windowPieces.clear();
            windowRequest = reader.requestWindow(front.info().id, front.lastStep(), steps);
        }
        scheduleFrame();
    });
    QObject::connect(layerPage, &LayerPage::closed, &self, [this] { closeLayer(); });
    QObject::connect(layerPage, &LayerPage::stepped, &self, [this](int by) { stepLayer(by); });
    QObject::connect(eventsPanel, &EventsPanel::stepChosen, &self, [this](qint64 step) {
        axis.setCrosshair(front.secondsAt(static_cast<double>(step), axis.axis()));
    });
    const auto report = [this](const QString& line) {
        fail(line, QStringLiteral("export"));
    };
    QObject::connect(load, &LoadPanel::failed, &self, report);
    QObject::connect(layerPage, &LayerPage::failed, &self, report);
    for (PlotPanel* panel : dashboard->panels()) {
        QObject::connect(panel, &PlotPanel::failed, &self, report);
        QObject::connect(&panel->plot(), &plots::TimeSeriesPlot::markerClicked, &self,
            [this](int number) { eventsPanel->selectFlag(number); });
    }
}

} // namespace moe::training
