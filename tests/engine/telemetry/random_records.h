// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/bus.h"

#include <nlohmann/json.hpp>

#include <random>

namespace moe::test {

/// A step as a trainer would report it, with values that need all their digits.
inline telemetry::StepRecord randomStep(
    std::mt19937_64& random, int64_t step, int32_t layers, int32_t experts)
{
    std::uniform_real_distribution<double> unit(0, 1);
    telemetry::StepRecord record;
    record.step = step;
    record.tokens = step * 4096;
    record.loss = 2 + unit(random);
    record.lmLoss = record.loss * 0.99;
    record.auxLoss = unit(random) * 1e-3;
    record.zLoss = unit(random) / 3;
    record.gradNorm = unit(random) * 7;
    record.lr = unit(random) * 1e-3;
    record.stepSeconds = unit(random);
    record.tokensPerSecond = 1e4 * unit(random);
    record.mfu = unit(random);
    record.peakBytes = static_cast<int64_t>(random() >> 20);
    if (step % 10 == 0)
        record.validLoss = 2 + unit(random);
    for (int32_t l = 0; l < layers; ++l) {
        telemetry::LayerRecord layer;
        layer.layer = 2 * l + 1; // dense layers between
        for (int32_t e = 0; e < experts; ++e) {
            layer.load.push_back(static_cast<int64_t>(random() % 5 == 0 ? 0 : random() % 2000));
            layer.droppedByExpert.push_back(static_cast<int64_t>(random() % 7));
            layer.assignments += layer.load.back();
            layer.dropped += layer.droppedByExpert.back();
        }
        layer.alpha = unit(random) * 0.01;
        layer.auxLoss = unit(random);
        layer.gateEntropy = unit(random) * 3;
        layer.max1OverMax2 = 1 + unit(random);
        if (experts > 2)
            layer.max2OverMax3 = 1 + unit(random);
        if (step % 10 == 0)
            layer.expertSimilarity = unit(random);
        record.layers.push_back(layer);
    }
    return record;
}

template <typename Value> telemetry::MessagePtr message(Value value)
{
    return std::make_shared<const telemetry::Message>(std::move(value));
}

/// Records are equal when their JSON lines are.
inline std::string line(const telemetry::StepRecord& record)
{
    return telemetry::toJson(record).dump();
}

} // namespace moe::test
