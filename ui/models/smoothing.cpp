// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/smoothing.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::models {

void Smoother::configure(double weight, double unit)
{
    if (weight == m_weight && unit == m_unit)
        return;
    m_weight = weight;
    m_unit = unit;
    restart();
}

void Smoother::restart()
{
    m_values.clear();
    m_mean = 0;
    m_bias = 1;
}

void Smoother::extend(std::span<const double> x, std::span<const double> y)
{
    if (y.size() < m_values.size())
        restart();
    if (m_values.empty())
        m_values.reserve(y.size()); // later growth is by steps: reserving each would copy all
    // Steps mostly come one apart: the power is computed once, not for every step.
    double knownDistance = -1, knownWeight = 0;
    for (size_t i = m_values.size(); i < y.size(); ++i) {
        if (!std::isfinite(y[i])) {
            m_values.push_back(std::numeric_limits<double>::quiet_NaN());
            continue;
        }
        const double distance = m_bias == 1 ? m_unit : std::max(0.0, x[i] - m_lastX);
        if (distance != knownDistance) {
            knownDistance = distance;
            knownWeight = m_weight > 0 ? std::pow(m_weight, distance / m_unit) : 0;
        }
        m_mean = knownWeight * m_mean + (1 - knownWeight) * y[i];
        m_bias *= knownWeight;
        m_lastX = x[i];
        m_values.push_back(m_mean / (1 - m_bias));
    }
}

double smoothingUnit(double plannedSteps)
{
    return std::clamp(plannedSteps / 4000, 1.0, 20.0);
}

} // namespace moe::models
