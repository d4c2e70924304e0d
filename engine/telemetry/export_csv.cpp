// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/exporters.h"
#include "engine/telemetry/scalar_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace moe::telemetry {

namespace {

struct LayerColumns {
    size_t load = 0, dropped = 0; ///< experts
};

struct Columns {
    std::map<int32_t, LayerColumns> layers;
    std::vector<std::string> extra;
};

Columns findColumns(const RunStore& store, const RunInfo& run)
{
    Columns columns;
    forEachStep(store, run, [&columns](const StepRecord& record) {
        for (const LayerRecord& layer : record.layers) {
            LayerColumns& widths = columns.layers[layer.layer];
            widths.load = std::max(widths.load, layer.load.size());
            widths.dropped = std::max(widths.dropped, layer.droppedByExpert.size());
        }
        for (size_t i = 0; i < record.extra.size(); ++i) {
            const std::string& name = record.extra[i].first;
            // Most steps have the same names in the same order.
            if (i < columns.extra.size() && columns.extra[i] == name)
                continue;
            if (std::find(columns.extra.begin(), columns.extra.end(), name) == columns.extra.end())
                columns.extra.push_back(name);
        }
    });
    return columns;
}

std::string quoted(const std::string& text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos)
        return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"')
            out += '"';
        out += c;
    }
    return out + "\"";
}

void addCell(std::string& row, double value)
{
    row += ',';
    if (!std::isfinite(value))
        return;
    char text[32];
    const auto result = std::to_chars(text, text + sizeof text, value); // shortest that reads back
    row.append(text, result.ptr);
}

void addCell(std::string& row, int64_t value)
{
    row += ',';
    if (value >= 0)
        row += std::to_string(value);
}

template <typename Record>
void addFields(std::string& row, const Record& record, std::span<const ScalarField<Record>> fields)
{
    for (const ScalarField<Record>& field : fields) {
        if (field.count)
            addCell(row, record.*field.count);
        else
            addCell(row, field.get(record));
    }
}

void addCounts(std::string& row, const std::vector<int64_t>& counts, size_t width)
{
    for (size_t e = 0; e < width; ++e)
        addCell(row, e < counts.size() ? counts[e] : -1);
}

std::string headOf(const Columns& columns)
{
    std::string row = "step";
    for (const auto& field : stepFields())
        row += std::string(",") + field.key;
    for (const auto& [layer, widths] : columns.layers) {
        for (const auto& field : layerFields())
            row += "," + layerKey(layer, field.key);
        for (size_t e = 0; e < widths.load; ++e)
            row += "," + layerKey(layer, "load/" + std::to_string(e));
        for (size_t e = 0; e < widths.dropped; ++e)
            row += "," + layerKey(layer, "dropped_by_expert/" + std::to_string(e));
    }
    for (const std::string& name : columns.extra)
        row += "," + quoted(name);
    return row + "\r\n";
}

std::string rowOf(const StepRecord& record, const Columns& columns)
{
    std::string row = std::to_string(record.step);
    addFields<StepRecord>(row, record, stepFields());
    auto layer = record.layers.begin();
    for (const auto& [index, widths] : columns.layers) {
        static const LayerRecord kMissing = unknownLayer(0);
        const bool there = layer != record.layers.end() && layer->layer == index;
        const LayerRecord& shown = there ? *layer++ : kMissing;
        addFields<LayerRecord>(row, shown, layerFields());
        addCounts(row, shown.load, widths.load);
        addCounts(row, shown.droppedByExpert, widths.dropped);
    }
    for (const std::string& name : columns.extra) {
        const auto at = std::find_if(record.extra.begin(), record.extra.end(),
            [&name](const auto& entry) { return entry.first == name; });
        addCell(row, at == record.extra.end() ? NAN : at->second);
    }
    return row + "\r\n";
}

} // namespace

void exportCsv(const RunStore& store, const RunInfo& run, const std::filesystem::path& out)
{
    const Columns columns = findColumns(store, run);
    ExportFile file(out);
    file.write(headOf(columns));
    forEachStep(store, run, [&](const StepRecord& record) { file.write(rowOf(record, columns)); });
    file.finish();
}

} // namespace moe::telemetry
