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
/// than a general line painter can; and the picture is kept, so that only the columns that new
/// points changed are written again.
class LineRaster {
public:
    /// Nothing drawn yet on `area` (logical pixels), at `ratio` device pixels each.
    void begin(const QRect& area, double ratio);
    /// Only columns from this one on (device pixels) are to be drawn again; the others stay.
    void beginAt(int column);
    /// Runs in device pixels of the area, columns rising; neighbours are joined.
    void draw(std::span<const ColumnRun> runs, QRgb color);
    /// Puts what was drawn since begin() on the painter.
    void paint(QPainter& painter);
    int lineWidth() const { return m_lineWidth; } ///< device pixels, to the right of a run

private:
    void fill(int column, double top, double bottom, QRgb color);

    /// [width, height]: a vertical run is contiguous
    std::vector<QRgb> m_columns;
    QImage m_image;
    QRect m_area;
    int m_lineWidth = 1;
    int m_first = 0; ///< columns before it are not written
};

} // namespace moe::plots
