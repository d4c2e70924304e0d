// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/rope.h"

#include <cmath>
#include <numbers>

namespace moe::model {

namespace {

double scaled(double frequency, const RopeScaling& scaling)
{
    if (scaling.type == "linear")
        return frequency / scaling.factor;
    if (scaling.type != "llama3")
        return frequency;
    const double wavelength = 2 * std::numbers::pi / frequency;
    const auto original = static_cast<double>(scaling.originalMaxPositions);
    if (wavelength < original / scaling.highFreqFactor)
        return frequency;
    if (wavelength > original / scaling.lowFreqFactor)
        return frequency / scaling.factor;
    const double smooth = (original / wavelength - scaling.lowFreqFactor)
        / (scaling.highFreqFactor - scaling.lowFreqFactor);
    return (1 - smooth) * frequency / scaling.factor + smooth * frequency;
}

} // namespace

std::vector<double> ropeFrequencies(const ModelConfig& config)
{
    std::vector<double> frequencies;
    for (int64_t i = 0; i < config.headDim / 2; ++i) {
        const double exponent = static_cast<double>(2 * i) / static_cast<double>(config.headDim);
        frequencies.push_back(scaled(std::pow(config.ropeTheta, -exponent), config.ropeScaling));
    }
    return frequencies;
}

std::vector<float> ropeTable(const ModelConfig& config, int64_t positions)
{
    const std::vector<double> frequencies = ropeFrequencies(config);
    std::vector<float> table;
    table.reserve(static_cast<size_t>(positions) * frequencies.size() * 2);
    for (int64_t position = 0; position < positions; ++position) {
        for (const double frequency : frequencies) {
            const double angle = static_cast<double>(position) * frequency;
            table.push_back(static_cast<float>(std::cos(angle)));
            table.push_back(static_cast<float>(std::sin(angle)));
        }
    }
    return table;
}

} // namespace moe::model
