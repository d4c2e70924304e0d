// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/plot_panel.h"

#include "ui/models/format.h"
#include "ui/shell/save_file.h"
#include "ui/shell/theme.h"
#include "ui/training/curve_table_model.h"

#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

namespace moe::training {

PlotPanel::PlotPanel(const QString& name, const QString& unit, SharedAxis& axis, QWidget* parent)
    : QWidget(parent)
    , m_axis(axis)
    , m_title(new shell::TitleBar(name, unit, this))
    , m_column(new QVBoxLayout(this))
    , m_pages(new QStackedWidget(this))
    , m_plot(new plots::TimeSeriesPlot(this))
    , m_format(&models::formatUtilisation)
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    m_column->addWidget(m_title);
    m_pages->addWidget(m_plot);
    m_column->addWidget(m_pages, 1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_plot->setAccessibleName(name);

    connect(m_plot, &plots::TimeSeriesPlot::crosshairMoved, &m_axis, &SharedAxis::setCrosshair);
    connect(m_plot, &plots::TimeSeriesPlot::xRangeChanged, &m_axis,
        [this](double low, double high) { m_axis.setZoom(std::pair(low, high)); });
    connect(m_plot, &plots::TimeSeriesPlot::xRangeReset, &m_axis, [this] {
        m_axis.setZoom(std::nullopt);
        m_axis.setLastSteps(0);
    });
    connect(&m_axis, &SharedAxis::crosshairChanged, this, [this] {
        m_plot->setCrosshair(m_axis.crosshair());
        updateLegend();
    });
    m_plot->setCsvSource([this] { return recorded(); });
    addMenu();
}

void PlotPanel::addRow(QWidget* row)
{
    m_column->insertWidget(1, row);
}

void PlotPanel::addMenu()
{
    shell::addExportActions(
        m_title->menu(), this,
        [this] {
            return shell::PlotExports{m_title->name(),
                [this](const QString& path) { return exportPng(path); },
                [this](const QString& path) { return exportSvg(path); },
                [this](const QString& path) {
                    return exportCsv(path);
                }};
        },
        [this](const QString& line) { Q_EMIT failed(line); });
    m_title->menu()->addSeparator();
    QAction* table = m_title->menu()->addAction(tr("Table"));
    table->setCheckable(true);
    connect(table, &QAction::toggled, this, &PlotPanel::showTable);
    QMenu* range = m_title->menu()->addMenu(tr("Axis range"));
    for (const int steps : {0, 1'000, 10'000}) {
        QAction* choice = range->addAction(
            steps == 0 ? tr("All") : tr("Last %1 steps").arg(models::formatCount(steps)));
        connect(
            choice, &QAction::triggered, &m_axis, [this, steps] { m_axis.setLastSteps(steps); });
    }
}

plots::CurveStyle PlotPanel::styleOf(const Curve& curve) const
{
    plots::CurveStyle style;
    style.name = curve.name;
    style.color = curve.color;
    style.width = curve.width;
    style.dashed = curve.dashed;
    style.points = curve.points;
    style.endLabel = curve.endLabel;
    style.inLegend = !curve.name.isEmpty() && !curve.raw;
    style.raw = curve.raw;
    return style;
}

void PlotPanel::clearCurves()
{
    m_plot->clearCurves();
    m_curves.clear();
}

int PlotPanel::addCurve(const Curve& curve)
{
    m_curves.push_back({curve, {}, 0, {}, {}});
    return m_plot->addCurve(styleOf(curve));
}

void PlotPanel::restyle(int curve, const Curve& style)
{
    m_curves[static_cast<size_t>(curve)].curve = style;
    m_plot->setStyle(curve, styleOf(style));
}

void PlotPanel::setCurve(int curve, const std::vector<double>& steps, const std::vector<double>& x,
    const std::vector<double>& y)
{
    Fed& fed = m_curves[static_cast<size_t>(curve)];
    if (m_tableModel != nullptr || m_recording) {
        fed.x = x;
        fed.y = y;
    }
    const std::vector<double>* shown = &y;
    if (fed.curve.smoothed && m_axis.smoothing() > 0) {
        fed.smoother.configure(m_axis.smoothing(), m_smoothingUnit);
        fed.smoother.extend(steps, y);
        shown = &fed.smoother.values();
    }
    m_plot->setData(curve, x, *shown);
    fed.lastX = x.empty() ? 0 : x.back();
}

void PlotPanel::setFeed(std::function<void()> feed)
{
    m_feed = std::move(feed);
}

std::vector<plots::RecordedCurve> PlotPanel::recorded()
{
    m_recording = true;
    if (m_feed)
        m_feed();
    m_recording = false;
    std::vector<plots::RecordedCurve> columns;
    for (Fed& fed : m_curves) {
        if (!fed.curve.twin)
            columns.push_back(
                {fed.curve.column.isEmpty() ? fed.curve.name : fed.curve.column, fed.x, fed.y});
        if (m_tableModel == nullptr)
            fed.x = fed.y = {};
    }
    return columns;
}

void PlotPanel::restartSmoothing(double unit)
{
    m_smoothingUnit = unit;
    for (Fed& fed : m_curves)
        fed.smoother.restart();
}

void PlotPanel::setValueFormat(std::function<QString(double)> format, const QString& suffix)
{
    m_format = std::move(format);
    m_suffix = suffix;
}

void PlotPanel::setLeadingLegend(const QList<shell::TitleLegend>& entries)
{
    m_leading = entries;
}

void PlotPanel::setTrailingLegend(const QList<shell::TitleLegend>& entries)
{
    m_trailing = entries;
}

void PlotPanel::setNameless(bool nameless)
{
    m_nameless = nameless;
}

void PlotPanel::setRange(std::optional<double> low, std::optional<double> high)
{
    m_plot->setXRange(low, high);
}

void PlotPanel::updateLegend()
{
    QList<shell::TitleLegend> legend = m_leading;
    std::vector<size_t> order(m_curves.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [this](size_t i) { return m_curves[i].curve.rank; });
    for (const size_t i : order) {
        const Curve& curve = m_curves[i].curve;
        if (curve.raw || curve.name.isEmpty())
            continue;
        const double at = m_axis.crosshair().value_or(m_curves[i].lastX);
        const std::optional<double> value = m_plot->valueAt(static_cast<int>(i), at);
        shell::TitleLegend entry;
        entry.swatch = m_nameless ? shell::TitleLegend::Swatch::None
            : curve.dashed        ? shell::TitleLegend::Swatch::Dashed
                                  : shell::TitleLegend::Swatch::Line;
        entry.name = m_nameless ? QString() : curve.name;
        entry.value = value && std::isfinite(*value) ? m_format(*value) + m_suffix : QString();
        if (m_nameless && entry.value.isEmpty())
            continue;
        entry.color = curve.color;
        legend += entry;
    }
    legend += m_trailing;
    m_title->setLegend(legend);
    if (m_tableModel != nullptr && m_table->isVisible() && !m_axis.crosshair()) {
        std::vector<CurveTableModel::Column> columns;
        for (const Fed& fed : m_curves) {
            if (!fed.curve.raw && !fed.curve.name.isEmpty())
                columns.push_back({fed.curve.name, fed.x, fed.y});
        }
        m_tableModel->setColumns(std::move(columns));
    }
}

void PlotPanel::showTable(bool shown)
{
    if (shown && m_table == nullptr) {
        m_table = new QTableView(this);
        m_tableModel = new CurveTableModel(m_table);
        m_table->setModel(m_tableModel);
        m_table->setFont(shell::numberFont(shell::TextRole::Secondary));
        m_table->verticalHeader()->hide();
        m_table->verticalHeader()->setMinimumSectionSize(shell::px(16));
        m_table->verticalHeader()->setDefaultSectionSize(shell::px(21));
        m_table->horizontalHeader()->setFixedHeight(shell::px(24));
        m_table->setShowGrid(false);
        m_pages->addWidget(m_table);
    }
    m_tableWanted = shown;
    showPage();
    Q_EMIT m_axis.changed(); // fills the table from the next frame's curves
}

void PlotPanel::setEmptyText(const QString& text)
{
    if (m_none == nullptr) {
        if (text.isEmpty())
            return;
        m_none = shell::makeLabel({}, shell::TextRole::Body, &shell::Theme::text2, false, m_pages);
        m_none->setObjectName(m_plot->objectName() + QStringLiteral("None"));
        m_none->setWordWrap(true);
        m_none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
        m_none->setContentsMargins(shell::px(12), shell::px(8), shell::px(12), 0);
        m_pages->addWidget(m_none);
    }
    m_none->setText(text);
    showPage();
}

void PlotPanel::showPage()
{
    QWidget* page = m_plot;
    if (m_none != nullptr && !m_none->text().isEmpty())
        page = m_none;
    else if (m_tableWanted)
        page = m_table;
    m_pages->setCurrentWidget(page);
}

} // namespace moe::training
