// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/format.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/save_file.h"
#include "ui/shell/theme.h"
#include "ui/training/workspace_impl.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSlider>
#include <QToolButton>

#include <algorithm>
#include <array>
#include <iterator>

namespace moe::training {

using shell::ActionRegistry;
using shell::makeLabel;
using shell::px;
using shell::TextRole;
using shell::Theme;
using Category = shell::ActionRegistry::Category;

QAction* TrainingWorkspace::Impl::addAction(const QString& id, const QString& text,
    const QString& icon, const QKeySequence& key, Category category, std::function<void()> run)
{
    return services.actions.add({id, text, icon, key, category, true}, std::move(run));
}

void TrainingWorkspace::Impl::registerActions()
{
    newRunAction = addAction(QStringLiteral("run.new"), tr("New run…"), QStringLiteral("plus"),
        QKeySequence::New, Category::Run, [this] { self.showNewRun(); });
    pauseAction = addAction(QStringLiteral("run.pause"), tr("Pause run"), QStringLiteral("pause"),
        {}, Category::Run, [this] { session.setPaused(!session.isPaused()); });
    stopAction
        = addAction(QStringLiteral("run.stop"), tr("Stop run and save"), QStringLiteral("square"),
            QKeySequence(Qt::SHIFT | Qt::Key_F5), Category::Run, [this] { session.stop(); });
    resumeAction = addAction(QStringLiteral("run.resume"),
        tr("Resume run from its last checkpoint"), QStringLiteral("play"),
        QKeySequence(Qt::CTRL | Qt::Key_R), Category::Run, [this] { resumeRun(front.info().id); });
    addAction(QStringLiteral("run.import"), tr("Import runs…"), QStringLiteral("import"), {},
        Category::File, [this] { askImport(); });
    addAction(QStringLiteral("run.rename"), tr("Rename run…"), {}, {}, Category::Run,
        [this] { runsPanel->renameSelected(); });
    addAction(QStringLiteral("run.tags"), tr("Tags of run…"), {}, {}, Category::Run,
        [this] { runsPanel->editTagsOfSelected(); });
    addAction(QStringLiteral("run.notes"), tr("Notes on run…"), {}, {}, Category::Run,
        [this] { runsPanel->editNotesOfSelected(); });
    addAction(QStringLiteral("run.delete"), tr("Delete run…"), {}, {}, Category::Run,
        [this] { runsPanel->deleteSelected(); });

    pauseUpdatesAction = addAction(QStringLiteral("training.pauseUpdates"), tr("Pause updates"),
        QStringLiteral("pause"), QKeySequence(Qt::CTRL | Qt::Key_Space), Category::Training, {});
    pauseUpdatesAction->setCheckable(true);
    QObject::connect(pauseUpdatesAction, &QAction::toggled, &self, [this](bool on) {
        paused = on;
        restyle(); // full quality while nothing moves
    });
    filterAction
        = addAction(QStringLiteral("training.filter"), tr("Filter runs"), QStringLiteral("search"),
            QKeySequence::Find, Category::Training, [this] { self.showRuns(); });
    addAction(QStringLiteral("training.reload"), tr("Reload runs"), QStringLiteral("refresh"),
        QKeySequence::Refresh, Category::Training, [this] { reader.requestRuns(); });
    closeLayerAction = addAction(QStringLiteral("training.allLayers"), tr("All layers"),
        QStringLiteral("chevron-left"), QKeySequence(Qt::Key_Backspace), Category::Training,
        [this] { closeLayer(); });
    previousLayerAction = addAction(QStringLiteral("training.previousLayer"), tr("Layer above"), {},
        QKeySequence(Qt::ALT | Qt::Key_Left), Category::Training, [this] { stepLayer(-1); });
    nextLayerAction = addAction(QStringLiteral("training.nextLayer"), tr("Layer below"), {},
        QKeySequence(Qt::ALT | Qt::Key_Right), Category::Training, [this] { stepLayer(1); });
    addAction(QStringLiteral("training.wholeRange"), tr("Show all steps"), {}, {},
        Category::Training, [this] {
            axis.setZoom(std::nullopt);
            axis.setLastSteps(0);
        });
    addAction(QStringLiteral("training.exportDashboard"), tr("Export dashboard…"),
        QStringLiteral("export"), QKeySequence(Qt::CTRL | Qt::Key_E), Category::Training,
        [this] { exportDashboard(); });
    addAction(QStringLiteral("training.exportPng"), tr("Export plot as PNG…"), {},
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E), Category::Training,
        [this] { exportFocused(QStringLiteral(".png")); });
    addAction(QStringLiteral("training.exportSvg"), tr("Export plot as SVG…"), {},
        QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_E), Category::Training,
        [this] { exportFocused(QStringLiteral(".svg")); });
    addAction(QStringLiteral("training.exportCsv"), tr("Export plot as CSV…"), {}, {},
        Category::Training, [this] { exportFocused(QStringLiteral(".csv")); });
    for (const char* format : {"jsonl", "csv", "tensorboard"}) {
        const QString name = QString::fromLatin1(format);
        addAction(QStringLiteral("run.export.") + name,
            tr("Export record as %1…")
                .arg(name == QLatin1String("tensorboard") ? QStringLiteral("TensorBoard")
                                                          : name.toUpper()),
            {}, {}, Category::File, [this, name] { exportRecord(name); });
    }
    for (const char* format : {"Png", "Svg", "Csv"})
        exportPlotActions
            += services.actions.find(QStringLiteral("training.export") + QLatin1String(format));
    // Keys that other workspaces use too act only inside this one.
    for (QAction* action : {closeLayerAction, previousLayerAction, nextLayerAction}) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        self.addAction(action);
    }
}

namespace {

/// A widget of the toolbar's right end: a label and what it names. The outer one stays when the
/// inner is hidden, so that the toolbar needs not know.
QWidget* labelled(const QString& text, const QString& object, const QList<QWidget*>& controls)
{
    auto* outer = new QWidget;
    auto* inner = new QWidget(outer);
    inner->setObjectName(object);
    auto* around = new QHBoxLayout(outer);
    around->setContentsMargins(0, 0, 0, 0);
    around->addWidget(inner);
    auto* row = new QHBoxLayout(inner);
    row->setContentsMargins(px(1), 0, px(1), 0);
    row->setSpacing(px(8));
    if (!text.isEmpty())
        row->addWidget(makeLabel(text, TextRole::Body, &Theme::text2, false, inner));
    for (QWidget* control : controls)
        row->addWidget(control);
    return outer;
}

/// As wide as what is chosen, not as the longest choice; the list is as wide as that.
void fitToChoice(QComboBox* box)
{
    int longest = 0;
    const QFontMetrics metrics(box->font());
    for (int i = 0; i < box->count(); ++i)
        longest = std::max(longest, metrics.horizontalAdvance(box->itemText(i)));
    const int around = box->sizeHint().width() - longest;
    box->view()->setMinimumWidth(longest + px(32));
    const auto fit = [box, around] {
        const int text = QFontMetrics(box->font()).horizontalAdvance(box->currentText());
        box->setFixedWidth(std::max(px(66), text + around));
    };
    QObject::connect(box, &QComboBox::currentIndexChanged, box, fit);
    fit();
}

} // namespace

void TrainingWorkspace::Impl::buildToolbar()
{
    auto* axisCombo = new QComboBox;
    axisCombo->setObjectName(QStringLiteral("xAxisBox"));
    axisCombo->setAccessibleName(tr("X axis"));
    axisCombo->addItems({tr("Step"), tr("Wall time"), tr("Relative")});
    axisCombo->setItemData(
        1, tr("Time since the run was started, pauses included"), Qt::ToolTipRole);
    axisCombo->setItemData(2, tr("Time spent in training steps"), Qt::ToolTipRole);
    QObject::connect(axisCombo, &QComboBox::currentIndexChanged, &axis,
        [this](int index) { axis.setAxis(static_cast<models::XAxis>(index)); });
    fitToChoice(axisCombo);
    axisBox = labelled(tr("X axis"), QStringLiteral("xAxis"), {axisCombo});

    auto* range = new QComboBox;
    range->setObjectName(QStringLiteral("rangeBox"));
    range->setAccessibleName(tr("Range"));
    for (const int steps : {0, 1'000, 5'000, 20'000})
        range->addItem(
            steps == 0 ? tr("All") : tr("Last %1").arg(models::formatCount(steps)), steps);
    QObject::connect(range, &QComboBox::activated, &axis,
        [this, range] { axis.setLastSteps(range->currentData().toInt()); });
    QObject::connect(&axis, &SharedAxis::changed, range,
        [this, range] { range->setCurrentIndex(range->findData(axis.lastSteps())); });
    fitToChoice(range);
    rangeBox = labelled(tr("Range"), QStringLiteral("range"), {range});

    auto* slider = new QSlider(Qt::Horizontal);
    slider->setObjectName(QStringLiteral("smoothingSlider"));
    slider->setAccessibleName(tr("Smoothing"));
    slider->setRange(0, 99);
    slider->setValue(90);
    slider->setFixedWidth(px(84));
    slider->setToolTip(tr("Exponential mean, debiased: a value 1/4,000 of the planned run back "
                          "(1 to 20 steps) counts this much of the newest"));
    auto* value = makeLabel(models::formatFixed(0.9, 2), TextRole::Body, &Theme::text);
    value->setFont(shell::numberFont(TextRole::Body));
    QObject::connect(slider, &QSlider::valueChanged, &axis, [this, value](int hundredths) {
        value->setText(models::formatFixed(hundredths / 100.0, 2));
        axis.setSmoothing(hundredths / 100.0);
    });
    smoothingBox = labelled(tr("Smoothing"), QStringLiteral("smoothing"), {slider, value});

    auto* button = new QToolButton;
    button->setObjectName(QStringLiteral("exportButton"));
    button->setText(tr("Export"));
    button->setIcon(shell::icon(QStringLiteral("export"), &Theme::text));
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setAutoRaise(true);
    button->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(button);
    for (const char* id : {"training.exportDashboard", "training.exportPng", "training.exportSvg",
             "training.exportCsv", "run.export.jsonl", "run.export.csv", "run.export.tensorboard"})
        menu->addAction(services.actions.find(QString::fromLatin1(id)));
    button->setMenu(menu);
    exportBox = labelled({}, QStringLiteral("export"), {button});
}

void TrainingWorkspace::Impl::updateActions()
{
    const bool live = session.isRunning();
    ActionRegistry::setDisabledReason(
        pauseAction, live ? QString() : tr("No run of this window is in progress"));
    ActionRegistry::setDisabledReason(
        stopAction, live ? QString() : tr("No run of this window is in progress"));
    pauseAction->setText(session.isPaused() ? tr("Go on with run") : tr("Pause run"));
    const bool ended = front.info().id != 0 && front.info().state != telemetry::RunState::Running
        && front.info().state != telemetry::RunState::Paused
        && front.info().state != telemetry::RunState::Imported;
    ActionRegistry::setDisabledReason(resumeAction,
        live        ? tr("Stop the run in progress first")
            : ended ? QString()
                    : tr("Choose a run that has ended"));
    const QString elsewhere = self.isVisible() ? QString() : tr("Show the Training page first");
    ActionRegistry::setDisabledReason(filterAction, elsewhere);
    const QString closed = layerIsOpen() ? elsewhere : tr("Open a layer first");
    for (QAction* action : {closeLayerAction, previousLayerAction, nextLayerAction})
        ActionRegistry::setDisabledReason(action, closed);
    newRun->setBusy(live);
    updateExports();
}

void TrainingWorkspace::Impl::updateExports()
{
    const QString reason = plotToExport() != nullptr ? QString() : tr("No plot is shown");
    for (QAction* action : exportPlotActions)
        ActionRegistry::setDisabledReason(action, reason);
}

QWidget* TrainingWorkspace::Impl::plotToExport() const
{
    QWidget* focused = nullptr;
    for (QWidget* widget = QApplication::focusWidget(); widget != nullptr;
         widget = widget->parentWidget()) {
        if (auto* panel = qobject_cast<PlotPanel*>(widget)) // or its table
            focused = &panel->plot();
        else if (qobject_cast<plots::HeatmapPlot*>(widget) != nullptr)
            focused = widget;
        if (widget == &self && focused != nullptr) // not a map of another workspace
            return focused;
    }
    const std::array<PlotPanel*, 6> own = dashboard->panels();
    std::vector<PlotPanel*> panels(own.begin(), own.end());
    std::ranges::copy(layerPage->panels(), std::back_inserter(panels));
    for (PlotPanel* panel : panels) {
        if (panel->plot().isVisible())
            return &panel->plot();
    }
    for (plots::HeatmapPlot* map : {&load->heatmap(), &layerPage->map()}) {
        if (map->isVisible())
            return map;
    }
    return nullptr;
}

void TrainingWorkspace::Impl::exportFocused(const QString& suffix)
{
    QWidget* taken = plotToExport();
    if (taken == nullptr)
        return;
    auto* plot = qobject_cast<plots::TimeSeriesPlot*>(taken);
    auto* map = qobject_cast<plots::HeatmapPlot*>(taken);
    const QString name = taken->accessibleName();
    shell::saveFile(&self, tr("Export %1").arg(name), name + suffix, QStringLiteral("*") + suffix,
        [this, suffix, plot, map](const QString& path) {
            const auto write = [&](auto* view) {
                return suffix == QLatin1String(".png") ? view->exportPng(path)
                    : suffix == QLatin1String(".svg")  ? view->exportSvg(path)
                                                       : view->exportCsv(path);
            };
            if (!(map != nullptr ? write(map) : write(plot)))
                fail(tr("cannot write: %1: choose a folder that you may write to").arg(path),
                    QStringLiteral("export"));
        });
}

void TrainingWorkspace::Impl::exportDashboard()
{
    shell::saveFile(&self, tr("Export dashboard"), tr("dashboard") + QStringLiteral(".png"),
        tr("PNG picture (*.png)"), [this](const QString& path) {
            if (!self.grab().save(path, "PNG"))
                fail(tr("cannot write: %1: choose a folder that you may write to").arg(path),
                    QStringLiteral("export"));
        });
}

void TrainingWorkspace::Impl::exportRecord(const QString& format)
{
    const qint64 run = front.info().id;
    if (run == 0) {
        fail(tr("nothing to export: no run is open: choose a run first"), QStringLiteral("export"));
        return;
    }
    const QString name = QString::fromStdString(front.info().name);
    const bool folder = format == QLatin1String("tensorboard");
    shell::saveFile(&self, tr("Export record"), folder ? name : name + QLatin1Char('.') + format,
        folder ? QString() : QStringLiteral("*.") + format,
        [this, run, format](const QString& path) { reader.exportRun(run, format, path); });
}

QList<shell::PaletteItem> TrainingWorkspace::Impl::layerItems()
{
    QList<shell::PaletteItem> items;
    for (int row = 0; row < front.layers(); ++row) {
        const double rate = front.window().dropRate(row);
        QString detail = std::isfinite(rate) ? tr("drop rate %1 %").arg(models::formatPercent(rate))
                                             : tr("drop rate not known");
        if (const int dead = front.deadExperts(row); dead > 0)
            detail += tr(", %n dead", nullptr, dead);
        items += {tr("Layer %1").arg(front.layerId(row)), detail, QStringLiteral("training"),
            [this, row] {
                openLayer(row);
            }};
    }
    return items;
}

QList<shell::PaletteItem> TrainingWorkspace::Impl::runItems()
{
    QList<shell::PaletteItem> items;
    for (const telemetry::RunInfo& run : runs.runs()) {
        const qint64 id = run.id;
        items += {QString::fromStdString(run.name),
            tr("%1, step %2").arg(QLatin1String(nameOf(run.state)), models::formatCount(run.steps)),
            QStringLiteral("training"), [this, id] {
                bringToFront(id);
            }};
    }
    return items;
}

} // namespace moe::training
