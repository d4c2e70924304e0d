// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/machine.h"

#include <fstream>

namespace moe::cli {

namespace {

/// The text after "key…:" in a file of /proc, empty when it is not there.
std::string valueOf(const char* file, const std::string& key)
{
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
        const size_t colon = line.find(':');
        if (line.starts_with(key) && colon != std::string::npos) {
            const size_t first = line.find_first_not_of(" \t", colon + 1);
            return first == std::string::npos ? "" : line.substr(first);
        }
    }
    return {};
}

int64_t kilobytesOf(const std::string& key)
{
    const std::string value = valueOf("/proc/meminfo", key);
    return value.empty() ? 0 : std::strtoll(value.c_str(), nullptr, 10) * 1024;
}

std::vector<std::string> instructionSets()
{
    const std::string flags = " " + valueOf("/proc/cpuinfo", "flags") + " ";
    std::vector<std::string> sets;
    for (const char* set : {"avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16"}) {
        if (flags.find(" " + std::string(set) + " ") != std::string::npos)
            sets.emplace_back(set);
    }
    return sets;
}

} // namespace

Machine describeMachine()
{
    Machine machine;
    machine.processor = valueOf("/proc/cpuinfo", "model name");
    if (machine.processor.empty())
        machine.processor = "unknown";
    machine.instructionSets = instructionSets();
    machine.memoryBytes = kilobytesOf("MemTotal");
    machine.freeMemoryBytes = kilobytesOf("MemAvailable");
    return machine;
}

} // namespace moe::cli
