// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/canvas.h"
#include "ui/plots/curve_reduction.h"
#include "ui/plots/line_raster.h"
#include "ui/plots/time_series_plot.h"

#include <optional>
#include <vector>

namespace moe::plots {

/// All curves of a plot, painted by one plottable from their reduced points: one pass a frame,
/// however many curves and however long the run.
class CurvesLayer : public QCPAbstractPlottable {
public:
    struct Curve {
        CurveStyle style;
        ReducedCurve data;
        bool visible = true;
    };

    CurvesLayer(QCPAxis* keyAxis, QCPAxis* valueAxis);

    std::vector<Curve>& curves() { return m_curves; }
    const std::vector<Curve>& curves() const { return m_curves; }
    void setLive(bool live) { m_live = live; } ///< width 1, no antialiasing
    bool isLive() const { return m_live; }

    /// Of the visible curves that have points.
    std::optional<QCPRange> keyRange() const;
    std::optional<QCPRange> valueRange(const QCPRange& keys) const;

    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }
    QCPRange getKeyRange(bool& found, QCP::SignDomain) const override;
    QCPRange getValueRange(bool& found, QCP::SignDomain, const QCPRange& keys) const override;

protected:
    void draw(QCPPainter* painter) override;
    void drawLegendIcon(QCPPainter*, const QRectF&) const override { }

private:
    /// What the raster holds: while all of it stays the same but the points, which grow, a frame
    /// writes only the columns that are new.
    struct Kept {
        struct Part {
            QRgb color;
            int generation;
            size_t points;
            ReducedCurve::Reach reach;
            bool grewFrom(const Part& before) const;
        };
        QRect area;
        double ratio = 0;
        QCPRange keys, values;
        std::vector<Part> parts;
    };

    bool hardEdged() const; ///< all curves are lines that the raster can draw
    void drawKept(QCPPainter& painter, const PixelMap& device);
    void drawLine(QCPPainter& painter, const Curve& curve) const;
    void drawPoints(QCPPainter& painter, const Curve& curve);

    std::vector<Curve> m_curves;
    std::vector<QPointF> m_line; ///< these two are kept so that they are allocated once
    std::vector<ColumnRun> m_runs;
    LineRaster m_raster;
    Kept m_kept;
    bool m_live = false;
};

} // namespace moe::plots
