// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/machine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <numeric>
#include <thread>

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

double measureReadBandwidth(int threads)
{
    constexpr size_t kWords = size_t{1} << 26; // 512 MiB
    const std::vector<uint64_t> words(kWords, 1);
    std::atomic<uint64_t> sink = 0;
    double best = 0;
    for (int pass = 0; pass < 4; ++pass) {
        const auto start = std::chrono::steady_clock::now();
        {
            std::vector<std::jthread> readers;
            readers.reserve(static_cast<size_t>(threads));
            for (int t = 0; t < threads; ++t) {
                readers.emplace_back([&, t] {
                    const auto piece = kWords / static_cast<size_t>(threads);
                    const uint64_t* from = words.data() + static_cast<size_t>(t) * piece;
                    sink += std::accumulate(from, from + piece, uint64_t{0});
                });
            }
        }
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        best = std::max(best, static_cast<double>(kWords * sizeof(uint64_t)) / seconds.count());
    }
    return best;
}

} // namespace moe::cli
