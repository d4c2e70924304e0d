// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/heatmap_plot.h"

#include <QRect>
#include <QSize>

namespace moe::plots {

/// Where the parts of a heatmap stand, in pixels of the widget.
struct HeatmapLayout {
    QRect map; ///< whole pixels a cell from 4 px on
    QRect bars; ///< empty: none
    QRect scale; ///< the colour scale's bar; its ticks and labels hang below
    QPoint words; ///< left end of the legend words, on their middle line
    int wordsWidth = 0;
};

HeatmapLayout layoutHeatmap(
    HeatmapPlot::Kind kind, QSize size, const HeatmapData& data, int left, int right);

} // namespace moe::plots
