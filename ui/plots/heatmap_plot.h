// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/time_series_plot.h"

#include <QAbstractTableModel>
#include <QString>
#include <QWidget>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace moe::plots {

/// What the values of a map are, each with its fixed scale; both diverge from a fair value.
enum class HeatmapScale {
    Utilisation, ///< 0 … 2 about 1
    ShareDifference, ///< of two shares of tokens, −kMostDifference … kMostDifference about 0
};
constexpr double kMostDifference = 0.2;
/// Where a value stands on the diverging colours: 0 … 2, the fair value at 1; not clamped.
inline float colorPlace(HeatmapScale scale, float value)
{
    return scale == HeatmapScale::Utilisation ? value : 1 + value / float(kMostDifference);
}

/// Cells of a map; NaN is "no data".
struct HeatmapData {
    int rows = 0, columns = 0;
    std::vector<float> values; ///< [rows, columns]
    std::vector<uint8_t> dead; ///< [rows, columns], empty: none
    std::vector<uint8_t> masked; ///< [rows, columns], empty: none; a frame and a cross
    std::vector<int>
        rowIds; ///< [rows], what each row is called (the decoder layer); empty: its index
    std::vector<float> rowBars; ///< [rows], the side bars (drop rate); empty: none
    double firstColumn = 0,
           columnStep = 1; ///< of the x axis: column c spans [first + c·step, …+step)
    HeatmapScale scale = HeatmapScale::Utilisation;

    int rowId(int row) const
    {
        return static_cast<size_t>(row) < rowIds.size() ? rowIds[static_cast<size_t>(row)] : row;
    }
};

/// A dot in a cell: where the token that is looked at went. Rank 0, its first choice, is largest.
struct CellMark {
    int row = 0, column = 0, rank = 0;
};

/// A map of utilisations, or of the difference of two shares (look.md section 4): fixed diverging
/// scale, dead cells hatched, no-data cells dotted, side bars on the same rows, colour scale below.
/// Keyboard: arrows move the current cell, Enter opens. GUI thread. Object name is the caller's
/// ("loadHeatmap").
class HeatmapPlot : public QWidget {
    Q_OBJECT
public:
    enum class Kind { LayersByExperts, ExpertsOverSteps };
    explicit HeatmapPlot(Kind kind, QWidget* parent = nullptr);
    ~HeatmapPlot() override;

    void setData(HeatmapData data);
    const HeatmapData& data() const;
    void setRowLabels(const QString& axisName, int tickEvery); ///< "Layer"
    void setSelectedRow(int row); ///< −1: none
    int selectedRow() const;
    void setCapacityFactor(std::optional<double> factor); ///< triangle on the colour scale
    void setShortWords(bool shortWords); ///< legend words at 1280 × 800
    /// Dots over the cells, drawn without drawing the map anew.
    void setTrace(std::vector<CellMark> marks);
    /// The legend of a reply: dots and masks; too few assignments to call an expert dead.
    void setReplyWords(bool replyWords);
    /// The legend of a difference: what a negative and what a positive one means.
    void setDifferenceWords(const QString& negative, const QString& positive);
    /// Tooltip: a heading and label/value pairs for a cell.
    struct CellText {
        QString heading;
        std::vector<std::pair<QString, QString>> lines;
    };
    void setCellText(std::function<CellText(int row, int column)> text);

    // ExpertsOverSteps shares the x axis of the plots below it
    void setXRange(std::optional<double> low, std::optional<double> high);
    void setCrosshair(std::optional<double> x);
    void setMarkers(const std::vector<EventMarker>& markers); ///< dotted lines, no flags
    void setMargins(int left, int right); ///< px at 13 px text; default 34, 16

    void refresh();
    double lastReplotMilliseconds() const;
    bool exportPng(const QString& path, double scale = 2);
    /// Cells are rectangles up to kVectorCells of them, one raster image above; the file's
    /// description says which.
    bool exportSvg(const QString& path);
    static constexpr int kVectorCells = 4096;
    bool exportCsv(const QString& path) const;

    QPointF pixelOf(int row, int column) const; ///< centre of a cell, in this widget's coordinates
    QRectF mapRect() const;

    QSize sizeHint() const override;

Q_SIGNALS:
    void cellHovered(int row, int column); ///< −1, −1: none
    void rowActivated(int row); ///< click or Enter
    /// A cell's menu, by right click or, of the current cell, by key.
    void cellMenuWanted(int row, int column, const QPoint& global);
    void crosshairMoved(std::optional<double> x);

protected:
    void changeEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// The table twin of a HeatmapData: rows × columns of numbers, copyable, for accessibility.
class HeatmapTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;
    using QAbstractTableModel::setData;
    void setData(const HeatmapData& data, const QString& rowName);
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    /// Qt::UserRole: the number as it is (float).
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    HeatmapData m_data;
    QString m_rowName;
};

/// "1.27" of a utilisation, "+4.5 %" of a difference.
QString cellNumber(HeatmapScale scale, float value);

} // namespace moe::plots
