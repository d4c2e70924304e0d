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
using telemetry::RunState;

void TrainingWorkspace::Impl::connectSession()
{
    QObject::connect(&session, &session::TrainingSession::messages, &self,
        [this](const std::vector<telemetry::MessagePtr>& batch) {
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
                if (shown->request == request)
                    shown->data.load(loaded, {});
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
            newRunDock->hide();
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

void TrainingWorkspace::Impl::fail(const QString& line, const QString& id)
{
    // WHAT: WHERE: REMEDY, as every error line of the house.
    const qsizetype colon = line.indexOf(QLatin1String(": "));
    QString fact = colon < 0 ? line : line.left(colon + 1);
    if (!fact.isEmpty())
        fact[0] = fact[0].toUpper();
    services.messages.show(
        {id, MessageBar::Level::Error, fact, colon < 0 ? QString() : line.mid(colon + 2), {}, {}});
    Q_EMIT self.failed(line);
}

void TrainingWorkspace::Impl::beginOwnRun()
{
    reader.watch(0, 0);
    frontRequest = layerRequest = windowRequest = 0;
    snapshot.reset();
    waiting.clear();
    closeLayer();
    front.clear();
    ownIsFront = true;
    chosenRow = -1;
    chosenByHand = false;
    deadShown.reset();
    settingsGeneration = -1;
    services.messages.dismiss(QStringLiteral("run-failed"));
    services.messages.dismiss(QStringLiteral("dead-expert"));
    scheduleFrame();
}

void TrainingWorkspace::Impl::startRun(const std::shared_ptr<const train::RunFile>& file)
{
    if (session.isRunning()) {
        fail(tr("a run is in progress: %1: stop it first")
                 .arg(QString::fromStdString(front.info().name)),
            QStringLiteral("run-failed"));
        return;
    }
    beginOwnRun();
    telemetry::RunInfo info;
    info.name = file->name;
    info.runFile = file->resolved;
    info.trainSteps = file->trainSteps;
    front.setInfo(info);
    session.start(*file);
}

void TrainingWorkspace::Impl::resumeRun(qint64 run)
{
    const telemetry::RunInfo* found = runs.find(run);
    if (found == nullptr || session.isRunning())
        return;
    const telemetry::RunInfo info = *found;
    beginOwnRun();
    front.setInfo(info);
    session.resume(QString::fromStdString(info.runFile), QString::fromStdString(info.name));
}

void TrainingWorkspace::Impl::bringToFront(qint64 run)
{
    if (run == 0 || (run == front.info().id && !front.isEmpty()))
        return;
    ownIsFront = session.isRunning() && session.runId() == run;
    waiting.clear();
    snapshot.reset();
    reader.watch(0, 0);
    chosenByHand = false;
    chosenRow = -1;
    deadShown.reset();
    services.messages.dismiss(QStringLiteral("dead-expert"));
    if (overlays.contains(run) && runs.pinned() != run)
        toggleOverlay(run);
    frontRequest = reader.requestRun(QString::number(run), load->span(), true);
    runsPanel->setFront(run);
}

void TrainingWorkspace::Impl::finishLoading()
{
    const qint64 before = front.info().id;
    frontRequest = 0;
    if (snapshot) {
        if (before != snapshot->info.id)
            closeLayer();
        front.load(*snapshot, snapshotLayers);
        if (snapshot->tail.size() < static_cast<size_t>(load->span()))
            windowRequest = 0;
    }
    snapshot.reset();
    snapshotLayers = {};
    const std::vector<telemetry::MessagePtr> late = std::exchange(waiting, {});
    if (front.info().id != before) {
        if (before != 0 && runs.seriesColour(before) == 0)
            runs.setShown(before, -1);
        runs.setShown(front.info().id, 0);
    }
    settingsGeneration = -1;
    runsPanel->setFront(front.info().id);
    if (!late.empty())
        takeBatch(front.info().id, late);
    if (layer.layer() >= 0 && layerIsOpen())
        requestOpenedLayer();
    watchFront();
    updateOverlays();
    updateActions();
    stepsArrived.push_back(front.lastStep());
    scheduleFrame();
}

void TrainingWorkspace::Impl::takeBatch(qint64 run, const std::vector<telemetry::MessagePtr>& batch)
{
    if (frontRequest != 0) {
        waiting.insert(waiting.end(), batch.begin(), batch.end());
        return;
    }
    const int generation = front.generation();
    for (const telemetry::MessagePtr& message : batch) {
        front.append(*message);
        if (const auto* step = std::get_if<telemetry::StepRecord>(message.get())) {
            layer.append(*step);
            stepsArrived.push_back(step->step);
        }
    }
    if (generation != front.generation() && layerIsOpen()) {
        layer.open(layer.layer());
        requestOpenedLayer();
    }
    if (run != 0 && front.info().id == run)
        runs.update(front.info());
    scheduleFrame();
}

bool TrainingWorkspace::Impl::frontIsLive() const
{
    return ownIsFront && session.isRunning();
}

bool TrainingWorkspace::Impl::frontIsSteerable() const
{
    const RunState state = front.info().state;
    return frontIsLive()
        || (front.info().id != 0 && !ownIsFront
            && (state == RunState::Running || state == RunState::Paused));
}

void TrainingWorkspace::Impl::watchFront()
{
    if (frontRequest != 0)
        return;
    const bool elsewhere = !frontIsLive() && frontIsSteerable();
    static constexpr qint64 kNone = 0;
    reader.watch(elsewhere ? front.info().id : kNone, front.lastStep());
}

void TrainingWorkspace::Impl::steer(const QString& key, const QString& valueJson)
{
    services.messages.dismiss(QStringLiteral("steering"));
    if (frontIsLive())
        session.steer(key, valueJson);
    else if (frontIsSteerable())
        reader.queueSteering(front.info().id, key, valueJson);
}

void TrainingWorkspace::Impl::requestOpenedLayer()
{
    if (front.info().id != 0)
        layerRequest = reader.requestLayer(front.info().id, layer.layer());
}

void TrainingWorkspace::Impl::showOverlay(qint64 run, int colour)
{
    auto shown = std::make_unique<Shown>();
    shown->request = reader.requestRun(QString::number(run), 1, false);
    overlays[run] = std::move(shown);
    runs.setShown(run, colour);
}

void TrainingWorkspace::Impl::toggleOverlay(qint64 run)
{
    if (run == front.info().id)
        return;
    if (overlays.erase(run) > 0) {
        runs.setShown(run, -1);
        if (runs.pinned() == run)
            runs.setPinned(0);
    } else {
        const int colour = runs.freeColour();
        if (colour < 0) {
            services.messages.show({QStringLiteral("overlays"), MessageBar::Level::Info,
                tr("Five runs are shown:"), tr("take one from the plots first"), {}, {}});
            return;
        }
        showOverlay(run, colour);
    }
    updateOverlays();
    runsPanel->setFront(front.info().id);
    scheduleFrame();
}

void TrainingWorkspace::Impl::togglePin(qint64 run)
{
    const bool unpin = runs.pinned() == run;
    const qint64 before = runs.pinned();
    runs.setPinned(unpin ? 0 : run);
    if (before != 0 && before != front.info().id && overlays.erase(before) > 0)
        runs.setShown(before, -1);
    if (!unpin && run != front.info().id) {
        overlays.erase(run);
        showOverlay(run, 5); // the baseline is grey
    }
    updateOverlays();
    runsPanel->setFront(front.info().id);
    scheduleFrame();
}

void TrainingWorkspace::Impl::updateOverlays()
{
    std::vector<Overlay> drawn;
    for (const auto& [run, shown] : overlays) {
        const telemetry::RunInfo* info = runs.find(run);
        const int colour = runs.seriesColour(run);
        if (info == nullptr || colour < 0 || run == front.info().id || shown->data.isEmpty())
            continue;
        drawn.push_back({&shown->data, QString::fromStdString(info->name),
            shell::theme().series[static_cast<size_t>(colour)]});
    }
    dashboard->setOverlays(std::move(drawn));
}

void TrainingWorkspace::Impl::importFrom(const QString& path)
{
    reader.import(path);
}

void TrainingWorkspace::Impl::askImport()
{
    auto* dialog = new QFileDialog(&self, tr("Import runs"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::AnyFile);
    dialog->setLabelText(QFileDialog::Accept, tr("Import"));
    QObject::connect(dialog, &QFileDialog::fileSelected, &self,
        [this](const QString& path) { importFrom(path); });
    dialog->open();
}

} // namespace moe::training
