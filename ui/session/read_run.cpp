// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/read_run.h"

#include <algorithm>
#include <set>
#include <string>

namespace moe::session {

namespace {

constexpr int64_t kScalarPoints = 20'000, kLayerPoints = 4'000;
constexpr int64_t kHistoryColumns = 1'500;

Curve readCurve(
    const telemetry::RunStore& store, int64_t run, const std::string& key, int64_t maxPoints)
{
    Curve curve;
    for (const telemetry::SeriesPoint& point : store.series(run, key, maxPoints)) {
        curve.step.push_back(point.step);
        curve.value.push_back(point.value);
    }
    return curve;
}

std::string layerKey(int32_t layer, const char* name)
{
    return "layers/" + std::to_string(layer) + "/" + name;
}

} // namespace

RunSnapshot readRun(
    const telemetry::RunStore& store, const telemetry::RunInfo& info, int64_t tailSteps)
{
    RunSnapshot snapshot;
    snapshot.info = info;
    const auto scalar = [&](const char* key) {
        return readCurve(store, info.id, key, kScalarPoints);
    };
    snapshot.loss = scalar("loss");
    snapshot.valid = scalar("valid_loss");
    snapshot.lr = scalar("lr");
    snapshot.gradNorm = scalar("grad_norm");
    snapshot.tokensPerSecond = scalar("tokens_per_second");
    snapshot.stepSeconds = scalar("step_seconds");
    snapshot.mfu = scalar("mfu");
    snapshot.tokens = scalar("tokens");
    snapshot.events = store.events(info.id);
    std::set<std::string> seen;
    for (telemetry::ProbeRecord& probe : store.probes(info.id, 32)) {
        if (seen.insert(probe.probe).second)
            snapshot.probes.push_back(std::move(probe));
    }
    snapshot.tail
        = store.steps(info.id, std::max<int64_t>(1, info.steps - tailSteps + 1), info.steps);
    if (!snapshot.tail.empty()) {
        for (const telemetry::LayerRecord& layer : snapshot.tail.back().layers)
            snapshot.layers.push_back(layer.layer);
    }
    return snapshot;
}

LayerCurves readLayerCurves(const telemetry::RunStore& store, int64_t run, int32_t layer)
{
    return {layer, readCurve(store, run, layerKey(layer, "drop_rate"), kLayerPoints),
        readCurve(store, run, layerKey(layer, "alpha"), kLayerPoints)};
}

LayerDetail readLayerDetail(const telemetry::RunStore& store, int64_t run, int32_t layer)
{
    const auto curve = [&](const char* name) {
        return readCurve(store, run, layerKey(layer, name), kLayerPoints);
    };
    LayerDetail detail;
    detail.layer = layer;
    detail.entropy = curve("gate_entropy");
    detail.max1OverMax2 = curve("max1_over_max2");
    detail.max2OverMax3 = curve("max2_over_max3");
    detail.similarity = curve("expert_similarity");
    detail.history = store.loadHistory(run, layer, kHistoryColumns);
    return detail;
}

} // namespace moe::session
