// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curves_layer.h"

#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>

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
    const PixelMap map = pixelMap(*keyAxis(), *valueAxis());
    for (const Curve& curve : m_curves)
        if (curve.visible && !curve.data.empty())
            drawCurve(*painter, curve, map);
}

void CurvesLayer::drawCurve(QCPPainter& painter, const Curve& curve, const PixelMap& map)
{
    const QCPRange keys = keyAxis()->range();
    curve.data.reduce(keys.lower, keys.upper, map, m_line);
    QPen pen(curve.style.color, m_live ? 1 : curve.style.width);
    pen.setJoinStyle(m_live ? Qt::MiterJoin : Qt::RoundJoin);
    if (m_live)
        pen.setCosmetic(true);
    if (curve.style.dashed)
        pen.setDashPattern({4, 3});
    painter.setAntialiasing(!m_live);
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    for (auto from = m_line.begin(); from != m_line.end();) {
        const auto gap = [](const QPointF& p) {
            return std::isnan(p.y());
        };
        const auto to = std::find_if(from, m_line.end(), gap);
        if (to - from > 1)
            painter.drawPolyline(&*from, int(to - from));
        else if (to - from == 1)
            painter.drawPoint(*from);
        from = std::find_if_not(to, m_line.end(), gap);
    }
    if (curve.style.points)
        drawPoints(painter, curve);
}

void CurvesLayer::drawPoints(QCPPainter& painter, const Curve& curve)
{
    if (double(m_line.size()) > keyAxis()->axisRect()->width() / 6.0) // they would run together
        return;
    const double radius = shell::px(2.5);
    painter.setAntialiasing(true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(curve.style.color);
    for (const QPointF& point : m_line)
        if (!std::isnan(point.y()))
            painter.drawEllipse(point, radius, radius);
}

} // namespace moe::plots
