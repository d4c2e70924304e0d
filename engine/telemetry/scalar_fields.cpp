// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/scalar_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace moe::telemetry {

namespace {

using Step = ScalarField<StepRecord>;
using Layer = ScalarField<LayerRecord>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr std::array kStepFields = {
    Step{.key = "tokens", .count = &StepRecord::tokens},
    Step{.key = "loss", .number = &StepRecord::loss},
    Step{.key = "lm_loss", .number = &StepRecord::lmLoss},
    Step{.key = "aux_loss", .number = &StepRecord::auxLoss},
    Step{.key = "grad_norm", .number = &StepRecord::gradNorm},
    Step{.key = "lr", .number = &StepRecord::lr},
    Step{.key = "step_seconds", .number = &StepRecord::stepSeconds},
    Step{.key = "tokens_per_second", .number = &StepRecord::tokensPerSecond},
    Step{.key = "mfu", .number = &StepRecord::mfu},
    Step{.key = "peak_bytes", .count = &StepRecord::peakBytes},
    Step{.key = "valid_loss", .maybe = &StepRecord::validLoss},
    Step{.key = "z_loss", .number = &StepRecord::zLoss},
};

constexpr std::array kLayerFields = {
    Layer{.key = "assignments", .count = &LayerRecord::assignments},
    Layer{.key = "dropped", .count = &LayerRecord::dropped},
    Layer{.key = "drop_rate", .maybe = &LayerRecord::importedDropRate},
    Layer{.key = "alpha", .number = &LayerRecord::alpha},
    Layer{.key = "aux_loss", .number = &LayerRecord::auxLoss},
    Layer{.key = "gate_entropy", .number = &LayerRecord::gateEntropy},
    Layer{.key = "max1_over_max2", .maybe = &LayerRecord::max1OverMax2},
    Layer{.key = "max2_over_max3", .maybe = &LayerRecord::max2OverMax3},
    Layer{.key = "expert_similarity", .maybe = &LayerRecord::expertSimilarity},
};

/// A double from an import as a count; -1 where it is none.
int64_t countFrom(double value)
{
    if (!std::isfinite(value) || value < 0 || value > 9e18)
        return -1;
    return std::llround(value);
}

} // namespace

template <typename Record> double ScalarField<Record>::get(const Record& record) const
{
    if (count)
        return record.*count < 0 ? kNaN : static_cast<double>(record.*count);
    if (number)
        return record.*number;
    if constexpr (std::is_same_v<Record, LayerRecord>) {
        if (maybe == &LayerRecord::importedDropRate)
            return record.dropRate();
    }
    return (record.*maybe).value_or(kNaN);
}

template <typename Record> void ScalarField<Record>::set(Record& record, double value) const
{
    if (count)
        record.*count = countFrom(value);
    else if (number)
        record.*number = value;
    else if (std::isfinite(value))
        record.*maybe = value;
    else
        record.*maybe = std::nullopt;
}

template struct ScalarField<StepRecord>;
template struct ScalarField<LayerRecord>;

std::span<const ScalarField<StepRecord>> stepFields()
{
    return kStepFields;
}

std::span<const ScalarField<LayerRecord>> layerFields()
{
    return kLayerFields;
}

int dropRateField()
{
    return 2;
}

StepRecord unknownStep(int64_t step)
{
    StepRecord record;
    for (const Step& field : kStepFields)
        field.set(record, kNaN);
    record.step = step;
    return record;
}

LayerRecord unknownLayer(int32_t layer)
{
    LayerRecord record;
    for (const Layer& field : kLayerFields)
        field.set(record, kNaN);
    record.layer = layer;
    return record;
}

LayerRecord& layerOf(StepRecord& record, int32_t layer)
{
    const auto at = std::lower_bound(record.layers.begin(), record.layers.end(), layer,
        [](const LayerRecord& entry, int32_t index) { return entry.layer < index; });
    if (at != record.layers.end() && at->layer == layer)
        return *at;
    return *record.layers.insert(at, unknownLayer(layer));
}

LayerKey parseLayerKey(std::string_view key)
{
    constexpr std::string_view kPrefix = "layers/";
    if (!key.starts_with(kPrefix))
        return {};
    const std::string_view rest = key.substr(kPrefix.size());
    int32_t layer = -1;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), layer);
    constexpr int32_t kMostLayers = 100'000;
    if (error != std::errc() || layer < 0 || layer >= kMostLayers
        || end == rest.data() + rest.size() || *end != '/')
        return {};
    return {layer, rest.substr(static_cast<size_t>(end - rest.data()) + 1)};
}

std::string layerKey(int32_t layer, std::string_view name)
{
    return "layers/" + std::to_string(layer) + "/" + std::string(name);
}

bool setKnownScalar(StepRecord& record, std::string_view key, double value)
{
    for (const Step& field : kStepFields) {
        if (key == field.key) {
            field.set(record, value);
            return true;
        }
    }
    const LayerKey path = parseLayerKey(key);
    for (const Layer& field : kLayerFields) {
        if (path.layer >= 0 && path.name == field.key) {
            field.set(layerOf(record, path.layer), value);
            return true;
        }
    }
    return false;
}

void finishImported(LayerRecord& layer)
{
    if (layer.assignments < 0 && !layer.load.empty())
        layer.assignments
            = std::accumulate(layer.load.begin(), layer.load.end(), static_cast<int64_t>(0));
    if (layer.assignments >= 0 && layer.dropped >= 0)
        layer.importedDropRate.reset();
}

void finishImported(StepRecord& record)
{
    for (LayerRecord& layer : record.layers)
        finishImported(layer);
}

} // namespace moe::telemetry
