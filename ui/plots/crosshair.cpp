// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/crosshair.h"

#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>

namespace moe::plots {

using shell::px;

void drawFrame(QCPPainter& painter, const QRectF& rect, double width, const QColor& color)
{
    painter.setAntialiasing(false);
    painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), width), color);
    painter.fillRect(QRectF(rect.left(), rect.bottom() - width, rect.width(), width), color);
    painter.fillRect(QRectF(rect.left(), rect.top(), width, rect.height()), color);
    painter.fillRect(QRectF(rect.right() - width, rect.top(), width, rect.height()), color);
}

Crosshair::Crosshair(QCustomPlot* canvas, QCPAxisRect* rect)
    : Drawing(canvas, kOverlayLayer)
    , m_rect(rect)
{
}

void Crosshair::draw(QCPPainter* painter)
{
    const QCPAxis& axis = *m_rect->axis(QCPAxis::atBottom);
    if (x && axis.range().contains(*x)) {
        const double pixel = std::round(axis.coordToPixel(*x));
        painter->fillRect(
            QRectF(pixel, m_rect->top(), 1, m_rect->height() + px(2)), shell::theme().cross);
        if (!pillText.isEmpty())
            drawPill(*painter, pixel);
    }
    if (box) {
        QColor fill = shell::theme().sel;
        fill.setAlphaF(0.4F);
        painter->setPen(QPen(shell::theme().accent, 1));
        painter->setBrush(fill);
        painter->drawRect(*box);
    }
    if (focused)
        drawFrame(*painter, mParentPlot->rect(), 2, shell::theme().accent);
}

void Crosshair::drawPill(QCPPainter& painter, double pixel) const
{
    painter.setFont(shell::numberFont(shell::TextRole::Caption));
    const double width = painter.fontMetrics().horizontalAdvance(pillText) + px(14);
    const double left
        = std::clamp(pixel - width / 2, 1.0, std::max(1.0, mParentPlot->width() - width - 1));
    const QRectF pill(std::round(left), m_rect->bottom() + 1 + px(2), std::ceil(width), px(17));
    coverLabels(painter, pill);
    painter.setAntialiasing(true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(shell::theme().cross);
    painter.drawRoundedRect(pill, px(3), px(3));
    painter.setPen(shell::theme().base);
    painter.drawText(pill, Qt::AlignCenter, pillText);
}

// The axis is not redrawn while the pill moves: a label that would peek out beside it is painted
// over instead.
void Crosshair::coverLabels(QCPPainter& painter, const QRectF& pill) const
{
    const QCPAxis& axis = *m_rect->axis(QCPAxis::atBottom);
    const QVector<double> ticks = axis.tickVector();
    const QVector<QString> labels = axis.tickVectorLabels();
    for (qsizetype i = 0; i < std::min(ticks.size(), labels.size()); ++i) {
        const double width = painter.fontMetrics().horizontalAdvance(labels[i]) + px(4);
        const QRectF label(
            axis.coordToPixel(ticks[i]) - width / 2, m_rect->bottom() + 2 + px(4), width, px(15));
        if (label.left() < pill.right() && pill.left() < label.right())
            painter.fillRect(label, shell::theme().base);
    }
}

} // namespace moe::plots
