// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/record.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace moe::telemetry {

/// One named number of a record: exactly one of the three members is set. The tables below are the
/// single place where JSONL keys, TensorBoard tags, CSV columns and series keys meet the structs.
template <typename Record> struct ScalarField {
    const char* key;
    int64_t Record::*count = nullptr; ///< -1: not known
    double Record::*number = nullptr; ///< NaN: not known
    std::optional<double> Record::*maybe = nullptr;

    double get(const Record& record) const; ///< NaN when not known
    void set(Record& record, double value) const; ///< not finite: not known
};

/// In the JSONL's order; a field's position is its id in the run store, so only append here.
std::span<const ScalarField<StepRecord>> stepFields();
std::span<const ScalarField<LayerRecord>> layerFields();
/// Position of drop_rate in layerFields().
int dropRateField();

/// Largest count that an import may claim for a layer or a step: sums over a million steps still
/// fit 64 bits.
constexpr int64_t kLargestCount = INT64_C(1) << 43;
constexpr int64_t kLargestTotal = INT64_MAX; ///< tokens, bytes: never summed
constexpr int64_t kLargestStep = INT64_C(1) << 50;

/// A record whose every value is "not known": what imports fill in.
StepRecord unknownStep(int64_t step);
LayerRecord unknownLayer(int32_t layer);

/// The layer's entry of `record`, made at its place (layers ascend) when it is not there.
LayerRecord& layerOf(StepRecord& record, int32_t layer);

/// "layers/3/alpha" -> {3, "alpha"}; layer -1 when `key` is no such path.
struct LayerKey {
    int32_t layer = -1;
    std::string_view name;
};
LayerKey parseLayerKey(std::string_view key);
std::string layerKey(int32_t layer, std::string_view name);

/// Sets the scalar called `key` ("loss", "layers/3/alpha"); false when it is none of the fields.
bool setKnownScalar(StepRecord& record, std::string_view key, double value);

/// After the last value has come: derives assignments from the load where they are missing.
void finishImported(LayerRecord& layer);
void finishImported(StepRecord& record);

} // namespace moe::telemetry
