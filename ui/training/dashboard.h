// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_data.h"
#include "ui/models/run_settings.h"
#include "ui/plots/time_series_plot.h"
#include "ui/training/law_row.h"
#include "ui/training/plot_panel.h"
#include "ui/training/shared_axis.h"

#include <QColor>
#include <QObject>
#include <QString>

#include <array>
#include <vector>

namespace moe::training {

/// Another run drawn beside the one in front.
struct Overlay {
    const models::RunData* run;
    QString name;
    QColor color;
};

/// The flags and checkpoints of a run as plots draw them, on the axis in force.
std::vector<plots::EventMarker> markersOf(const models::RunData& run, models::XAxis axis);
/// The part of the x axis that is shown: the zoom, the last N steps, or all.
std::pair<double, double> shownRange(const models::RunData& run, const SharedAxis& axis);

/// The line plots of the dashboard, areas 6 to 9 of look.md section 9: makes their curves and feeds
/// them. Only panels that are visible cost anything. GUI thread.
class Dashboard : public QObject {
    Q_OBJECT
public:
    explicit Dashboard(SharedAxis& axis, QWidget* parent);

    PlotPanel& drop() { return *m_drop; }
    PlotPanel& alpha() { return *m_alpha; }
    PlotPanel& loss() { return *m_loss; }
    PlotPanel& learningRate() { return *m_lr; }
    PlotPanel& gradNorm() { return *m_grad; }
    PlotPanel& tokens() { return *m_tokens; }
    LawRow& law() { return *m_law; }
    std::array<PlotPanel*, 6> panels() const
    {
        return {m_drop, m_alpha, m_loss, m_lr, m_grad, m_tokens};
    }

    void setOverlays(std::vector<Overlay> overlays);
    void setChosenRow(int row); ///< −1: none
    void setShortWords(bool shortWords);
    void restyle(); ///< the theme or the words changed
    void setLive(bool live);
    /// Both outlive the dashboard's use of them: exports ask for them again.
    void refresh(const models::RunData& run, const models::RunSettings& settings);

private:
    void rebuild(const models::RunData& run, const models::RunSettings& settings);
    void rebuildLayers(PlotPanel& panel, const models::RunData& run);
    void rebuildLoss();
    void feedLayers(PlotPanel& panel, const models::RunData& run, bool alpha);
    void feedLoss(const models::RunData& run);
    void feedScalars(const models::RunData& run, const models::RunSettings& settings);
    void feedOverlays(PlotPanel& panel, models::Metric metric);
    double largestShown(const models::RunData& run, models::Metric metric) const;
    void setLossRange(const models::RunData& run);
    void applyRange(const models::RunData& run);
    void setMarkers(const models::RunData& run);

    SharedAxis& m_axis;
    const models::RunData* m_run = nullptr; ///< of the last refresh
    const models::RunSettings* m_settings = nullptr;
    PlotPanel *m_drop, *m_alpha, *m_loss, *m_lr, *m_grad, *m_tokens;
    LawRow* m_law;
    std::vector<Overlay> m_overlays;
    int m_chosenRow = -1, m_layers = 0;
    bool m_stale = true, m_short = false;
    int m_generation = -1, m_eventGeneration = -1;
    models::XAxis m_markerAxis = models::XAxis::Step;
};

} // namespace moe::training
