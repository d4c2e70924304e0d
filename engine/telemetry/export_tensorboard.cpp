// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/exporters.h"
#include "engine/telemetry/scalar_fields.h"
#include "engine/telemetry/tfevents.h"
#include "kernels/error.h"

#include <cmath>
#include <system_error>

namespace moe::telemetry {

namespace fs = std::filesystem;

namespace {

void writeStep(TfEventWriter& writer, const StepRecord& record)
{
    for (const auto& field : stepFields()) {
        if (const double value = field.get(record); std::isfinite(value))
            writer.scalar(field.key, value);
    }
    for (const LayerRecord& layer : record.layers) {
        for (const auto& field : layerFields()) {
            if (const double value = field.get(layer); std::isfinite(value))
                writer.scalar(layerKey(layer.layer, field.key), value);
        }
        if (!layer.load.empty())
            writer.histogram(layerKey(layer.layer, "load"), layer.load);
        if (!layer.droppedByExpert.empty())
            writer.histogram(layerKey(layer.layer, "dropped_by_expert"), layer.droppedByExpert);
    }
    for (const auto& [name, value] : record.extra)
        writer.scalar(name, value);
}

void refuseOlderEvents(const fs::path& folder)
{
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().filename().string().find("tfevents") != std::string::npos)
            throw Error("the folder holds events already", entry.path().string(),
                "name a new folder: TensorBoard would mix the two");
    }
}

} // namespace

void exportTensorboard(const RunStore& store, const RunInfo& run, const fs::path& out)
{
    std::error_code error;
    fs::create_directories(out, error);
    if (error)
        throw Error("cannot create the folder", out.string(), "choose a place you may write to");
    refuseOlderEvents(out);
    TfEventWriter writer(out, run.created);
    double time = run.created; // the record knows how long steps took, not when they were
    forEachStep(store, run, [&](const StepRecord& record) {
        if (std::isfinite(record.stepSeconds))
            time += record.stepSeconds;
        writeStep(writer, record);
        writer.endStep(record.step, time);
    });
    writer.close();
}

} // namespace moe::telemetry
