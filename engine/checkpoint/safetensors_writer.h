// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/files.h"
#include "engine/checkpoint/safetensors.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace moe::checkpoint {

struct TensorHeader {
    std::string name;
    StoredType type = StoredType::F32;
    std::vector<int64_t> shape;
};

/// Writes one .safetensors file piece by piece, so that no second copy of the weights is needed:
/// beside its place until commit(), which flushes and renames. Data begins 8-byte aligned, wider
/// types come first, so that every tensor is aligned to its type. Throws moe::Error.
class SafetensorsWriter {
public:
    SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorHeader> tensors,
        const std::map<std::string, std::string>& metadata);
    ~SafetensorsWriter(); ///< removes what was not committed
    SafetensorsWriter(const SafetensorsWriter&) = delete;
    SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

    const std::vector<TensorHeader>& order() const { return m_tensors; }
    /// The tensors' bytes, in order().
    void write(std::span<const std::byte> bytes);
    void commit();

private:
    std::filesystem::path m_path, m_beside;
    std::vector<TensorHeader> m_tensors;
    base::FileWriter m_file;
    int64_t m_missing = 0; ///< bytes still to be written
    bool m_committed = false;
};

} // namespace moe::checkpoint
