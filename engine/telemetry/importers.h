// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/run_store.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moe::telemetry {

constexpr size_t kStepsAtOnce = 1000; ///< that an import writes in one transaction

/// Puts scalars and loads that come one by one, in any order, together to the records of steps. A
/// value given again for the same step replaces the earlier one.
class RecordCollector {
public:
    /// `key`: a JSONL key, "layers/3/alpha", or any other name, which is kept as it is ("step" and
    /// "layers" become "scalar/step" and "scalar/layers": those two keys are the record's own).
    void addScalar(int64_t step, std::string_view key, double value);
    /// True when `key` is "layers/N/load" or "layers/N/dropped_by_expert" and the counts are some;
    /// false, and nothing is kept, otherwise.
    bool addCounts(int64_t step, std::string_view key, const std::vector<double>& counts);
    bool empty() const { return m_series.empty() && m_counts.empty(); }
    /// Ascending by step; extra scalars in the order in which their names first came.
    std::vector<StepRecord> take();

private:
    struct Scalar {
        int64_t step;
        double value;
    };
    struct Counts {
        int64_t step;
        int32_t layer;
        bool dropped; ///< by expert; else the load
        std::vector<int64_t> values;
    };
    std::vector<std::string> m_names;
    std::vector<std::vector<Scalar>> m_series; ///< by name
    std::unordered_map<std::string, size_t> m_places;
    std::vector<Counts> m_counts;
};

/// The text with every byte that is not valid UTF-8 as "?".
std::string validUtf8(std::string text);

/// Creates an imported run and writes the records. Returns its id.
int64_t storeImported(RunStore& store, const std::string& name, const std::string& source,
    const std::vector<StepRecord>& records);

/// A line-oriented file without loading it whole: `visit` gets each line that is not blank, and
/// where it stands ("file: line 3").
void forEachLine(const std::filesystem::path& path,
    const std::function<void(std::string_view line, const std::string& where)>& visit);

// One file each. All throw moe::Error; the caller undoes what they wrote until then.
std::vector<int64_t> importTfEvents(RunStore& store, const std::string& name,
    const std::vector<std::filesystem::path>& files); ///< of one run, oldest first
std::vector<int64_t> importJsonl(RunStore& store, const std::filesystem::path& file);
std::vector<int64_t> importCsv(RunStore& store, const std::filesystem::path& file);
std::vector<int64_t> importTrackio(RunStore& store, const std::filesystem::path& file);
std::vector<int64_t> importMegatron(
    RunStore& store, const std::string& name, const std::vector<std::filesystem::path>& files);

/// The rank in "rank12.jsonl"; -1 for another name.
int64_t megatronRank(const std::filesystem::path& file);

} // namespace moe::telemetry
