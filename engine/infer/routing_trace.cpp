// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/routing_trace.h"

#include "engine/infer/sampler.h"

#include <algorithm>
#include <span>

namespace moe::infer {

namespace {

/// One MoE layer's row of an array [layers, rows, columns].
template <typename T>
std::span<const T> rowOf(const std::vector<T>& values, const RoutedBatch& batch, int64_t layer,
    int64_t row, int64_t columns)
{
    return std::span(values).subspan(
        static_cast<size_t>((layer * batch.rows + row) * columns), static_cast<size_t>(columns));
}

LayerRouting layerRoutingOf(const RoutedBatch& batch, int64_t layer, int64_t row, int64_t runnersUp)
{
    LayerRouting routing;
    const auto chosen = rowOf(batch.chosen, batch, layer, row, batch.topK);
    const auto weights = rowOf(batch.weights, batch, layer, row, batch.topK);
    for (size_t j = 0; j < chosen.size(); ++j)
        routing.push_back({.expert = chosen[j], .weight = weights[j]});
    if (runnersUp < 1)
        return routing;
    const auto probs = rowOf(batch.probs, batch, layer, row, batch.experts);
    for (ExpertChoice& choice : routing)
        choice.gate = probs[static_cast<size_t>(choice.expert)];
    for (const int32_t expert : mostLikely(probs, batch.experts)) {
        if (std::ssize(routing) == batch.topK + runnersUp)
            break;
        if (std::find(chosen.begin(), chosen.end(), expert) == chosen.end())
            routing.push_back(
                {expert, probs[static_cast<size_t>(expert)], probs[static_cast<size_t>(expert)]});
    }
    return routing;
}

} // namespace

TokenRouting routingOf(
    const RoutedBatch& batch, const model::ModelConfig& config, int64_t row, int64_t runnersUp)
{
    TokenRouting routing(static_cast<size_t>(config.layers));
    int64_t moeLayer = 0;
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        if (config.isMoeLayer(layer))
            routing[static_cast<size_t>(layer)] = layerRoutingOf(batch, moeLayer++, row, runnersUp);
    }
    return routing;
}

std::vector<telemetry::LayerRecord> expertLoads(
    const RoutedBatch& batch, const model::ModelConfig& config)
{
    std::vector<telemetry::LayerRecord> layers;
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        if (!config.isMoeLayer(layer))
            continue;
        const int64_t moeLayer = std::ssize(layers);
        telemetry::LayerRecord& record = layers.emplace_back();
        record.layer = static_cast<int32_t>(layer);
        record.assignments = batch.rows * batch.topK;
        record.load.resize(static_cast<size_t>(batch.experts));
        for (int64_t row = 0; row < batch.rows; ++row) {
            for (const int32_t expert : rowOf(batch.chosen, batch, moeLayer, row, batch.topK))
                ++record.load[static_cast<size_t>(expert)];
        }
    }
    return layers;
}

} // namespace moe::infer
