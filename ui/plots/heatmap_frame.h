// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/canvas.h"
#include "ui/plots/heatmap_layout.h"

#include <optional>

namespace moe::plots {

/// What stands round the cells: row and column numbers, side bars, colour scale, legend words and
/// event lines. Redrawn with the cells.
class HeatmapFrame : public Drawing {
public:
    HeatmapFrame(QCustomPlot* canvas, QCPAxisRect* mapRect, QCPAxisRect* barRect,
        const HeatmapData& data, HeatmapPlot::Kind kind);

    HeatmapLayout layout;
    int tickEvery = 4;
    int selectedRow = -1;
    std::optional<double> capacityFactor;
    bool shortWords = false;
    bool replyWords = false; ///< the legend of a chat reply
    std::pair<QString, QString> differenceWords; ///< negative, positive
    std::vector<EventMarker> markers;

protected:
    void draw(QCPPainter* painter) override;

private:
    void drawColumnNumbers(QCPPainter& painter) const;
    void drawRowNumbers(QCPPainter& painter) const;
    void drawBars(QCPPainter& painter) const;
    void drawScale(QCPPainter& painter) const;
    void drawWords(QCPPainter& painter) const;
    void drawReplyWords(QCPPainter& painter) const;

    QCPAxisRect *m_mapRect, *m_barRect;
    const HeatmapData& m_data;
    HeatmapPlot::Kind m_kind;
};

/// The end of the side bars' axis in percent: a round number no less than the largest bar.
double barAxisEnd(const std::vector<float>& shares);

} // namespace moe::plots
