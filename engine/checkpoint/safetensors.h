// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/files.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace moe::checkpoint {

enum class StoredType : uint8_t { F64, F32, F16, BF16, F8E4M3, F8E5M2, U8, I64, I32 };
const char* nameOf(StoredType type); ///< "BF16", …
int64_t bytesOf(StoredType type);
const char* torchNameOf(StoredType type); ///< "bfloat16", …: torch_dtype and a run's precision

/// float32 to F32, BF16 or F16, round to nearest even, or to F64. Throws for the others.
void fromFloat32(const float* from, int64_t elements, StoredType type, std::byte* to);

struct StoredTensor {
    StoredType type = StoredType::F32;
    std::vector<int64_t> shape;
    std::span<const std::byte> bytes; ///< in the memory map

    int64_t elements() const;
    /// F32, F16, BF16, F64 to float32, exactly. Throws for the others.
    void toFloat32(float* to) const;
};

/// One .safetensors file through a memory map. The header is checked against the file's size before
/// anything of its claimed sizes is used; overlapping, unordered or out-of-range offsets are errors
/// that name file and tensor.
class SafetensorsFile {
public:
    explicit SafetensorsFile(const std::filesystem::path& path);
    const std::map<std::string, StoredTensor>& tensors() const { return m_tensors; }
    const std::map<std::string, std::string>& metadata() const { return m_metadata; }
    void checkUnchanged() const { m_file.checkUnchanged(); }

private:
    base::MappedFile m_file;
    std::map<std::string, StoredTensor> m_tensors;
    std::map<std::string, std::string> m_metadata;
};

/// A checkpoint folder's weights: model.safetensors, or the shards that
/// model.safetensors.index.json names.
class WeightFiles {
public:
    explicit WeightFiles(const std::filesystem::path& folder);
    bool has(const std::string& name) const;
    const StoredTensor& get(const std::string& name) const; ///< throws, naming folder and tensor
    std::vector<std::string> names() const;
    const std::filesystem::path& folder() const { return m_folder; }
    void checkUnchanged() const; ///< throws when a file was written into since it was opened

private:
    std::filesystem::path m_folder;
    std::vector<SafetensorsFile> m_files;
    std::map<std::string, const StoredTensor*> m_tensors;
};

struct TensorToWrite {
    std::string name;
    StoredType type = StoredType::F32;
    std::vector<int64_t> shape;
    std::span<const std::byte> bytes;
};

/// Writes one file atomically (or in place inside a folder that is not yet renamed). Throws.
void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
    const std::map<std::string, std::string>& metadata = {});

} // namespace moe::checkpoint
