// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace moe::models {

/// Exponential mean over steps, debiased and weighted by distance (TWEMA): a value `unit` steps old
/// counts `weight` times as much as the newest. s ← w^(Δ/unit) s + (1 − w^(Δ/unit)) y, shown as
/// s / (1 − Π w^(Δ/unit)). Grows with its input; NaN stays NaN and leaves the mean as it was.
class Smoother {
public:
    void configure(double weight, double unit); ///< starts over when either changed
    /// Smooths what is new at the end of x, y; starts over when they were replaced (shorter).
    void extend(std::span<const double> x, std::span<const double> y);
    void restart();
    const std::vector<double>& values() const { return m_values; }

private:
    double m_weight = 0, m_unit = 1;
    double m_mean = 0, m_bias = 1; ///< bias: the share that the first value's absence still holds
    double m_lastX = 0;
    std::vector<double> m_values;
};

/// The steps that one unit of smoothing stands for: 1/4,000 of the planned run, 1 to 20.
double smoothingUnit(double plannedSteps);

} // namespace moe::models
