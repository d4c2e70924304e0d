// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/files.h"
#include "engine/telemetry/run_store.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace moe::telemetry {

/// Visits the run's records in order without holding them all.
void forEachStep(
    const RunStore& store, const RunInfo& run, const std::function<void(const StepRecord&)>& visit);

/// A file that takes its name when it is whole.
class ExportFile {
public:
    explicit ExportFile(const std::filesystem::path& path);
    ~ExportFile(); ///< takes away what was not finished
    ExportFile(const ExportFile&) = delete;
    ExportFile& operator=(const ExportFile&) = delete;
    void write(std::string_view text);
    void finish();

private:
    std::filesystem::path m_path, m_beside;
    base::FileWriter m_file;
    std::string m_buffer;
    bool m_finished = false;
};

void exportJsonl(const RunStore& store, const RunInfo& run, const std::filesystem::path& out);
/// One row a step, one column a key, as RFC 4180 says; an empty cell where there is no number.
/// Loads take a column an expert: layers/0/load/0, layers/0/load/1, …
void exportCsv(const RunStore& store, const RunInfo& run, const std::filesystem::path& out);
/// An event file in the folder `out`; loads as histograms whose bucket e is expert e.
void exportTensorboard(const RunStore& store, const RunInfo& run, const std::filesystem::path& out);

} // namespace moe::telemetry
