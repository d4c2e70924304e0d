// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_csv.h"

#include "ui/plots/heatmap_plot.h"

#include <QSaveFile>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace moe::plots {

namespace {

QByteArray number(auto value)
{
    if (!std::isfinite(value))
        return {};
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end - text.data()};
}

QByteArray quoted(const QString& text)
{
    QByteArray bytes = text.toUtf8();
    if (!bytes.contains(',') && !bytes.contains('"') && !bytes.contains('\n'))
        return bytes;
    bytes.replace('"', "\"\"");
    return '"' + bytes + '"';
}

} // namespace

bool writeCurvesCsv(const QString& path, const QString& xName, const std::vector<CsvCurve>& curves)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return false;
    QByteArray line = quoted(xName);
    for (const CsvCurve& curve : curves)
        line += ',' + quoted(curve.name);
    file.write(line + '\n');
    std::vector<size_t> next(curves.size(), 0);
    for (;;) {
        double x = std::numeric_limits<double>::infinity();
        for (size_t c = 0; c < curves.size(); ++c)
            if (next[c] < curves[c].x.size())
                x = std::min(x, curves[c].x[next[c]]);
        if (!std::isfinite(x))
            break;
        line = number(x);
        for (size_t c = 0; c < curves.size(); ++c) {
            line += ',';
            if (next[c] < curves[c].x.size() && curves[c].x[next[c]] == x)
                line += number(curves[c].y[next[c]++]);
        }
        file.write(line + '\n');
    }
    return file.commit();
}

bool writeHeatmapCsv(const QString& path, const QString& rowName, const HeatmapData& data)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return false;
    QByteArray line = quoted(rowName);
    for (int column = 0; column < data.columns; ++column)
        line += ',' + number(data.firstColumn + column * data.columnStep);
    if (!data.rowBars.empty())
        line += ",drop_rate";
    file.write(line + '\n');
    for (int row = 0; row < data.rows; ++row) {
        line = QByteArray::number(data.rowId(row));
        for (int column = 0; column < data.columns; ++column)
            line += ',' + number(data.values[size_t(row) * size_t(data.columns) + size_t(column)]);
        if (!data.rowBars.empty())
            line += ',' + number(data.rowBars[size_t(row)]);
        file.write(line + '\n');
    }
    return file.commit();
}

} // namespace moe::plots
