// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/format.h"
#include "ui/shell/theme.h"
#include "ui/training/layer_page.h"

#include <QLabel>
#include <QToolButton>

#include <algorithm>
#include <cmath>

namespace moe::training {

using models::formatCount;
using shell::theme;

namespace {

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

void LayerPage::refreshHeader(const models::RunData& run, int row)
{
    m_name->setText(tr("Layer %1").arg(m_layer));
    m_previous->setEnabled(row > 0);
    m_next->setEnabled(row + 1 < run.layers());
    const models::LoadWindow& window = run.window();
    double least = INFINITY, most = 0;
    for (int expert = 0; expert < run.experts(row); ++expert) {
        const double share = window.utilisation(row, expert);
        least = std::min(least, share);
        most = std::max(most, share);
    }
    if (!std::isfinite(least)) // no loads in the window
        most = NAN;
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
    const double rate = window.dropRate(row);
    const QString percent = std::isfinite(rate)
        ? models::formatPercent(rate) + models::narrowSpace() + QStringLiteral("%")
        : models::unknownText();
    m_figures->setText(figure(tr("Drop rate"), percent) + gap + figure(QStringLiteral("α"), alpha)
        + gap
        + figure(tr("Utilisation"),
            tr("%1 to %2").arg(models::formatUtilisation(least), models::formatUtilisation(most)))
        + gap + figure(tr("Dead experts"), tr("%1 of %2").arg(dead).arg(run.experts(row))));
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
    for (int expert = 0; expert < run.experts(row); ++expert) {
        models::ExpertRow entry;
        entry.utilisation = window.utilisation(row, expert);
        entry.assignments = static_cast<double>(window.load(row, expert)) / steps;
        const int64_t dropped = window.dropped(row, expert);
        entry.dropped = dropped < 0 ? NAN : static_cast<double>(dropped) / steps;
        entry.dead = run.deadInWindow(row, expert);
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
    // From the least entropy so far up to that of a uniform router.
    const double uniform = std::log(std::max(1, layer.experts()));
    double least = uniform;
    for (const double entropy : layer.entropy().value) {
        if (std::isfinite(entropy))
            least = std::min(least, entropy);
    }
    const double room = std::max(0.02, 0.08 * (uniform - least));
    m_entropy->plot().setYRange(least - room, uniform + 4 * room); // its label stands above it
    feed(m_ratios, 0, layer.max1OverMax2());
    feed(m_ratios, 1, layer.max2OverMax3());
    feed(m_similarity, 0, layer.similarity());
    // From alike (1) down to what it came to; experts that began apart are seen from nearer.
    double highest = 0, lowest = 0;
    for (const double similarity : layer.similarity().value) {
        if (!std::isfinite(similarity))
            continue;
        highest = std::max(highest, similarity);
        lowest = std::min(lowest, similarity);
    }
    const double top = highest > 0.5 ? 1 : std::max(0.1, 1.3 * highest);
    m_similarity->plot().setYRange(std::min(1.3 * lowest, -0.05 * top), top);
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
    shell::TitleLegend entry;
    entry.swatch = shell::TitleLegend::Swatch::None;
    entry.name = tr("expert %1 at step %2").arg(m_expert).arg(formatCount(std::llround(step)));
    entry.value
        = models::formatUtilisation(m_shown->utilisation(m_shown->columnOf(step), m_expert));
    m_mapTitle->setLegend({entry});
}

} // namespace moe::training
