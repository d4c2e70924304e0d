// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_marks.h"

#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>

namespace moe::plots {

using shell::px;

namespace {

/// Half of a flag's width: a triangle has less room for figures than a circle.
double flagHalf(const EventMarker& marker)
{
    const int more = !marker.warning || marker.number < 10 ? 0 : marker.number < 100 ? 3 : 5;
    return px(14) / 2.0 + px(more);
}

} // namespace

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

ShownMarkers thinMarkers(const std::vector<EventMarker>& markers, const std::vector<double>& pixels)
{
    constexpr double kLineGap = 3;
    std::vector<size_t> order;
    for (size_t i = 0; i < markers.size(); ++i)
        if (markers[i].number > 0 && std::isfinite(pixels[i]))
            order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return markers[a].warning != markers[b].warning ? !markers[a].warning
                                                        : pixels[a] < pixels[b];
    });
    ShownMarkers shown;
    std::map<double, size_t> lines, flags; // by position
    const auto lineIsFree = [&](double at) {
        const auto next = lines.upper_bound(at - kLineGap - 1);
        return next == lines.end() || next->first >= at + kLineGap + 1;
    };
    const auto flagIsFree = [&](double at, size_t i) {
        const auto touches = [&](const auto& other) {
            return std::abs(other.first - at)
                < flagHalf(markers[i]) + flagHalf(markers[other.second]);
        };
        const auto next = flags.lower_bound(at);
        return (next == flags.end() || !touches(*next))
            && (next == flags.begin() || !touches(*std::prev(next)));
    };
    for (const size_t i : order) {
        const double at = std::round(pixels[i]);
        if (!lineIsFree(at))
            continue;
        lines.emplace(at, i);
        if (flagIsFree(at, i))
            flags.emplace(at, i);
    }
    for (const auto& [at, i] : lines)
        shown.lines.push_back(i);
    for (const auto& [at, i] : flags)
        shown.flags.push_back(i);
    return shown;
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
        const double half = flagHalf(marker);
        const QPolygonF triangle{{centre.x(), centre.y() - r},
            {centre.x() + half, centre.y() + r - 1}, {centre.x() - half, centre.y() + r - 1}};
        painter.drawPolygon(triangle);
        text.translate(0, r * 0.28);
    } else {
        painter.drawEllipse(centre, r - 0.5, r - 0.5);
    }
    QFont font = shell::numberFont(shell::TextRole::Caption, true);
    font.setPixelSize(px(marker.number > 9 ? (marker.warning ? 8 : 9) : marker.warning ? 9 : 10));
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
    const std::vector<double> pixels = pixelsOfMarkers();
    int best = 0;
    double bestDistance = px(11); // a hit area of 22 px
    for (const size_t i : thinMarkers(markers, pixels).flags) {
        const double distance = std::abs(pixels[i] - position.x());
        if (distance <= bestDistance) {
            best = markers[i].number;
            bestDistance = distance;
        }
    }
    const bool inRow
        = position.y() >= m_rect->top() - px(4) && position.y() <= m_rect->top() + px(18);
    return inRow ? best : 0;
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

std::vector<double> PlotMarks::pixelsOfMarkers() const
{
    const QCPAxis& axis = *m_rect->axis(QCPAxis::atBottom);
    std::vector<double> pixels(markers.size(), std::numeric_limits<double>::quiet_NaN());
    for (size_t i = 0; i < markers.size(); ++i)
        if (axis.range().contains(markers[i].x))
            pixels[i] = axis.coordToPixel(markers[i].x);
    return pixels;
}

void PlotMarks::drawEvents(QCPPainter& painter) const
{
    const std::vector<double> pixels = pixelsOfMarkers();
    const int square = px(3);
    for (size_t i = 0; i < markers.size(); ++i)
        if (markers[i].number == 0 && std::isfinite(pixels[i]))
            painter.fillRect(QRect(qRound(pixels[i]) - square / 2, m_rect->bottom() + 1 - square,
                                 square, square),
                shell::theme().text3);
    const ShownMarkers shown = thinMarkers(markers, pixels);
    const double flagTop = m_rect->top() + 1; // its outline is as wide as its pen
    for (const size_t i : shown.lines) {
        const bool flagged = drawFlags
            && std::binary_search(shown.flags.begin(), shown.flags.end(), i,
                [&](size_t a, size_t b) { return pixels[a] < pixels[b]; });
        drawEventLine(painter, pixels[i], flagged ? flagTop + px(14) : m_rect->top(),
            m_rect->bottom(), markers[i].warning);
    }
    if (drawFlags)
        for (const size_t i : shown.flags) { // never beyond the ends, where names stand
            const double half = flagHalf(markers[i]);
            const double x = std::clamp(std::round(pixels[i]) + 0.5, m_rect->left() + half,
                std::max(m_rect->left() + half, m_rect->right() - half));
            drawFlag(painter, {x, flagTop + px(14) / 2.0}, markers[i]);
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
        const double width = painter.fontMetrics().horizontalAdvance(limit.label) + px(4);
        painter.fillRect(QRectF(box.right() + px(2) - width, box.top(), width, box.height()),
            shell::theme().base); // curves and event lines would run through the words
        painter.drawText(box, Qt::AlignRight | Qt::AlignVCenter, limit.label);
    }
}

} // namespace moe::plots
