// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_csv.h"
#include "ui/plots/time_series_impl.h"

#include <utility>

namespace moe::plots {

/// Exports show full quality and no hand's traces, whatever the screen shows.
template <class Save> bool TimeSeriesPlot::Impl::exportWith(Save save)
{
    const std::optional<double> x = std::exchange(cross->x, std::nullopt);
    cross->focused = false;
    curves->setLive(false);
    prepare();
    const bool saved = save();
    curves->setLive(live);
    cross->x = x;
    cross->focused = q.hasFocus();
    q.refresh();
    return saved;
}

bool TimeSeriesPlot::exportPng(const QString& path, double scale)
{
    return m_impl->exportWith([&] { return savePng(*m_impl->canvas, path, scale); });
}

bool TimeSeriesPlot::exportSvg(const QString& path)
{
    return m_impl->exportWith([&] { return saveSvg(*m_impl->canvas, path, accessibleName()); });
}

bool TimeSeriesPlot::exportCsv(const QString& path) const
{
    std::vector<CsvCurve> columns;
    const QString x = m_impl->isTime ? tr("seconds") : tr("step");
    if (m_impl->csvSource) {
        const std::vector<RecordedCurve> recorded = m_impl->csvSource();
        for (const RecordedCurve& curve : recorded)
            columns.push_back({curve.name, curve.x, curve.y});
        return writeCurvesCsv(path, x, columns);
    }
    for (const CurvesLayer::Curve& curve : m_impl->curves->curves())
        columns.push_back({curve.style.name, curve.data.x(), curve.data.y()});
    return writeCurvesCsv(path, x, columns);
}

void TimeSeriesPlot::setCsvSource(std::function<std::vector<RecordedCurve>()> source)
{
    m_impl->csvSource = std::move(source);
}

} // namespace moe::plots
