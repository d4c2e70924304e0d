// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace moe::base {

namespace {

/// The number behind `key` in a file of lines "key number …"; with an empty key the first number.
std::optional<int64_t> numberIn(const char* path, const std::string& key)
{
    std::ifstream file(path);
    for (std::string word; file >> word;) {
        int64_t number = 0;
        if (key.empty()) {
            file.seekg(0);
            return file >> number ? std::optional(number) : std::nullopt;
        }
        if (word == key && file >> number)
            return number;
    }
    return std::nullopt;
}

} // namespace

int64_t availableMemoryBytes()
{
    constexpr int64_t kKilobyte = 1024;
    int64_t bytes = std::numeric_limits<int64_t>::max();
    if (const auto kilobytes = numberIn("/proc/meminfo", "MemAvailable:"))
        bytes = *kilobytes * kKilobyte;
    // "max" instead of a number: no limit.
    const auto limit = numberIn("/sys/fs/cgroup/memory.max", "");
    const auto used = numberIn("/sys/fs/cgroup/memory.current", "");
    if (limit && used) {
        const int64_t files = numberIn("/sys/fs/cgroup/memory.stat", "file").value_or(0);
        bytes = std::min(bytes, *limit - *used + files);
    }
    return std::max<int64_t>(0, bytes);
}

} // namespace moe::base
