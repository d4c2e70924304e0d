// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curves_layer.h"

#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace moe::plots {

namespace {

PixelMap pixelMap(const QCPAxis& key, const QCPAxis& value)
{
    const QRect rect = key.axisRect()->rect();
    PixelMap map;
    map.xScale = rect.width() / key.range().size();
    map.xOrigin = rect.left() - key.range().lower * map.xScale;
    map.yScale = -rect.height() / value.range().size();
    map.yOrigin = rect.bottom() + 1 - value.range().lower * map.yScale;
    return map;
}

/// Qt turns a wide polyline into one outline, and fills that in time that grows with the square of
/// its turns: a dense curve is fast in pieces. Colours are opaque, so the joints do not show.
void drawInPieces(QCPPainter& painter, std::span<const QPointF> line)
{
    constexpr size_t kPiece = 16;
    for (size_t from = 0; from + 1 < line.size(); from += kPiece - 1) {
        const auto piece = line.subspan(from, std::min(kPiece, line.size() - from));
        painter.drawPolyline(piece.data(), int(piece.size()));
    }
}

} // namespace

CurvesLayer::CurvesLayer(QCPAxis* keyAxis, QCPAxis* valueAxis)
    : QCPAbstractPlottable(keyAxis, valueAxis)
{
    setSelectable(QCP::stNone);
}

std::optional<QCPRange> CurvesLayer::keyRange() const
{
    std::optional<QCPRange> all;
    for (const Curve& curve : m_curves) {
        if (!curve.visible || curve.data.empty())
            continue;
        const QCPRange own(curve.data.x().front(), curve.data.x().back());
        all = all ? all->expanded(own) : own;
    }
    return all;
}

std::optional<QCPRange> CurvesLayer::valueRange(const QCPRange& keys) const
{
    std::optional<QCPRange> all;
    for (const Curve& curve : m_curves) {
        if (!curve.visible)
            continue;
        const auto bounds = curve.data.bounds(keys.lower, keys.upper);
        if (!bounds)
            continue;
        const QCPRange own(bounds->first, bounds->second);
        all = all ? all->expanded(own) : own;
    }
    return all;
}

QCPRange CurvesLayer::getKeyRange(bool& found, QCP::SignDomain) const
{
    const auto range = keyRange();
    found = range.has_value();
    return range.value_or(QCPRange());
}

QCPRange CurvesLayer::getValueRange(bool& found, QCP::SignDomain, const QCPRange& keys) const
{
    const auto range = valueRange(keys);
    found = range.has_value();
    return range.value_or(QCPRange());
}

void CurvesLayer::draw(QCPPainter* painter)
{
    const QRect rect = keyAxis()->axisRect()->rect();
    const QCPRange keys = keyAxis()->range();
    const double ratio = mParentPlot->bufferDevicePixelRatio();
    const PixelMap map = pixelMap(*keyAxis(), *valueAxis());
    const PixelMap device{(map.xOrigin - rect.left()) * ratio, map.xScale * ratio,
        (map.yOrigin - rect.top()) * ratio, map.yScale * ratio};
    const bool fast = m_live && !painter->modes().testFlag(QCPPainter::pmVectorized);
    if (fast)
        m_raster.begin(rect, ratio);
    for (const Curve& curve : m_curves) {
        if (!curve.visible || curve.data.empty())
            continue;
        const bool single = curve.data.x().size() == 1; // no line yet: a dot says where it begins
        if (fast && !single && !curve.style.dashed && !curve.style.points) {
            curve.data.reduceToRuns(keys.lower, keys.upper, device, m_runs);
            m_raster.draw(m_runs, curve.style.color.rgb());
            continue;
        }
        m_raster.flush(*painter); // what comes later lies on top
        curve.data.reduce(keys.lower, keys.upper, map, m_line);
        drawLine(*painter, curve);
        if (curve.style.points || single)
            drawPoints(*painter, curve);
    }
    m_raster.flush(*painter);
}

void CurvesLayer::drawLine(QCPPainter& painter, const Curve& curve) const
{
    QPen pen(curve.style.color, m_live ? 1 : curve.style.width);
    pen.setJoinStyle(Qt::RoundJoin);
    if (curve.style.dashed)
        pen.setDashPattern({4, 3});
    painter.setAntialiasing(!m_live);
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    const auto gap = [](const QPointF& p) {
        return std::isnan(p.y());
    };
    for (auto from = m_line.begin(); from != m_line.end();) {
        const auto to = std::find_if(from, m_line.end(), gap);
        if (to - from > 1 && curve.style.dashed)
            painter.drawPolyline(&*from, int(to - from));
        else if (to - from > 1)
            drawInPieces(painter, {from, to});
        else if (to != from)
            painter.drawPoint(*from);
        from = std::find_if_not(to, m_line.end(), gap);
    }
}

void CurvesLayer::drawPoints(QCPPainter& painter, const Curve& curve)
{
    if (double(m_line.size()) > keyAxis()->axisRect()->width() / 6.0) // they would run together
        return;
    const double radius = shell::px(5) / 2.0;
    painter.setAntialiasing(true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(curve.style.color);
    for (const QPointF& point : m_line)
        if (!std::isnan(point.y()))
            painter.drawEllipse(point, radius, radius);
}

} // namespace moe::plots
