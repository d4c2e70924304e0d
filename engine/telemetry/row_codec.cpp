// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/row_codec.h"

#include "engine/telemetry/scalar_fields.h"
#include "kernels/error.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace moe::telemetry {

namespace {

[[noreturn]] void damaged(const std::string& where)
{
    throw Error("a record is damaged", where, "restore a copy of the file");
}

void putVarint(Bytes& bytes, uint64_t value)
{
    while (value >= 0x80) {
        bytes.push_back(static_cast<uint8_t>(value | 0x80));
        value >>= 7;
    }
    bytes.push_back(static_cast<uint8_t>(value));
}

uint64_t takeVarint(std::span<const uint8_t>& rest, const std::string& where)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (rest.empty())
            damaged(where);
        const uint8_t byte = rest.front();
        rest = rest.subspan(1);
        value |= static_cast<uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    damaged(where);
}

void putDouble(Bytes& bytes, double value)
{
    const size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

double takeDouble(std::span<const uint8_t>& rest, const std::string& where)
{
    double value = 0;
    if (rest.size() < sizeof value)
        damaged(where);
    std::memcpy(&value, rest.data(), sizeof value);
    rest = rest.subspan(sizeof value);
    return value;
}

template <typename Record>
void putFields(Bytes& bytes, const Record& record, std::span<const ScalarField<Record>> fields)
{
    for (size_t id = 0; id < fields.size(); ++id) {
        if (fields[id].count) {
            if (record.*fields[id].count >= 0) {
                putVarint(bytes, id);
                putVarint(bytes, static_cast<uint64_t>(record.*fields[id].count));
            }
            continue;
        }
        const double value = fields[id].get(record);
        if (!std::isnan(value)) {
            putVarint(bytes, id);
            putDouble(bytes, value);
        }
    }
}

bool isCount(int id, bool ofLayer)
{
    const auto at = static_cast<size_t>(id);
    if (ofLayer)
        return at < layerFields().size() && layerFields()[at].count;
    return at < stepFields().size() && stepFields()[at].count;
}

} // namespace

void Aggregate::add(const Aggregate& other)
{
    if (other.count == 0)
        return;
    if (count == 0) {
        *this = other;
        return;
    }
    const double share
        = static_cast<double>(other.count) / static_cast<double>(count + other.count);
    count += other.count;
    step += (other.step - step) * share;
    value += (other.value - value) * share;
    low = std::min(low, other.low);
    high = std::max(high, other.high);
}

Bytes encodeStepScalars(const StepRecord& record, std::span<const int> extraIds)
{
    Bytes bytes;
    putFields(bytes, record, stepFields());
    for (size_t i = 0; i < record.extra.size(); ++i) {
        putVarint(bytes, static_cast<uint64_t>(extraIds[i]));
        putDouble(bytes, record.extra[i].second);
    }
    return bytes;
}

Bytes encodeLayerScalars(const LayerRecord& record)
{
    Bytes bytes;
    putFields(bytes, record, layerFields());
    return bytes;
}

Bytes encodeAggregates(const std::vector<ScalarEntry>& entries)
{
    Bytes bytes;
    for (const ScalarEntry& entry : entries) {
        const Aggregate& aggregate = entry.aggregate;
        if (aggregate.count == 0)
            continue; // never finite in this bucket
        putVarint(bytes, static_cast<uint64_t>(entry.id));
        putVarint(bytes, static_cast<uint64_t>(aggregate.count));
        for (const double value : {aggregate.step, aggregate.value, aggregate.low, aggregate.high})
            putDouble(bytes, value);
    }
    return bytes;
}

ScalarReader::ScalarReader(std::span<const uint8_t> bytes, int level, bool ofLayer, int64_t first,
    const std::string& where)
    : m_rest(bytes)
    , m_level(level)
    , m_ofLayer(ofLayer)
    , m_first(first)
    , m_where(where)
{
}

bool ScalarReader::next(ScalarEntry& entry)
{
    if (m_rest.empty())
        return false;
    const uint64_t id = takeVarint(m_rest, m_where);
    if (id > INT32_MAX)
        damaged(m_where);
    entry.id = static_cast<int>(id);
    Aggregate& aggregate = entry.aggregate;
    if (m_level > 0) {
        aggregate.count = static_cast<int64_t>(takeVarint(m_rest, m_where));
        aggregate.step = takeDouble(m_rest, m_where);
        aggregate.value = takeDouble(m_rest, m_where);
        aggregate.low = takeDouble(m_rest, m_where);
        aggregate.high = takeDouble(m_rest, m_where);
        return true;
    }
    double value = 0;
    if (isCount(entry.id, m_ofLayer)) {
        entry.integer = static_cast<int64_t>(takeVarint(m_rest, m_where) & INT64_MAX);
        value = static_cast<double>(entry.integer);
    } else {
        value = takeDouble(m_rest, m_where);
    }
    aggregate = {1, static_cast<double>(m_first), value, value, value};
    return true;
}

Bytes encodeCounts(std::span<const int64_t> counts)
{
    Bytes bytes;
    if (counts.empty())
        return bytes;
    bytes.reserve(counts.size() * 2 + 4);
    putVarint(bytes, counts.size());
    for (const int64_t count : counts)
        putVarint(bytes, static_cast<uint64_t>(count));
    return bytes;
}

void addCounts(std::span<const uint8_t> bytes, std::vector<int64_t>& sums, const std::string& where)
{
    if (bytes.empty())
        return;
    const uint64_t count = takeVarint(bytes, where);
    if (count > bytes.size()) // a count takes at least one byte
        damaged(where);
    if (sums.size() < count)
        sums.resize(count);
    for (uint64_t i = 0; i < count; ++i) {
        // Unsigned: a damaged store may hold anything, and must not overflow.
        sums[i] = static_cast<int64_t>(static_cast<uint64_t>(sums[i]) + takeVarint(bytes, where));
    }
}

Bytes encodeProbeLayers(const std::vector<LayerRecord>& layers)
{
    Bytes bytes;
    for (const LayerRecord& layer : layers) {
        putVarint(bytes, static_cast<uint64_t>(layer.layer));
        putVarint(bytes, static_cast<uint64_t>(layer.assignments));
        const Bytes load = encodeCounts(layer.load);
        putVarint(bytes, load.size());
        bytes.insert(bytes.end(), load.begin(), load.end());
    }
    return bytes;
}

std::vector<LayerRecord> decodeProbeLayers(std::span<const uint8_t> bytes, const std::string& where)
{
    std::vector<LayerRecord> layers;
    while (!bytes.empty()) {
        LayerRecord& layer = layers.emplace_back();
        layer.layer = static_cast<int32_t>(takeVarint(bytes, where));
        layer.assignments = static_cast<int64_t>(takeVarint(bytes, where));
        const uint64_t size = takeVarint(bytes, where);
        if (size > bytes.size())
            damaged(where);
        addCounts(bytes.first(size), layer.load, where);
        bytes = bytes.subspan(size);
    }
    return layers;
}

} // namespace moe::telemetry
