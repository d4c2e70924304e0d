// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/dialect.h"

#include "engine/base/log.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace moe::checkpoint {

namespace {

using base::Json;
using base::ObjectReader;
using kernels::ScaleLayout;

constexpr const char* kModelOptFile = "hf_quant_config.json";
constexpr int64_t kLargestBlock = 1 << 20;

[[noreturn]] void refuse(
    const std::string& what, const std::string& value, const std::string& where, const char* remedy)
{
    throw Error(what + " \"" + value.substr(0, 80) + "\" is not implemented", where, remedy);
}

/// A list of two sizes such as [128, 128].
void readBlock(ObjectReader& reader, const std::string& key, QuantGroup& group)
{
    const Json* value = reader.raw(key);
    const Json list = value ? *value : Json();
    const auto good = [](const Json& size) {
        return size.is_number_integer() && size >= 1 && size <= kLargestBlock;
    };
    if (!list.is_array() || list.size() != 2 || !good(list[0]) || !good(list[1]))
        throw Error("expected two sizes", reader.at(key), "rows and columns, as in [128, 128]");
    group.layout = ScaleLayout::Block;
    group.blockOut = list[0].get<int64_t>();
    group.blockIn = list[1].get<int64_t>();
}

void addKept(ObjectReader& reader, const std::string& key, Dialect& dialect)
{
    dialect.kept.addAll(reader.raw(key), reader.at(key));
}

/// Only the values listed are computed with; absent is fine.
void only(ObjectReader& reader, const std::string& key, const std::vector<std::string>& allowed)
{
    if (!reader.has(key))
        return;
    const std::string value = reader.text(key);
    std::string remedy = "one of";
    for (const std::string& word : allowed)
        remedy += " " + word;
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
        refuse(key, value, reader.at(key), remedy.c_str());
}

void readFp8(ObjectReader& reader, Dialect& dialect)
{
    dialect.method = QuantMethod::Fp8;
    only(reader, "activation_scheme", {"dynamic", "static"});
    only(reader, "fmt", {"e4m3"});
    only(reader, "expert_dtype", {"fp8"});
    only(reader, "scale_fmt", {"float", "ue8m0"}); // the values, both kept as floats
    QuantGroup group;
    if (reader.has("weight_block_size"))
        readBlock(reader, "weight_block_size", group);
    dialect.groups.push_back(group);
    addKept(reader, "ignored_layers", dialect);
    addKept(reader, "modules_to_not_convert", dialect);
    for (const char* key : {"modules_to_convert", "kv_cache_scheme", "is_checkpoint_fp8_serialized",
             "dequantize", "weight_block_size"})
        reader.know(key);
}

void readFbgemm(ObjectReader& reader, Dialect& dialect)
{
    dialect.method = QuantMethod::FbgemmFp8;
    if (reader.has("activation_scale_ub"))
        reader.number("activation_scale_ub", 0, 1e30);
    QuantGroup group;
    group.layout = ScaleLayout::Row;
    dialect.groups.push_back(group);
    addKept(reader, "modules_to_not_convert", dialect);
}

void readTargets(ObjectReader& reader, QuantGroup& group)
{
    const std::string where = reader.at("targets");
    const Json* targets = reader.raw("targets");
    if (!targets || !targets->is_array())
        throw Error("no targets", where, "a list such as [\"Linear\"]");
    group.linears = false;
    for (const Json& target : *targets) {
        const std::string name = target.is_string() ? target.get<std::string>() : "";
        if (name == "Linear")
            group.linears = true;
        else if (!name.empty())
            group.targets.add(name, where);
        else
            throw Error("expected a name", where, "a list such as [\"Linear\"]");
    }
}

/// config_groups.NAME: targets, weights, activations (which do not concern us: they stay wide).
QuantGroup readGroup(ObjectReader& reader)
{
    QuantGroup group;
    readTargets(reader, group);
    only(reader, "format", {"float-quantized"});
    ObjectReader weights = reader.object("weights");
    if (weights.text("type", "int") != "float")
        refuse("weight type", weights.text("type", "int"), weights.at("type"), "float");
    const int64_t bits = weights.integer("num_bits", 1, 64);
    if (bits != 8)
        refuse("num_bits", std::to_string(bits), weights.at("num_bits"), "8 bits are");
    const std::string strategy = weights.text("strategy");
    if (strategy == "channel")
        group.layout = ScaleLayout::Row;
    else if (strategy == "block")
        readBlock(weights, "block_structure", group);
    else if (strategy != "tensor")
        refuse("strategy", strategy, weights.at("strategy"), "one of tensor, channel, block");
    if (!weights.boolean("symmetric", true))
        refuse("symmetric", "false", weights.at("symmetric"), "weights without zero points are");
    if (weights.has("dynamic") && *weights.raw("dynamic") != false)
        refuse("dynamic", "true", weights.at("dynamic"), "weights have scales of their own");
    return group;
}

void readCompressedTensors(ObjectReader& reader, Dialect& dialect)
{
    dialect.method = QuantMethod::CompressedTensors;
    only(reader, "format", {"float-quantized", "mixed-precision"});
    only(reader, "quantization_status", {"compressed"});
    if (reader.has("sparsity_config") && !reader.raw("sparsity_config")->empty()) {
        ObjectReader sparsity = reader.object("sparsity_config");
        only(sparsity, "format", {"dense"});
    }
    if (reader.has("transform_config") && !reader.raw("transform_config")->empty())
        refuse("transform_config", "", reader.at("transform_config"),
            "a checkpoint without transforms");
    const Json* groups = reader.raw("config_groups");
    if (!groups || !groups->is_object())
        throw Error("no config_groups", reader.at("config_groups"), "an object of groups");
    for (const auto& [name, value] : groups->items()) {
        ObjectReader group(
            value, reader.where(), "quantization_config.config_groups." + name.substr(0, 80));
        if (group.has("weights")) // else its activations alone are quantised
            dialect.groups.push_back(readGroup(group));
    }
    addKept(reader, "ignore", dialect);
    for (const char* key : {"kv_cache_scheme", "global_compression_ratio", "version", "run_config"})
        reader.know(key);
}

/// `reader` is quantization_config, or "quantization" of hf_quant_config.json.
void readModelOpt(ObjectReader& reader, Dialect& dialect)
{
    for (const char* key : {"kv_cache_quant_algo", "kv_cache_scheme", "group_size", "producer",
             "config_groups", "exclude_modules", "ignore"})
        reader.know(key);
    if (!reader.has("quant_algo")) // the cache alone is quantised
        return;
    dialect.method = QuantMethod::ModelOpt;
    const std::string algorithm = reader.text("quant_algo");
    QuantGroup group;
    if (algorithm == "FP8_PER_CHANNEL_PER_TOKEN")
        group.layout = ScaleLayout::Row;
    else if (algorithm == "FP8_PB_WO")
        group.layout = ScaleLayout::Block;
    else if (algorithm != "FP8")
        refuse("quant_algo", algorithm, reader.at("quant_algo"),
            "one of FP8, FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO");
    dialect.groups.push_back(group);
    addKept(reader, "ignore", dialect);
    addKept(reader, "exclude_modules", dialect);
}

void warnOfUnknown(const ObjectReader& reader)
{
    std::string list;
    for (const std::string& key : reader.unknown())
        list += (list.empty() ? "" : ", ") + key.substr(0, 80);
    if (!list.empty())
        base::log(
            base::LogLevel::Warning, reader.at("quantization") + ": unknown keys ignored: " + list);
}

Dialect readModelOptFile(const std::filesystem::path& file)
{
    const Json json = base::readJsonFile(file);
    ObjectReader reader(json, file.string());
    ObjectReader quantization = reader.object("quantization");
    Dialect dialect;
    dialect.where = file.string();
    readModelOpt(quantization, dialect);
    return dialect;
}

} // namespace

const QuantGroup* Dialect::groupOf(const std::string& module) const
{
    if (kept.matches(module))
        return nullptr;
    for (const QuantGroup& group : groups) {
        if (group.targets.matches(module))
            return &group;
    }
    const auto found = std::find_if(
        groups.begin(), groups.end(), [](const QuantGroup& group) { return group.linears; });
    return found == groups.end() ? nullptr : &*found;
}

Dialect readDialect(const Json& config, const std::filesystem::path& folder)
{
    const std::string where = (folder / "config.json").string();
    ObjectReader root(config, where);
    std::error_code ignored;
    const bool hasModelOptFile = std::filesystem::exists(folder / kModelOptFile, ignored);
    if (!root.has("quantization_config"))
        return hasModelOptFile ? readModelOptFile(folder / kModelOptFile) : Dialect();
    ObjectReader reader = root.object("quantization_config");
    const std::string method = reader.text("quant_method");
    Dialect dialect;
    dialect.where = root.at("quantization_config");
    if (method == "fp8")
        readFp8(reader, dialect);
    else if (method == "compressed-tensors")
        readCompressedTensors(reader, dialect);
    else if (method == "fbgemm_fp8")
        readFbgemm(reader, dialect);
    else if (method == "modelopt" && !reader.has("quant_algo") && hasModelOptFile)
        return readModelOptFile(folder / kModelOptFile);
    else if (method == "modelopt")
        readModelOpt(reader, dialect);
    else if (method == "mxfp4") {
        dialect.method = QuantMethod::MxFloat4;
        addKept(reader, "modules_to_not_convert", dialect);
        reader.know("dequantize");
    } else
        refuse("quant_method", method, reader.at("quant_method"),
            "one of fp8, compressed-tensors, fbgemm_fp8, modelopt, mxfp4");
    warnOfUnknown(reader);
    return dialect;
}

Dialect readDialect(const std::filesystem::path& folder)
{
    return readDialect(base::readJsonFile(folder / "config.json"), folder);
}

} // namespace moe::checkpoint
