// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The attention of a config.json: heads, biases, norms, windows, latent sizes.
#include "engine/model/config_reading.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace moe::model {

namespace {

using base::Json;
using base::ObjectReader;
using Name = Family::Name;

void readHeads(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    config.heads = reader.integer("num_attention_heads", 1, 65536);
    config.kvHeads
        = family.kvHeads && !reader.raw("num_key_value_heads") ? family.kvHeads : config.heads;
    config.kvHeads = integerOr(reader, "num_key_value_heads", 1, 65536, config.kvHeads);
    if (config.heads % config.kvHeads != 0)
        throw Error("num_key_value_heads does not divide num_attention_heads",
            reader.at("num_key_value_heads"), "a divisor of " + std::to_string(config.heads));
}

void readHeadDim(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    config.headDim = family.headDim && !reader.raw("head_dim") ? family.headDim : 0;
    if (!reader.has("head_dim") && !config.headDim && config.hiddenSize % config.heads != 0)
        throw Error("num_attention_heads does not divide hidden_size",
            reader.at("num_attention_heads"),
            "a divisor of " + std::to_string(config.hiddenSize) + ", or head_dim beside it");
    if (!config.headDim)
        config.headDim = integerOr(reader, "head_dim", 1, 65536, config.hiddenSize / config.heads);
    if (config.headDim % 2 != 0)
        throw Error("odd head size " + std::to_string(config.headDim),
            reader.at(reader.has("head_dim") ? "head_dim" : "num_attention_heads"),
            "rotary embedding wants an even one");
}

void readLatent(ObjectReader& reader, ModelConfig& config)
{
    AttentionSpec& spec = config.attention;
    spec.kind = AttentionKind::Latent;
    if (config.kvHeads != config.heads)
        throw Error("num_key_value_heads other than num_attention_heads is not implemented",
            reader.at("num_key_value_heads"), "latent attention shares one latent anyway");
    reader.know("head_dim"); // follows from the sizes below
    reader.know("qk_head_dim");
    if (booleanOr(reader, "attention_bias", false))
        throw Error("attention_bias true in " + config.architecture + " is not implemented",
            reader.at("attention_bias"), "use a model without");
    // Absent and null differ here: absent is the default, null means no low rank.
    spec.queryRank
        = reader.raw("q_lora_rank") ? integerOr(reader, "q_lora_rank", 1, 1 << 20, 0) : 1536;
    spec.latentRank = integerOr(reader, "kv_lora_rank", 1, 1 << 20, 512);
    spec.nopeDim = integerOr(reader, "qk_nope_head_dim", 1, 65536, 128);
    spec.ropeDim = integerOr(reader, "qk_rope_head_dim", 1, 65536, 64);
    spec.valueDim = integerOr(reader, "v_head_dim", 1, 65536, 128);
    if (spec.ropeDim % 2 != 0)
        throw Error("odd qk_rope_head_dim", reader.at("qk_rope_head_dim"),
            "rotary embedding wants an even one");
    config.headDim = spec.nopeDim + spec.ropeDim;
}

void readBiases(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    AttentionSpec& spec = config.attention;
    if (family.name == Name::Qwen2 || family.name == Name::Qwen2Moe) {
        spec.qkvBias = booleanOr(reader, "qkv_bias", true);
        if (family.name == Name::Qwen2 && !spec.qkvBias)
            throw Error("qkv_bias false in " + config.architecture + " is not implemented",
                reader.at("qkv_bias"), "Qwen2 always has these biases");
        reader.know("attention_bias");
        return;
    }
    if (booleanOr(reader, "qkv_bias", false))
        throw Error("qkv_bias true in " + config.architecture + " is not implemented",
            reader.at("qkv_bias"), "use Qwen2ForCausalLM or Qwen2MoeForCausalLM");
    const bool bias = booleanOr(reader, "attention_bias", family.name == Name::GptOss);
    if (bias && (family.name == Name::Skywork || family.name == Name::Mixtral))
        throw Error("attention_bias true in " + config.architecture + " is not implemented",
            reader.at("attention_bias"), "use a model without");
    spec.qkvBias = spec.outputBias = bias;
}

/// Which layers look through the window when "layer_types" does not say.
bool windowByDefault(const Family& family, int64_t layer, int64_t maxWindowLayers)
{
    switch (family.name) {
    case Name::Qwen2:
    case Name::Qwen3:
        return layer >= maxWindowLayers;
    case Name::Qwen2Moe:
        return layer % 2 == 0 && layer < maxWindowLayers;
    case Name::GptOss:
        return layer % 2 == 0;
    default: // Mixtral, Qwen3-MoE: all
        return true;
    }
}

std::vector<bool> readLayerTypes(ObjectReader& reader, const ModelConfig& config)
{
    const Json& list = *reader.raw("layer_types");
    const std::string where = reader.at("layer_types");
    if (!list.is_array() || static_cast<int64_t>(list.size()) != config.layers)
        throw Error("expected a list of " + std::to_string(config.layers) + " names", where,
            "one a layer, full_attention or sliding_attention");
    std::vector<bool> sliding;
    for (const Json& type : list) {
        const std::string name = type.is_string() ? type.get<std::string>() : "";
        if (name != "full_attention" && name != "sliding_attention")
            throw Error("layer type \"" + name.substr(0, 80) + "\" is not implemented", where,
                "full_attention or sliding_attention");
        sliding.push_back(name == "sliding_attention");
    }
    return sliding;
}

void readWindows(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    const bool qwen = family.name == Name::Qwen2 || family.name == Name::Qwen3
        || family.name == Name::Qwen2Moe || family.name == Name::Qwen3Moe;
    const bool windowed = qwen || family.name == Name::Mixtral || family.name == Name::GptOss;
    const int64_t maxLayers = integerOr(reader, "max_window_layers", 0, INT64_MAX, 28);
    const bool used = booleanOr(reader, "use_sliding_window", !qwen);
    std::vector<bool> sliding;
    if (reader.has("layer_types"))
        sliding = readLayerTypes(reader, config);
    // What a Qwen, Mixtral or gpt-oss takes where the key is absent, and where it is null.
    int64_t fallback = config.maxPositions;
    if (!reader.raw("sliding_window") && (qwen || family.name == Name::GptOss))
        fallback = qwen ? 4096 : 128;
    int64_t window = integerOr(reader, "sliding_window", 0, INT64_MAX, fallback);
    if (!used)
        return;
    const bool none = window == 0 || window >= config.maxPositions;
    if (none)
        return;
    if (!windowed)
        throw Error("a sliding window in " + config.architecture + " is not implemented",
            reader.at("sliding_window"),
            "null, or at least max_position_embeddings (" + std::to_string(config.maxPositions)
                + ")");
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        const bool here = sliding.empty() ? windowByDefault(family, layer, maxLayers)
                                          : sliding[static_cast<size_t>(layer)];
        config.attention.windows.push_back(here ? window : 0);
    }
    const auto& windows = config.attention.windows;
    if (std::count(windows.begin(), windows.end(), 0) == config.layers)
        config.attention.windows.clear();
}

} // namespace

void readAttention(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    readHeads(reader, family, config);
    if (family.name == Name::DeepseekV2) {
        readLatent(reader, config);
    } else {
        readHeadDim(reader, family, config);
        readBiases(reader, family, config);
    }
    readWindows(reader, family, config);
    AttentionSpec& spec = config.attention;
    if (family.name == Name::Qwen3 || family.name == Name::Qwen3Moe)
        spec.qkNorm = QkNorm::PerHead;
    if (family.name == Name::Olmoe)
        spec.qkNorm = QkNorm::Whole;
    spec.sinks = family.name == Name::GptOss;
}

} // namespace moe::model
