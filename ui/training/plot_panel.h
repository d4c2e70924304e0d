// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/smoothing.h"
#include "ui/plots/time_series_plot.h"
#include "ui/shell/title_bar.h"
#include "ui/training/shared_axis.h"

#include <QList>
#include <QWidget>

#include <functional>
#include <vector>

class QLabel;
class QStackedWidget;
class QTableView;
class QVBoxLayout;

namespace moe::training {

class CurveTableModel;

/// A title bar over a line plot that follows the shared axis: the crosshair, the range, the
/// smoothing, the table twin, the exports. Curves are fed whole; only what grew costs anything. The
/// table and the CSV file hold the values as they were recorded, never smoothed.
class PlotPanel : public QWidget {
    Q_OBJECT
public:
    PlotPanel(
        const QString& name, const QString& unit, SharedAxis& axis, QWidget* parent = nullptr);

    shell::TitleBar& titleBar() { return *m_title; }
    plots::TimeSeriesPlot& plot() { return *m_plot; }
    void addRow(QWidget* row); ///< between title and plot

    struct Curve {
        QString name; ///< in the legend and at the line's end; empty: not in the legend
        QColor color;
        double width = 1.6;
        bool dashed = false, points = false, endLabel = false;
        bool smoothed = true; ///< by the shared smoothing
        bool raw = false; ///< the raw curve behind a smoothed one
        int rank = 0; ///< place in the legend; equal ones in drawing order
        QString column = {}; ///< heading in the CSV file; empty: the name
        bool twin = false; ///< draws what another curve holds already: no column of its own
    };
    void clearCurves();
    int addCurve(const Curve& curve);
    void restyle(int curve, const Curve& style);
    int curves() const { return static_cast<int>(m_curves.size()); }
    /// All points of a curve so far: steps drive the smoothing, x is where they are drawn.
    void setCurve(int curve, const std::vector<double>& steps, const std::vector<double>& x,
        const std::vector<double>& y);
    void restartSmoothing(double unit); ///< the run was replaced
    /// Calls setCurve() for every curve again: what a CSV file is made of.
    void setFeed(std::function<void()> feed);

    /// Writes a value for the legend, without unit.
    void setValueFormat(std::function<QString(double)> format, const QString& suffix = {});
    void setLeadingLegend(const QList<shell::TitleLegend>& entries); ///< before the curves' own
    void setTrailingLegend(const QList<shell::TitleLegend>& entries); ///< after them
    void setNameless(bool nameless); ///< the legend is the value alone (one curve)

    void setRange(std::optional<double> low, std::optional<double> high);
    void updateLegend();
    void showTable(bool shown);
    void setEmptyText(const QString& text); ///< stands in the plot's place; empty: the plot
    bool exportPng(const QString& path) { return m_plot->exportPng(path); }
    bool exportSvg(const QString& path) { return m_plot->exportSvg(path); }
    bool exportCsv(const QString& path) { return m_plot->exportCsv(path); }

Q_SIGNALS:
    void failed(const QString& line);

private:
    void addMenu();
    std::vector<plots::RecordedCurve> recorded();
    plots::CurveStyle styleOf(const Curve& curve) const;
    struct Fed {
        Curve curve;
        models::Smoother smoother;
        double lastX = 0;
        std::vector<double> x, y; ///< as recorded; only kept while the table twin is open
    };

    SharedAxis& m_axis;
    shell::TitleBar* m_title;
    QVBoxLayout* m_column;
    QStackedWidget* m_pages;
    plots::TimeSeriesPlot* m_plot;
    QLabel* m_none = nullptr;
    QTableView* m_table = nullptr;
    CurveTableModel* m_tableModel = nullptr;
    std::vector<Fed> m_curves;
    double m_smoothingUnit = 1;
    std::function<QString(double)> m_format;
    QString m_suffix;
    QList<shell::TitleLegend> m_leading, m_trailing;
    std::function<void()> m_feed;
    bool m_nameless = false, m_tableWanted = false, m_recording = false;
    void showPage();
};

} // namespace moe::training
