// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/importers.h"
#include "engine/telemetry/scalar_fields.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace moe::telemetry {

namespace {

using base::Json;

struct Line {
    int64_t step;
    int32_t layer;
    std::vector<int64_t> load;
};

int64_t countFrom(const Json& value, int64_t most, const std::string& where, const char* key)
{
    if (value.is_number_unsigned() && value.get<uint64_t>() <= static_cast<uint64_t>(most))
        return value.get<int64_t>();
    throw Error(
        "wrong value", where + ": " + key, "a whole number from 0 to " + std::to_string(most));
}

/// Counts of one line, summed over its microbatches.
std::vector<int64_t> loadFrom(const Json& lists, const std::string& where)
{
    const char* const wanted = "a list a microbatch, each with as many counts";
    if (!lists.is_array() || lists.empty())
        throw Error("wrong value", where + ": tpe", wanted);
    std::vector<int64_t> load;
    for (const Json& list : lists) {
        if (!list.is_array() || list.empty() || (!load.empty() && list.size() != load.size()))
            throw Error("wrong value", where + ": tpe", wanted);
        load.resize(list.size());
        for (size_t e = 0; e < list.size(); ++e)
            load[e] = std::min(
                load[e] + countFrom(list[e], kLargestCount, where, "tpe"), kLargestCount);
    }
    return load;
}

Line lineFrom(const Json& object, const std::string& where)
{
    for (const char* key : {"iter", "layer", "tpe"}) {
        if (!object.is_object() || !object.contains(key))
            throw Error("not Megatron's tokens per expert", where,
                R"(a line as {"iter": 100, "layer": 3, "tpe": [[128, 64]]})");
    }
    return {countFrom(object["iter"], kLargestStep, where, "iter"),
        static_cast<int32_t>(countFrom(object["layer"], 99'999, where, "layer")),
        loadFrom(object["tpe"], where)};
}

} // namespace

// Every rank writes the counts of its own experts. Ranks that speak of the same layer and iteration
// are taken as holding disjoint experts in the order of their ranks (expert parallelism), so their
// lists are joined; ranks of other pipeline stages speak of other layers. A line that comes again
// (a restarted job) replaces the earlier one.
std::vector<int64_t> importMegatron(
    RunStore& store, const std::string& name, const std::vector<std::filesystem::path>& files)
{
    std::vector<std::filesystem::path> ordered = files;
    std::stable_sort(ordered.begin(), ordered.end(),
        [](const auto& a, const auto& b) { return megatronRank(a) < megatronRank(b); });
    using ByRank = std::map<size_t, std::vector<int64_t>>;
    std::map<int64_t, std::map<int32_t, ByRank>> loads;
    for (size_t rank = 0; rank < ordered.size(); ++rank) {
        forEachLine(ordered[rank], [&](std::string_view text, const std::string& where) {
            Line line = lineFrom(base::parseJson(text, where), where);
            loads[line.step][line.layer][rank] = std::move(line.load);
        });
    }
    if (loads.empty())
        throw Error("nothing to import", ordered.front().string(), "the files hold no lines");
    std::vector<StepRecord> records;
    for (const auto& [step, layers] : loads) {
        StepRecord& record = records.emplace_back(unknownStep(step));
        for (const auto& [index, ranks] : layers) {
            LayerRecord& layer = record.layers.emplace_back(unknownLayer(index));
            for (const auto& [rank, load] : ranks)
                layer.load.insert(layer.load.end(), load.begin(), load.end());
        }
        finishImported(record);
    }
    return {storeImported(store, name, "megatron", records)};
}

} // namespace moe::telemetry
