// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <span>
#include <vector>

namespace moe::plots {

struct HeatmapData;

struct CsvCurve {
    QString name;
    std::span<const double> x, y;
};

/// One row per x that any curve has (x rises in each), one column per curve. Numbers are the
/// shortest that read back as the same double; NaN and what a curve lacks stay empty. False when
/// the file cannot be written.
bool writeCurvesCsv(const QString& path, const QString& xName, const std::vector<CsvCurve>& curves);

/// One row per row of the map: its id, its cells, and its bar where there are bars.
bool writeHeatmapCsv(const QString& path, const QString& rowName, const HeatmapData& data);

} // namespace moe::plots
