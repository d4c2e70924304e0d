// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/time_series_impl.h"
#include "ui/shell/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace moe::plots {

namespace {

constexpr double kDragThreshold = 4; ///< pixels: less is a click
constexpr size_t kHistory = 50;

} // namespace

std::optional<double> TimeSeriesPlot::Impl::snapped(double x) const
{
    const CurvesLayer::Curve* densest = nullptr;
    for (const CurvesLayer::Curve& curve : curves->curves())
        if (curve.visible && (!densest || curve.data.x().size() > densest->data.x().size()))
            densest = &curve;
    const std::optional<size_t> at = densest ? densest->data.nearest(x) : std::nullopt;
    return at ? std::optional(densest->data.x()[*at]) : std::nullopt;
}

void TimeSeriesPlot::Impl::moveCrosshair(std::optional<double> x)
{
    if (x)
        x = snapped(*x);
    if (x == cross->x)
        return;
    q.setCrosshair(x);
    Q_EMIT q.crosshairMoved(x);
}

void TimeSeriesPlot::Impl::stepCrosshair(int direction, int columns)
{
    const QCPRange range = xAxis->range();
    const double column = range.size() / std::max(1, rect->width());
    double from = cross->x.value_or(direction > 0 ? range.lower : range.upper);
    from = std::clamp(from, range.lower, range.upper);
    if (!isTime) { // one step, or one pixel where a pixel holds several
        moveCrosshair(std::clamp(
            from + direction * columns * std::max(1.0, column), range.lower, range.upper));
    } else {
        moveCrosshair(std::clamp(from + direction * columns * column, range.lower, range.upper));
    }
    QStringList parts;
    for (const LegendEntry& entry : q.legend())
        parts << entry.name + QLatin1Char(' ') + entry.value;
    if (cross->x)
        q.setAccessibleDescription(
            positionText(*cross->x) + QStringLiteral(": ") + parts.join(QStringLiteral(", ")));
}

void TimeSeriesPlot::Impl::show(const View& next, bool remember)
{
    if (next == view)
        return;
    if (remember) {
        history.push_back(view);
        if (history.size() > kHistory)
            history.erase(history.begin());
    }
    view = next;
    hurry();
    q.refresh();
}

void TimeSeriesPlot::Impl::back()
{
    if (history.empty())
        return;
    const View last = history.back();
    history.pop_back();
    show(last, false);
    if (last.x)
        Q_EMIT q.xRangeChanged(last.x->lower, last.x->upper);
    else
        Q_EMIT q.xRangeReset();
}

void TimeSeriesPlot::Impl::fit()
{
    show(View{}, true);
    Q_EMIT q.xRangeReset();
}

void TimeSeriesPlot::Impl::zoomAround(double x, double factor)
{
    const QCPRange old = xAxis->range(), all = fittedX();
    const double least = isTime ? 1e-3 : 2; // closer than two steps there is nothing to see
    QCPRange range(x - (x - old.lower) * factor, x + (old.upper - x) * factor);
    if (range.size() < least || range.size() > 4 * all.size())
        return;
    View next = view;
    next.x = range;
    show(next, true);
    Q_EMIT q.xRangeChanged(range.lower, range.upper);
}

bool TimeSeriesPlot::Impl::mousePressed(const QMouseEvent& event)
{
    if (event.button() != Qt::LeftButton)
        return false;
    drag = Drag{event.position(), xAxis->range(), event.modifiers().testFlag(Qt::ShiftModifier)};
    return true;
}

bool TimeSeriesPlot::Impl::mouseMoved(const QMouseEvent& event)
{
    const QPointF at = event.position();
    if (!drag || !event.buttons().testFlag(Qt::LeftButton)) {
        const bool inside = at.x() >= rect->left() && at.x() <= rect->right() + 1;
        moveCrosshair(inside ? std::optional(xAxis->pixelToCoord(at.x())) : std::nullopt);
        canvas->setCursor(marks->flagAt(at) > 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
        return true;
    }
    if (!drag->moved && (at - drag->from).manhattanLength() < kDragThreshold)
        return true;
    const bool started = std::exchange(drag->moved, true);
    if (drag->boxing) {
        cross->box = QRectF(drag->from, at).normalized().intersected(QRectF(rect->rect()));
        redrawOverlay(*canvas);
        return true;
    }
    curves->setLive(true); // keeps up with the hand; full quality comes back when it lets go
    const double shift = (drag->from.x() - at.x()) / rect->width() * drag->range.size();
    View next = view;
    next.x = QCPRange(drag->range.lower + shift, drag->range.upper + shift);
    show(next, !started);
    Q_EMIT q.xRangeChanged(next.x->lower, next.x->upper);
    return true;
}

bool TimeSeriesPlot::Impl::mouseReleased(const QMouseEvent& event)
{
    if (event.button() != Qt::LeftButton || !drag)
        return false;
    const Drag done = *std::exchange(drag, std::nullopt);
    const std::optional<QRectF> box = std::exchange(cross->box, std::nullopt);
    if (!done.moved) {
        if (const int number = marks->flagAt(event.position()))
            Q_EMIT q.markerClicked(number);
        return true;
    }
    if (!done.boxing) {
        curves->setLive(live);
        q.refresh();
        return true;
    }
    if (!box || box->width() < kDragThreshold || box->height() < kDragThreshold) {
        redrawOverlay(*canvas);
        return true;
    }
    View next;
    next.x = QCPRange(xAxis->pixelToCoord(box->left()), xAxis->pixelToCoord(box->right()));
    next.y = QCPRange(yAxis->pixelToCoord(box->bottom()), yAxis->pixelToCoord(box->top()));
    show(next, true);
    Q_EMIT q.xRangeChanged(next.x->lower, next.x->upper);
    return true;
}

bool TimeSeriesPlot::Impl::wheelTurned(const QWheelEvent& event)
{
    if (!event.modifiers().testFlag(Qt::ControlModifier))
        return false; // the view around scrolls
    zoomAround(
        xAxis->pixelToCoord(event.position().x()), std::pow(0.8, event.angleDelta().y() / 120.0));
    return true;
}

bool TimeSeriesPlot::Impl::keyPressed(const QKeyEvent& event)
{
    const int columns = event.modifiers().testFlag(Qt::ControlModifier) ? 20 : 1;
    const double centre = cross->x.value_or(xAxis->range().center());
    switch (event.key()) {
    case Qt::Key_Left:
        stepCrosshair(-1, columns);
        return true;
    case Qt::Key_Right:
        stepCrosshair(1, columns);
        return true;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        zoomAround(centre, 0.8);
        return true;
    case Qt::Key_Minus:
        zoomAround(centre, 1.25);
        return true;
    case Qt::Key_Backspace:
        if (history.empty())
            return false; // the page around may go back
        back();
        return true;
    case Qt::Key_Home:
        fit();
        return true;
    case Qt::Key_Escape:
        if (!cross->x)
            return false;
        moveCrosshair(std::nullopt);
        return true;
    default:
        return false;
    }
}

bool TimeSeriesPlot::eventFilter(QObject* watched, QEvent* event)
{
    Impl& impl = *m_impl;
    if (watched == this) {
        switch (event->type()) {
        case QEvent::KeyPress:
            return impl.keyPressed(*static_cast<QKeyEvent*>(event));
        case QEvent::FocusIn:
        case QEvent::FocusOut:
            impl.cross->focused = event->type() == QEvent::FocusIn;
            if (isVisible())
                redrawOverlay(*impl.canvas);
            return false;
        case QEvent::Show:
            if (std::exchange(impl.stale, false))
                impl.canvas->replot(QCustomPlot::rpQueuedReplot);
            return false;
        default:
            return false;
        }
    }
    switch (event->type()) {
    case QEvent::MouseButtonPress:
        return impl.mousePressed(*static_cast<QMouseEvent*>(event));
    case QEvent::MouseMove:
        return impl.mouseMoved(*static_cast<QMouseEvent*>(event));
    case QEvent::MouseButtonRelease:
        return impl.mouseReleased(*static_cast<QMouseEvent*>(event));
    case QEvent::Resize:
        impl.hurry();
        return false;
    case QEvent::Leave:
        if (!impl.drag)
            impl.moveCrosshair(std::nullopt);
        return false;
    case QEvent::Wheel:
        return impl.wheelTurned(*static_cast<QWheelEvent*>(event));
    default:
        return false;
    }
}

} // namespace moe::plots
