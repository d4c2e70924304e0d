// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/run_file.h"

#include <cmath>
#include <numbers>

namespace moe::train {

double learningRate(const OptimizerSettings& optimizer, int64_t trainSteps, int64_t step)
{
    const double peak = optimizer.lr, least = optimizer.minLr;
    const auto ratio = [](int64_t part, int64_t whole) {
        return static_cast<double>(part) / static_cast<double>(whole);
    };
    if (step <= optimizer.warmupSteps)
        return peak * static_cast<double>(step) / static_cast<double>(optimizer.warmupSteps);
    if (optimizer.schedule == "constant")
        return peak;
    if (optimizer.schedule == "wsd") {
        const int64_t tenth = (trainSteps + 9) / 10; // it may begin within warmup, which goes first
        const int64_t decay = optimizer.decaySteps ? optimizer.decaySteps : tenth;
        const int64_t into = step - (trainSteps - decay);
        return into <= 0 ? peak : peak + (least - peak) * ratio(into, decay);
    }
    const double x = ratio(step - optimizer.warmupSteps, trainSteps - optimizer.warmupSteps);
    if (optimizer.schedule == "linear")
        return least + (peak - least) * (1 - x);
    return least + (peak - least) * (1 + std::cos(std::numbers::pi * x)) / 2;
}

} // namespace moe::train
