// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "kernels/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <fcntl.h>

namespace moe::checkpoint {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "step-";
constexpr const char* kPartial = ".partial"; ///< being written
constexpr const char* kRemoved = ".removed"; ///< being deleted

[[noreturn]] void fail(const std::string& what, const fs::path& path, const std::error_code& code)
{
    const bool full = code == std::errc::no_space_on_device;
    throw Error(what, path.string(),
        full ? "the disk is full, free some space" : "check the path and its permissions");
}

/// ".step-000005" + ending, beside the step folder.
fs::path hidden(const fs::path& stepPath, const char* ending)
{
    return stepPath.parent_path() / ("." + stepPath.filename().string() + ending);
}

bool isLeftover(const std::string& name)
{
    return name.starts_with("." + std::string(kPrefix))
        && (name.ends_with(kPartial) || name.ends_with(kRemoved));
}

void removeAll(const fs::path& path)
{
    std::error_code failed;
    fs::remove_all(path, failed);
    if (failed)
        fail("cannot remove", path, failed);
}

/// What `dir` holds, nothing when it does not exist.
std::vector<fs::directory_entry> entriesOf(const fs::path& dir)
{
    std::vector<fs::directory_entry> entries;
    std::error_code failed;
    const fs::file_status status = fs::status(dir, failed);
    if (status.type() == fs::file_type::not_found)
        return entries;
    if (!failed && !fs::is_directory(status))
        throw Error("not a folder", dir.string(), "name a folder for the checkpoints");
    fs::directory_iterator at(dir, failed);
    for (; !failed && at != fs::directory_iterator(); at.increment(failed))
        entries.push_back(*at);
    if (failed)
        fail("cannot read", dir, failed);
    return entries;
}

std::vector<fs::path> foldersOf(const fs::path& dir)
{
    std::vector<fs::path> folders;
    for (const fs::directory_entry& entry : entriesOf(dir)) {
        std::error_code ignored;
        if (entry.is_directory(ignored))
            folders.push_back(entry.path());
    }
    return folders;
}

void flushTree(const fs::path& folder)
{
    std::error_code failed;
    fs::recursive_directory_iterator at(folder, failed);
    for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed))
        base::flushToDisk(at->path());
    if (failed)
        fail("cannot flush", folder, failed);
    base::flushToDisk(folder);
}

/// Lets two folders change names in one step, so that neither is ever missing.
bool exchange(const fs::path& a, const fs::path& b)
{
    return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

} // namespace

int64_t stepOf(const fs::path& folder)
{
    const std::string name = folder.filename().string();
    if (!name.starts_with(kPrefix))
        return -1;
    const char* first = name.data() + kPrefix.size();
    const char* last = name.data() + name.size();
    int64_t step = -1;
    const auto [end, error] = std::from_chars(first, last, step);
    return error == std::errc() && end == last && *first != '-' ? step : -1;
}

std::vector<std::pair<int64_t, fs::path>> listSteps(const fs::path& dir)
{
    std::vector<std::pair<int64_t, fs::path>> steps;
    for (const fs::path& folder : foldersOf(dir)) {
        const int64_t step = stepOf(folder);
        if (step >= 0)
            steps.emplace_back(step, folder);
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

bool holdsSteps(const fs::path& dir)
{
    const std::vector<fs::directory_entry> entries = entriesOf(dir);
    return std::any_of(entries.begin(), entries.end(), [](const fs::directory_entry& entry) {
        return entry.path().filename().string().starts_with(kPrefix);
    });
}

fs::path stepFolder(const fs::path& dir, int64_t step)
{
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "step-%06lld", static_cast<long long>(step));
    return dir / name.data();
}

fs::path beginStep(const fs::path& dir, int64_t step)
{
    const fs::path partial = hidden(stepFolder(dir, step), kPartial);
    std::error_code failed;
    fs::create_directories(dir, failed);
    if (failed)
        fail("cannot make the folder", dir, failed);
    removeAll(partial);
    fs::create_directory(partial, failed);
    if (failed)
        fail("cannot make the folder", stepFolder(dir, step), failed);
    return partial;
}

void commitStep(const fs::path& partial, const fs::path& final)
{
    flushTree(partial);
    std::error_code failed;
    if (fs::exists(final, failed) && exchange(partial, final)) {
        removeAll(partial); // now the older one
    } else {
        // Only on file systems that cannot exchange is an older folder out of its place for a
        // moment.
        if (fs::exists(final, failed))
            fs::rename(final, hidden(final, kRemoved), failed);
        fs::rename(partial, final, failed);
        if (failed)
            fail("cannot rename into place", final, failed);
    }
    base::flushToDisk(final.has_parent_path() ? final.parent_path() : ".");
}

void keepNewest(const fs::path& dir, int64_t keep)
{
    const auto steps = listSteps(dir);
    const auto kept = static_cast<size_t>(std::max<int64_t>(1, keep));
    for (size_t i = 0; i + kept < steps.size(); ++i) {
        // Renamed first: a half-deleted folder must not look like a checkpoint.
        const fs::path removed = hidden(steps[i].second, kRemoved);
        removeAll(removed);
        std::error_code failed;
        fs::rename(steps[i].second, removed, failed);
        if (failed)
            fail("cannot remove", steps[i].second, failed);
    }
    for (const fs::path& folder : foldersOf(dir)) {
        if (isLeftover(folder.filename().string()))
            removeAll(folder);
    }
}

} // namespace moe::checkpoint
