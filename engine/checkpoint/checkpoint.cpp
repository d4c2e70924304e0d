// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/checkpoint.h"

#include "engine/base/files.h"
#include "engine/checkpoint/quantized_matrix.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/safetensors_writer.h"
#include "engine/checkpoint/stored_shape.h"
#include "engine/text/tokenizer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace moe::checkpoint {

namespace {

constexpr int64_t kChunk = 1 << 16; ///< elements converted at a time

/// Scales of quantised tensors are checked, too.
void checkTensor(
    const WeightFiles& files, const Dialect& dialect, const model::Parameter& parameter)
{
    const StoredTensor& tensor = files.get(parameter.name);
    const std::string where = files.folder().string() + ": " + parameter.name;
    if (tensor.shape != storedShape(parameter.shape))
        throw Error("the shape is " + shapeText(tensor.shape), where,
            "config.json makes it " + parameter.shape.text());
    if (isQuantized(tensor)) {
        ScaleStore scales;
        storedMatrix(files, dialect, parameter.name, scales);
        return;
    }
    if (tensor.type != StoredType::F32 && tensor.type != StoredType::BF16
        && tensor.type != StoredType::F16 && tensor.type != StoredType::F64)
        throw Error(std::string("stored as ") + nameOf(tensor.type), where,
            "F32, BF16, F16, F64, or F8 with scales are read here");
}

void refuseTensorsWithoutPlace(const WeightFiles& files, const Dialect& dialect,
    const model::ModelConfig& config, const model::ParameterLayout& layout)
{
    std::set<std::string> known;
    for (const model::Parameter& parameter : layout.parameters) {
        known.insert(parameter.name);
        for (const std::string& companion : companionsOf(files, dialect, parameter.name))
            known.insert(companion);
    }
    if (config.tieWordEmbeddings)
        known.insert("lm_head.weight"); // some writers store the tied head once more
    for (const std::string& name : files.names()) {
        // Old Llama checkpoints keep the rotary frequencies, which follow from config.json.
        if (!known.contains(name) && !name.ends_with(".rotary_emb.inv_freq")
            && !isCacheScale(dialect, name))
            throw Error("the model has no place for tensor " + name.substr(0, 200),
                files.folder().string(), "a config.json that fits the weights");
    }
}

void writeConverted(SafetensorsWriter& writer, StoredType type, const float* from, int64_t elements)
{
    std::vector<std::byte> chunk;
    for (int64_t done = 0; done < elements; done += kChunk) {
        const int64_t count = std::min(kChunk, elements - done);
        chunk.resize(static_cast<size_t>(count * bytesOf(type)));
        fromFloat32(from + done, count, type, chunk.data());
        writer.write(chunk);
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

} // namespace

WeightFiles openWeights(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout)
{
    WeightFiles files(folder);
    const Dialect dialect = readDialect(folder);
    for (const model::Parameter& parameter : layout.parameters)
        checkTensor(files, dialect, parameter);
    refuseTensorsWithoutPlace(files, dialect, config, layout);
    return files;
}

void loadWeights(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout, float* buffer)
{
    const WeightFiles files = openWeights(folder, config, layout);
    const Dialect dialect = readDialect(folder);
    std::fill_n(buffer, layout.elements, 0.0F); // the gaps between blocks
    for (const model::Parameter& parameter : layout.parameters)
        readFloat32(files, dialect, parameter.name, buffer + parameter.offset);
}

void saveModel(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout, const float* buffer, const std::string& dtype,
    const std::optional<std::filesystem::path>& tokenizerFrom)
{
    const StoredType type = dtype == "bfloat16" ? StoredType::BF16 : StoredType::F32;
    writeConfig(folder, config, type);
    writeWeights(folder / "model.safetensors", layout, buffer, type);
    if (tokenizerFrom)
        copyTokenizer(*tokenizerFrom, folder);
}

void writeConfig(
    const std::filesystem::path& folder, const model::ModelConfig& config, StoredType type)
{
    base::Json json = model::toJson(config);
    json["torch_dtype"] = torchNameOf(type);
    base::writeFileAtomically(folder / "config.json", json.dump(2) + "\n");
}

void copyTokenizer(const std::filesystem::path& from, const std::filesystem::path& folder)
{
    std::error_code ignored;
    if (!std::filesystem::is_directory(from, ignored)) {
        const std::string name = from.extension() == ".json" ? "tokenizer.json"
            : from.extension() == ".tiktoken"                ? from.filename().string()
                                                             : "tokenizer.model";
        base::writeFileAtomically(folder / name, base::readFile(from));
        copyIfThere(text::tokenizerConfigOf(from), folder / "tokenizer_config.json");
        return;
    }
    for (const char* name : {"tokenizer.model", "tokenizer.json", "tokenizer_config.json",
             "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
             "chat_template.jinja", "generation_config.json"})
        copyIfThere(from / name, folder / name);
    for (const auto& entry : std::filesystem::directory_iterator(from)) {
        if (entry.path().extension() == ".tiktoken") // of any name
            copyIfThere(entry.path(), folder / entry.path().filename());
    }
}

} // namespace moe::checkpoint
