// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/layer_page.h"

#include "ui/models/format.h"
#include "ui/shell/save_file.h"
#include "ui/shell/theme.h"
#include "ui/training/dashboard.h"
#include "ui/training/table_delegates.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace moe::training {

using models::formatCount;
using shell::Theme;
using shell::theme;

namespace {

constexpr int kMostLines = 64; ///< experts drawn one by one; more would be a grey block

} // namespace

LayerPage::LayerPage(SharedAxis& axis, QWidget* parent)
    : QWidget(parent)
    , m_axis(axis)
{
    setObjectName(QStringLiteral("layerPage"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_header = buildHeader();
    m_mapPanel = buildMap();
    m_tablePanel = buildTable();
    buildPlots();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    arrange();
    connect(&m_axis, &SharedAxis::changed, this, [this] { m_stale = true; });
    connect(&m_axis, &SharedAxis::crosshairChanged, this, [this] {
        m_map->setCrosshair(m_axis.crosshair());
        updateCellLabel();
    });
}

void LayerPage::setCompact(bool compact)
{
    if (compact == m_compact)
        return;
    m_compact = compact;
    arrange();
}

void LayerPage::restyle()
{
    m_stale = true;
}

void LayerPage::setLive(bool live)
{
    for (PlotPanel* panel : panels())
        panel->plot().setLive(live);
}

void LayerPage::chooseExpert(int expert)
{
    if (expert < 0 || expert == m_expert)
        return;
    m_expert = expert;
    m_stale = true;
    if (m_run != nullptr && m_shown != nullptr)
        m_map->setSelectedRow(expert);
    m_table->selectRow(expert);
    Q_EMIT m_axis.changed();
}

int LayerPage::defaultExpert(const models::RunData& run, int row) const
{
    int coldest = 0;
    for (int expert = 0; expert < run.experts(row); ++expert) {
        if (run.deadSince(row, expert))
            return expert;
        if (run.window().load(row, expert) < run.window().load(row, coldest))
            coldest = expert;
    }
    return coldest;
}

void LayerPage::refresh(
    const models::RunData& run, const models::LayerData& layer, const models::RunSettings& settings)
{
    m_run = &run;
    m_shown = &layer;
    m_settings = &settings;
    const int row = run.rowOf(layer.layer());
    if (row < 0)
        return;
    if (layer.layer() != m_layer)
        m_expert = defaultExpert(run, row);
    if (m_stale || layer.layer() != m_layer || layer.generation() != m_generation
        || run.generation() != m_runGeneration)
        rebuild(run, layer, settings);
    refreshTable(run, row, settings);
    refreshHeader(run, row);
    if (m_mapPanel->isVisible())
        refreshMap(run, layer, row);
    refreshUtilisation(layer);
    refreshCurves(run, layer, row, settings);
    const auto [low, high] = shownRange(run, m_axis);
    if (run.eventGeneration() != m_eventGeneration) {
        m_eventGeneration = run.eventGeneration();
        const std::vector<plots::EventMarker> markers = markersOf(run, m_axis.axis());
        for (PlotPanel* panel : panels())
            panel->plot().setMarkers(markers, panel == m_utilisation || panel == m_drop);
    }
    m_map->setXRange(low, high);
    for (PlotPanel* panel : panels()) {
        panel->setRange(low, high);
        if (panel->isVisible()) {
            panel->updateLegend();
            panel->plot().refresh();
        }
    }
    updateCellLabel();
}

void LayerPage::rebuild(
    const models::RunData& run, const models::LayerData& layer, const models::RunSettings& settings)
{
    m_stale = false;
    m_layer = layer.layer();
    m_generation = layer.generation();
    m_runGeneration = run.generation();
    m_eventGeneration = -1;
    const int row = run.rowOf(m_layer), experts = layer.experts(); // other layers may have more
    m_hottest = -1;
    for (int expert = 0; expert < std::min(experts, run.experts(row)); ++expert) {
        if (expert != m_expert
            && (m_hottest < 0
                || run.window().load(row, expert) > run.window().load(row, m_hottest)))
            m_hottest = expert;
    }
    m_lines.clear();
    m_utilisation->clearCurves();
    for (int expert = 0; expert < experts && static_cast<int>(m_lines.size()) < kMostLines;
         ++expert) {
        if (expert == m_expert || expert == m_hottest)
            continue;
        PlotPanel::Curve line{{}, Theme::blend(theme().series[5], theme().base, 0.55), 0.8};
        line.smoothed = false;
        line.column = tr("expert %1").arg(expert);
        m_utilisation->addCurve(line);
        m_lines.push_back(expert);
    }
    for (const int expert : {m_hottest, m_expert}) {
        if (expert < 0 || expert >= experts)
            continue;
        PlotPanel::Curve line{tr("expert %1").arg(expert),
            expert == m_expert ? theme().series[1] : theme().series[0], 1.6};
        line.smoothed = false;
        line.rank = expert == m_expert ? -2 : -1;
        m_utilisation->addCurve(line);
        m_lines.push_back(expert);
    }
    m_utilisationY.assign(m_lines.size(), {});
    m_columnX.clear();
    m_utilisation->setTrailingLegend(experts > 2
            ? QList<shell::TitleLegend>{{shell::TitleLegend::Swatch::Line,
                tr("%1 others").arg(experts - 2), {}, theme().series[5]}}
            : QList<shell::TitleLegend>{});

    const auto single = [](PlotPanel* panel, bool points, bool smoothed) {
        panel->clearCurves();
        panel->addCurve(
            {panel->titleBar().name(), theme().series[0], 1.4, false, points, false, smoothed});
    };
    single(m_entropy, false, true);
    single(m_similarity, true, false);
    m_ratios->clearCurves();
    m_ratios->addCurve({tr("Max1/Max2"), theme().series[0], 1.4});
    m_ratios->addCurve(
        {tr("2/3", "ratio of second to third gate probability"), theme().series[2], 1.4});
    for (PlotPanel* panel : {m_drop, m_alpha}) {
        panel->clearCurves();
        panel->addCurve({tr("mean"), theme().text, 1.4});
        PlotPanel::Curve own{tr("layer %1").arg(m_layer), theme().series[1], 1.4};
        own.rank = -1;
        panel->addCurve(own);
    }
    if (settings.validEvery > 0)
        m_similarity->titleBar().setUnit(
            tr("every %1 steps").arg(formatCount(settings.validEvery)));
    const auto planned = static_cast<double>(std::max(settings.trainSteps, run.lastStep()));
    for (PlotPanel* panel : panels()) {
        panel->restartSmoothing(models::smoothingUnit(planned));
        panel->plot().setXIsTime(m_axis.axis() != models::XAxis::Step);
    }
    const double uniform = std::log(std::max(1, experts));
    std::vector<plots::Limit> most;
    if (experts > 0)
        most.push_back(
            {uniform, tr("uniform, ln %1 = %2").arg(experts).arg(models::formatFixed(uniform, 2))});
    m_entropy->plot().setLimits(most);
    std::vector<plots::Limit> limits{{1, {}}};
    if (settings.capacityFactor)
        limits.push_back({*settings.capacityFactor,
            tr("capacity %1").arg(models::formatFixed(*settings.capacityFactor, 2))});
    m_utilisation->plot().setLimits(limits);
    m_map->setSelectedRow(m_expert);
    m_table->selectRow(m_expert);
}

} // namespace moe::training
