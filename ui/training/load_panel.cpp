// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/load_panel.h"

#include "ui/models/format.h"
#include "ui/shell/save_file.h"
#include "ui/shell/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace moe::training {

using models::formatCount;
using shell::px;

namespace {

constexpr std::array kSpans{1, 100, 1000};
constexpr int kEveryLayer = 13; ///< up to so many layers each row is numbered
constexpr int kTallestCell = 120; ///< px
constexpr int kAroundCells = 88; ///< px of column numbers, scale and words

} // namespace

LoadPanel::LoadPanel(QWidget* parent)
    : QWidget(parent)
    , m_title(new shell::TitleBar(tr("Expert load"), tr("utilisation = load / ideal"), this))
    , m_span(new QComboBox(this))
    , m_ranks(new QComboBox(this))
    , m_probe(new QComboBox(this))
    , m_step(shell::makeLabel({}, shell::TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_tableButton(m_title->addButton(QStringLiteral("table"), tr("Show as table")))
    , m_pages(new QStackedWidget(this))
    , m_map(new plots::HeatmapPlot(plots::HeatmapPlot::Kind::LayersByExperts, this))
    , m_table(new QTableView(this))
    , m_none(shell::makeLabel({}, shell::TextRole::Body, &shell::Theme::text2, false, this))
    , m_tableModel(new plots::HeatmapTableModel(this))
{
    m_title->setShortUnit(tr("load / ideal"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_map->setObjectName(QStringLiteral("loadHeatmap"));
    m_map->setAccessibleName(tr("Expert load, layers by experts"));
    m_map->setRowLabels(tr("Layer"), 4);
    m_map->setCellText([this](int row, int column) { return cellText(row, column); });
    connect(m_map, &plots::HeatmapPlot::rowActivated, this, &LoadPanel::rowActivated);

    m_table->setObjectName(QStringLiteral("loadTable"));
    m_table->setModel(m_tableModel);
    m_table->setFont(shell::numberFont(shell::TextRole::Secondary));
    m_table->verticalHeader()->setMinimumSectionSize(px(16));
    m_table->verticalHeader()->setDefaultSectionSize(px(21));
    m_table->horizontalHeader()->setMinimumSectionSize(px(20));
    m_table->horizontalHeader()->setDefaultSectionSize(px(48));
    m_table->horizontalHeader()->setFixedHeight(px(24));
    m_table->setShowGrid(false);
    connect(m_table, &QTableView::activated, this,
        [this](const QModelIndex& index) { Q_EMIT rowActivated(index.row()); });

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_title);
    buildRow();
    m_pages->addWidget(m_map);
    m_pages->addWidget(m_table);
    m_none->setObjectName(QStringLiteral("noLoads"));
    m_none->setWordWrap(true);
    m_none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_none->setContentsMargins(px(12), px(8), px(12), 0);
    m_pages->addWidget(m_none);
    column->addWidget(m_pages, 1);
    m_tableButton->setCheckable(true);
    m_tableButton->setObjectName(QStringLiteral("loadTableButton"));
    connect(m_tableButton, &QToolButton::toggled, this, [this] { refresh(m_settings); });
    addMenu();
}

void LoadPanel::buildRow()
{
    m_span->setObjectName(QStringLiteral("loadSpan"));
    m_span->setAccessibleName(tr("Span"));
    for (const int steps : kSpans)
        m_span->addItem(QString(), steps);
    nameSpans();
    m_span->setCurrentIndex(1);
    connect(m_span, &QComboBox::activated, this, [this] { Q_EMIT spanChosen(span()); });
    m_ranks->addItem(tr("All ranks"));
    m_ranks->setAccessibleName(tr("Ranks"));
    m_ranks->setObjectName(QStringLiteral("loadRanks"));
    m_ranks->setEnabled(false);
    m_ranks->setToolTip(tr("The record holds sums over all ranks: there is nothing to choose"));
    m_probe->setObjectName(QStringLiteral("loadProbe"));
    m_probe->setAccessibleName(tr("Text"));
    m_probe->setToolTip(tr("A fixed text routed at every validation, instead of the batch"));
    m_probe->hide();
    connect(m_probe, &QComboBox::activated, this, [this] { refresh(m_settings); });
    m_step->setFont(shell::numberFont(shell::TextRole::Secondary));

    auto* holder = new QWidget(this);
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(px(12), px(2), px(12), px(4));
    row->setSpacing(px(8));
    row->addWidget(m_span);
    row->addWidget(m_ranks);
    row->addWidget(m_probe);
    row->addStretch(1);
    row->addWidget(m_step);
    layout()->addWidget(holder);
}

void LoadPanel::nameSpans()
{
    for (int i = 0; i < m_span->count(); ++i) {
        const int steps = m_span->itemData(i).toInt();
        const QString text = steps == 1 ? tr("This step")
            : m_short                   ? tr("Mean of %1 steps").arg(formatCount(steps))
                                        : tr("Mean of the last %1 steps").arg(formatCount(steps));
        m_span->setItemText(i, text);
    }
}

void LoadPanel::addMenu()
{
    shell::addExportActions(
        m_title->menu(), this,
        [this] {
            return shell::PlotExports{m_title->name(),
                [this](const QString& path) { return m_map->exportPng(path); },
                [this](const QString& path) { return m_map->exportSvg(path); },
                [this](const QString& path) {
                    return m_map->exportCsv(path);
                }};
        },
        [this](const QString& line) { Q_EMIT failed(line); });
    m_title->menu()->addSeparator();
    connect(m_title->menu()->addAction(tr("Table")), &QAction::triggered, m_tableButton,
        &QToolButton::toggle);
}

void LoadPanel::setShortWords(bool shortWords)
{
    if (shortWords == m_short)
        return;
    m_short = shortWords;
    nameSpans();
    m_map->setShortWords(shortWords);
    m_title->setShortWords(shortWords);
}

int LoadPanel::span() const
{
    return m_span->currentData().toInt();
}

void LoadPanel::setRun(const models::RunData* run)
{
    m_run = run;
}

void LoadPanel::setSelectedRow(int row)
{
    m_map->setSelectedRow(row);
}

const telemetry::ProbeRecord* LoadPanel::chosenProbe() const
{
    if (m_run == nullptr || m_probe->currentIndex() <= 0)
        return nullptr;
    const auto found = m_run->probes().find(m_probe->currentData().toString().toStdString());
    return found == m_run->probes().end() ? nullptr : &found->second;
}

void LoadPanel::updateProbes()
{
    const auto& probes = m_run->probes();
    m_probe->setVisible(!probes.empty());
    if (m_probe->count() == static_cast<int>(probes.size()) + 1)
        return;
    const QSignalBlocker quiet(m_probe);
    const QString chosen = m_probe->currentData().toString();
    m_probe->clear();
    m_probe->addItem(tr("All"));
    QStringList names; // in the run file's order
    for (const auto& [name, probe] : probes)
        names += QString::fromStdString(name);
    std::ranges::stable_sort(names, {}, [this](const QString& name) {
        const qsizetype place = m_settings.probes.indexOf(name);
        return place < 0 ? m_settings.probes.size() : place;
    });
    for (const QString& name : names)
        m_probe->addItem(name, name);
    m_probe->setCurrentIndex(std::max(0, m_probe->findData(chosen)));
}

plots::HeatmapData LoadPanel::windowData() const
{
    const models::LoadWindow& window = m_run->window();
    plots::HeatmapData map;
    map.rows = m_run->layers();
    map.columns = m_run->experts();
    map.rowIds = m_run->layerIds();
    const auto cells = static_cast<size_t>(map.rows) * static_cast<size_t>(map.columns);
    map.values.reserve(cells);
    map.dead.reserve(cells);
    for (int row = 0; row < map.rows; ++row) {
        for (int expert = 0; expert < map.columns; ++expert) {
            map.values.push_back(static_cast<float>(window.utilisation(row, expert)));
            map.dead.push_back(m_run->deadInWindow(row, expert) ? 1 : 0);
        }
        map.rowBars.push_back(static_cast<float>(window.dropRate(row)));
    }
    return map;
}

plots::HeatmapData LoadPanel::probeData(const telemetry::ProbeRecord& probe) const
{
    plots::HeatmapData map;
    map.rows = m_run->layers();
    map.columns = m_run->experts();
    map.rowIds = m_run->layerIds();
    map.values.assign(static_cast<size_t>(map.rows) * static_cast<size_t>(map.columns), NAN);
    for (const telemetry::LayerRecord& layer : probe.layers) {
        const int row = m_run->rowOf(layer.layer);
        const auto columns = static_cast<size_t>(map.columns);
        const size_t experts = layer.load.size();
        if (row < 0 || experts == 0 || experts > columns || layer.assignments <= 0)
            continue;
        const double ideal = static_cast<double>(layer.assignments) / static_cast<double>(experts);
        for (size_t expert = 0; expert < experts; ++expert)
            map.values[static_cast<size_t>(row) * columns + expert]
                = static_cast<float>(static_cast<double>(layer.load[expert]) / ideal);
    }
    return map;
}

void LoadPanel::refresh(const models::RunSettings& settings)
{
    if (m_run == nullptr)
        return;
    m_settings = settings;
    updateProbes();
    const telemetry::ProbeRecord* probe = chosenProbe();
    // A probe is its newest routing, not a mean; with the step of its validation it needs the room.
    m_span->setVisible(probe == nullptr);
    m_span->setToolTip(tr("%1 steps are in the mean").arg(m_run->window().steps()));
    m_ranks->setVisible(!m_short || m_run->probes().empty());
    const int64_t step = probe != nullptr ? probe->step : m_run->lastStep();
    m_step->setText(step <= 0  ? QString()
            : probe == nullptr ? tr("step %1").arg(formatCount(step))
                               : tr("validation at step %1").arg(formatCount(step)));
    m_map->setCapacityFactor(settings.capacityFactor);
    showPage();
    plots::HeatmapData map = probe != nullptr ? probeData(*probe) : windowData();
    if (m_pages->currentWidget() == m_table)
        m_tableModel->setData(map, tr("Layer"));
    m_map->setRowLabels(tr("Layer"), map.rows <= kEveryLayer ? 1 : 4);
    m_map->setData(std::move(map));
    limitHeight();
    m_map->refresh();
}

void LoadPanel::showPage()
{
    if (m_run->layers() > 0) {
        m_pages->setCurrentWidget(
            m_tableButton->isChecked() ? static_cast<QWidget*>(m_table) : m_map);
        return;
    }
    m_none->setText(m_run->info().id == 0 && m_run->isEmpty()
            ? tr("No run is shown. Start one or choose one in the list.")
            : m_run->isEmpty() ? tr("The loads of the experts appear with the first step.")
                               : tr("This run has no MoE layers, so there is no expert load."));
    m_pages->setCurrentWidget(m_none);
}

/// The map fills its dock, but one or two layers do not become posters.
void LoadPanel::limitHeight()
{
    const int rows = m_run->layers();
    m_map->setMaximumHeight(
        rows > 0 ? rows * px(kTallestCell) + px(kAroundCells) : QWIDGETSIZE_MAX);
}

void LoadPanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    if (m_run != nullptr)
        limitHeight();
}

plots::HeatmapPlot::CellText LoadPanel::cellText(int row, int column) const
{
    plots::HeatmapPlot::CellText text;
    if (m_run == nullptr || row < 0 || row >= m_run->layers() || column < 0
        || column >= m_run->experts())
        return text;
    text.heading = tr("Layer %1, expert %2").arg(m_run->layerId(row)).arg(column);
    if (const int experts = m_run->experts(row); column >= experts && experts > 0) {
        text.lines.emplace_back(tr("Experts of this layer"), formatCount(experts));
        return text;
    }
    const plots::HeatmapData& map = m_map->data();
    const size_t cell
        = static_cast<size_t>(row) * static_cast<size_t>(map.columns) + static_cast<size_t>(column);
    if (cell >= map.values.size())
        return text;
    const bool dead = !map.dead.empty() && map.dead[cell] != 0;
    const QString utilisation = models::formatUtilisation(map.values[cell]);
    text.lines.emplace_back(
        tr("Utilisation"), dead ? tr("%1, dead").arg(utilisation) : utilisation);
    if (chosenProbe() == nullptr) {
        const models::LoadWindow& window = m_run->window();
        const auto steps = static_cast<double>(std::max<int64_t>(1, window.steps()));
        text.lines.emplace_back(tr("Assignments a step"),
            formatCount(std::llround(static_cast<double>(window.load(row, column)) / steps)));
        text.lines.emplace_back(
            tr("Ideal a step"), formatCount(std::llround(window.ideal(row) / steps)));
        if (const auto last = m_run->lastAssignment(row, column); last && dead)
            text.lines.emplace_back(tr("Last assignment"), tr("step %1").arg(formatCount(*last)));
    }
    return text;
}

} // namespace moe::training
