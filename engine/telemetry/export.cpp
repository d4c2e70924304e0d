// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/exporters.h"

#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <system_error>
#include <unistd.h>

namespace moe::telemetry {

namespace fs = std::filesystem;

namespace {

/// An export takes a file's place: never that of the store, nor of what is no plain file.
void refuseUnsafePlace(const RunStore& store, const fs::path& out)
{
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        if (fs::equivalent(store.path().string() + suffix, out, ignored))
            throw Error("the run store is there", out.string(), "export to another file");
    }
    const fs::file_status status = fs::symlink_status(out, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status))
        throw Error("not a plain file", out.string(), "export to a new file or folder");
}

} // namespace

void exportRun(const RunStore& store, int64_t run, const std::string& format, const fs::path& out)
{
    refuseUnsafePlace(store, out);
    const RunInfo info = store.run(run);
    if (format == "jsonl")
        exportJsonl(store, info, out);
    else if (format == "csv")
        exportCsv(store, info, out);
    else if (format == "tensorboard")
        exportTensorboard(store, info, out);
    else
        throw UsageError("unknown format \"" + format.substr(0, 80) + "\"", "moe runs export",
            "one of jsonl, csv, tensorboard");
}

void forEachStep(
    const RunStore& store, const RunInfo& run, const std::function<void(const StepRecord&)>& visit)
{
    // As many steps at once as hold about a million numbers. Imported steps may be far apart, so
    // the next piece is looked for in the steps that are there.
    const int64_t numbers = 32 + static_cast<int64_t>(run.layers) * (16 + 2 * run.experts);
    const int64_t piece = std::clamp<int64_t>(1'000'000 / numbers, 1, 10'000);
    std::vector<int64_t> starts;
    int64_t seen = 0;
    for (const int64_t step : store.stepNumbers(run.id)) {
        if (seen++ % piece == 0)
            starts.push_back(step);
    }
    for (size_t i = 0; i < starts.size(); ++i) {
        const int64_t last = i + 1 < starts.size() ? starts[i + 1] - 1 : INT64_MAX;
        for (const StepRecord& record : store.steps(run.id, starts[i], last))
            visit(record);
    }
}

ExportFile::ExportFile(const fs::path& path)
    : m_path(path)
    , m_beside(path.parent_path()
          / ("." + path.filename().string() + "." + std::to_string(::getpid()) + ".partial"))
    , m_file(m_beside, m_path)
{
}

ExportFile::~ExportFile()
{
    std::error_code ignored;
    if (!m_finished)
        fs::remove(m_beside, ignored);
}

void ExportFile::write(std::string_view text)
{
    constexpr size_t kBufferBytes = 1 << 20;
    m_buffer += text;
    if (m_buffer.size() >= kBufferBytes) {
        m_file.write(m_buffer.data(), m_buffer.size());
        m_buffer.clear();
    }
}

void ExportFile::finish()
{
    m_file.write(m_buffer.data(), m_buffer.size());
    m_file.close();
    std::error_code error;
    fs::rename(m_beside, m_path, error);
    if (error)
        throw Error("cannot write", m_path.string(), "name a file that may be replaced");
    m_finished = true;
    base::flushToDisk(m_path.has_parent_path() ? m_path.parent_path() : ".");
}

void exportJsonl(const RunStore& store, const RunInfo& run, const fs::path& out)
{
    ExportFile file(out);
    forEachStep(store, run, [&file](const StepRecord& record) {
        file.write(toJson(record).dump(-1, ' ', false, base::Json::error_handler_t::replace));
        file.write("\n");
    });
    file.finish();
}

} // namespace moe::telemetry
