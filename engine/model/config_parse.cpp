// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// A Hugging Face config.json into a ModelConfig: what we compute is read, what we do not is refused
// by name, what does not matter is ignored.
#include "engine/base/log.h"
#include "engine/model/config.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace moe::model {

namespace {

using base::Json;
using base::ObjectReader;

constexpr const char* kSkywork = "SkyworkForCausalLM";
constexpr const char* kMixtral = "MixtralForCausalLM";
constexpr const char* kLlama = "LlamaForCausalLM";
constexpr const char* kOffered = "use one of SkyworkForCausalLM, MixtralForCausalLM, "
                                 "LlamaForCausalLM";

/// Far beyond any model, near enough that no count of parameters or bytes overflows.
constexpr double kMostParameters = 1e15;
constexpr int64_t kMostExpertsInAll = INT64_C(1) << 20;

/// What an architecture takes where its config.json is silent (transformers' own defaults).
struct Defaults {
    int64_t maxPositions;
    double rmsNormEps, ropeTheta;
    int64_t kvHeads; ///< 0: as many as heads
};

Defaults defaultsOf(const std::string& architecture)
{
    if (architecture == kMixtral)
        return {131072, 1e-5, 1e6, 8};
    if (architecture == kSkywork)
        return {8192, 1e-6, 10000, 0};
    return {2048, 1e-6, 10000, 0};
}

int64_t integerOr(
    ObjectReader& reader, const std::string& key, int64_t least, int64_t most, int64_t fallback)
{
    return reader.has(key) ? reader.integer(key, least, most) : fallback;
}

double numberOr(
    ObjectReader& reader, const std::string& key, double least, double most, double fallback)
{
    return reader.has(key) ? reader.number(key, least, most) : fallback;
}

bool booleanOr(ObjectReader& reader, const std::string& key, bool fallback)
{
    return reader.has(key) ? reader.boolean(key, fallback) : fallback;
}

std::string architectureFromType(ObjectReader& reader)
{
    const std::string type = reader.text("model_type");
    if (type == "skywork")
        return kSkywork;
    if (type == "mixtral")
        return kMixtral;
    if (type == "llama")
        return kLlama;
    throw Error("unknown model type \"" + type.substr(0, 80) + "\"", reader.at("model_type"),
        "add \"architectures\", or use one of skywork, mixtral, llama");
}

std::string readArchitecture(ObjectReader& reader)
{
    reader.know("model_type");
    if (!reader.has("architectures"))
        return architectureFromType(reader);
    const Json& list = *reader.raw("architectures");
    if (!list.is_array() || list.size() != 1 || !list[0].is_string())
        throw Error("expected a list of one name", reader.at("architectures"),
            "write [\"SkyworkForCausalLM\"]");
    const auto name = list[0].get<std::string>();
    if (name == kSkywork || name == kMixtral || name == kLlama)
        return name;
    static const std::array<const char*, 8> kLater{"QuantSkyworkForCausalLM", "Qwen2ForCausalLM",
        "Qwen3ForCausalLM", "Qwen2MoeForCausalLM", "Qwen3MoeForCausalLM", "OlmoeForCausalLM",
        "DeepseekV2ForCausalLM", "GptOssForCausalLM"};
    const std::string where = reader.at("architectures");
    if (name == kLater[0])
        throw Error("architecture " + name + " (FP8 weights) is not there yet", where,
            "use the BF16 checkpoint (SkyworkForCausalLM)");
    if (std::find(kLater.begin(), kLater.end(), name) != kLater.end())
        throw Error("architecture " + name + " is not there yet", where, kOffered);
    throw Error("unknown architecture \"" + name.substr(0, 80) + "\"", where, kOffered);
}

/// Keys that change the computation and of which we have the neutral value alone.
void refuseOtherValues(ObjectReader& reader)
{
    struct Only {
        const char* key;
        Json neutral;
        const char* remedy;
    };
    const std::array<Only, 12> kOnly{{
        {"hidden_act", "silu", "only \"silu\" is implemented"},
        {"attention_bias", false, "biases are not there yet, use a model without"},
        {"mlp_bias", false, "biases are not there yet, use a model without"},
        {"qkv_bias", false, "biases are not there yet, use a model without"},
        {"use_bias", false, "biases are not there yet, use a model without"},
        {"use_qk_norm", false, "q/k norms are not there yet, use a model without"},
        {"qk_layernorm", false, "q/k norms are not there yet, use a model without"},
        {"partial_rotary_factor", 1.0, "only 1 is implemented"},
        {"clip_qkv", nullptr, "only null is implemented"},
        {"is_encoder_decoder", false, "only decoders are implemented"},
        {"add_cross_attention", false, "only decoders are implemented"},
        {"quantization_config", nullptr,
            "quantised checkpoints are not there yet, use the unquantised one"},
    }};
    for (const Only& only : kOnly) {
        if (reader.has(only.key) && *reader.raw(only.key) != only.neutral) {
            const Json& value = *reader.raw(only.key);
            const std::string shown = value.is_structured()
                ? ""
                : " " + value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 80);
            throw Error(std::string(only.key) + shown + " is not implemented", reader.at(only.key),
                only.remedy);
        }
    }
}

/// What another architecture would compute with must not be taken for a mere unknown key.
void refuseForeignExperts(ObjectReader& reader, const ModelConfig& config)
{
    if (config.architecture != kSkywork && reader.has("moe_use_logits_norm")
        && reader.boolean("moe_use_logits_norm", false))
        throw Error("moe_use_logits_norm in " + config.architecture,
            reader.at("moe_use_logits_norm"), "use SkyworkForCausalLM");
    for (const char* key : {"num_local_experts", "num_experts"}) {
        if (config.architecture == kLlama && reader.has(key))
            throw Error("experts in " + config.architecture, reader.at(key),
                "use SkyworkForCausalLM or MixtralForCausalLM");
    }
}

void ignoreWithoutMeaning(ObjectReader& reader)
{
    for (const char* key :
        {"_name_or_path", "attention_dropout", "auto_map", "chunk_size_feed_forward", "dtype",
            "embedding_dropout", "finetuning_task", "hidden_dropout", "hidden_dropout_prob",
            "id2label", "is_decoder", "label2id", "output_attentions", "output_hidden_states",
            "output_router_logits", "pad_token_id", "pretraining_tp", "problem_type", "return_dict",
            "router_aux_loss_coef", "router_jitter_noise", "sep_token_id", "task_specific_params",
            "tokenizer_class", "torch_dtype", "torchscript", "transformers_version", "unk_token_id",
            "use_bfloat16", "use_cache", "use_return_dict"})
        reader.know(key);
}

RopeScaling readRopeScaling(ObjectReader& rope, int64_t maxPositions)
{
    RopeScaling scaling;
    const char* key = rope.has("rope_type") ? "rope_type" : "type";
    rope.know("rope_type");
    rope.know("type");
    scaling.type = rope.has(key) ? rope.text(key) : "default";
    if (scaling.type == "linear") {
        scaling.factor = rope.number("factor", 1, 1e6);
    } else if (scaling.type == "llama3") {
        scaling.factor = rope.number("factor", 1, 1e6);
        scaling.lowFreqFactor = rope.number("low_freq_factor", 1e-6, 1e6);
        scaling.highFreqFactor = rope.number("high_freq_factor", 1e-6, 1e6);
        if (scaling.highFreqFactor <= scaling.lowFreqFactor)
            throw Error("high_freq_factor is not above low_freq_factor",
                rope.at("high_freq_factor"), "make it larger");
        scaling.originalMaxPositions = integerOr(
            rope, "original_max_position_embeddings", 1, INT64_C(1) << 30, maxPositions);
    } else if (scaling.type != "default") {
        throw Error("rope type \"" + scaling.type.substr(0, 80) + "\" is not implemented",
            rope.at(key), "one of default, linear, llama3");
    }
    return scaling;
}

/// rope_theta and rope_scaling (transformers 4) or rope_parameters (5), which wins where both are.
void readRope(ObjectReader& reader, const Defaults& defaults, ModelConfig& config)
{
    config.ropeTheta = numberOr(reader, "rope_theta", 1, 1e12, defaults.ropeTheta);
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        if (!reader.has(key))
            continue;
        ObjectReader rope = reader.object(key);
        config.ropeScaling = readRopeScaling(rope, config.maxPositions);
        config.ropeTheta = numberOr(rope, "rope_theta", 1, 1e12, config.ropeTheta);
        if (numberOr(rope, "partial_rotary_factor", 0, 1, 1) != 1)
            throw Error("partial_rotary_factor is not implemented",
                rope.at("partial_rotary_factor"), "only 1 is implemented");
        for (const char* same :
            {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"})
            rope.know(same);
        rope.finish();
    }
}

void readAttention(ObjectReader& reader, const Defaults& defaults, ModelConfig& config)
{
    config.heads = reader.integer("num_attention_heads", 1, 65536);
    config.kvHeads
        = defaults.kvHeads && !reader.raw("num_key_value_heads") ? defaults.kvHeads : config.heads;
    config.kvHeads = integerOr(reader, "num_key_value_heads", 1, 65536, config.kvHeads);
    if (config.heads % config.kvHeads != 0)
        throw Error("num_key_value_heads does not divide num_attention_heads",
            reader.at("num_key_value_heads"), "a divisor of " + std::to_string(config.heads));
    if (!reader.has("head_dim") && config.hiddenSize % config.heads != 0)
        throw Error("num_attention_heads does not divide hidden_size",
            reader.at("num_attention_heads"),
            "a divisor of " + std::to_string(config.hiddenSize) + ", or head_dim beside it");
    config.headDim = integerOr(reader, "head_dim", 1, 65536, config.hiddenSize / config.heads);
    if (config.headDim % 2 != 0)
        throw Error("odd head size " + std::to_string(config.headDim),
            reader.at(reader.has("head_dim") ? "head_dim" : "num_attention_heads"),
            "rotary embedding wants an even one");
    if (integerOr(reader, "sliding_window", 0, INT64_MAX, config.maxPositions)
        < config.maxPositions)
        throw Error("a sliding window is not implemented", reader.at("sliding_window"),
            "null, or at least max_position_embeddings (" + std::to_string(config.maxPositions)
                + ")");
}

int64_t readExpertCount(ObjectReader& reader)
{
    if (!reader.has("num_experts"))
        return reader.integer("num_local_experts", 1, 16384);
    reader.know("num_local_experts");
    const Json& value = *reader.raw("num_experts");
    if (!value.is_array())
        return reader.integer("num_experts", 1, 16384);
    if (value.size() != 1)
        throw Error(
            "a list of " + std::to_string(value.size()) + " expert counts is not implemented",
            reader.at("num_experts"), "one count for all layers, as in [16]");
    const Json one{{"num_experts", value[0]}};
    return ObjectReader(one, reader.where()).integer("num_experts", 1, 16384);
}

void readSkyworkGate(ObjectReader& reader, ModelConfig& config)
{
    if (integerOr(reader, "moe_expert_interval", 1, 1 << 20, 1) != 1)
        throw Error("moe_expert_interval other than 1 is not implemented",
            reader.at("moe_expert_interval"), "every layer must be an MoE layer");
    if (booleanOr(reader, "moe_2layer_gate", false))
        throw Error("moe_2layer_gate true is not there yet", reader.at("moe_2layer_gate"),
            "use a model with a one-layer gate");
    const bool mixtralGating = booleanOr(reader, "moe_use_mixtral_gating", true);
    if (!booleanOr(reader, "moe_feature_no_mul_topk", true) && !mixtralGating)
        throw Error("moe_feature_no_mul_topk false with moe_use_mixtral_gating false (experts' "
                    "input multiplied by k) is not implemented",
            reader.at("moe_feature_no_mul_topk"), "one of the two must be true");
    config.logitsNorm = booleanOr(reader, "moe_use_logits_norm", false);
    config.gateNormStd = numberOr(reader, "moe_gate_norm_std", 1e-6, 1e6, 1);
}

void readExperts(ObjectReader& reader, ModelConfig& config)
{
    if (config.architecture == kSkywork) {
        config.experts = readExpertCount(reader);
        readSkyworkGate(reader, config);
    } else {
        config.experts = reader.integer("num_local_experts", 1, 16384);
    }
    config.topK = integerOr(reader, "num_experts_per_tok", 1, 16384, 2);
    if (config.topK > config.experts)
        throw Error("num_experts_per_tok is " + std::to_string(config.topK) + " of "
                + std::to_string(config.experts) + " experts",
            reader.at("num_experts_per_tok"), "at most the number of experts");
    if (config.layers * config.experts > kMostExpertsInAll)
        throw Error("too many experts", reader.at("num_hidden_layers"),
            "at most " + std::to_string(kMostExpertsInAll) + " over all layers");
}

void readTokenIds(ObjectReader& reader, ModelConfig& config)
{
    const int64_t most = config.vocabSize - 1;
    // −1 is how some writers say "none".
    if (reader.has("bos_token_id")) {
        const int64_t id = reader.integer("bos_token_id", -1, most);
        if (id >= 0)
            config.bosTokenId = id;
    }
    if (!reader.has("eos_token_id"))
        return;
    const Json& value = *reader.raw("eos_token_id");
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& id : list) {
        const Json one{{"eos_token_id", id}};
        const int64_t number = ObjectReader(one, reader.where()).integer("eos_token_id", -1, most);
        if (number >= 0)
            config.eosTokenIds.push_back(number);
    }
}

/// In doubles, before any product of the claimed sizes is made in integers.
void refuseHuge(const ModelConfig& c, const std::string& where)
{
    const auto d = [](int64_t value) {
        return static_cast<double>(value);
    };
    const double attention = 2 * d(c.heads + c.kvHeads) * d(c.headDim) * d(c.hiddenSize);
    const double ffn
        = std::max(1.0, d(c.experts)) * (3 * d(c.intermediateSize) + 1) * d(c.hiddenSize);
    const double all = d(c.layers) * (attention + ffn) + 2 * d(c.vocabSize) * d(c.hiddenSize);
    if (!(all < kMostParameters))
        throw Error("the sizes make a model of more than 10^15 parameters", where,
            "check hidden_size, intermediate_size, vocab_size, num_hidden_layers and the experts");
}

void warnOfUnknown(const ObjectReader& reader)
{
    std::string list;
    for (const std::string& key : reader.unknown())
        list += (list.empty() ? "" : ", ") + key.substr(0, 80);
    if (!list.empty())
        base::log(base::LogLevel::Warning, reader.where() + ": unknown keys ignored: " + list);
}

} // namespace

ModelConfig parseConfig(const Json& json, const std::string& where)
{
    ObjectReader reader(json, where);
    ModelConfig config;
    config.architecture = readArchitecture(reader);
    const Defaults defaults = defaultsOf(config.architecture);
    refuseOtherValues(reader);
    refuseForeignExperts(reader, config);

    config.vocabSize = reader.integer("vocab_size", 1, INT64_C(1) << 30);
    config.hiddenSize = reader.integer("hidden_size", 1, INT64_C(1) << 24);
    config.intermediateSize = reader.integer("intermediate_size", 1, INT64_C(1) << 28);
    config.layers = reader.integer("num_hidden_layers", 1, 65536);
    config.maxPositions
        = integerOr(reader, "max_position_embeddings", 1, INT64_C(1) << 30, defaults.maxPositions);
    config.rmsNormEps = numberOr(reader, "rms_norm_eps", 0, 1, defaults.rmsNormEps);
    config.initializerRange = numberOr(reader, "initializer_range", 0, 1e3, 0.02);
    config.tieWordEmbeddings = booleanOr(reader, "tie_word_embeddings", false);
    readAttention(reader, defaults, config);
    readRope(reader, defaults, config);
    if (config.architecture != kLlama)
        readExperts(reader, config);
    readTokenIds(reader, config);
    refuseHuge(config, where);

    ignoreWithoutMeaning(reader);
    warnOfUnknown(reader);
    return config;
}

ModelConfig readConfig(const std::filesystem::path& fileOrFolder)
{
    std::error_code unreadable;
    const bool folder = std::filesystem::is_directory(fileOrFolder, unreadable);
    const std::filesystem::path file = folder ? fileOrFolder / "config.json" : fileOrFolder;
    return parseConfig(base::readJsonFile(file), file.string());
}

} // namespace moe::model
