// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/shared_axis.h"

namespace moe::training {

void SharedAxis::setAxis(models::XAxis axis)
{
    if (axis == m_axis)
        return;
    m_axis = axis;
    m_zoom.reset(); // the old range has another unit
    m_crosshair.reset();
    Q_EMIT changed();
    Q_EMIT crosshairChanged();
}

void SharedAxis::setLastSteps(int steps)
{
    if (steps == m_lastSteps && !m_zoom)
        return;
    m_lastSteps = steps;
    m_zoom.reset();
    Q_EMIT changed();
}

void SharedAxis::setSmoothing(double weight)
{
    if (weight == m_smoothing)
        return;
    m_smoothing = weight;
    Q_EMIT changed();
}

void SharedAxis::setCrosshair(std::optional<double> x)
{
    if (x == m_crosshair)
        return;
    m_crosshair = x;
    Q_EMIT crosshairChanged();
}

void SharedAxis::setZoom(std::optional<std::pair<double, double>> range)
{
    if (range == m_zoom)
        return;
    m_zoom = std::move(range);
    Q_EMIT changed();
}

} // namespace moe::training
