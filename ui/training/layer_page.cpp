// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/layer_page.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"
#include "ui/training/dashboard.h"
#include "ui/training/save_file.h"
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

using models::ExpertTableModel;
using models::formatCount;
using shell::makeLabel;
using shell::px;
using shell::TextRole;
using shell::Theme;
using shell::theme;

namespace {

constexpr int kMostLines = 64; ///< experts drawn one by one; more would be a grey block
constexpr double kDeadIdeal = 1000;

std::vector<double> xOf(
    const models::RunData& run, const std::vector<double>& steps, models::XAxis axis)
{
    if (axis == models::XAxis::Step)
        return steps;
    std::vector<double> x;
    x.reserve(steps.size());
    for (const double step : steps)
        x.push_back(run.secondsAt(step, axis));
    return x;
}

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

QWidget* LayerPage::buildHeader()
{
    auto* header = new QWidget(this);
    header->setFixedHeight(px(36));
    auto* all = new QToolButton(header);
    all->setObjectName(QStringLiteral("allLayers"));
    all->setText(tr("All layers"));
    all->setIcon(shell::icon(QStringLiteral("chevron-left")));
    all->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    all->setAutoRaise(true);
    all->setToolTip(tr("Back to all layers (Backspace)"));
    connect(all, &QToolButton::clicked, this, &LayerPage::closed);
    m_previous = shell::makeIconButton(
        QStringLiteral("chevron-left"), tr("Layer above (Alt+Left)"), header);
    m_next = shell::makeIconButton(
        QStringLiteral("chevron-right"), tr("Layer below (Alt+Right)"), header);
    connect(m_previous, &QToolButton::clicked, this, [this] { Q_EMIT stepped(-1); });
    connect(m_next, &QToolButton::clicked, this, [this] { Q_EMIT stepped(1); });
    m_name = makeLabel({}, TextRole::Section, &Theme::text, true, header);
    m_name->setObjectName(QStringLiteral("layerName"));
    m_figures = makeLabel({}, TextRole::Secondary, &Theme::text2, false, header);
    m_figures->setObjectName(QStringLiteral("layerFigures"));
    m_figures->setTextFormat(Qt::RichText);
    m_step = makeLabel({}, TextRole::Secondary, &Theme::text2, false, header);
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(px(8), 0, px(12), 0);
    row->setSpacing(px(8));
    row->addWidget(all);
    row->addSpacing(px(8));
    row->addWidget(m_previous);
    row->addWidget(m_name);
    row->addWidget(m_next);
    row->addSpacing(px(16));
    row->addWidget(m_figures, 1);
    row->addWidget(m_step);
    return header;
}

QWidget* LayerPage::buildMap()
{
    auto* panel = new QWidget(this);
    m_mapTitle = new TitleBar(tr("Experts over time"), {}, panel);
    m_map = new plots::HeatmapPlot(plots::HeatmapPlot::Kind::ExpertsOverSteps, panel);
    m_map->setObjectName(QStringLiteral("expertsOverTime"));
    m_map->setAccessibleName(tr("Utilisation of the layer's experts over time"));
    m_map->setRowLabels(tr("Expert"), 1);
    m_map->setMargins(34, 16);
    m_map->setCellText([this](int row, int column) {
        plots::HeatmapPlot::CellText text;
        if (m_shown == nullptr || column < 0 || column >= m_shown->columns() || row < 0
            || row >= m_shown->experts())
            return text;
        const int64_t first = m_shown->firstStep() + column * m_shown->stride();
        text.heading = tr("Expert %1").arg(row);
        text.lines.emplace_back(tr("Steps"),
            m_shown->stride() == 1
                ? formatCount(first)
                : tr("%1 to %2")
                      .arg(formatCount(first), formatCount(first + m_shown->stride() - 1)));
        text.lines.emplace_back(
            tr("Utilisation"), models::formatUtilisation(m_shown->utilisation(column, row)));
        return text;
    });
    connect(m_map, &plots::HeatmapPlot::rowActivated, this, &LayerPage::chooseExpert);
    connect(m_map, &plots::HeatmapPlot::crosshairMoved, &m_axis, &SharedAxis::setCrosshair);
    QToolButton* twin
        = m_mapTitle->addButton(QStringLiteral("table"), tr("Show the experts' table"));
    connect(twin, &QToolButton::clicked, this, [this] {
        m_table->setFocus(Qt::OtherFocusReason);
        if (auto* tabs = m_body->findChild<QTabWidget*>(QStringLiteral("layerMapTabs")))
            tabs->setCurrentWidget(m_tablePanel);
    });
    addExportActions(
        m_mapTitle->menu(), panel,
        [this] {
            return PlotExports{tr("Experts of layer %1").arg(m_layer),
                [this](const QString& path) { return m_map->exportPng(path); },
                [this](const QString& path) { return m_map->exportSvg(path); },
                [this](const QString& path) {
                    return m_map->exportCsv(path);
                }};
        },
        [this](const QString& line) { Q_EMIT failed(line); });
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_mapTitle);
    column->addWidget(m_map, 1);
    return panel;
}

QWidget* LayerPage::buildTable()
{
    auto* panel = new QWidget(this);
    m_tableTitle = new TitleBar(tr("Experts now"), {}, panel);
    m_table = new QTableView(panel);
    m_table->setObjectName(QStringLiteral("expertTable"));
    m_table->setAccessibleName(tr("Experts of the layer now"));
    m_table->setModel(&m_experts);
    auto* delegate = new ExpertDelegate(m_table);
    m_table->setItemDelegateForColumn(ExpertTableModel::Bar, delegate);
    m_table->setItemDelegateForColumn(ExpertTableModel::Verdict, delegate);
    m_table->setFont(shell::numberFont(TextRole::Secondary));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(px(16));
    m_table->verticalHeader()->setDefaultSectionSize(px(21));
    QHeaderView* header = m_table->horizontalHeader();
    header->setMinimumSectionSize(px(30));
    header->setFixedHeight(px(24));
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(ExpertTableModel::Bar, QHeaderView::Stretch);
    header->resizeSection(ExpertTableModel::Expert, px(50));
    header->resizeSection(ExpertTableModel::Utilisation, px(70));
    header->resizeSection(ExpertTableModel::Assignments, px(90));
    header->resizeSection(ExpertTableModel::Dropped, px(64));
    header->resizeSection(ExpertTableModel::Verdict, px(52));
    connect(m_table, &QTableView::clicked, this,
        [this](const QModelIndex& index) { chooseExpert(index.row()); });
    connect(m_table, &QTableView::activated, this,
        [this](const QModelIndex& index) { chooseExpert(index.row()); });
    QToolButton* copy = m_tableTitle->addButton(QStringLiteral("copy"), tr("Copy the table"));
    connect(copy, &QToolButton::clicked, this, [this] {
        QString text;
        for (int row = -1; row < m_experts.rowCount(); ++row) {
            QStringList cells;
            for (int column = 0; column < ExpertTableModel::Columns; ++column) {
                if (column != ExpertTableModel::Bar)
                    cells += row < 0 ? m_experts.headerData(column, Qt::Horizontal).toString()
                                     : m_experts.index(row, column).data().toString();
            }
            text += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
        }
        QApplication::clipboard()->setText(text);
    });
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tableTitle);
    column->addWidget(m_table, 1);
    return panel;
}

void LayerPage::buildPlots()
{
    const auto make = [this](const char* object, const QString& name, const QString& unit) {
        auto* panel = new PlotPanel(name, unit, m_axis, this);
        panel->plot().setObjectName(QString::fromLatin1(object));
        connect(panel, &PlotPanel::failed, this, &LayerPage::failed);
        return panel;
    };
    m_utilisation = make("utilisationPlot", tr("Utilisation per expert"), tr("load / ideal"));
    m_utilisation->plot().setMargins(34, 16);
    m_entropy = make("entropyPlot", tr("Gate entropy"), tr("nats"));
    m_entropy->setValueFormat(&models::formatLoss);
    m_entropy->setNameless(true);
    m_entropy->plot().setYDecimals(1);
    m_ratios = make("ratiosPlot", tr("Gate ratios"), {});
    m_ratios->plot().setYDecimals(1);
    m_similarity = make("similarityPlot", tr("Expert similarity"), {});
    m_similarity->setNameless(true);
    m_similarity->plot().setYDecimals(2);
    m_drop = make("layerDropPlot", tr("Token drop rate"), QStringLiteral("%"));
    m_drop->setValueFormat([](double share) { return models::formatPercent(share); });
    m_alpha = make("layerAlphaPlot", tr("Aux coefficient α"), {});
    m_alpha->setValueFormat(&models::formatAlpha);
    m_alpha->plot().setYDecimals(4);
    for (PlotPanel* small : {m_entropy, m_ratios, m_similarity})
        small->plot().setMargins(34, 16);
    for (PlotPanel* right : {m_drop, m_alpha})
        right->plot().setMargins(46, 16);
}

std::vector<PlotPanel*> LayerPage::panels() const
{
    return {m_utilisation, m_entropy, m_ratios, m_similarity, m_drop, m_alpha};
}

void LayerPage::arrange()
{
    QWidget* old = m_body;
    auto* columns = new QSplitter(Qt::Horizontal, this);
    columns->setChildrenCollapsible(false);
    auto* left = new QSplitter(Qt::Vertical, columns);
    auto* right = new QSplitter(Qt::Vertical, columns);
    left->setChildrenCollapsible(false);
    right->setChildrenCollapsible(false);
    if (m_compact) {
        auto* tabs = new QTabWidget(left);
        tabs->setObjectName(QStringLiteral("layerMapTabs"));
        tabs->setDocumentMode(true);
        tabs->addTab(m_mapPanel, tr("Experts over time"));
        tabs->addTab(m_tablePanel, tr("Experts now"));
        auto* small = new QTabWidget(left);
        small->setDocumentMode(true);
        small->addTab(m_entropy, tr("Gate entropy"));
        small->addTab(m_ratios, tr("Gate ratios"));
        small->addTab(m_similarity, tr("Expert similarity"));
        left->addWidget(tabs);
        left->addWidget(m_utilisation);
        left->addWidget(small);
        right->addWidget(m_drop);
        right->addWidget(m_alpha);
        columns->setSizes({px(700), px(330)});
        left->setSizes({px(300), px(150), px(170)});
    } else {
        auto* small = new QSplitter(Qt::Horizontal, left);
        small->setChildrenCollapsible(false);
        for (PlotPanel* panel : {m_entropy, m_ratios, m_similarity})
            small->addWidget(panel);
        left->addWidget(m_mapPanel);
        left->addWidget(m_utilisation);
        left->addWidget(small);
        right->addWidget(m_tablePanel);
        right->addWidget(m_drop);
        right->addWidget(m_alpha);
        columns->setSizes({px(892), px(404)});
        left->setSizes({px(395), px(206), px(212)});
        right->setSizes({px(395), px(206), px(212)});
        m_mapPanel->show();
        m_tablePanel->show();
        for (PlotPanel* panel : {m_entropy, m_ratios, m_similarity})
            panel->show();
    }
    columns->setStretchFactor(0, 1);
    columns->setStretchFactor(1, 0);
    m_body = columns;
    layout()->addWidget(columns);
    delete old; // its panels have moved already
    m_stale = true;
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
    for (int expert = 0; expert < run.experts(); ++expert) {
        if (run.deadSince(row, expert))
            return expert;
        if (run.window().load(row, expert) < run.window().load(row, coldest))
            coldest = expert;
    }
    return coldest;
}

void LayerPage::refresh(
    const models::RunData& run, models::LayerData& layer, const models::RunSettings& settings)
{
    m_run = &run;
    m_shown = &layer;
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
    const int row = run.rowOf(m_layer), experts = run.experts();
    m_hottest = -1;
    for (int expert = 0; expert < experts; ++expert) {
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
        m_utilisation->addCurve(line);
        m_lines.push_back(expert);
    }
    for (const int expert : {m_hottest, m_expert}) {
        if (expert < 0)
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
    m_utilisation->setTrailingLegend(experts > 2 ? QList<TitleLegend>{{TitleLegend::Swatch::Line,
                                         tr("%1 others").arg(experts - 2), {}, theme().series[5]}}
                                                 : QList<TitleLegend>{});

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
    m_entropy->plot().setLimits(
        {{uniform, tr("uniform, ln %1 = %2").arg(experts).arg(models::formatFixed(uniform, 2))}});
    std::vector<plots::Limit> limits{{1, {}}};
    if (settings.capacityFactor)
        limits.push_back({*settings.capacityFactor,
            tr("capacity %1").arg(models::formatFixed(*settings.capacityFactor, 2))});
    m_utilisation->plot().setLimits(limits);
    m_map->setSelectedRow(m_expert);
    m_table->selectRow(m_expert);
}

void LayerPage::refreshHeader(const models::RunData& run, int row)
{
    m_name->setText(tr("Layer %1").arg(m_layer));
    m_previous->setEnabled(row > 0);
    m_next->setEnabled(row + 1 < run.layers());
    const models::LoadWindow& window = run.window();
    double least = INFINITY, most = 0;
    for (int expert = 0; expert < run.experts(); ++expert) {
        const double share = window.utilisation(row, expert);
        least = std::min(least, share);
        most = std::max(most, share);
    }
    int dead = 0;
    for (const models::ExpertRow& expert : m_experts.rows())
        dead += expert.dead ? 1 : 0;
    const auto figure = [](const QString& name, const QString& value) {
        return QStringLiteral("%1&nbsp;<b style=\"color:%3\">%2</b>")
            .arg(name, value, theme().text.name());
    };
    const QString alpha = run.alpha(row).empty() ? models::unknownText()
                                                 : models::formatAlpha(run.alpha(row).back());
    const QString gap = QStringLiteral("&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; ");
    m_figures->setText(figure(tr("Drop rate"),
                           models::formatPercent(window.dropRate(row)) + models::narrowSpace()
                               + QStringLiteral("%"))
        + gap + figure(QStringLiteral("α"), alpha) + gap
        + figure(tr("Utilisation"),
            tr("%1 to %2").arg(models::formatUtilisation(least), models::formatUtilisation(most)))
        + gap + figure(tr("Dead experts"), tr("%1 of %2").arg(dead).arg(run.experts())));
    m_step->setText(tr("step %1").arg(formatCount(run.lastStep())));
}

void LayerPage::refreshMap(const models::RunData& run, const models::LayerData& layer, int row)
{
    plots::HeatmapData map;
    map.rows = layer.experts();
    map.columns = layer.columns();
    map.firstColumn = static_cast<double>(layer.firstStep());
    map.columnStep = static_cast<double>(layer.stride());
    if (m_axis.axis() != models::XAxis::Step && map.columns > 1) {
        // Columns are equally long in steps; on a time axis their mean length is drawn.
        const double first = run.secondsAt(map.firstColumn, m_axis.axis());
        const double last
            = run.secondsAt(map.firstColumn + map.columnStep * map.columns, m_axis.axis());
        map.firstColumn = first;
        map.columnStep = (last - first) / map.columns;
    }
    const auto cells = static_cast<size_t>(map.rows) * static_cast<size_t>(map.columns);
    map.values.resize(cells);
    map.dead.resize(cells);
    size_t cell = 0;
    for (int expert = 0; expert < map.rows; ++expert) {
        const std::optional<int64_t> since = run.deadSince(row, expert);
        for (int column = 0; column < map.columns; ++column, ++cell) {
            map.values[cell] = layer.utilisation(column, expert);
            map.dead[cell] = layer.isDead(column, expert, since) ? 1 : 0;
        }
    }
    m_mapTitle->setUnit(layer.stride() == 1
            ? tr("utilisation, one step a column")
            : tr("utilisation, %1 steps a column").arg(formatCount(layer.stride())));
    m_map->setData(std::move(map));
    m_map->refresh();
}

void LayerPage::refreshTable(
    const models::RunData& run, int row, const models::RunSettings& settings)
{
    const models::LoadWindow& window = run.window();
    const auto steps = static_cast<double>(std::max<int64_t>(1, window.steps()));
    std::vector<models::ExpertRow> rows;
    for (int expert = 0; expert < run.experts(); ++expert) {
        models::ExpertRow entry;
        entry.utilisation = window.utilisation(row, expert);
        entry.assignments = static_cast<double>(window.load(row, expert)) / steps;
        const int64_t dropped = window.dropped(row, expert);
        entry.dropped = dropped < 0 ? NAN : static_cast<double>(dropped) / steps;
        entry.dead = window.load(row, expert) == 0
            && (window.ideal(row) >= kDeadIdeal || run.deadSince(row, expert));
        rows.push_back(entry);
    }
    m_experts.setRows(std::move(rows), settings.capacityFactor);
    m_tableTitle->setUnit(window.span() == 1
            ? tr("this step")
            : tr("a step, mean of the last %1").arg(formatCount(window.steps())));
}

void LayerPage::refreshUtilisation(const models::LayerData& layer)
{
    if (!m_utilisation->isVisible() || layer.experts() == 0)
        return;
    // The last column still grows with every step, so the lines end one column before it.
    const int whole = layer.columns() - (layer.stride() > 1 ? 1 : 0);
    for (int column = static_cast<int>(m_columnX.size()); column < whole; ++column) {
        m_columnX.push_back(layer.columnMiddle(column));
        for (size_t line = 0; line < m_lines.size(); ++line)
            m_utilisationY[line].push_back(layer.utilisation(column, m_lines[line]));
    }
    const std::vector<double> x = xOf(*m_run, m_columnX, m_axis.axis());
    for (size_t line = 0; line < m_lines.size(); ++line)
        m_utilisation->setCurve(static_cast<int>(line), m_columnX, x, m_utilisationY[line]);
    m_utilisation->plot().setYRange(0, std::nullopt);
    m_utilisation->plot().setYDecimals(1);
}

void LayerPage::refreshCurves(const models::RunData& run, const models::LayerData& layer, int row,
    const models::RunSettings& settings)
{
    const auto feed = [&](PlotPanel* panel, int curve, const session::Curve& from) {
        if (panel->isVisible())
            panel->setCurve(curve, from.step, xOf(run, from.step, m_axis.axis()), from.value);
    };
    feed(m_entropy, 0, layer.entropy());
    feed(m_ratios, 0, layer.max1OverMax2());
    feed(m_ratios, 1, layer.max2OverMax3());
    feed(m_similarity, 0, layer.similarity());
    m_similarity->plot().setYRange(0, 1.0);
    const models::StepGrid& grid = run.layerGrid();
    const std::vector<double>& x = grid.along(m_axis.axis());
    m_drop->setCurve(0, grid.step, x, run.meanDropRate());
    m_drop->setCurve(1, grid.step, x, run.dropRate(row));
    m_drop->plot().setYRange(0, std::nullopt);
    m_drop->plot().setYDecimals(
        run.meanDropRate().empty() || run.meanDropRate().front() > 0.02 ? 0 : 1, 100);
    m_alpha->setCurve(0, grid.step, x, run.meanAlpha());
    m_alpha->setCurve(1, grid.step, x, run.alpha(row));
    const bool adaptive = settings.coefficient == models::RunSettings::Coefficient::Adaptive;
    m_alpha->plot().setLimits(adaptive
            ? std::vector<plots::Limit>{{settings.alphaMax, QStringLiteral("α_max")}}
            : std::vector<plots::Limit>{});
    m_alpha->plot().setYRange(0,
        adaptive && settings.alphaMax > 0 ? std::optional(1.12 * settings.alphaMax) : std::nullopt);
}

void LayerPage::updateCellLabel()
{
    if (m_shown == nullptr || m_expert < 0 || m_shown->columns() == 0 || !m_axis.crosshair()
        || m_axis.axis() != models::XAxis::Step || m_expert >= m_shown->experts()) {
        m_mapTitle->setLegend({});
        return;
    }
    const double step = *m_axis.crosshair();
    TitleLegend entry;
    entry.swatch = TitleLegend::Swatch::None;
    entry.name = tr("expert %1 at step %2").arg(m_expert).arg(formatCount(std::llround(step)));
    entry.value
        = models::formatUtilisation(m_shown->utilisation(m_shown->columnOf(step), m_expert));
    m_mapTitle->setLegend({entry});
}

} // namespace moe::training
