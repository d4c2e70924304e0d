// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/checkpoint.h"

#include "engine/base/files.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/safetensors_writer.h"
#include "engine/checkpoint/stored_shape.h"
#include "kernels/bfloat16.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

namespace moe::checkpoint {

namespace {

constexpr int64_t kChunk = 1 << 16; ///< elements converted at a time

std::string textOf(const std::vector<int64_t>& sizes)
{
    std::string text = "[";
    for (size_t i = 0; i < sizes.size(); ++i)
        text += (i ? ", " : "") + std::to_string(sizes[i]);
    return text + "]";
}

void loadParameter(const WeightFiles& files, const std::filesystem::path& folder,
    const model::Parameter& parameter, float* to)
{
    const StoredTensor& tensor = files.get(parameter.name);
    const std::string where = folder.string() + ": " + parameter.name;
    if (tensor.shape != storedShape(parameter.shape))
        throw Error("the shape is " + textOf(tensor.shape), where,
            "config.json makes it " + parameter.shape.text());
    if (tensor.type != StoredType::F32 && tensor.type != StoredType::BF16
        && tensor.type != StoredType::F16 && tensor.type != StoredType::F64)
        throw Error(std::string("stored as ") + nameOf(tensor.type), where,
            "F32, BF16, F16 or F64 are read here");
    tensor.toFloat32(to);
}

void refuseTensorsWithoutPlace(const WeightFiles& files, const std::filesystem::path& folder,
    const model::ModelConfig& config, const model::ParameterLayout& layout)
{
    std::set<std::string> known;
    for (const model::Parameter& parameter : layout.parameters)
        known.insert(parameter.name);
    if (config.tieWordEmbeddings)
        known.insert("lm_head.weight"); // some writers store the tied head once more
    for (const std::string& name : files.names()) {
        // Old Llama checkpoints keep the rotary frequencies, which follow from config.json.
        if (!known.contains(name) && !name.ends_with(".rotary_emb.inv_freq"))
            throw Error("the model has no place for tensor " + name.substr(0, 200), folder.string(),
                "a config.json that fits the weights");
    }
}

StoredType storedTypeOf(const std::string& dtype)
{
    if (dtype == "float32")
        return StoredType::F32;
    return dtype == "bfloat16" ? StoredType::BF16 : StoredType::F16;
}

/// IEEE half, round to nearest even, infinity beyond its range.
uint16_t halfOf(float value)
{
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16U) & 0x8000U);
    const uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U)
        return sign | 0x7E00U;
    if (magnitude >= 0x477FF000U) // 65,520: the first that rounds to infinity
        return sign | 0x7C00U;
    if (magnitude < 0x38800000U) { // below 2⁻¹⁴: the sum rounds to a multiple of 2⁻²⁴
        const float rounded = std::bit_cast<float>(magnitude) + 0.5F;
        return sign | static_cast<uint16_t>(std::bit_cast<uint32_t>(rounded) - 0x3F000000U);
    }
    const uint32_t rounded = magnitude + 0xFFFU + ((magnitude >> 13U) & 1U);
    return sign | static_cast<uint16_t>((rounded >> 13U) - (112U << 10U));
}

void writeConverted(SafetensorsWriter& writer, StoredType type, const float* from, int64_t elements)
{
    if (type == StoredType::F32) {
        writer.write(std::as_bytes(std::span(from, static_cast<size_t>(elements))));
        return;
    }
    std::vector<uint16_t> chunk;
    for (int64_t done = 0; done < elements; done += kChunk) {
        const int64_t count = std::min(kChunk, elements - done);
        chunk.resize(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; ++i) {
            const float value = from[done + i];
            chunk[static_cast<size_t>(i)]
                = type == StoredType::BF16 ? kernels::BFloat16(value).bits : halfOf(value);
        }
        writer.write(std::as_bytes(std::span(chunk)));
    }
}

void writeWeights(const std::filesystem::path& file, const model::ParameterLayout& layout,
    const float* buffer, StoredType type)
{
    std::vector<TensorHeader> headers;
    std::map<std::string, const model::Parameter*> byName;
    for (const model::Parameter& parameter : layout.parameters) {
        headers.push_back({parameter.name, type, storedShape(parameter.shape)});
        byName[parameter.name] = &parameter;
    }
    // Hugging Face refuses files that do not say what wrote them.
    SafetensorsWriter writer(file, std::move(headers), {{"format", "pt"}});
    for (const TensorHeader& header : writer.order()) {
        const model::Parameter& parameter = *byName.at(header.name);
        writeConverted(writer, type, buffer + parameter.offset, parameter.shape.elements());
    }
    writer.commit();
}

void copyIfThere(const std::filesystem::path& from, const std::filesystem::path& to)
{
    std::error_code ignored;
    if (std::filesystem::is_regular_file(from, ignored))
        base::writeFileAtomically(to, base::readFile(from));
}

void copyTokenizer(const std::filesystem::path& from, const std::filesystem::path& folder)
{
    std::error_code ignored;
    if (!std::filesystem::is_directory(from, ignored)) {
        const bool json = from.extension() == ".json";
        const char* name = json ? "tokenizer.json" : "tokenizer.model";
        base::writeFileAtomically(folder / name, base::readFile(from));
        copyIfThere(from.parent_path() / "tokenizer_config.json", folder / "tokenizer_config.json");
        return;
    }
    for (const char* name : {"tokenizer.model", "tokenizer.json", "tokenizer_config.json",
             "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
             "chat_template.jinja", "generation_config.json"})
        copyIfThere(from / name, folder / name);
}

} // namespace

void loadWeights(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout, float* buffer)
{
    const WeightFiles files(folder);
    refuseTensorsWithoutPlace(files, folder, config, layout);
    std::fill_n(buffer, layout.elements, 0.0F); // the gaps between blocks
    for (const model::Parameter& parameter : layout.parameters)
        loadParameter(files, folder, parameter, buffer + parameter.offset);
}

void saveModel(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout, const float* buffer, const std::string& dtype,
    const std::optional<std::filesystem::path>& tokenizerFrom)
{
    base::Json json = model::toJson(config);
    json["torch_dtype"] = dtype;
    base::writeFileAtomically(folder / "config.json", json.dump(2) + "\n");
    writeWeights(folder / "model.safetensors", layout, buffer, storedTypeOf(dtype));
    if (tokenizerFrom)
        copyTokenizer(*tokenizerFrom, folder);
}

std::string storedDtype(const std::filesystem::path& folder)
{
    const StoredType type = WeightFiles(folder).get("model.embed_tokens.weight").type;
    for (const char* dtype : {"float32", "bfloat16", "float16"}) {
        if (storedTypeOf(dtype) == type)
            return dtype;
    }
    throw Error(std::string("weights stored as ") + nameOf(type), folder.string(),
        "a checkpoint in float32, bfloat16 or float16");
}

} // namespace moe::checkpoint
