// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/canvas.h"
#include "ui/plots/time_series_plot.h"

#include <vector>

namespace moe::plots {

/// A name in the right margin, at the height of what it names.
struct EndLabel {
    double y; ///< pixels, where it would like to stand
    QString text;
    QColor color;
    bool bold;
};

/// Moves labels apart until neighbours are `spacing` apart within [top, bottom], each as near to
/// its line as that allows; sorted by y.
void spreadLabels(std::vector<EndLabel>& labels, double spacing, double top, double bottom);

/// Which of `markers` a plot of `width` pixels can show one by one, `pixels` being where they lie
/// (NaN: outside). A line is left out that would touch a kept one (3 px), a flag that would cover
/// a kept one; what was steered goes before what the engine found, then the earlier.
struct ShownMarkers {
    std::vector<size_t> lines, flags; ///< indices, by position
};
ShownMarkers thinMarkers(
    const std::vector<EventMarker>& markers, const std::vector<double>& pixels);

/// Event lines with their flags, checkpoints, limits and the names at the lines' ends. Redrawn with
/// the curves.
class PlotMarks : public Drawing {
public:
    PlotMarks(QCustomPlot* canvas, QCPAxisRect* rect);

    std::vector<EventMarker> markers;
    bool drawFlags = false;
    std::vector<Limit> limits;
    std::vector<EndLabel> endLabels; ///< of curves; those of limits are added while drawing
    int labelMargin = 0; ///< pixels right of the axis rect

    /// The flag at a position, 0: none.
    int flagAt(QPointF position) const;

protected:
    void draw(QCPPainter* painter) override;

private:
    std::vector<double> pixelsOfMarkers() const;
    void drawEvents(QCPPainter& painter) const;
    void drawLimits(QCPPainter& painter, std::vector<EndLabel>& labels) const;

    QCPAxisRect* m_rect;
};

/// A dotted line at pixel x.
void drawEventLine(QCPPainter& painter, double x, double top, double bottom, bool warning);
/// A circle (steered) or a triangle (found by the engine) with its number, 14 px.
void drawFlag(QCPPainter& painter, QPointF centre, const EventMarker& marker);

} // namespace moe::plots
