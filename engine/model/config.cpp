// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// What a configuration counts up to, and how it is written.
#include "engine/model/config.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace moe::model {

namespace {

using base::Json;

int64_t attentionParameters(const ModelConfig& c)
{
    return 2 * (c.heads + c.kvHeads) * c.headDim * c.hiddenSize;
}

int64_t ffnParameters(const ModelConfig& c) ///< of one expert
{
    return 3 * c.intermediateSize * c.hiddenSize;
}

int64_t tableParameters(const ModelConfig& c) ///< of the embedding or the head
{
    return c.vocabSize * c.hiddenSize;
}

/// All but the embedding, `ffns` feed-forward networks a layer: with k of them, what one token
/// passes through (of the embedding it reads a row).
int64_t parametersWith(const ModelConfig& c, int64_t ffns)
{
    const int64_t layer = attentionParameters(c) + 2 * c.hiddenSize + c.experts * c.hiddenSize
        + ffns * ffnParameters(c);
    return c.layers * layer + c.hiddenSize + tableParameters(c);
}

Json ropeJson(const RopeScaling& scaling)
{
    if (scaling.type == "default")
        return nullptr;
    Json json{{"rope_type", scaling.type}, {"factor", scaling.factor}};
    if (scaling.type == "llama3") {
        json["low_freq_factor"] = scaling.lowFreqFactor;
        json["high_freq_factor"] = scaling.highFreqFactor;
        json["original_max_position_embeddings"] = scaling.originalMaxPositions;
    }
    return json;
}

void addExperts(const ModelConfig& config, Json& json)
{
    if (config.architecture != "SkyworkForCausalLM") {
        json["num_local_experts"] = config.experts;
        json["num_experts_per_tok"] = config.topK;
        return;
    }
    json["num_experts"] = Json::array({config.experts});
    json["num_experts_per_tok"] = config.topK;
    json["moe_expert_interval"] = 1;
    json["moe_use_mixtral_gating"] = true;
    json["moe_feature_no_mul_topk"] = true;
    json["moe_2layer_gate"] = false;
    json["moe_use_logits_norm"] = config.logitsNorm;
    json["moe_gate_norm_std"] = config.gateNormStd;
}

std::string modelType(const std::string& architecture)
{
    if (architecture == "SkyworkForCausalLM")
        return "skywork";
    return architecture == "MixtralForCausalLM" ? "mixtral" : "llama";
}

} // namespace

int64_t ModelConfig::parameters() const
{
    return parametersWith(*this, std::max<int64_t>(1, experts))
        + (tieWordEmbeddings ? 0 : tableParameters(*this));
}

int64_t ModelConfig::activeParameters() const
{
    return parametersWith(*this, isMoe() ? topK : 1);
}

double ModelConfig::trainingFlopsPerToken(int64_t sequenceLength) const
{
    const int64_t layer = attentionParameters(*this) + experts * hiddenSize
        + (isMoe() ? topK : 1) * ffnParameters(*this);
    const double matrices = 6.0 * static_cast<double>(layers * layer + tableParameters(*this));
    return matrices
        + 6.0 * static_cast<double>(layers * heads * headDim) * static_cast<double>(sequenceLength);
}

Json toJson(const ModelConfig& config)
{
    Json json;
    json["architectures"] = Json::array({config.architecture});
    json["model_type"] = modelType(config.architecture);
    json["vocab_size"] = config.vocabSize;
    json["hidden_size"] = config.hiddenSize;
    json["intermediate_size"] = config.intermediateSize;
    json["num_hidden_layers"] = config.layers;
    json["num_attention_heads"] = config.heads;
    json["num_key_value_heads"] = config.kvHeads;
    json["head_dim"] = config.headDim;
    json["hidden_act"] = "silu";
    json["max_position_embeddings"] = config.maxPositions;
    json["rms_norm_eps"] = config.rmsNormEps;
    json["rope_theta"] = config.ropeTheta;
    json["rope_scaling"] = ropeJson(config.ropeScaling);
    json["initializer_range"] = config.initializerRange;
    json["tie_word_embeddings"] = config.tieWordEmbeddings;
    if (config.isMoe())
        addExperts(config, json);
    else
        json["attention_bias"] = json["mlp_bias"] = false;
    json["bos_token_id"] = config.bosTokenId ? Json(*config.bosTokenId) : Json();
    // One id is written bare, as most readers expect.
    const std::vector<int64_t>& eos = config.eosTokenIds;
    json["eos_token_id"] = eos.empty() ? Json() : eos.size() == 1 ? Json(eos[0]) : Json(eos);
    return json;
}

} // namespace moe::model
