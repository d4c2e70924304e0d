// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/importers.h"

#include "engine/base/files.h"
#include "engine/telemetry/tfevents.h"
#include "kernels/error.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <system_error>

namespace moe::telemetry {

namespace fs = std::filesystem;

namespace {

bool isEventName(const fs::path& file)
{
    return file.filename().string().find("tfevents") != std::string::npos;
}

/// The last part of a path that says something: "runs/demo/" -> "demo".
std::string folderName(const fs::path& folder)
{
    std::error_code ignored;
    const fs::path whole = fs::weakly_canonical(folder, ignored);
    const fs::path named = whole.filename() == "tokens_per_expert" ? whole.parent_path() : whole;
    return named.filename().empty() ? "imported" : named.filename().string();
}

struct FoundFiles {
    std::vector<fs::path> events, ranks;
};

/// Files to import below a folder, by the folder that holds them; links to folders are not
/// followed.
std::map<fs::path, FoundFiles> findFiles(const fs::path& folder)
{
    std::map<fs::path, FoundFiles> found;
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator at(folder, options, error), end; at != end && !error;
         at.increment(error)) {
        std::error_code ignored;
        if (!at->is_regular_file(ignored))
            continue;
        if (isEventName(at->path()))
            found[at->path().parent_path()].events.push_back(at->path());
        else if (megatronRank(at->path()) >= 0)
            found[at->path().parent_path()].ranks.push_back(at->path());
    }
    if (error)
        throw Error("cannot read the folder", folder.string(), "check its permissions");
    return found;
}

std::vector<int64_t> importFolder(RunStore& store, const fs::path& folder)
{
    std::vector<int64_t> runs;
    const auto add = [&runs](const std::vector<int64_t>& more) {
        runs.insert(runs.end(), more.begin(), more.end());
    };
    for (auto& [place, files] : findFiles(folder)) {
        const fs::path relative = place.lexically_relative(folder);
        const std::string name = relative == "." || relative == "tokens_per_expert"
            ? folderName(folder)
            : relative.generic_string();
        std::sort(files.events.begin(), files.events.end());
        if (!files.events.empty())
            add(importTfEvents(store, name, files.events));
        if (!files.ranks.empty())
            add(importMegatron(store, name, files.ranks));
    }
    if (runs.empty())
        throw Error("nothing to import", folder.string(),
            "a folder holds TensorBoard event files or Megatron's rank0.jsonl, rank1.jsonl, …");
    return runs;
}

/// What stands at the start of a file, enough to tell its kind.
std::string_view headOf(std::span<const std::byte> bytes)
{
    constexpr size_t kHead = 65536;
    std::string_view head(
        reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kHead));
    const size_t text = head.find_first_not_of(" \t\r\n");
    return text == std::string_view::npos ? "" : head.substr(text);
}

std::vector<int64_t> importFile(RunStore& store, const fs::path& file)
{
    const base::MappedFile mapped(file);
    const std::string_view head = headOf(mapped.bytes());
    if (head.starts_with("SQLite format 3"))
        return importTrackio(store, file);
    if (isEventName(file) || looksLikeTfEvents(mapped.bytes()))
        return importTfEvents(store, folderName(fs::absolute(file).parent_path()), {file});
    const std::string_view line = head.substr(0, head.find('\n'));
    if (line.starts_with('{') && line.find("\"tpe\"") != std::string_view::npos)
        return importMegatron(store, file.stem().string(), {file});
    if (line.starts_with('{'))
        return importJsonl(store, file);
    if (line.starts_with("step,") || line.starts_with("\"step\","))
        return importCsv(store, file);
    throw Error("not a record that we know", file.string(),
        "TensorBoard events, JSONL or CSV of moe runs export, a trackio database, or Megatron's "
        "tokens-per-expert JSONL");
}

} // namespace

std::vector<int64_t> importRuns(RunStore& store, const fs::path& path)
{
    std::vector<int64_t> runs;
    std::error_code ignored;
    const bool folder = fs::is_directory(path, ignored);
    store.transaction([&] { runs = folder ? importFolder(store, path) : importFile(store, path); });
    return runs;
}

int64_t storeImported(RunStore& store, const std::string& name, const std::string& source,
    const std::vector<StepRecord>& records)
{
    const int64_t run = store.createRun(presentableName(name), "", 0, source);
    std::vector<MessagePtr> batch;
    for (const StepRecord& record : records) {
        batch.push_back(std::make_shared<const Message>(record));
        if (batch.size() == kStepsAtOnce || &record == &records.back()) {
            store.append(run, batch);
            batch.clear();
        }
    }
    return run;
}

void forEachLine(
    const fs::path& path, const std::function<void(std::string_view, const std::string&)>& visit)
{
    const base::MappedFile file(path);
    std::string_view rest(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    for (int64_t number = 1; !rest.empty(); ++number) {
        const size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.find_first_not_of(" \t\r") != std::string_view::npos)
            visit(line, path.string() + ": line " + std::to_string(number));
    }
}

int64_t megatronRank(const fs::path& file)
{
    const std::string name = file.filename().string();
    constexpr std::string_view kBefore = "rank";
    constexpr std::string_view kAfter = ".jsonl";
    if (!name.starts_with(kBefore) || !name.ends_with(kAfter)
        || name.size() <= kBefore.size() + kAfter.size())
        return -1;
    const char* first = name.data() + kBefore.size();
    const char* last = name.data() + name.size() - kAfter.size();
    int32_t rank = -1;
    const auto [end, error] = std::from_chars(first, last, rank);
    return error == std::errc() && end == last ? rank : -1;
}

} // namespace moe::telemetry
