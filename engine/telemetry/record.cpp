// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/record.h"

#include "engine/telemetry/scalar_fields.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::telemetry {

using base::Json;

namespace {

Json number(double value)
{
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

template <typename Record>
void write(Json& object, const Record& record, const ScalarField<Record>& field)
{
    if (field.count)
        object[field.key] = record.*field.count < 0 ? Json(nullptr) : Json(record.*field.count);
    else
        object[field.key] = number(field.get(record));
}

Json toJson(const LayerRecord& record)
{
    Json object = Json::object();
    object["layer"] = record.layer;
    object["load"] = record.load;
    for (const auto& field : layerFields())
        write(object, record, field);
    if (!record.droppedByExpert.empty())
        object["dropped_by_expert"] = record.droppedByExpert;
    return object;
}

[[noreturn]] void refuse(
    const std::string& where, const std::string& key, const std::string& wanted)
{
    throw Error("wrong value", where + ": " + key.substr(0, 80), wanted);
}

int64_t countFrom(const Json& value, const std::string& where, const std::string& key, int64_t most)
{
    const std::string wanted = "a whole number from 0 to " + std::to_string(most);
    if (value.is_number_unsigned()) {
        const auto count = value.get<uint64_t>();
        if (count <= static_cast<uint64_t>(most))
            return static_cast<int64_t>(count);
    } else if (value.is_number_integer()) {
        // A value that was built as a signed integer rather than parsed.
        const auto count = value.get<int64_t>();
        if (count >= 0 && count <= most)
            return count;
    } else if (value.is_number_float()) {
        const auto count = value.get<double>();
        if (count >= 0 && count <= 9e15 && count <= static_cast<double>(most)
            && count == std::floor(count))
            return static_cast<int64_t>(count);
    }
    refuse(where, key, wanted);
}

double numberFrom(const Json& value, const std::string& where, const std::string& key)
{
    if (value.is_null())
        return std::numeric_limits<double>::quiet_NaN();
    if (!value.is_number())
        refuse(where, key, "a number or null");
    return value.get<double>();
}

std::vector<int64_t> countsFrom(const Json& value, const std::string& where, const std::string& key)
{
    if (!value.is_array())
        refuse(where, key, "a list of counts, one an expert");
    std::vector<int64_t> counts;
    counts.reserve(value.size());
    for (const Json& entry : value)
        counts.push_back(countFrom(entry, where, key, kLargestCount));
    return counts;
}

/// True when `key` was one of the record's fields.
template <typename Record>
bool readField(std::span<const ScalarField<Record>> fields, Record& record, const std::string& key,
    const Json& value, const std::string& where, const std::string& path, int64_t mostCount)
{
    for (const ScalarField<Record>& field : fields) {
        if (key != field.key)
            continue;
        if (field.count && !value.is_null())
            record.*field.count = countFrom(value, where, path, mostCount);
        else
            field.set(record, numberFrom(value, where, path));
        return true;
    }
    return false;
}

void readLayer(StepRecord& record, const Json& object, const std::string& where, size_t index)
{
    const std::string path = "layers[" + std::to_string(index) + "]";
    if (!object.is_object())
        refuse(where, path, "an object");
    const auto at = object.find("layer");
    if (at == object.end())
        throw Error("missing key", where + ": " + path + ".layer", "the decoder layer's index");
    LayerRecord layer
        = unknownLayer(static_cast<int32_t>(countFrom(*at, where, path + ".layer", 99'999)));
    for (const LayerRecord& other : record.layers) {
        if (other.layer == layer.layer)
            refuse(where, path + ".layer", "each layer once");
    }
    for (const auto& [key, value] : object.items()) {
        std::string keyPath = path;
        keyPath.append(".").append(key);
        if (key == "layer")
            continue;
        if (key == "load")
            layer.load = countsFrom(value, where, keyPath);
        else if (key == "dropped_by_expert")
            layer.droppedByExpert = countsFrom(value, where, keyPath);
        else if (!readField(layerFields(), layer, key, value, where, keyPath, kLargestCount))
            record.extra.emplace_back(
                layerKey(layer.layer, key), numberFrom(value, where, keyPath));
    }
    record.layers.push_back(std::move(layer));
}

} // namespace

double LayerRecord::dropRate() const
{
    if (importedDropRate)
        return *importedDropRate;
    if (assignments < 0 || dropped < 0)
        return std::numeric_limits<double>::quiet_NaN();
    return assignments > 0 ? static_cast<double>(dropped) / static_cast<double>(assignments) : 0;
}

Json toJson(const StepRecord& record)
{
    Json object = Json::object();
    object["step"] = record.step;
    for (const auto& field : stepFields())
        write(object, record, field);
    Json layers = Json::array();
    for (const LayerRecord& layer : record.layers)
        layers.push_back(toJson(layer));
    object["layers"] = std::move(layers);
    for (const auto& [name, value] : record.extra)
        object[name] = number(value);
    return object;
}

StepRecord stepFromJson(const Json& object, const std::string& where)
{
    if (!object.is_object())
        throw Error("not a step's record", where, "an object with the key \"step\"");
    const auto at = object.find("step");
    if (at == object.end())
        throw Error("missing key", where + ": step", "the number of the step");
    StepRecord record = unknownStep(countFrom(*at, where, "step", kLargestStep));
    for (const auto& [key, value] : object.items()) {
        if (key == "step")
            continue;
        if (key == "layers") {
            if (!value.is_array())
                refuse(where, key, "a list of objects");
            for (size_t i = 0; i < value.size(); ++i)
                readLayer(record, value[i], where, i);
            std::stable_sort(record.layers.begin(), record.layers.end(),
                [](const LayerRecord& a, const LayerRecord& b) { return a.layer < b.layer; });
            continue;
        }
        if (readField(stepFields(), record, key, value, where, key, kLargestTotal))
            continue;
        const double scalar = numberFrom(value, where, key);
        if (!setKnownScalar(record, key, scalar))
            record.extra.emplace_back(key, scalar);
    }
    finishImported(record);
    return record;
}

} // namespace moe::telemetry
