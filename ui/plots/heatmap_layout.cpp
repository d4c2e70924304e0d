// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_layout.h"

#include "ui/shell/theme.h"

#include <algorithm>

namespace moe::plots {

using shell::px;

namespace {

/// The length that `count` cells take of `room`: whole pixels a cell where that is four or more.
int lengthOf(int count, int room)
{
    room = std::max(room, 1);
    if (count <= 0)
        return room;
    const int cell = room / count;
    return cell >= 4 ? cell * count : room;
}

} // namespace

HeatmapLayout layoutHeatmap(
    HeatmapPlot::Kind kind, QSize size, const HeatmapData& data, int left, int right)
{
    const bool steps = kind == HeatmapPlot::Kind::ExpertsOverSteps;
    const bool bars = !data.rowBars.empty() && !steps;
    const int barGap = px(10), barWidth = px(58), edge = px(9);
    const int mapLeft = px(steps ? left : 40), mapTop = px(steps ? 8 : 24);
    const int mapRight = steps ? px(right) : bars ? barGap + barWidth + edge : px(12);
    const int below = px(steps ? 75 : 64);
    HeatmapLayout layout;
    const int width = size.width() - mapLeft - mapRight;
    layout.map = QRect(mapLeft, mapTop, steps ? std::max(width, 1) : lengthOf(data.columns, width),
        lengthOf(data.rows, size.height() - mapTop - below));
    const int bottom = layout.map.bottom() + 1;
    if (bars)
        layout.bars = QRect(layout.map.right() + 1 + barGap, mapTop, barWidth, layout.map.height());
    if (steps) {
        layout.scale
            = QRect(mapLeft, bottom + px(37), std::min(px(260), layout.map.width()), px(10));
        layout.words = {layout.scale.right() + px(70), layout.scale.center().y()};
    } else {
        layout.scale = QRect(mapLeft, bottom + px(10), layout.map.width(), px(10));
        layout.words = {mapLeft, layout.scale.bottom() + px(31)};
    }
    layout.wordsWidth = size.width() - layout.words.x() - px(4);
    return layout;
}

} // namespace moe::plots
