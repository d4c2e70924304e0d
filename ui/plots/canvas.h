// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/qcustomplot_header.h"

#include <QString>

namespace moe::plots {

inline constexpr char kOverlayLayer[]
    = "overlay"; ///< crosshair, frames, hover: a buffer of its own
inline constexpr char kMarksLayer[] = "marks"; ///< above the curves, drawn with them

/// A QCustomPlot as both widgets want it: no interactions of its own, no focus, and the layers
/// `marks` and `overlay`. Hovering redraws `overlay` only.
QCustomPlot* makeCanvas(QWidget* parent);

/// Background, axes, ticks, labels and grid in the theme's colours (look.md section 5).
void themeAxes(QCustomPlot& canvas, QCPAxisRect& rect);

/// Redraws `overlay` alone.
void redrawOverlay(QCustomPlot& canvas);

bool savePng(QCustomPlot& canvas, const QString& path, double scale);
/// Text stays text; lines and rectangles stay vectors.
bool saveSvg(QCustomPlot& canvas, const QString& path, const QString& title,
    const QString& description = {});

/// A part of the drawing without interaction of its own, on a layer of the canvas.
class Drawing : public QCPLayerable {
public:
    Drawing(QCustomPlot* canvas, const char* layer)
        : QCPLayerable(canvas, QLatin1String(layer))
    {
    }

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override
    {
        painter->setAntialiasing(false);
    }
};

} // namespace moe::plots
