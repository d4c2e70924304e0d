// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_impl.h"
#include "ui/shell/theme.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMouseEvent>

#include <algorithm>
#include <cmath>

namespace moe::plots {

int HeatmapPlot::Impl::rowAt(double y) const
{
    const QRect map = frame->layout.map;
    if (data().rows <= 0 || y < map.top() || y >= map.bottom() + 1)
        return -1;
    return std::min(data().rows - 1, int((y - map.top()) * data().rows / map.height()));
}

Cell HeatmapPlot::Impl::cellAt(QPointF position) const
{
    const QRect map = frame->layout.map;
    if (data().columns <= 0 || position.x() < map.left() || position.x() >= map.right() + 1)
        return {};
    const double x = xAxis->pixelToCoord(position.x());
    const int column = int(std::floor((x - data().firstColumn) / data().columnStep));
    const int row = rowAt(position.y());
    return row < 0 || column < 0 || column >= data().columns ? Cell{} : Cell{row, column};
}

void HeatmapPlot::Impl::showTooltip(Cell cell)
{
    if (!cell.valid() || !cellText) {
        tooltip->hide();
        return;
    }
    const QRect rect = cellRect(cell).toAlignedRect();
    tooltip->showAt(
        QRect(canvas->mapToGlobal(rect.topLeft()), rect.size()), cellText(cell.row, cell.column));
}

void HeatmapPlot::Impl::tellCrosshair(std::optional<double> x)
{
    if (!steps() || x == cross->x)
        return;
    q.setCrosshair(x);
    Q_EMIT q.crosshairMoved(x);
}

void HeatmapPlot::Impl::hover(Cell cell)
{
    if (cell == hovered)
        return;
    hovered = cell;
    tellCrosshair(cell.valid() ? std::optional(columnX(cell.column)) : std::nullopt);
    redrawFrames();
    showTooltip(cell);
    Q_EMIT q.cellHovered(cell.row, cell.column);
}

void HeatmapPlot::Impl::mouseMoved(QPointF position)
{
    hover(cellAt(position));
}

void HeatmapPlot::Impl::clicked(QPointF position)
{
    const Cell cell = cellAt(position);
    const int row = rowAt(position.y()); // row numbers and side bars open their row too
    if (row < 0)
        return;
    current = cell.valid() ? cell : Cell{row, current.column};
    redrawFrames();
    tooltip->hide();
    Q_EMIT q.rowActivated(row);
}

void HeatmapPlot::Impl::moveCurrent(int rows, int columns)
{
    if (data().rows <= 0 || data().columns <= 0)
        return;
    current = {std::clamp(current.row + rows, 0, data().rows - 1),
        std::clamp(current.column + columns, 0, data().columns - 1)};
    hovered = {};
    tellCrosshair(columnX(current.column));
    redrawFrames();
    showTooltip(current);
    if (cellText) {
        const CellText text = cellText(current.row, current.column);
        QStringList parts{text.heading};
        for (const auto& [name, value] : text.lines)
            parts << name + QLatin1Char(' ') + value;
        q.setAccessibleDescription(parts.join(QStringLiteral(", ")));
    }
    Q_EMIT q.cellHovered(current.row, current.column);
}

bool HeatmapPlot::Impl::keyPressed(const QKeyEvent& event)
{
    const int most = std::max(data().rows, data().columns);
    const int stride = event.modifiers().testFlag(Qt::ControlModifier) ? 10 : 1;
    switch (event.key()) {
    case Qt::Key_Left:
        moveCurrent(0, -stride);
        return true;
    case Qt::Key_Right:
        moveCurrent(0, stride);
        return true;
    case Qt::Key_Up:
        moveCurrent(-stride, 0);
        return true;
    case Qt::Key_Down:
        moveCurrent(stride, 0);
        return true;
    case Qt::Key_Home:
        moveCurrent(stride > 1 ? -most : 0, -most);
        return true;
    case Qt::Key_End:
        moveCurrent(stride > 1 ? most : 0, most);
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (data().rows <= 0)
            return false;
        tooltip->hide();
        Q_EMIT q.rowActivated(current.row);
        return true;
    case Qt::Key_Escape:
        if (!tooltip->isVisible())
            return false;
        tooltip->hide();
        return true;
    default:
        return false;
    }
}

void HeatmapPlot::contextMenuEvent(QContextMenuEvent* event)
{
    Impl& impl = *m_impl;
    const bool byMouse = event->reason() == QContextMenuEvent::Mouse;
    const Cell cell = byMouse ? impl.cellAt(event->pos()) : impl.current;
    if (!cell.valid() || data().rows <= 0 || data().columns <= 0) {
        event->ignore();
        return;
    }
    impl.current = cell;
    impl.redrawFrames();
    impl.tooltip->hide();
    Q_EMIT cellMenuWanted(cell.row, cell.column,
        byMouse ? event->globalPos() : mapToGlobal(impl.cellRect(cell).bottomRight().toPoint()));
}

bool HeatmapPlot::eventFilter(QObject* watched, QEvent* event)
{
    Impl& impl = *m_impl;
    if (watched == this) {
        switch (event->type()) {
        case QEvent::KeyPress:
            return impl.keyPressed(*static_cast<QKeyEvent*>(event));
        case QEvent::FocusIn:
            impl.redrawFrames();
            return false;
        case QEvent::FocusOut:
            impl.tooltip->hide();
            impl.redrawFrames();
            return false;
        case QEvent::Show:
            if (std::exchange(impl.stale, false))
                impl.canvas->replot(QCustomPlot::rpQueuedReplot);
            return false;
        case QEvent::Hide:
            impl.tooltip->hide();
            return false;
        default:
            return false;
        }
    }
    switch (event->type()) {
    case QEvent::MouseMove:
        impl.mouseMoved(static_cast<QMouseEvent*>(event)->position());
        return true;
    case QEvent::MouseButtonPress:
    case QEvent::MouseButtonDblClick:
        return static_cast<QMouseEvent*>(event)->button() == Qt::LeftButton;
    case QEvent::MouseButtonRelease:
        if (static_cast<QMouseEvent*>(event)->button() != Qt::LeftButton)
            return false;
        impl.clicked(static_cast<QMouseEvent*>(event)->position());
        return true;
    case QEvent::Leave:
        impl.hover({});
        impl.tooltip->hide();
        return false;
    default:
        return false;
    }
}

} // namespace moe::plots
