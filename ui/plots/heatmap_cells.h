// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/canvas.h"
#include "ui/plots/heatmap_plot.h"

#include <QImage>

#include <array>

namespace moe::plots {

/// The cells of a map, without gaps or interpolation. Where several columns share a device pixel,
/// the one farthest from the fair value 1 shows, so that no hot or cold expert is lost.
class HeatmapCells : public Drawing {
public:
    HeatmapCells(QCustomPlot* canvas, QCPAxisRect* rect);

    HeatmapData data;
    bool framedCells = true; ///< a frame round each dead cell; else round each run of them

    void invalidate() { m_image = QImage(); } ///< after data, theme or range changed

protected:
    void draw(QCPPainter* painter) override;

private:
    void makeColors();
    QRgb colorAt(float place) const;
    QImage cellImage(int pixelsAcross) const;
    void drawRects(QCPPainter& painter) const;
    void drawDead(QCPPainter& painter) const;
    void drawMasked(QCPPainter& painter) const;
    QRectF cellsRect(int row, int firstColumn, int lastColumn) const; ///< in pixels

    QCPAxisRect* m_rect;
    QImage m_image;
    std::array<QRgb, 513> m_colors{}; ///< of colorPlace() 0 … 2
};

/// What a dead cell looks like: base, 45° lines, a frame. Clipped to `rect`.
void drawHatch(QCPPainter& painter, const QRectF& rect);
/// What a masked cell looks like: base, a frame and a cross.
void drawCross(QCPPainter& painter, const QRectF& rect);
/// The dot of a token's choice; rank 0 is its first.
void drawDot(QCPPainter& painter, QPointF centre, int rank);
/// What no data looks like: base with sparse dots.
void drawDots(QCPPainter& painter, const QRectF& rect);

} // namespace moe::plots
