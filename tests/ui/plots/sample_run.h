// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/heatmap_plot.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

/// A made-up run with the shapes of a real one: drop rates that fall and spread by depth, a layer
/// that goes wrong late, loads about 1. For screenshots, tests and the benchmark.
namespace moe::plots::sample {

inline std::vector<double> steps(int count)
{
    std::vector<double> x(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i)
        x[size_t(i)] = i + 1;
    return x;
}

/// Drop rate of a layer (0 … 1); `sick` layers rise at 86 % of the run.
inline std::vector<double> dropRate(int count, double depth, bool sick, uint32_t seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> noise;
    std::vector<double> y(static_cast<size_t>(count));
    double wander = 0;
    for (int i = 0; i < count; ++i) {
        const double t = double(i) / std::max(1, count - 1);
        wander = 0.995 * wander + 0.02 * noise(random);
        double rate = (0.8 + 0.5 * depth) * (0.9 + 5.0 * std::exp(-4.5 * t)) * (1 + 0.5 * wander);
        if (sick && t > 0.86)
            rate += 1.9 * std::min(1.0, (t - 0.86) / 0.06);
        y[size_t(i)] = 0.01 * std::max(0.0, rate);
    }
    return y;
}

inline std::vector<double> loss(int count, double offset, double noisiness, uint32_t seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> noise;
    std::vector<double> y(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i)
        y[size_t(i)] = 2.15 + offset + 3.2 * std::exp(-i / 1500.0) + 0.9 * std::exp(-i / 9000.0)
            + noisiness * noise(random);
    return y;
}

inline std::vector<double> meanOf(const std::vector<std::vector<double>>& curves)
{
    std::vector<double> mean(curves.front().size(), 0.0);
    for (const auto& curve : curves)
        for (size_t i = 0; i < mean.size(); ++i)
            mean[i] += curve[i] / double(curves.size());
    return mean;
}

inline HeatmapData loads(int rows, int columns, uint32_t seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> noise;
    HeatmapData data;
    data.rows = rows;
    data.columns = columns;
    for (int i = 0; i < rows * columns; ++i)
        data.values.push_back(std::clamp(1 + 0.17F * noise(random), 0.0F, 2.5F));
    for (int row = 0; row < rows; ++row)
        data.rowBars.push_back(0.0125F + 0.002F * noise(random));
    return data;
}

} // namespace moe::plots::sample
