// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/heatmap_plot.h"

#include <QWidget>

namespace moe::plots {

/// A heading over label and value rows, in a window of its own beside the cell.
class CellTooltip : public QWidget {
public:
    explicit CellTooltip(QWidget* parent);
    /// Stands right of and below `cell` (global coordinates), or on the other side where the screen
    /// ends; never over the cell.
    void showAt(const QRect& cell, const HeatmapPlot::CellText& text);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QSize contentSize() const;

    HeatmapPlot::CellText m_text;
};

} // namespace moe::plots
