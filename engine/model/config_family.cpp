// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Which architecture a config.json names, and the keys whose values we do not compute with.
#include "engine/model/config_reading.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace moe::model {

namespace {

using base::Json;
using base::ObjectReader;
using Name = Family::Name;

constexpr std::array<Family, 11> kFamilies{{
    {Name::Skywork, "SkyworkForCausalLM", "skywork", 8192, 1e-6, 10000, 0, 0},
    {Name::Skywork, "QuantSkyworkForCausalLM", "skywork", 8192, 1e-6, 10000, 0, 0},
    {Name::Mixtral, "MixtralForCausalLM", "mixtral", 131072, 1e-5, 1e6, 8, 0},
    {Name::Llama, "LlamaForCausalLM", "llama", 2048, 1e-6, 10000, 0, 0},
    {Name::Qwen2, "Qwen2ForCausalLM", "qwen2", 32768, 1e-6, 10000, 32, 0},
    {Name::Qwen3, "Qwen3ForCausalLM", "qwen3", 32768, 1e-6, 10000, 32, 128},
    {Name::Qwen2Moe, "Qwen2MoeForCausalLM", "qwen2_moe", 32768, 1e-6, 10000, 16, 0},
    {Name::Qwen3Moe, "Qwen3MoeForCausalLM", "qwen3_moe", 32768, 1e-6, 10000, 4, 0},
    {Name::Olmoe, "OlmoeForCausalLM", "olmoe", 4096, 1e-5, 10000, 0, 0},
    {Name::DeepseekV2, "DeepseekV2ForCausalLM", "deepseek_v2", 2048, 1e-6, 10000, 0, 0},
    {Name::GptOss, "GptOssForCausalLM", "gpt_oss", 131072, 1e-5, 150000, 8, 64},
}};

/// The names of one column of the table, each once.
std::string offered(const char* Family::*column)
{
    std::string list;
    for (const Family& family : kFamilies) {
        const std::string name = family.*column;
        if (list.find(name) == std::string::npos || column == &Family::architecture)
            list += (list.empty() ? "" : ", ") + name;
    }
    return list;
}

const Family* findFamily(const char* Family::*column, const std::string& name)
{
    const auto* found = std::find_if(kFamilies.begin(), kFamilies.end(),
        [&](const Family& family) { return name == family.*column; });
    return found == kFamilies.end() ? nullptr : found;
}

std::string shown(const Json& value)
{
    if (value.is_structured())
        return "";
    return " " + value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 80);
}

/// Of a quantised checkpoint; which tensors and scales it means is read with the weights.
void readQuantMethod(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    if (!reader.has("quantization_config"))
        return;
    ObjectReader quantization = reader.object("quantization_config");
    const std::string method = quantization.text("quant_method");
    static const std::array<const char*, 5> kMethods{
        "fp8", "compressed-tensors", "fbgemm_fp8", "modelopt", "mxfp4"};
    if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end())
        throw Error("quantisation \"" + method.substr(0, 80) + "\" is not implemented",
            quantization.at("quant_method"),
            "one of fp8, compressed-tensors, fbgemm_fp8, modelopt, mxfp4");
    if (method == "mxfp4" && family.name != Name::GptOss)
        throw Error("mxfp4 in " + config.architecture + " is not implemented",
            quantization.at("quant_method"), "GptOssForCausalLM has it");
    config.quantMethod = method;
}

} // namespace

Family readFamily(ObjectReader& reader, ModelConfig& config)
{
    reader.know("model_type");
    const bool listed = reader.has("architectures");
    const char* key = listed ? "architectures" : "model_type";
    std::string name;
    if (listed) {
        const Json& list = *reader.raw(key);
        if (!list.is_array() || list.size() != 1 || !list[0].is_string())
            throw Error(
                "expected a list of one name", reader.at(key), "write [\"SkyworkForCausalLM\"]");
        name = list[0].get<std::string>();
    } else {
        name = reader.text(key);
    }
    const auto column = listed ? &Family::architecture : &Family::modelType;
    const Family* family = findFamily(column, name);
    if (!family)
        throw Error((listed ? "unknown architecture \"" : "unknown model type \"")
                + name.substr(0, 80) + "\"",
            reader.at(key), "use one of " + offered(column));
    // Weights in FP8 make no other architecture: quantization_config tells.
    config.architecture
        = family->name == Name::Skywork ? "SkyworkForCausalLM" : family->architecture;
    return *family;
}

void refuseOtherValues(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    struct Only {
        const char* key;
        Json neutral;
        const char* remedy;
    };
    const std::array<Only, 9> kOnly{{
        {"hidden_act", "silu", "only \"silu\" is implemented"},
        {"mlp_bias", false, "biases of dense layers are not there, use a model without"},
        {"use_bias", false, "biases are not there, use a model without"},
        {"use_qk_norm", false, "use an architecture that has them, as Qwen3ForCausalLM"},
        {"qk_layernorm", false, "use an architecture that has them, as Qwen3ForCausalLM"},
        {"partial_rotary_factor", 1.0, "only 1 is implemented"},
        {"clip_qkv", nullptr, "only null is implemented"},
        {"is_encoder_decoder", false, "only decoders are implemented"},
        {"add_cross_attention", false, "only decoders are implemented"},
    }};
    for (const Only& only : kOnly) {
        if (reader.has(only.key) && *reader.raw(only.key) != only.neutral)
            throw Error(
                std::string(only.key) + shown(*reader.raw(only.key)) + " is not implemented",
                reader.at(only.key), only.remedy);
    }
    // What another architecture would compute with must not be taken for a mere unknown key.
    if (family.name != Name::Skywork && booleanOr(reader, "moe_use_logits_norm", false))
        throw Error("moe_use_logits_norm in " + config.architecture,
            reader.at("moe_use_logits_norm"), "use SkyworkForCausalLM");
    const bool dense
        = family.name == Name::Llama || family.name == Name::Qwen2 || family.name == Name::Qwen3;
    for (const char* key : {"num_local_experts", "num_experts", "n_routed_experts"}) {
        if (dense && reader.has(key))
            throw Error("experts in " + config.architecture, reader.at(key),
                "use an architecture that has them, as MixtralForCausalLM");
    }
    readQuantMethod(reader, family, config);
}

void ignoreWithoutMeaning(ObjectReader& reader)
{
    for (const char* key :
        {"_name_or_path", "attention_dropout", "aux_loss_alpha", "auto_map",
            "chunk_size_feed_forward", "dtype", "embedding_dropout", "finetuning_task",
            "hidden_dropout", "hidden_dropout_prob", "ep_size", "initial_context_length",
            "id2label", "is_decoder", "label2id", "output_attentions", "output_hidden_states",
            "output_router_logits", "pad_token_id", "pretraining_tp", "problem_type", "return_dict",
            "router_aux_loss_coef", "router_jitter_noise", "sep_token_id", "seq_aux",
            "task_specific_params", "tokenizer_class", "torch_dtype", "torchscript",
            "transformers_version", "unk_token_id", "use_bfloat16", "use_cache", "use_return_dict"})
        reader.know(key);
}

} // namespace moe::model
