// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/canvas.h"

#include <QRectF>
#include <QString>

#include <optional>

namespace moe::plots {

/// What follows the hand and never redraws a curve: crosshair with its pill, the box being dragged,
/// the focus ring. On the layer `overlay`.
class Crosshair : public Drawing {
public:
    Crosshair(QCustomPlot* canvas, QCPAxisRect* rect);

    std::optional<double> x;
    QString pillText; ///< "step 12,480"; empty: no pill
    std::optional<QRectF> box; ///< in pixels
    bool focused = false;

protected:
    void draw(QCPPainter* painter) override;

private:
    void drawPill(QCPPainter& painter, double pixel) const;
    void coverLabels(QCPPainter& painter, const QRectF& pill) const;

    QCPAxisRect* m_rect;
};

/// A frame just inside `rect`, on whole pixels at every device pixel ratio.
void drawFrame(QCPPainter& painter, const QRectF& rect, double width, const QColor& color);

} // namespace moe::plots
