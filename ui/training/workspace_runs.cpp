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
    recent.clear();
    closeLayer();
    layer.open(-1);
    front.clear();
    ownIsFront = true;
    chosenRow = -1;
    chosenByHand = false;
    settingsGeneration = -1;
    services.messages.dismiss(QStringLiteral("run-failed"));
    forgetDead();
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
    if (run == 0 || (run == front.info().id && !front.isEmpty() && frontRequest == 0))
        return;
    ownIsFront = session.isRunning() && isOwn(run);
    waiting.clear();
    snapshot.reset();
    reader.watch(0, 0);
    chosenByHand = false;
    chosenRow = -1;
    forgetDead();
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
        if (before != snapshot->info.id) {
            closeLayer();
            layer.open(-1); // the layer of that index is another one now
        }
        front.load(*snapshot, snapshotLayers);
        ownIsFront = session.isRunning() && isOwn(front.info().id);
        if (snapshot->tail.size() < static_cast<size_t>(load->span()))
            windowRequest = 0;
    }
    snapshot.reset();
    snapshotLayers = {};
    std::vector<telemetry::MessagePtr> late = std::exchange(waiting, {});
    if (isOwn(front.info().id)) // what stands in both is taken once
        late.insert(late.begin(), recent.begin(), recent.end());
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
        const int64_t before = front.lastStep();
        front.append(*message);
        if (const auto* step = std::get_if<telemetry::StepRecord>(message.get())) {
            layer.append(*step);
            if (front.lastStep() > before) // else it has been validated
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

bool TrainingWorkspace::Impl::isOwn(qint64 run) const
{
    return run != 0 && session.runId() == run;
}

void TrainingWorkspace::Impl::forgetStored(const std::vector<telemetry::RunInfo>& list)
{
    const auto own = std::ranges::find(list, session.runId(), &telemetry::RunInfo::id);
    if (own == list.end())
        return;
    // The store writes in the order of the bus: a step that it holds, and all before it.
    const auto last
        = std::ranges::find_if(recent.rbegin(), recent.rend(), [own](const auto& message) {
              const auto* step = std::get_if<telemetry::StepRecord>(message.get());
              return step != nullptr && step->step <= own->steps;
          });
    recent.erase(recent.begin(), last.base());
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
    reader.watch(elsewhere ? front.info().id : kNone, front.lastStep(), front.lastEvent());
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
    if (front.info().id == 0)
        return;
    layerRequest = reader.requestLayer(front.info().id, layer.layer());
    if (!isOwn(front.info().id))
        return;
    for (const telemetry::MessagePtr& message : recent) {
        if (const auto* step = std::get_if<telemetry::StepRecord>(message.get()))
            layer.append(*step);
    }
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
