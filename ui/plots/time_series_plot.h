// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QString>
#include <QWidget>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace moe::plots {

struct CurveStyle {
    QString name; ///< shown at the line's end and in the title bar's legend
    QColor color; ///< as it is to be drawn (already blended)
    double width = 1.6; ///< pixels at full quality; 1 while live
    bool dashed = false;
    bool points = false;
    bool endLabel = false; ///< the name at the line's end, right margin
    bool inLegend = true;
    bool raw = false; ///< a raw curve behind a smoothed one: never labelled
};

/// One dotted line across the plot; the top plot draws its flag.
struct EventMarker {
    double x = 0;
    int number = 0; ///< 0: a checkpoint (3 px square on the axis), else a numbered flag
    bool warning = false; ///< triangle (found by the engine) instead of circle (steered)
};

struct Limit {
    double y = 0;
    QString label; ///< "α_max", "capacity 1.25"
};

/// A column of the CSV file.
struct RecordedCurve {
    QString name;
    std::vector<double> x, y;
};

struct LegendEntry {
    QString name, value;
    QColor color;
    bool dashed = false;
};

/// A line plot over steps (or time), look.md section 5. Curves are reduced to minimum and maximum
/// per pixel before they reach the plot, so 20,000 steps × 64 curves replot in a few milliseconds.
/// GUI thread.
class TimeSeriesPlot : public QWidget {
    Q_OBJECT
public:
    explicit TimeSeriesPlot(QWidget* parent = nullptr);
    ~TimeSeriesPlot() override;

    int addCurve(const CurveStyle& style); ///< index, drawn in order
    void setStyle(int curve, const CurveStyle& style);
    void clearCurves();
    int curves() const;
    /// x rising; NaN in y breaks the line. Copied. Cheap when only the tail grew (same front,
    /// longer).
    void setData(int curve, std::span<const double> x, std::span<const double> y);
    using QWidget::setVisible;
    void setVisible(int curve, bool visible);

    void setMarkers(const std::vector<EventMarker>& markers, bool drawFlags);
    void setLimits(const std::vector<Limit>& limits);
    void setYRange(
        std::optional<double> low, std::optional<double> high); ///< none: fits the data shown
    void setXRange(std::optional<double> low, std::optional<double> high);
    void setXIsTime(bool seconds); ///< tick labels as durations
    void setYDecimals(int decimals, double scale = 1); ///< fixed decimals; values are shown × scale
    void setMargins(int left, int right); ///< px at 13 px text; default 48, 60
    void setLive(bool live); ///< thin pens and no antialiasing while live
    void setXAxisLabelsVisible(bool visible);

    /// The crosshair shared by all plots of that x axis: none hides it.
    void setCrosshair(std::optional<double> x);
    std::optional<double> crosshair() const;
    /// Name and value of each legend curve under the crosshair, or the latest.
    std::vector<LegendEntry> legend() const;
    std::optional<double> valueAt(int curve, double x) const;

    void refresh(); ///< queued replot; many calls, one replot a frame
    double lastReplotMilliseconds() const;

    bool exportPng(const QString& path, double scale = 2);
    bool exportSvg(const QString& path);
    bool exportCsv(const QString& path) const; ///< x and every curve, full precision, all data
    /// What the CSV file holds in place of the lines as they are drawn (smoothed, some nameless).
    void setCsvSource(std::function<std::vector<RecordedCurve>()> source);

    /// For tests: where a value lies, in this widget's coordinates.
    QPointF pixelOf(double x, double y) const;

    QSize sizeHint() const override;

Q_SIGNALS:
    void crosshairMoved(std::optional<double> x); ///< by the mouse or the arrow keys
    void xRangeChanged(double low, double high); ///< by zoom or pan
    void xRangeReset(); ///< Home
    void markerClicked(int number);
    void legendChanged();

protected:
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::plots
