// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_cells.h"

#include "ui/plots/crosshair.h"
#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>

namespace moe::plots {

using shell::px;

void drawHatch(QCPPainter& painter, const QRectF& rect)
{
    const shell::Theme& theme = shell::theme();
    if (rect.width() < 3 || rect.height() < 3) { // no room for lines
        painter.fillRect(rect, theme.hatch);
        return;
    }
    painter.save();
    painter.setClipRect(rect, Qt::IntersectClip);
    painter.fillRect(rect, theme.base);
    painter.setAntialiasing(true);
    painter.setPen(QPen(theme.hatch, 1.2));
    const double spacing = px(5), height = rect.height();
    const double first = std::floor(rect.left() / spacing) * spacing; // runs join seamlessly
    QList<QLineF> lines;
    const auto count = static_cast<int>(std::ceil((rect.right() + height - first) / spacing));
    for (int i = 0; i < count; ++i) {
        const double x = first + i * spacing;
        lines.append(QLineF(x - height, rect.bottom(), x, rect.top()));
    }
    painter.drawLines(lines);
    drawFrame(painter, rect, 1, theme.hatch);
    painter.restore();
}

void drawDots(QCPPainter& painter, const QRectF& rect)
{
    painter.fillRect(rect, shell::theme().base);
    painter.fillRect(rect, QBrush(shell::theme().text3, Qt::Dense7Pattern));
}

void drawCross(QCPPainter& painter, const QRectF& rect)
{
    const shell::Theme& theme = shell::theme();
    painter.fillRect(rect, theme.base);
    drawFrame(painter, rect, 1, theme.text);
    if (rect.width() < 4 || rect.height() < 4)
        return;
    painter.setAntialiasing(true);
    painter.setPen(QPen(theme.text, 1.2));
    const double half = std::min(rect.width(), rect.height()) / 2 - 2;
    const QPointF at = rect.center();
    painter.drawLine(QLineF(at.x() - half, at.y() - half, at.x() + half, at.y() + half));
    painter.drawLine(QLineF(at.x() - half, at.y() + half, at.x() + half, at.y() - half));
    painter.setAntialiasing(false);
}

void drawDot(QCPPainter& painter, QPointF centre, int rank)
{
    const shell::Theme& theme = shell::theme();
    painter.setAntialiasing(true);
    painter.setPen(QPen(theme.base, 1.2)); // seen on light and dark cells
    painter.setBrush(theme.text);
    const double radius = px(10) * (rank == 0 ? 0.32 : 0.22);
    painter.drawEllipse(centre, radius, radius);
    painter.setBrush(Qt::NoBrush);
}

HeatmapCells::HeatmapCells(QCustomPlot* canvas, QCPAxisRect* rect)
    : Drawing(canvas, "main")
    , m_rect(rect)
{
}

void HeatmapCells::makeColors()
{
    const int last = int(m_colors.size()) - 1;
    for (int i = 0; i <= last; ++i)
        m_colors[size_t(i)] = shell::theme().utilisation(2.0 * i / last).rgb();
}

// One row of pixels a row of cells: heights scale by whole factors, and drawing is one image.
QRgb HeatmapCells::colorAt(float place) const
{
    const float last = float(m_colors.size() - 1);
    // Never negative, and lround() is a call for every pixel.
    // NOLINTNEXTLINE(bugprone-incorrect-roundings)
    return m_colors[size_t(std::clamp(place * last / 2, 0.0F, last) + 0.5F)];
}

QImage HeatmapCells::cellImage(int pixelsAcross) const
{
    QImage image(pixelsAcross, data.rows, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    const QCPRange range = m_rect->axis(QCPAxis::atBottom)->range();
    const double columnsPerPixel = range.size() / data.columnStep / pixelsAcross;
    const double first = (range.lower - data.firstColumn) / data.columnStep;
    for (int pixel = 0; pixel < pixelsAcross; ++pixel) {
        const int from = int(std::floor(first + (pixel + 1e-6) * columnsPerPixel));
        const int to = std::max(from + 1, int(std::floor(first + (pixel + 1) * columnsPerPixel)));
        for (int row = 0; row < data.rows; ++row) {
            const float* values = data.values.data() + size_t(row) * size_t(data.columns);
            float shown = NAN;
            for (int column = std::max(from, 0); column < std::min(to, data.columns); ++column) {
                const float place = colorPlace(data.scale, values[column]);
                if (!(std::abs(place - 1) <= std::abs(shown - 1)) && !std::isnan(place))
                    shown = place;
            }
            if (!std::isnan(shown))
                reinterpret_cast<QRgb*>(image.scanLine(row))[pixel] = colorAt(shown);
        }
    }
    return image;
}

QRectF HeatmapCells::cellsRect(int row, int firstColumn, int lastColumn) const
{
    const QRect rect = m_rect->rect();
    const QCPRange range = m_rect->axis(QCPAxis::atBottom)->range();
    const auto x = [&](int column) {
        const double at = data.firstColumn + column * data.columnStep;
        const double pixel = rect.left() + (at - range.lower) / range.size() * rect.width();
        return std::clamp(std::round(pixel), double(rect.left()), double(rect.right() + 1));
    };
    const auto y = [&](int r) {
        return rect.top() + std::round(double(r) * rect.height() / data.rows);
    };
    return {QPointF(x(firstColumn), y(row)), QPointF(x(lastColumn), y(row + 1))};
}

void HeatmapCells::drawRects(QCPPainter& painter) const
{
    for (int row = 0; row < data.rows; ++row)
        for (int column = 0; column < data.columns; ++column) {
            const float value = colorPlace(
                data.scale, data.values[size_t(row) * size_t(data.columns) + size_t(column)]);
            const QRectF rect = cellsRect(row, column, column + 1);
            if (!std::isnan(value) && rect.width() > 0)
                painter.fillRect(rect, QColor::fromRgb(colorAt(value)));
        }
}

void HeatmapCells::drawDead(QCPPainter& painter) const
{
    if (data.dead.empty())
        return;
    for (int row = 0; row < data.rows; ++row) {
        const uint8_t* dead = data.dead.data() + size_t(row) * size_t(data.columns);
        for (int from = 0; from < data.columns;) {
            if (!dead[from]) {
                ++from;
                continue;
            }
            int to = from + 1;
            const bool one = framedCells && cellsRect(row, from, to).width() >= 4;
            while (!one && to < data.columns && dead[to])
                ++to;
            QRectF rect = cellsRect(row, from, to);
            if (rect.width() < 1 && rect.left() < m_rect->right()) // thinner than a pixel
                rect.setWidth(1);
            if (rect.width() >= 1)
                drawHatch(painter, rect);
            from = to;
        }
    }
}

void HeatmapCells::drawMasked(QCPPainter& painter) const
{
    for (size_t cell = 0; cell < data.masked.size(); ++cell) {
        const int row = int(cell) / data.columns, column = int(cell) % data.columns;
        if (data.masked[cell])
            drawCross(painter, cellsRect(row, column, column + 1));
    }
}

void HeatmapCells::draw(QCPPainter* painter)
{
    if (data.rows <= 0 || data.columns <= 0)
        return;
    const QRect rect = m_rect->rect();
    drawDots(*painter, rect);
    const int across = std::max(1, qRound(rect.width() * mParentPlot->bufferDevicePixelRatio()));
    const bool fresh = m_image.width() != across || m_image.height() != data.rows;
    if (fresh)
        makeColors();
    if (painter->modes().testFlag(QCPPainter::pmVectorized)
        && data.rows * data.columns <= HeatmapPlot::kVectorCells) {
        drawRects(*painter);
    } else {
        if (fresh)
            m_image = cellImage(across);
        painter->setRenderHint(QPainter::SmoothPixmapTransform, false);
        painter->drawImage(rect, m_image);
    }
    drawDead(*painter);
    drawMasked(*painter);
}

} // namespace moe::plots
