// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/json.h"
#include "engine/checkpoint/safetensors.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::checkpoint {

namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

bool isThere(const std::filesystem::path& path)
{
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

/// Tensor name → shard, as the index has it.
std::map<std::string, std::string> readIndex(const std::filesystem::path& path)
{
    const base::Json json = base::readJsonFile(path);
    base::ObjectReader reader(json, path.string());
    const base::Json* map = reader.raw("weight_map");
    if (!map || !map->is_object())
        throw Error("no weight_map", path.string(), "an object of tensor name and file name");
    std::map<std::string, std::string> files;
    for (const auto& [tensor, file] : map->items()) {
        const std::string name = file.is_string() ? file.get<std::string>() : "";
        // A shard lies beside its index: no index may lead anywhere else.
        if (name.empty() || name.find_first_of("/\\") != std::string::npos || name[0] == '.')
            throw Error("not a file name", reader.at("weight_map." + tensor.substr(0, 200)),
                "the name of a .safetensors file in the same folder");
        files[tensor] = name;
    }
    return files;
}

} // namespace

WeightFiles::WeightFiles(const std::filesystem::path& folder)
    : m_folder(folder)
{
    if (isThere(folder / kSingle)) {
        m_files.emplace_back(folder / kSingle);
        for (const auto& [name, tensor] : m_files.back().tensors())
            m_tensors[name] = &tensor;
        return;
    }
    if (!isThere(folder / kIndex))
        throw Error("no weights", folder.string(),
            isThere(folder)
                ? "a folder with model.safetensors, or model.safetensors.index.json and "
                  "its shards"
                : "no such folder, check the path");
    const std::map<std::string, std::string> index = readIndex(folder / kIndex);
    std::map<std::string, size_t> fileOf;
    for (const auto& [name, file] : index) {
        if (fileOf.try_emplace(file, m_files.size()).second)
            m_files.emplace_back(folder / file);
    }
    for (const auto& [name, file] : index) {
        const auto& tensors = m_files[fileOf[file]].tensors();
        const auto found = tensors.find(name);
        if (found == tensors.end())
            throw Error("tensor " + name.substr(0, 200) + " is missing", (folder / file).string(),
                std::string(kIndex) + " says that it is there, fetch both again");
        m_tensors[name] = &found->second;
    }
}

bool WeightFiles::has(const std::string& name) const
{
    return m_tensors.contains(name);
}

const StoredTensor& WeightFiles::get(const std::string& name) const
{
    const auto found = m_tensors.find(name);
    if (found == m_tensors.end())
        throw Error("tensor " + name + " is missing", m_folder.string(),
            "a checkpoint that fits its config.json");
    return *found->second;
}

void WeightFiles::checkUnchanged() const
{
    for (const SafetensorsFile& file : m_files)
        file.checkUnchanged();
}

std::vector<std::string> WeightFiles::names() const
{
    std::vector<std::string> names;
    names.reserve(m_tensors.size());
    for (const auto& entry : m_tensors)
        names.push_back(entry.first);
    return names;
}

} // namespace moe::checkpoint
