// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_marks.h"

#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>

namespace moe::plots {

using shell::px;

void spreadLabels(std::vector<EndLabel>& labels, double spacing, double top, double bottom)
{
    std::stable_sort(labels.begin(), labels.end(),
        [](const EndLabel& a, const EndLabel& b) { return a.y < b.y; });
    double least = top;
    for (EndLabel& label : labels) {
        label.y = std::max(label.y, least);
        least = label.y + spacing;
    }
    double most = bottom;
    for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
        label->y = std::min(label->y, most);
        most = label->y - spacing;
    }
}

void drawEventLine(QCPPainter& painter, double x, double top, double bottom, bool warning)
{
    QPen pen(warning ? shell::theme().warn : shell::theme().text, 1);
    pen.setCapStyle(Qt::FlatCap);
    pen.setDashPattern({2, 3});
    painter.setAntialiasing(false);
    painter.setPen(pen);
    painter.drawLine(QPointF(std::round(x), top), QPointF(std::round(x), bottom));
}

void drawFlag(QCPPainter& painter, QPointF centre, const EventMarker& marker)
{
    const shell::Theme& theme = shell::theme();
    const QColor color = marker.warning ? theme.warn : theme.text2;
    const double r = px(14) / 2.0;
    painter.setAntialiasing(true);
    painter.setPen(QPen(color, 1.2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(marker.warning ? theme.warnBg : theme.base);
    QRectF text(centre.x() - 2 * r, centre.y() - r, 4 * r, 2 * r);
    if (marker.warning) {
        const QPolygonF triangle{{centre.x(), centre.y() - r}, {centre.x() + r, centre.y() + r - 1},
            {centre.x() - r, centre.y() + r - 1}};
        painter.drawPolygon(triangle);
        text.translate(0, r * 0.28);
    } else {
        painter.drawEllipse(centre, r - 0.5, r - 0.5);
    }
    QFont font = shell::numberFont(shell::TextRole::Caption, true);
    font.setPixelSize(px(marker.warning || marker.number > 9 ? 9 : 10));
    font.setWeight(marker.warning ? QFont::Bold : QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(marker.warning ? theme.warn : theme.text);
    painter.drawText(text, Qt::AlignCenter, QString::number(marker.number));
}

PlotMarks::PlotMarks(QCustomPlot* canvas, QCPAxisRect* rect)
    : Drawing(canvas, kMarksLayer)
    , m_rect(rect)
{
}

int PlotMarks::flagAt(QPointF position) const
{
    if (!drawFlags)
        return 0;
    const double reach = px(11); // a hit area of 22 px
    const EventMarker* best = nullptr;
    double bestDistance = reach;
    for (const EventMarker& marker : markers) {
        const double distance
            = std::abs(m_rect->axis(QCPAxis::atBottom)->coordToPixel(marker.x) - position.x());
        if (marker.number > 0 && distance <= bestDistance) {
            best = &marker;
            bestDistance = distance;
        }
    }
    const bool inRow
        = position.y() >= m_rect->top() - px(4) && position.y() <= m_rect->top() + px(18);
    return best && inRow ? best->number : 0;
}

void PlotMarks::draw(QCPPainter* painter)
{
    std::vector<EndLabel> labels = endLabels;
    drawLimits(*painter, labels);
    drawEvents(*painter);
    const double line = px(14);
    spreadLabels(labels, line, m_rect->top() + line / 2, m_rect->bottom() - line / 2);
    for (const EndLabel& label : labels) {
        painter->setFont(shell::font(shell::TextRole::Caption, label.bold));
        painter->setPen(label.color);
        const QRectF box(m_rect->right() + px(6), label.y - line / 2, labelMargin - px(6), line);
        const QString text
            = painter->fontMetrics().elidedText(label.text, Qt::ElideRight, int(box.width()));
        painter->drawText(box, Qt::AlignLeft | Qt::AlignVCenter, text);
    }
}

void PlotMarks::drawEvents(QCPPainter& painter) const
{
    const QCPAxis& axis = *m_rect->axis(QCPAxis::atBottom);
    const int square = px(3);
    for (const EventMarker& marker : markers) {
        if (!axis.range().contains(marker.x))
            continue;
        const double x = axis.coordToPixel(marker.x);
        if (marker.number == 0) {
            painter.fillRect(
                QRect(qRound(x) - square / 2, m_rect->bottom() + 1 - square, square, square),
                shell::theme().text3);
            continue;
        }
        const double top = m_rect->top() + (drawFlags ? px(14) : 0);
        drawEventLine(painter, x, top, m_rect->bottom(), marker.warning);
        if (drawFlags)
            drawFlag(painter, {std::round(x) + 0.5, m_rect->top() + px(14) / 2.0}, marker);
    }
}

void PlotMarks::drawLimits(QCPPainter& painter, std::vector<EndLabel>& labels) const
{
    const QCPAxis& axis = *m_rect->axis(QCPAxis::atLeft);
    const QColor color = shell::theme().text2;
    for (const Limit& limit : limits) {
        if (!axis.range().contains(limit.y))
            continue;
        const double y = std::round(axis.coordToPixel(limit.y));
        QPen pen(color, 1);
        pen.setCapStyle(Qt::FlatCap);
        pen.setDashPattern({6, 4});
        painter.setAntialiasing(false);
        painter.setPen(pen);
        painter.drawLine(QPointF(m_rect->left(), y), QPointF(m_rect->right(), y));
        if (limit.label.isEmpty())
            continue;
        if (labelMargin >= px(40)) {
            labels.push_back({y, limit.label, color, false});
            continue;
        }
        painter.setFont(shell::font(shell::TextRole::Caption));
        const double line = px(14);
        const bool above = y - line - 2 > m_rect->top();
        const QRectF box(
            m_rect->left(), above ? y - line - 1 : y + 2, m_rect->width() - px(4), line);
        painter.drawText(box, Qt::AlignRight | Qt::AlignVCenter, limit.label);
    }
}

} // namespace moe::plots
