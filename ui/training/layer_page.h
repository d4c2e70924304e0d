// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/expert_table_model.h"
#include "ui/models/layer_data.h"
#include "ui/models/run_data.h"
#include "ui/models/run_settings.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/training/plot_panel.h"
#include "ui/training/shared_axis.h"

#include <QList>
#include <QWidget>

#include <vector>

class QLabel;
class QSplitter;
class QStackedWidget;
class QTableView;
class QTabWidget;
class QToolButton;

namespace moe::training {

/// One layer opened: its experts over time, their utilisation as lines on the same x axis, gate
/// entropy, ratios and similarity, the table of its experts now, drop rate and α against the mean.
/// GUI thread.
class LayerPage : public QWidget {
    Q_OBJECT
public:
    explicit LayerPage(SharedAxis& axis, QWidget* parent = nullptr);

    void refresh(const models::RunData& run, const models::LayerData& layer,
        const models::RunSettings& settings);
    void restyle();
    void setLive(bool live);
    void setCompact(bool compact); ///< 1280 × 800: the table is a tab, the small plots are tabs
    void chooseExpert(int expert);
    plots::HeatmapPlot& map() { return *m_map; }
    std::vector<PlotPanel*> panels() const;
    const models::ExpertTableModel& experts() const { return m_experts; }

Q_SIGNALS:
    void closed(); ///< All layers
    void stepped(int by); ///< −1 the layer above, +1 the one below
    void failed(const QString& line);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* buildHeader();
    QWidget* buildMap();
    QWidget* buildTable();
    void buildPlots();
    void arrange();
    void share(); ///< the height among map or table and the plots below
    void rebuild(const models::RunData& run, const models::LayerData& layer,
        const models::RunSettings& settings);
    void refreshHeader(const models::RunData& run, int row);
    void refreshMap(const models::RunData& run, const models::LayerData& layer, int row);
    void refreshTable(const models::RunData& run, int row, const models::RunSettings& settings);
    void refreshUtilisation(const models::LayerData& layer);
    void refreshCurves(const models::RunData& run, const models::LayerData& layer, int row,
        const models::RunSettings& settings);
    void updateCellLabel();
    int defaultExpert(const models::RunData& run, int row) const;

    SharedAxis& m_axis;
    QLabel *m_name, *m_figures, *m_step;
    QToolButton *m_previous, *m_next;
    plots::HeatmapPlot* m_map;
    shell::TitleBar *m_mapTitle, *m_tableTitle;
    QWidget *m_header, *m_mapPanel, *m_tablePanel;
    PlotPanel *m_utilisation, *m_entropy, *m_ratios, *m_similarity, *m_drop, *m_alpha;
    QTableView* m_table;
    models::ExpertTableModel m_experts;
    QWidget* m_body = nullptr;
    QList<QSplitter*> m_sides; ///< left and right column; none when compact
    bool m_compact = false, m_stale = true;
    int m_layer = -1, m_generation = -1, m_runGeneration = -1, m_eventGeneration = -1;
    int m_expert = -1, m_hottest = -1;
    std::vector<int> m_lines; ///< experts drawn as lines, in curve order
    std::vector<double> m_columnX;
    std::vector<std::vector<double>> m_utilisationY; ///< by line
    const models::LayerData* m_shown = nullptr;
    const models::RunData* m_run = nullptr;
    const models::RunSettings* m_settings = nullptr;
};

} // namespace moe::training
