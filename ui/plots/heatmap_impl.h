// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/axis_ticks.h"
#include "ui/plots/cell_tooltip.h"
#include "ui/plots/crosshair.h"
#include "ui/plots/heatmap_cells.h"
#include "ui/plots/heatmap_frame.h"
#include "ui/plots/heatmap_plot.h"

#include <QElapsedTimer>

#include <optional>

class QKeyEvent;

namespace moe::plots {

struct Cell {
    int row = -1, column = -1;
    bool valid() const { return row >= 0 && column >= 0; }
    bool operator==(const Cell&) const = default;
};

/// Frame of the selected row, of the hovered cell, and the focus ring of the current one.
class HeatmapOverlay : public Drawing {
public:
    HeatmapOverlay(QCustomPlot* canvas, QCPAxisRect* rect)
        : Drawing(canvas, kOverlayLayer)
        , m_rect(rect)
    {
    }

    std::optional<QRectF> row, hovered, current;
    std::vector<std::pair<QPointF, int>> dots; ///< centre, rank

protected:
    void draw(QCPPainter* painter) override;

private:
    QCPAxisRect* m_rect;
};

/// The parts of a HeatmapPlot. Drawing state is in heatmap_plot.cpp, what hands do to it in
/// heatmap_input.cpp.
struct HeatmapPlot::Impl {
    Impl(HeatmapPlot& owner, Kind mapKind);

    // Drawing
    const HeatmapData& data() const { return cells->data; }
    bool steps() const { return kind == Kind::ExpertsOverSteps; }
    void retheme();
    void prepare(); ///< geometry, ranges and ticks, before every replot
    void place(QCPAxisRect* part, const QRect& rect);
    void placeFrames();
    void redrawFrames();
    QRectF cellRect(Cell cell) const; ///< in pixels, cut to the map
    template <class Save> bool exportWith(Save save);

    // Input
    Cell cellAt(QPointF position) const;
    int rowAt(double y) const; ///< −1: outside
    double columnX(int column) const { return data().firstColumn + column * data().columnStep; }
    void hover(Cell cell);
    void moveCurrent(int rows, int columns);
    void tellCrosshair(std::optional<double> x);
    void showTooltip(Cell cell);
    bool keyPressed(const QKeyEvent& event);
    void mouseMoved(QPointF position);
    void clicked(QPointF position);

    HeatmapPlot& q;
    Kind kind;
    QCustomPlot* canvas;
    QCPLayoutInset* inset;
    QCPAxisRect *mapRect, *barRect;
    QCPAxis* xAxis;
    QSharedPointer<RoundTicker> xTicker;
    HeatmapCells* cells;
    HeatmapFrame* frame;
    HeatmapOverlay* overlay;
    Crosshair* cross;
    CellTooltip* tooltip;

    QString rowName;
    std::optional<double> xLow, xHigh;
    int left = 34, right = 16;
    std::function<CellText(int, int)> cellText;
    std::vector<CellMark> trace;
    Cell hovered, current{0, 0};
    bool stale = false;
    QElapsedTimer clock;
    double replotMilliseconds = 0;
};

} // namespace moe::plots
