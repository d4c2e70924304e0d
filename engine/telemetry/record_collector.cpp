// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/telemetry/importers.h"
#include "engine/telemetry/scalar_fields.h"

#include <algorithm>
#include <cmath>

namespace moe::telemetry {

namespace {

/// The record of `step`; steps were sorted beforehand.
StepRecord& recordOf(std::vector<StepRecord>& records, int64_t step)
{
    return *std::lower_bound(records.begin(), records.end(), step,
        [](const StepRecord& record, int64_t wanted) { return record.step < wanted; });
}

} // namespace

std::string validUtf8(std::string text)
{
    size_t valid = 0;
    while (const char* bad = base::findInvalidUtf8(std::string_view(text).substr(valid))) {
        valid = static_cast<size_t>(bad - text.data());
        text[valid] = '?';
    }
    return text;
}

void RecordCollector::addScalar(int64_t step, std::string_view key, double value)
{
    std::string name = validUtf8(std::string(key));
    if (name == "step" || name == "layers")
        name = "scalar/" + name;
    const auto [place, isNew] = m_places.try_emplace(name, m_series.size());
    if (isNew) {
        m_names.push_back(std::move(name));
        m_series.emplace_back();
    }
    m_series[place->second].push_back({step, value});
}

bool RecordCollector::addCounts(
    int64_t step, std::string_view key, const std::vector<double>& counts)
{
    const LayerKey path = parseLayerKey(key);
    const bool dropped = path.name == "dropped_by_expert";
    if (path.layer < 0 || (path.name != "load" && !dropped))
        return false;
    Counts entry{step, path.layer, dropped, {}};
    for (const double count : counts) {
        if (!(count >= 0) || count > static_cast<double>(kLargestCount))
            return false;
        entry.values.push_back(std::llround(count));
    }
    m_counts.push_back(std::move(entry));
    return true;
}

std::vector<StepRecord> RecordCollector::take()
{
    std::vector<int64_t> steps;
    for (const auto& series : m_series) {
        for (const Scalar& scalar : series)
            steps.push_back(scalar.step);
    }
    for (const Counts& counts : m_counts)
        steps.push_back(counts.step);
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    std::vector<StepRecord> records;
    records.reserve(steps.size());
    for (const int64_t step : steps)
        records.push_back(unknownStep(step));

    for (size_t i = 0; i < m_series.size(); ++i) {
        for (const Scalar& scalar : m_series[i]) {
            StepRecord& record = recordOf(records, scalar.step);
            if (setKnownScalar(record, m_names[i], scalar.value))
                continue;
            if (!record.extra.empty() && record.extra.back().first == m_names[i])
                record.extra.back().second = scalar.value; // given again
            else
                record.extra.emplace_back(m_names[i], scalar.value);
        }
    }
    for (Counts& counts : m_counts) {
        LayerRecord& layer = layerOf(recordOf(records, counts.step), counts.layer);
        (counts.dropped ? layer.droppedByExpert : layer.load) = std::move(counts.values);
    }
    for (StepRecord& record : records)
        finishImported(record);
    return records;
}

} // namespace moe::telemetry
