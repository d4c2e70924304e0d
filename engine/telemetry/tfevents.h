// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/exporters.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moe::telemetry {

/// TensorBoard's event files. A record is: length (u64) | masked CRC-32C of the length | data |
/// masked CRC-32C of the data, little-endian. The data is a protobuf Event.

/// One value of a summary: a number, or a histogram's bucket counts.
struct TfValue {
    std::string tag;
    std::optional<double> scalar;
    std::vector<double> buckets;
};

struct TfEvent {
    double wallTime = 0;
    int64_t step = 0;
    std::vector<TfValue> values; ///< scalars (simple_value, or a tensor of one number), histograms
};

/// What was left out while reading, for the log.
struct TfSkipped {
    int64_t records = 0; ///< with a wrong data checksum, or no message inside
    int64_t values = 0; ///< pictures, text, tensors of several numbers
    bool truncated = false; ///< the file ends within a record, as of a writer that still writes
};

/// Reads a whole file. Throws moe::Error where a record's length is damaged: what follows cannot be
/// found any more.
TfSkipped readTfEvents(
    const std::filesystem::path& path, const std::function<void(const TfEvent&)>& visit);

/// Whether the file starts with a record of this format (an empty file does not).
bool looksLikeTfEvents(std::span<const std::byte> bytes);

/// Writes scalars as simple_value and counts as histograms whose bucket e covers (e − ½, e + ½].
class TfEventWriter {
public:
    /// A new file with TensorBoard's kind of name in `folder`, there once it is closed.
    TfEventWriter(const std::filesystem::path& folder, double wallTime);

    void scalar(std::string_view tag, double value);
    void histogram(std::string_view tag, std::span<const int64_t> counts);
    /// Writes the values given since the last call as the event of a step.
    void endStep(int64_t step, double wallTime);
    void close() { m_file.finish(); }

private:
    void writeRecord(std::string_view data);

    ExportFile m_file;
    std::string m_summary;
};

} // namespace moe::telemetry
