// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"
#include "engine/telemetry/importers.h"
#include "engine/telemetry/scalar_fields.h"
#include "engine/telemetry/tfevents.h"
#include "kernels/error.h"

namespace moe::telemetry {

namespace {

void logSkipped(const std::filesystem::path& file, const TfSkipped& skipped)
{
    const auto warn = [&](const std::string& text) {
        base::log(base::LogLevel::Warning, file.string() + ": " + text);
    };
    if (skipped.records > 0)
        warn(std::to_string(skipped.records) + " damaged records left out");
    if (skipped.values > 0)
        warn(std::to_string(skipped.values)
            + " values left out: only scalars and load histograms are kept");
    if (skipped.truncated)
        warn("the file ends within a record; all before it is read");
}

} // namespace

std::vector<int64_t> importTfEvents(
    RunStore& store, const std::string& name, const std::vector<std::filesystem::path>& files)
{
    RecordCollector collector;
    for (const std::filesystem::path& file : files) {
        int64_t otherHistograms = 0;
        TfSkipped skipped = readTfEvents(file, [&](const TfEvent& event) {
            if (event.step < 0 || event.step > kLargestStep)
                throw Error("not a step", file.string() + ": " + std::to_string(event.step),
                    "a whole number from 0");
            for (const TfValue& value : event.values) {
                if (value.scalar)
                    collector.addScalar(event.step, value.tag, *value.scalar);
                else if (!collector.addCounts(event.step, value.tag, value.buckets))
                    ++otherHistograms;
            }
        });
        skipped.values += otherHistograms;
        logSkipped(file, skipped);
    }
    if (collector.empty())
        throw Error("nothing to import", files.front().string(), "the events hold no scalars");
    return {storeImported(store, name, "tensorboard", collector.take())};
}

} // namespace moe::telemetry
