// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/curve_reduction.h"

#include <QImage>
#include <QRect>

#include <span>
#include <vector>

class QPainter;

namespace moe::plots {

/// Hard-edged lines of one pixel's width, written column by column. For live plots: a curve reduced
/// to its pixel columns is a row of short vertical runs, which this writes several times faster
/// than a general line painter can.
class LineRaster {
public:
    /// Nothing drawn yet on `area` (logical pixels), at `ratio` device pixels each.
    void begin(const QRect& area, double ratio);
    /// Runs in device pixels of the area, columns rising; neighbours are joined.
    void draw(std::span<const ColumnRun> runs, QRgb color);
    /// Puts what was drawn on the painter, and starts afresh.
    void flush(QPainter& painter);

private:
    void fill(int column, double top, double bottom, QRgb color);

    std::vector<QRgb> m_columns; ///< [width, height]: a vertical run is contiguous
    QImage m_image;
    QRect m_area;
    int m_lineWidth = 1; ///< device pixels
    bool m_dirty = false;
};

} // namespace moe::plots
