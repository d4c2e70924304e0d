// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/record.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moe::telemetry {

using Bytes = std::vector<uint8_t>;

/// What a bucket of steps says about one scalar. `step` is the mean of the steps that had it, so
/// that a scalar measured once in a bucket keeps its exact place.
struct Aggregate {
    int64_t count = 0;
    double step = 0, value = 0, low = 0, high = 0;

    void add(const Aggregate& other);
};

/// One scalar of a row: its id, and the integer where the field is one (level 0 only).
struct ScalarEntry {
    int id = 0;
    Aggregate aggregate;
    int64_t integer = -1;
};

/// Ids: positions in stepFields() (layer -1) or layerFields(), and from kFirstExtraId on the names
/// that an import brought along.
constexpr int kFirstExtraId = 64;

/// Level 0: (id, value) pairs. Values that are not known leave no trace.
Bytes encodeStepScalars(const StepRecord& record, std::span<const int> extraIds);
Bytes encodeLayerScalars(const LayerRecord& record);
/// Coarser levels: (id, count, step, value, low, high).
Bytes encodeAggregates(const std::vector<ScalarEntry>& entries);

/// Reads the scalars of a row one after the other, ascending by id. Throws moe::Error naming
/// `where` when the bytes make no sense.
class ScalarReader {
public:
    /// `first`: the row's first step. `ofLayer`: whose table of fields the ids are from.
    ScalarReader(std::span<const uint8_t> bytes, int level, bool ofLayer, int64_t first,
        const std::string& where);
    bool next(ScalarEntry& entry);

private:
    std::span<const uint8_t> m_rest;
    int m_level;
    bool m_ofLayer;
    int64_t m_first;
    const std::string& m_where;
};

Bytes encodeCounts(std::span<const int64_t> counts);
/// Adds the counts to `sums`, which grows to their number.
void addCounts(
    std::span<const uint8_t> bytes, std::vector<int64_t>& sums, const std::string& where);

/// The loads of a probe.
Bytes encodeProbeLayers(const std::vector<LayerRecord>& layers);
std::vector<LayerRecord> decodeProbeLayers(
    std::span<const uint8_t> bytes, const std::string& where);

} // namespace moe::telemetry
