// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/training_workspace.h"

#include "ui/models/format.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"
#include "ui/training/workspace_impl.h"

#include <QResizeEvent>
#include <QStandardPaths>

#include <algorithm>

namespace moe::training {

using models::formatCount;
using shell::MessageBar;

namespace {

constexpr int kFrameMilliseconds = 33;
constexpr int kDeadNamed = 3; ///< experts that the message names

} // namespace

TrainingWorkspace::Impl::Impl(TrainingWorkspace& workspace, shell::ShellServices shellServices,
    const std::filesystem::path& store)
    : self(workspace)
    , services(shellServices)
    , reader(store)
    , session(store)
    , strip(new ReadoutStrip(&workspace))
    , dashboard(new Dashboard(axis, &workspace))
    , load(new LoadPanel(&workspace))
    , layerPage(new LayerPage(axis, &workspace))
    , steering(new SteeringPanel(&workspace))
    , newRun(new NewRunPanel(&workspace))
    , runsTitle(new shell::TitleBar(tr("Runs"), {}, &workspace))
    , steeringTitle(new shell::TitleBar(tr("Steering"), {}, &workspace))
    , eventsTitle(new shell::TitleBar(tr("Events"), {}, &workspace))
    , newRunTitle(new shell::TitleBar(tr("New run"), tr("checked as typed"), &workspace))
{
    runsPanel = new RunsPanel(runs, *runsTitle, &workspace);
    eventsPanel = new EventsPanel(events, *eventsTitle, &workspace);
    load->setRun(&front);
    frameTimer.setSingleShot(true);
    exportsTimer.setSingleShot(true);
    QObject::connect(&exportsTimer, &QTimer::timeout, &self, [this] { updateExports(); });
    QObject::connect(&frameTimer, &QTimer::timeout, &self, [this] { frame(); });
    QObject::connect(&axis, &SharedAxis::changed, &self, [this] { scheduleFrame(); });
    registerActions();
    buildToolbar();
    buildDocks();
    connectSession();
    connectReader();
    connectPanels();
    QObject::connect(&shell::ThemeSource::instance(), &shell::ThemeSource::changed, &self,
        [this] { restyle(); });
    updateActions();
    reader.requestRuns();
}

TrainingWorkspace::TrainingWorkspace(
    shell::ShellServices services, const std::filesystem::path& store, QWidget* parent)
    : Workspace(parent)
    , m_impl(std::make_unique<Impl>(*this, services, store))
{
    setObjectName(QStringLiteral("trainingPage"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_impl->scheduleFrame();
}

TrainingWorkspace::~TrainingWorkspace()
{
    // Panels use the models and the axis of Impl: they go first.
    qDeleteAll(findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly));
    for (QWidget* box :
        {m_impl->axisBox, m_impl->rangeBox, m_impl->smoothingBox, m_impl->exportBox}) {
        if (box->parent() == nullptr)
            delete box;
    }
}

QString TrainingWorkspace::title() const
{
    return tr("Training");
}

QString TrainingWorkspace::iconName() const
{
    return QStringLiteral("training");
}

QList<QAction*> TrainingWorkspace::toolbarActions() const
{
    return {m_impl->newRunAction, m_impl->pauseUpdatesAction};
}

QList<QWidget*> TrainingWorkspace::toolbarWidgets()
{
    return {m_impl->axisBox, m_impl->rangeBox, m_impl->smoothingBox, m_impl->exportBox};
}

QList<shell::PaletteSource> TrainingWorkspace::paletteSources()
{
    const QString name = QString::fromStdString(m_impl->front.info().name);
    return {{name.isEmpty() ? tr("Layers") : tr("Layers of %1").arg(name), QLatin1Char('@'),
                [this] {
                    return m_impl->layerItems();
                }},
        {tr("Runs"), QLatin1Char('#'), [this] {
             return m_impl->runItems();
         }}};
}

void TrainingWorkspace::restoreDefaultLayout()
{
    m_impl->closeLayer();
    m_impl->arrangeDocks();
}

QSize TrainingWorkspace::minimumSizeHint() const
{
    return {shell::px(760), shell::px(480)};
}

void TrainingWorkspace::setThreads(int threads)
{
    m_impl->session.setThreads(threads);
}

void TrainingWorkspace::startDemo(int64_t steps)
{
    if (m_impl->session.isRunning()) {
        m_impl->fail(
            tr("a run is in progress: this window: stop it first"), QStringLiteral("run-failed"));
        return;
    }
    const QString cache = QStandardPaths::writableLocation(QStandardPaths::CacheLocation);
    m_impl->beginOwnRun();
    telemetry::RunInfo info;
    info.name = "demo";
    info.trainSteps = steps;
    m_impl->front.setInfo(info);
    m_impl->session.startDemo(cache.toStdString() + "/demo", steps);
}

void TrainingWorkspace::openRun(const QString& run)
{
    m_impl->waiting.clear();
    m_impl->snapshot.reset();
    m_impl->ownIsFront = false;
    m_impl->frontRequest = m_impl->reader.requestRun(run, m_impl->load->span(), true);
}

void TrainingWorkspace::importPath(const QString& path)
{
    m_impl->importFrom(path);
}

QByteArray TrainingWorkspace::layoutToKeep() const
{
    if (!m_impl->hiddenByForm.isEmpty())
        return m_impl->stateBeforeForm;
    return m_impl->layerIsOpen() ? m_impl->dashboardState : Workspace::layoutToKeep();
}

void TrainingWorkspace::showNewRun()
{
    m_impl->openForm();
}

void TrainingWorkspace::showRuns()
{
    m_impl->runsDock->show();
    m_impl->runsDock->raise();
    m_impl->runsPanel->focusFilter();
}

void TrainingWorkspace::selectLayer(int layer)
{
    m_impl->openLayer(m_impl->front.rowOf(layer));
    if (isVisible())
        m_impl->frame();
}

void TrainingWorkspace::showDashboard()
{
    m_impl->closeLayer();
    if (isVisible())
        m_impl->frame();
}

bool TrainingWorkspace::isTraining() const
{
    return m_impl->session.isRunning();
}

bool TrainingWorkspace::hasRun() const
{
    return !m_impl->front.isEmpty();
}

void TrainingWorkspace::stopTraining()
{
    m_impl->session.stop();
}

void TrainingWorkspace::resizeEvent(QResizeEvent* event)
{
    Workspace::resizeEvent(event);
    m_impl->fitTo(event->size());
}

void TrainingWorkspace::showEvent(QShowEvent* event)
{
    Workspace::showEvent(event);
    m_impl->updateActions(); // keys of this page, which others use for their own things
}

void TrainingWorkspace::hideEvent(QHideEvent* event)
{
    Workspace::hideEvent(event);
    m_impl->updateActions();
}

void TrainingWorkspace::changeEvent(QEvent* event)
{
    Workspace::changeEvent(event);
    if (event->type() == QEvent::FontChange && m_impl)
        m_impl->restyle();
}

void TrainingWorkspace::Impl::scheduleFrame()
{
    if (!frameTimer.isActive())
        frameTimer.start(kFrameMilliseconds);
}

void TrainingWorkspace::Impl::refreshSettings()
{
    const std::string& file = front.info().runFile;
    if (settingsGeneration == front.eventGeneration() && file == settingsFile)
        return;
    settingsGeneration = front.eventGeneration();
    settingsFile = file;
    settings = models::settingsOf(front.info(), front.events());
    events.setEvents(front.events());
}

void TrainingWorkspace::Impl::frame()
{
    frameTimer.stop();
    if (paused && !front.isEmpty())
        return; // data are taken in, nothing is drawn
    refreshSettings();
    const std::vector<models::RunData::Dead> dead = front.dead();
    chooseRow(dead);
    tellDead(dead);
    const bool live = frontIsLive();
    strip->refresh(front, settings, live, live && session.isPaused());
    steering->refresh(
        settings, frontIsSteerable(), front.meanAlpha().empty() ? NAN : front.meanAlpha().back());
    dashboard->law().refresh(settings, frontIsSteerable());
    const bool moving = frontIsSteerable() && !session.isPaused();
    if (layerIsOpen()) {
        layerPage->setLive(moving);
        layerPage->refresh(front, layer, settings);
    } else {
        dashboard->setLive(moving);
        dashboard->setChosenRow(chosenRow);
        load->setSelectedRow(chosenRow);
        if (load->isVisible())
            load->refresh(settings);
        dashboard->refresh(front, settings);
    }
    updateStatus();
    updateExports();
    for (const qint64 step : std::exchange(stepsArrived, {}))
        Q_EMIT self.stepShown(step);
}

void TrainingWorkspace::Impl::chooseRow(const std::vector<models::RunData::Dead>& dead)
{
    // The layer of the newest dead expert; it stays while it has one, so that nothing jumps.
    if (chosenByHand || dead.empty()
        || std::ranges::find(dead, chosenRow, &models::RunData::Dead::row) != dead.end())
        return;
    chosenRow = dead.front().row;
}

void TrainingWorkspace::Impl::forgetDead()
{
    services.messages.dismiss(QStringLiteral("dead-expert"));
    deadTold.clear();
    deadText.clear();
}

void TrainingWorkspace::Impl::tellDead(const std::vector<models::RunData::Dead>& dead)
{
    if (dead.empty()) {
        if (!deadText.isEmpty())
            forgetDead();
        return;
    }
    std::set<std::pair<int, int>> now;
    for (const models::RunData::Dead& one : dead)
        now.emplace(one.row, one.expert);
    if (now == deadTold)
        return;
    // A message that was closed stays closed until one more expert dies.
    const bool more = !std::ranges::includes(deadTold, now);
    const bool open = services.messages.text().startsWith(deadText) && !deadText.isEmpty();
    deadTold = std::move(now);
    if (!more && !open)
        return;
    const auto named = std::ranges::find(dead, chosenRow, &models::RunData::Dead::row);
    const models::RunData::Dead& first = named == dead.end() ? dead.front() : *named;
    const int layerId = front.layerId(first.row), row = first.row;
    QString remedy;
    if (dead.size() == 1) {
        deadText = tr("Layer %1, expert %2 is dead:").arg(layerId).arg(first.expert);
        remedy = tr("no assignments since step %1. Raise ξ or α_max, or open the layer to see when "
                    "it faded.")
                     .arg(formatCount(first.since));
    } else {
        deadText = tr("%1 experts are dead:").arg(formatCount(static_cast<int64_t>(dead.size())));
        QStringList some{tr("layer %1 expert %2").arg(layerId).arg(first.expert)};
        for (const models::RunData::Dead& one : dead) {
            if (some.size() < kDeadNamed && (one.row != first.row || one.expert != first.expert))
                some += tr("layer %1 expert %2").arg(front.layerId(one.row)).arg(one.expert);
        }
        if (const auto rest = static_cast<int>(dead.size()) - kDeadNamed; rest > 0)
            some += tr("%n more", nullptr, rest);
        remedy = tr("%1. Raise ξ or α_max, or open the layer to see when it faded.")
                     .arg(some.join(tr(", ", "between experts")));
    }
    services.messages.show({QStringLiteral("dead-expert"), MessageBar::Level::Warning, deadText,
        remedy, tr("Open layer %1").arg(layerId), [this, row] {
            openLayer(row);
        }});
}

void TrainingWorkspace::Impl::updateStatus()
{
    QString left, right;
    if (front.info().state == telemetry::RunState::Imported) {
        left = tr("Imported record");
    } else if (settings.known) {
        // Every run of this store computes on the CPU backend; the rest is in its file.
        left = tr("CPU, %1, tp %2 pp %3 dp %4, zero %5")
                   .arg(settings.precision)
                   .arg(settings.tensor)
                   .arg(settings.pipeline)
                   .arg(settings.data)
                   .arg(settings.zero);
        if (settings.parameters > 0)
            left += QStringLiteral("      ")
                + tr("%1 parameters, %2 active")
                      .arg(models::formatCompact(static_cast<double>(settings.parameters)),
                          models::formatCompact(static_cast<double>(settings.activeParameters)));
    }
    for (const models::NumberedEvent& numbered : front.events()) {
        if (numbered.event.kind == "checkpoint")
            right = tr("Checkpoint at step %1").arg(formatCount(numbered.event.step));
    }
    Q_EMIT self.statusChanged(left, right);
}

void TrainingWorkspace::Impl::restyle()
{
    updateOverlays();
    dashboard->restyle();
    layerPage->restyle();
    const bool was = std::exchange(paused, false);
    frame();
    paused = was;
}

} // namespace moe::training
