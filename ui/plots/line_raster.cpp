// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/line_raster.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moe::plots {

void LineRaster::begin(const QRect& area, double ratio)
{
    const QSize size(
        std::max(1, qRound(area.width() * ratio)), std::max(1, qRound(area.height() * ratio)));
    m_area = area;
    m_lineWidth = std::max(1, qRound(ratio));
    if (m_image.size() != size)
        m_image = QImage(size, QImage::Format_ARGB32_Premultiplied);
    m_image.setDevicePixelRatio(ratio);
    m_columns.assign(size_t(size.width()) * size_t(size.height()), 0);
    m_first = 0;
}

void LineRaster::beginAt(int column)
{
    m_first = std::clamp(column, 0, m_image.width());
    std::fill(m_columns.begin() + ptrdiff_t(m_first) * m_image.height(), m_columns.end(), 0);
}

void LineRaster::fill(int column, double top, double bottom, QRgb color)
{
    const int height = m_image.height();
    const int first = int(std::max(0.0, top));
    const int end = int(std::min(double(height), std::floor(bottom) + m_lineWidth));
    if (first >= end)
        return;
    for (int x = std::max(m_first, column); x < std::min(column + m_lineWidth, m_image.width());
         ++x)
        std::fill_n(m_columns.data() + size_t(x) * size_t(height) + first, end - first, color);
}

void LineRaster::draw(std::span<const ColumnRun> runs, QRgb color)
{
    const ColumnRun* before = nullptr;
    for (const ColumnRun& run : runs) {
        double top = run.top, bottom = run.bottom;
        if (before && run.joined) {
            if (run.column <= before->column + 1) { // reach to the neighbour's end, no further
                top = std::min(top, before->bottom + 1);
                bottom = std::max(bottom, before->top - 1);
            } else { // columns without points of their own: a straight line across
                const double from = (before->top + before->bottom) / 2, to = (top + bottom) / 2;
                const double slope = (to - from) / (run.column - before->column);
                const int last = std::min(run.column, m_image.width());
                for (int x = std::max(before->column, m_first - m_lineWidth); x < last; ++x) {
                    const double a = from + slope * (x - before->column), b = a + slope;
                    fill(x, std::min(a, b), std::max(a, b), color);
                }
            }
        }
        fill(run.column, top, bottom, color);
        before = &run;
    }
}

void LineRaster::paint(QPainter& painter)
{
    constexpr int kTile = 16; // both sides of the transposition stay in the cache
    const int width = m_image.width(), height = m_image.height();
    const qsizetype stride = m_image.bytesPerLine() / qsizetype(sizeof(QRgb));
    auto* pixels = reinterpret_cast<QRgb*>(m_image.bits());
    for (int left = m_first; left < width; left += kTile)
        for (int y = 0; y < height; ++y) {
            const int right = std::min(left + kTile, width);
            for (int x = left; x < right; ++x)
                pixels[y * stride + x] = m_columns[size_t(x) * size_t(height) + size_t(y)];
        }
    painter.drawImage(m_area.topLeft(), m_image);
}

} // namespace moe::plots
