// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/data_fingerprint.h"

#include "engine/base/files.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>

namespace moe::train {

namespace {

constexpr size_t kBlocks = 64;
constexpr size_t kBlockBytes = 4096;

/// FNV-1a's step over 8-byte words; goes on from `sum`.
uint64_t addTo(uint64_t sum, std::span<const std::byte> bytes)
{
    for (size_t at = 0; at < bytes.size(); at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, std::min<size_t>(8, bytes.size() - at));
        sum = (sum ^ word) * 0x100000001B3ULL;
    }
    return sum;
}

constexpr uint64_t kNothingAdded = 0xCBF29CE484222325ULL;

std::string sumText(uint64_t sum)
{
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(sum));
    return text.data();
}

} // namespace

std::string dataFingerprint(const std::filesystem::path& prefix)
{
    const base::MappedFile index(prefix.string() + ".idx"), data(prefix.string() + ".bin");
    const size_t size = data.bytes().size();
    uint64_t sum = addTo(kNothingAdded, index.bytes());
    sum = addTo(sum, std::as_bytes(std::span(&size, 1)));
    if (size <= kBlocks * kBlockBytes) {
        sum = addTo(sum, data.bytes());
    } else {
        for (size_t block = 0; block < kBlocks; ++block) { // the first and the last bytes included
            const size_t at = (size - kBlockBytes) / (kBlocks - 1) * block;
            sum = addTo(sum, data.bytes().subspan(at, kBlockBytes));
        }
        sum = addTo(sum, data.bytes().last(kBlockBytes));
    }
    return sumText(sum);
}

std::string probeFingerprint(const Probe& probe)
{
    const base::MappedFile text(probe.file);
    return sumText(addTo(kNothingAdded, text.bytes()));
}

base::Json dataFingerprints(const RunFile& file)
{
    base::Json json{{"train", dataFingerprint(file.trainData)}};
    if (file.validData)
        json["valid"] = dataFingerprint(*file.validData);
    for (const Probe& probe : file.probes)
        json["probes"].push_back(probeFingerprint(probe));
    return json;
}

} // namespace moe::train
