// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as the two files of an indexed dataset: a moe::Error, or tokens all of which can be
// read. The first four bytes say how many of the others are the .idx, the rest is the .bin.
#include "engine/text/indexed_dataset.h"
#include "kernels/error.h"
#include "tests/fuzz/memory_file.h"

#include <algorithm>
#include <array>
#include <vector>

namespace {

void readAll(const std::filesystem::path& prefix)
{
    const moe::text::IndexedDataset dataset(prefix);
    constexpr int64_t kMost = 1 << 16; // sequences may overlap: few bytes are many tokens
    std::vector<int32_t> tokens(static_cast<size_t>(std::min(dataset.tokens(), kMost)));
    const auto count = static_cast<int64_t>(tokens.size());
    dataset.read(0, count, tokens.data());
    dataset.read(dataset.tokens() - count, count, tokens.data());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const moe::fuzz::ScratchFolder folder;
    uint32_t wanted = 0;
    if (size < sizeof wanted)
        return 0;
    __builtin_memcpy(&wanted, data, sizeof wanted);
    data += sizeof wanted;
    size -= sizeof wanted;
    const size_t indexBytes = std::min<size_t>(wanted, size);
    const std::array<moe::fuzz::MemoryFile, 2> files{
        {{data, indexBytes}, {data + indexBytes, size - indexBytes}}};
    const std::filesystem::path prefix = folder.path() / "data";
    const std::array<std::string, 2> names{prefix.string() + ".idx", prefix.string() + ".bin"};
    for (size_t i = 0; i < files.size(); ++i)
        std::filesystem::create_symlink(files[i].path(), names[i]);
    try {
        readAll(prefix);
    } catch (const moe::Error&) {
    }
    for (const std::string& name : names)
        std::filesystem::remove(name);
    return 0;
}
