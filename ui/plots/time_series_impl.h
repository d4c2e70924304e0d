// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/axis_ticks.h"
#include "ui/plots/crosshair.h"
#include "ui/plots/curves_layer.h"
#include "ui/plots/plot_marks.h"
#include "ui/plots/time_series_plot.h"

#include <QElapsedTimer>
#include <QTimer>

#include <optional>
#include <vector>

class QKeyEvent;
class QMouseEvent;
class QWheelEvent;

namespace moe::plots {

/// The parts of a TimeSeriesPlot. Drawing state is in time_series_plot.cpp, what hands do to it in
/// time_series_input.cpp.
struct TimeSeriesPlot::Impl {
    explicit Impl(TimeSeriesPlot& owner);

    struct View {
        std::optional<QCPRange> x, y; ///< none: fits the data
        bool operator==(const View& other) const { return x == other.x && y == other.y; }
    };

    // Drawing
    void retheme();
    void hurry(); ///< what follows a hand is drawn as while live; full quality comes when it rests
    void rested();
    void prepare(); ///< margins, ranges, ticks and end labels, before every replot
    int widestYLabel() const; ///< pixels, at the range in force
    void placeEndLabels();
    QCPRange fittedX() const;
    QCPRange fittedY(const QCPRange& x) const;
    QString positionText(double x) const; ///< "step 12,480", "1 h 20 min"
    void placePill();
    void updateCrosshair();
    template <class Save> bool exportWith(Save save);

    // Input
    bool mousePressed(const QMouseEvent& event);
    bool mouseMoved(const QMouseEvent& event);
    bool mouseReleased(const QMouseEvent& event);
    bool wheelTurned(const QWheelEvent& event);
    bool keyPressed(const QKeyEvent& event);
    void moveCrosshair(std::optional<double> x); ///< by hand: tells the others
    void stepCrosshair(int direction, int columns);
    void zoomAround(double x, double factor);
    void show(const View& view, bool remember);
    void back();
    void fit();
    std::optional<double> snapped(double x) const; ///< the nearest x that has data

    TimeSeriesPlot& q;
    QCustomPlot* canvas;
    QCPAxisRect* rect;
    QCPAxis *xAxis, *yAxis;
    std::function<std::vector<RecordedCurve>()> csvSource;
    QSharedPointer<RoundTicker> xTicker, yTicker;
    CurvesLayer* curves;
    PlotMarks* marks;
    Crosshair* cross;

    View view;
    std::optional<double> yLow, yHigh; ///< asked for by setYRange; a boxed view goes before them
    std::vector<View> history;
    bool isTime = false, live = false, xLabels = true, stale = false;
    int decimals = 2, left = 48, right = 60;
    int leftShown = 48; ///< pixels: `left`, or more where labels need it
    double scale = 1;
    QElapsedTimer clock;
    double replotMilliseconds = 0, fullMilliseconds = 0; ///< of the last replot; of full quality
    QTimer rest;

    struct Drag {
        QPointF from;
        QCPRange range;
        bool boxing = false, moved = false;
    };
    std::optional<Drag> drag;
};

} // namespace moe::plots
