// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/rope.h"

#include <algorithm>
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

/// YaRN's passage between the frequencies as they are (fast turns) and divided by the factor (slow
/// ones), linear over the dimensions that turn betaFast … betaSlow times in the original context.
double yarnShare(int64_t pair, int64_t dim, double theta, const RopeScaling& scaling)
{
    const auto dimensionOf = [&](double turns) {
        return static_cast<double>(dim)
            * std::log(
                static_cast<double>(scaling.originalMaxPositions) / (turns * 2 * std::numbers::pi))
            / (2 * std::log(theta));
    };
    double low = dimensionOf(scaling.betaFast), high = dimensionOf(scaling.betaSlow);
    if (scaling.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, static_cast<double>(dim - 1));
    if (low == high)
        high += 0.001;
    return std::clamp((static_cast<double>(pair) - low) / (high - low), 0.0, 1.0);
}

double yarnMagnitude(double factor, double mscale)
{
    return factor <= 1 ? 1 : 0.1 * mscale * std::log(factor) + 1;
}

/// On cos and sin.
double attentionFactor(const RopeScaling& scaling)
{
    if (scaling.type != "yarn")
        return 1;
    if (scaling.attentionFactor != 0)
        return scaling.attentionFactor;
    if (scaling.mscale != 0 && scaling.mscaleAllDim != 0)
        return yarnMagnitude(scaling.factor, scaling.mscale)
            / yarnMagnitude(scaling.factor, scaling.mscaleAllDim);
    return yarnMagnitude(scaling.factor, 1);
}

} // namespace

std::vector<double> ropeFrequencies(const ModelConfig& config)
{
    std::vector<double> frequencies;
    const int64_t dim = config.rotaryDim();
    for (int64_t i = 0; i < dim / 2; ++i) {
        const double exponent = static_cast<double>(2 * i) / static_cast<double>(dim);
        const double frequency = std::pow(config.ropeTheta, -exponent);
        if (config.ropeScaling.type == "yarn") {
            const double slow = yarnShare(i, dim, config.ropeTheta, config.ropeScaling);
            frequencies.push_back(
                frequency * (1 - slow) + frequency / config.ropeScaling.factor * slow);
        } else {
            frequencies.push_back(scaled(frequency, config.ropeScaling));
        }
    }
    return frequencies;
}

std::vector<float> ropeTable(const ModelConfig& config, int64_t positions)
{
    const std::vector<double> frequencies = ropeFrequencies(config);
    const double factor = attentionFactor(config.ropeScaling);
    std::vector<float> table;
    table.reserve(static_cast<size_t>(positions) * frequencies.size() * 2);
    for (int64_t position = 0; position < positions; ++position) {
        for (const double frequency : frequencies) {
            const double angle = static_cast<double>(position) * frequency;
            table.push_back(static_cast<float>(factor * std::cos(angle)));
            table.push_back(static_cast<float>(factor * std::sin(angle)));
        }
    }
    return table;
}

double attentionScale(const ModelConfig& config)
{
    const double scale = 1 / std::sqrt(static_cast<double>(config.headDim));
    const RopeScaling& rope = config.ropeScaling;
    if (config.attention.kind != AttentionKind::Latent || rope.type == "default")
        return scale;
    const double magnitude = yarnMagnitude(rope.factor, rope.mscaleAllDim);
    return rope.mscaleAllDim == 0 ? scale : scale * magnitude * magnitude;
}

} // namespace moe::model
