// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_data.h"
#include "ui/models/run_settings.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/shell/title_bar.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace moe::training {

/// Expert load: layer × expert, coloured by utilisation, the drop rates beside it; over a span of
/// steps, or of one probe text. The map is "loadHeatmap".
class LoadPanel : public QWidget {
    Q_OBJECT
public:
    explicit LoadPanel(QWidget* parent = nullptr);

    shell::TitleBar& titleBar() { return *m_title; }
    plots::HeatmapPlot& heatmap() { return *m_map; }
    void setRun(const models::RunData* run); ///< not null; outlives the panel's use of it
    void refresh(const models::RunSettings& settings);
    void setShortWords(bool shortWords);
    void setSelectedRow(int row);
    int span() const; ///< steps of the span combo

Q_SIGNALS:
    void spanChosen(int steps);
    void rowActivated(int row);
    void failed(const QString& line);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void buildRow();
    void addMenu();
    void updateProbes();
    plots::HeatmapData windowData() const;
    plots::HeatmapData probeData(const telemetry::ProbeRecord& probe) const;
    plots::HeatmapPlot::CellText cellText(int row, int column) const;
    const telemetry::ProbeRecord* chosenProbe() const;
    void nameSpans();
    void showPage();
    void limitHeight();

    const models::RunData* m_run = nullptr;
    shell::TitleBar* m_title;
    QComboBox* m_span;
    QComboBox* m_ranks;
    QComboBox* m_probe;
    QLabel* m_step;
    QToolButton* m_tableButton;
    QStackedWidget* m_pages;
    plots::HeatmapPlot* m_map;
    QTableView* m_table;
    QLabel* m_none;
    plots::HeatmapTableModel* m_tableModel;
    models::RunSettings m_settings;
    bool m_short = false;
};

} // namespace moe::training
