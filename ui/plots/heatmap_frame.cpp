// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_frame.h"

#include "ui/plots/axis_ticks.h"
#include "ui/plots/crosshair.h"
#include "ui/plots/heatmap_cells.h"
#include "ui/plots/plot_marks.h"
#include "ui/shell/theme.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace moe::plots {

using shell::px;

namespace {

QFont caption(bool semibold = false)
{
    return shell::numberFont(shell::TextRole::Caption, semibold);
}

/// Least power of two times `every` at which labels of `label` pixels fit cells of `cell` pixels.
int spacedOut(int every, double cell, double label)
{
    while (every < 100000 && every * cell < label)
        every *= 2;
    return every;
}

/// Of tick 0 … 4 of the colour scale.
QString scaleLabel(HeatmapScale scale, int tick)
{
    if (scale == HeatmapScale::Utilisation) {
        const QString number = numberText(tick / 2.0, tick % 2);
        return tick == 4 ? QStringLiteral("≥ ") + number : number;
    }
    const QString number = numberText((tick - 2) * 50 * kMostDifference, 0);
    if (tick == 0)
        return QStringLiteral("≤ ") + number;
    return tick == 4 ? QStringLiteral("≥ ") + number + QChar(0x202f) + QLatin1Char('%') : number;
}

void drawTriangle(QCPPainter& painter, QPointF tip)
{
    const double half = px(7) / 2.0, height = px(6);
    painter.setAntialiasing(true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(shell::theme().text2);
    painter.drawPolygon(
        QPolygonF{{tip, {tip.x() + half, tip.y() + height}, {tip.x() - half, tip.y() + height}}});
}

} // namespace

double barAxisEnd(const std::vector<float>& shares)
{
    double most = 0;
    for (const float share : shares)
        if (std::isfinite(share))
            most = std::max(most, 100.0 * share);
    constexpr std::array kEnds{1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0};
    const auto end = std::find_if(kEnds.begin(), kEnds.end(), [&](double e) { return e >= most; });
    return end == kEnds.end() ? 100 : *end;
}

HeatmapFrame::HeatmapFrame(QCustomPlot* canvas, QCPAxisRect* mapRect, QCPAxisRect* barRect,
    const HeatmapData& data, HeatmapPlot::Kind kind)
    : Drawing(canvas, kMarksLayer)
    , m_mapRect(mapRect)
    , m_barRect(barRect)
    , m_data(data)
    , m_kind(kind)
{
}

void HeatmapFrame::draw(QCPPainter* painter)
{
    drawScale(*painter);
    if (replyWords)
        drawReplyWords(*painter);
    else
        drawWords(*painter);
    if (m_data.rows <= 0 || m_data.columns <= 0)
        return;
    drawRowNumbers(*painter);
    if (m_kind == HeatmapPlot::Kind::LayersByExperts) {
        drawColumnNumbers(*painter);
        if (!layout.bars.isEmpty())
            drawBars(*painter);
        return;
    }
    const QCPAxis& axis = *m_mapRect->axis(QCPAxis::atBottom);
    for (const EventMarker& marker : markers)
        if (marker.number > 0 && axis.range().contains(marker.x))
            drawEventLine(*painter, axis.coordToPixel(marker.x), layout.map.top(),
                layout.map.bottom(), marker.warning);
}

void HeatmapFrame::drawColumnNumbers(QCPPainter& painter) const
{
    painter.setFont(caption());
    painter.setPen(shell::theme().text3);
    const double cell = double(layout.map.width()) / m_data.columns;
    const auto text = [this](int column) {
        return numberText(m_data.firstColumn + column * m_data.columnStep, 0);
    };
    const int widest = painter.fontMetrics().horizontalAdvance(text(m_data.columns - 1));
    const int every = spacedOut(1, cell, widest + px(3));
    for (int column = 0; column < m_data.columns; column += every) {
        const double centre = layout.map.left() + (column + 0.5) * cell;
        const QRectF box(centre - px(30), layout.map.top() - px(18), 2 * px(30), px(16));
        painter.drawText(box, Qt::AlignCenter, text(column));
    }
}

void HeatmapFrame::drawRowNumbers(QCPPainter& painter) const
{
    const double cell = double(layout.map.height()) / m_data.rows;
    const double line = px(13);
    const auto label = [&](int row) {
        const double centre = layout.map.top() + (row + 0.5) * cell;
        const QRectF box(0, centre - line, layout.map.left() - px(6), 2 * line);
        painter.drawText(box, Qt::AlignRight | Qt::AlignVCenter, numberText(m_data.rowId(row), 0));
    };
    painter.setFont(caption());
    painter.setPen(shell::theme().text3);
    const int every = spacedOut(std::max(1, tickEvery), cell, line);
    for (int row = 0; row < m_data.rows; row += every)
        if (selectedRow < 0 || std::abs(row - selectedRow) * cell >= 1.4 * line)
            label(row);
    if (selectedRow >= 0 && selectedRow < m_data.rows) {
        painter.setFont(caption(true));
        painter.setPen(shell::theme().text);
        label(selectedRow);
    }
}

void HeatmapFrame::drawBars(QCPPainter& painter) const
{
    const shell::Theme& theme = shell::theme();
    const QRect rect = m_barRect->rect();
    const double end = barAxisEnd(m_data.rowBars);
    const int parts = std::fmod(end, 3.0) == 0 ? 3 : 2;
    for (int part = 1; part <= parts; ++part)
        painter.fillRect(QRectF(rect.left() + std::round(double(rect.width() - 1) * part / parts),
                             rect.top(), 1, rect.height()),
            theme.grid);
    painter.fillRect(QRectF(rect.left(), rect.top(), 1, rect.height()), theme.axis);
    const double cell = double(rect.height()) / m_data.rows;
    const double inset = cell >= 4 ? std::round(cell * 2 / 13) : 0;
    for (int row = 0; row < std::min(m_data.rows, int(m_data.rowBars.size())); ++row) {
        const double share = 100.0 * double(m_data.rowBars[size_t(row)]);
        if (!std::isfinite(share) || share <= 0)
            continue;
        const double top = std::round(row * cell), bottom = std::round((row + 1) * cell);
        const double width = std::round(std::min(1.0, share / end) * (rect.width() - 1));
        painter.fillRect(QRectF(rect.left() + 1, rect.top() + top + inset, width,
                             std::max(1.0, bottom - top - 2 * inset)),
            row == selectedRow ? theme.series[1] : theme.text3);
    }
    painter.setFont(caption());
    painter.setPen(theme.text3);
    painter.drawText(QRectF(rect.left(), rect.top() - px(18), 2 * rect.width(), px(16)),
        Qt::AlignLeft | Qt::AlignVCenter, HeatmapPlot::tr("drop rate"));
    const QRectF below(rect.left() - px(20), rect.bottom() + 1 + px(2), px(40), px(16));
    painter.drawText(below, Qt::AlignCenter, numberText(0, 0));
    const QString percent = numberText(end, 0) + QChar(0x202f) + QLatin1Char('%');
    painter.drawText(QRectF(rect.right() - px(50), below.top(), px(50) + px(9), px(16)),
        Qt::AlignRight | Qt::AlignVCenter, percent);
}

void HeatmapFrame::drawScale(QCPPainter& painter) const
{
    const shell::Theme& theme = shell::theme();
    const QRect bar = layout.scale;
    painter.setAntialiasing(false);
    for (int x = 0; x < bar.width(); ++x)
        painter.fillRect(QRect(bar.left() + x, bar.top(), 1, bar.height()),
            theme.utilisation(2 * (x + 0.5) / bar.width()));
    drawFrame(painter, bar, 1, theme.line);
    painter.setFont(caption());
    const int edge = layout.words.x() + layout.wordsWidth; // no label runs out of the widget
    for (int tick = 0; tick < 5; ++tick) {
        const double x = bar.left() + std::round(tick / 4.0 * (bar.width() - 1));
        painter.fillRect(QRectF(x, bar.bottom() + 1, 1, px(4)), theme.axis);
        painter.setPen(theme.text3);
        const QString text = scaleLabel(m_data.scale, tick);
        const double width = painter.fontMetrics().horizontalAdvance(text) + 1;
        const QRectF box(
            std::min(x - width / 2, edge - px(4) - width), bar.bottom() + px(5), width, px(16));
        painter.drawText(box, Qt::AlignCenter, text);
    }
    if (capacityFactor)
        drawTriangle(painter,
            {bar.left() + std::clamp(*capacityFactor / 2, 0.0, 1.0) * bar.width(),
                bar.bottom() + 1.0 + px(1)});
}

void HeatmapFrame::drawReplyWords(QCPPainter& painter) const
{
    const QFont font = shell::font(shell::TextRole::Caption);
    const QFontMetrics metrics(font);
    const bool masks = std::any_of(
        m_data.masked.begin(), m_data.masked.end(), [](uint8_t masked) { return masked != 0; });
    const QString masked = HeatmapPlot::tr("masked");
    const bool difference = m_data.scale == HeatmapScale::ShareDifference;
    QString first
        = difference ? differenceWords.first : HeatmapPlot::tr("first choice of the token");
    const QString second = difference ? differenceWords.second : HeatmapPlot::tr("others");
    const auto widthOf = [&](int between, bool withMasks) {
        return 2 * px(difference ? 14 + 5 : 8 + 5) + metrics.horizontalAdvance(first + second)
            + between + (withMasks ? between + px(14 + 5) + metrics.horizontalAdvance(masked) : 0);
    };
    const bool brief = widthOf(px(16), masks) > layout.wordsWidth;
    if (brief && !difference)
        first = HeatmapPlot::tr("first choice");
    const int between = px(brief ? 9 : 16);
    // too long still: they begin left of the map, and leave out what the list of masks says
    const int margin = std::max(0, layout.words.x() - px(8));
    const bool withMasks = masks && widthOf(between, true) <= layout.wordsWidth + margin;
    const int beyond = widthOf(between, withMasks) - layout.wordsWidth;
    double x = layout.words.x() - std::clamp(beyond, 0, margin);
    const double middle = layout.words.y();
    const auto put = [&](const QString& word, int swatch, const auto& drawSwatch) {
        drawSwatch();
        x += swatch + px(5);
        painter.setFont(font);
        painter.setPen(shell::theme().text2);
        const int width = metrics.horizontalAdvance(word);
        painter.drawText(QRectF(x, middle - px(9), width + 1, 2 * px(9)), Qt::AlignVCenter, word);
        x += width + between;
    };
    if (difference) {
        const auto swatch = [&](double place) {
            return [&, place] {
                const QRectF box(x, std::round(middle - px(10) / 2.0), px(14), px(10));
                painter.fillRect(box, shell::theme().utilisation(place));
                drawFrame(painter, box, 1, shell::theme().line);
            };
        };
        put(first, px(14), swatch(0.4));
        put(second, px(14), swatch(1.6));
    } else {
        put(first, px(8), [&] { drawDot(painter, {x + px(4), middle}, 0); });
        put(second, px(8), [&] { drawDot(painter, {x + px(4), middle}, 1); });
    }
    if (withMasks)
        put(masked, px(14), [&] {
            drawCross(painter, QRectF(x, std::round(middle - px(10) / 2.0), px(14), px(10)));
        });
}

void HeatmapFrame::drawWords(QCPPainter& painter) const
{
    const bool steps = m_kind == HeatmapPlot::Kind::ExpertsOverSteps;
    const QFont font = shell::font(shell::TextRole::Caption);
    const QFontMetrics metrics(font);
    const QString factor
        = capacityFactor ? numberLocale().toString(*capacityFactor, 'g', 6) : QString();
    const auto words = [&](bool brief) {
        QStringList list{brief ? HeatmapPlot::tr("dead") : HeatmapPlot::tr("dead: no assignments")};
        if (!steps)
            list << HeatmapPlot::tr("no data");
        if (capacityFactor && !steps)
            list << (brief ? HeatmapPlot::tr("capacity %1") : HeatmapPlot::tr("capacity factor %1"))
                        .arg(factor);
        return list;
    };
    const int swatch = px(14), gap = px(5), between = px(18);
    const auto widthOf = [&](const QStringList& list) {
        int width = -between;
        for (const QString& word : list)
            width += swatch + gap + metrics.horizontalAdvance(word) + between;
        return width;
    };
    QStringList list = words(shortWords);
    if (!shortWords && widthOf(list) > layout.wordsWidth)
        list = words(true);
    double x = layout.words.x();
    const double middle = layout.words.y();
    for (qsizetype i = 0; i < list.size(); ++i) {
        const QRectF box(x, std::round(middle - px(10) / 2.0), swatch, px(10));
        if (i == 0) {
            drawHatch(painter, box);
        } else if (i == 1) {
            drawDots(painter, box);
            drawFrame(painter, box, 1, shell::theme().line);
        } else {
            x -= px(7);
            drawTriangle(painter, {x + swatch / 2.0, box.top() + px(2)});
        }
        x += swatch + gap;
        painter.setFont(font);
        painter.setPen(shell::theme().text2);
        const int width = metrics.horizontalAdvance(list[i]);
        painter.drawText(
            QRectF(x, middle - px(9), width + 1, 2 * px(9)), Qt::AlignVCenter, list[i]);
        x += width + between;
    }
}

} // namespace moe::plots
