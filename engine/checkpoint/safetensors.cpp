// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/safetensors.h"

#include "engine/checkpoint/safetensors_header.h"
#include "kernels/error.h"

namespace moe::checkpoint {

namespace {

constexpr uint64_t kLargestHeader = 100'000'000; // the format's own limit

} // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : m_file(path)
{
    const std::span<const std::byte> all = m_file.bytes();
    const std::string where = path.string();
    if (all.size() < 8)
        throw Error("not a .safetensors file", where,
            "it has " + std::to_string(all.size()) + " bytes, fetch it again");
    const auto headerBytes = base::readUnaligned<uint64_t>(all.data());
    if (headerBytes > kLargestHeader || headerBytes > all.size() - 8)
        throw Error("the header is cut off, or this is no .safetensors file", where,
            "it claims " + std::to_string(headerBytes) + " bytes of header in a file of "
                + std::to_string(all.size()) + ", fetch it again");
    const std::string_view json(
        reinterpret_cast<const char*>(all.data()) + 8, static_cast<size_t>(headerBytes));
    const std::span<const std::byte> data = all.subspan(8 + static_cast<size_t>(headerBytes));
    Header header = parseHeader(json, data.size(), where);
    for (HeaderEntry& entry : header.tensors)
        m_tensors[std::move(entry.name)] = {
            entry.type, std::move(entry.shape), data.subspan(entry.begin, entry.end - entry.begin)};
    m_metadata = std::move(header.metadata);
}

} // namespace moe::checkpoint
