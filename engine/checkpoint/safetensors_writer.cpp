// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/safetensors_writer.h"

#include "engine/base/json.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace moe::checkpoint {

namespace {

using base::Json;

int64_t bytesOfTensor(const TensorHeader& tensor)
{
    int64_t bytes = bytesOf(tensor.type);
    for (int64_t size : tensor.shape)
        bytes *= size;
    return bytes;
}

std::string headerText(const std::vector<TensorHeader>& tensors,
    const std::map<std::string, std::string>& metadata, int64_t& dataBytes)
{
    Json json = Json::object();
    if (!metadata.empty())
        json["__metadata__"] = metadata;
    dataBytes = 0;
    for (const TensorHeader& tensor : tensors) {
        const int64_t end = dataBytes + bytesOfTensor(tensor);
        // Not json[name] =: its search for the name would make the whole quadratic.
        json.get_ref<Json::object_t&>().push_back({tensor.name,
            Json{{"dtype", nameOf(tensor.type)}, {"shape", tensor.shape},
                {"data_offsets", {dataBytes, end}}}});
        dataBytes = end;
    }
    std::string text = json.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
}

std::vector<TensorHeader> sorted(std::vector<TensorHeader> tensors)
{
    std::sort(tensors.begin(), tensors.end(), [](const TensorHeader& a, const TensorHeader& b) {
        const int64_t left = bytesOf(a.type), right = bytesOf(b.type);
        return left != right ? left > right : a.name < b.name;
    });
    return tensors;
}

} // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path,
    std::vector<TensorHeader> tensors, const std::map<std::string, std::string>& metadata)
    : m_path(path)
    , m_beside(path.parent_path() / ("." + path.filename().string() + ".partial"))
    , m_tensors(sorted(std::move(tensors)))
    , m_file(m_beside, m_path)
{
    const std::string header = headerText(m_tensors, metadata, m_missing);
    const uint64_t length = header.size();
    try {
        m_file.write(&length, sizeof length);
        m_file.write(header.data(), header.size());
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(m_beside, ignored);
        throw;
    }
}

SafetensorsWriter::~SafetensorsWriter()
{
    std::error_code ignored;
    if (!m_committed)
        std::filesystem::remove(m_beside, ignored);
}

void SafetensorsWriter::write(std::span<const std::byte> bytes)
{
    m_missing -= static_cast<int64_t>(bytes.size());
    m_file.write(bytes.data(), bytes.size());
}

void SafetensorsWriter::commit()
{
    if (m_missing != 0)
        throw Error("tensors and their bytes disagree", m_path.string(),
            "this is an error of the program, please report it");
    m_file.close();
    std::error_code failed;
    std::filesystem::rename(m_beside, m_path, failed);
    if (failed)
        throw Error("cannot write", m_path.string(), "check the path and its permissions");
    m_committed = true;
    base::flushToDisk(m_path.has_parent_path() ? m_path.parent_path() : ".");
}

void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
    const std::map<std::string, std::string>& metadata)
{
    std::vector<TensorHeader> headers;
    std::map<std::string, std::span<const std::byte>> bytes;
    for (const TensorToWrite& tensor : tensors) {
        headers.push_back({tensor.name, tensor.type, tensor.shape});
        bytes[tensor.name] = tensor.bytes;
    }
    SafetensorsWriter writer(path, std::move(headers), metadata);
    for (const TensorHeader& header : writer.order())
        writer.write(bytes[header.name]);
    writer.commit();
}

} // namespace moe::checkpoint
