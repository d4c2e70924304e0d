// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curves_layer.h"

#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

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

/// One pixel wide, unbroken, without points: what a live plot draws by the raster.
bool isHardEdged(const CurvesLayer::Curve& curve)
{
    const bool single = curve.data.x().size() == 1; // no line yet: a dot says where it begins
    return !single && !curve.style.dashed && !curve.style.points;
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

bool CurvesLayer::Kept::Part::grewFrom(const Part& before) const
{
    return color == before.color && generation == before.generation && points >= before.points
        && reach.level == before.reach.level;
}

bool CurvesLayer::hardEdged() const
{
    return std::ranges::all_of(m_curves, [](const Curve& curve) {
        return !curve.visible || curve.data.empty() || isHardEdged(curve);
    });
}

void CurvesLayer::drawKept(QCPPainter& painter, const PixelMap& device)
{
    Kept now{keyAxis()->axisRect()->rect(), mParentPlot->bufferDevicePixelRatio(),
        keyAxis()->range(), valueAxis()->range(), {}};
    bool grew = now.area == m_kept.area && now.ratio == m_kept.ratio && now.keys == m_kept.keys
        && now.values == m_kept.values;
    int from = INT_MAX; // the first column that changed
    for (const Curve& curve : m_curves) {
        if (!curve.visible || curve.data.empty())
            continue;
        const Kept::Part part{curve.style.color.rgb(), curve.data.generation(),
            curve.data.x().size(), curve.data.reach(now.keys.lower, now.keys.upper, device)};
        const size_t at = now.parts.size();
        grew = grew && at < m_kept.parts.size() && part.grewFrom(m_kept.parts[at]);
        if (grew && part.points > m_kept.parts[at].points)
            from = std::min(from, m_kept.parts[at].reach.column);
        now.parts.push_back(part);
    }
    grew = grew && now.parts.size() == m_kept.parts.size();
    if (grew) {
        m_raster.beginAt(from);
        from = std::max(from, 0) - m_raster.lineWidth(); // lines reach into the next columns
    } else {
        m_raster.begin(now.area, now.ratio);
        from = ReducedCurve::kFirstColumn;
    }
    if (from < now.area.width() * now.ratio) {
        for (const Curve& curve : m_curves) {
            if (!curve.visible || curve.data.empty())
                continue;
            curve.data.reduceToRuns(now.keys.lower, now.keys.upper, device, m_runs, from);
            m_raster.draw(m_runs, curve.style.color.rgb());
        }
    }
    m_kept = std::move(now);
    m_raster.paint(painter);
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
    if (fast && hardEdged()) {
        drawKept(*painter, device);
        return;
    }
    m_kept = {};
    bool begun = false;
    const auto flush = [&] {
        if (std::exchange(begun, false))
            m_raster.paint(*painter);
    };
    for (const Curve& curve : m_curves) {
        if (!curve.visible || curve.data.empty())
            continue;
        if (fast && isHardEdged(curve)) {
            if (!std::exchange(begun, true))
                m_raster.begin(rect, ratio);
            curve.data.reduceToRuns(keys.lower, keys.upper, device, m_runs);
            m_raster.draw(m_runs, curve.style.color.rgb());
            continue;
        }
        flush(); // what comes later lies on top
        curve.data.reduce(keys.lower, keys.upper, map, m_line);
        drawLine(*painter, curve);
        if (curve.style.points || curve.data.x().size() == 1)
            drawPoints(*painter, curve);
    }
    flush();
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
