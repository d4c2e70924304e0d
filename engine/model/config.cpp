// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// What a configuration counts up to, and how it is written.
#include "engine/model/config.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace moe::model {

namespace {

using base::Json;

int64_t attentionParameters(const ModelConfig& c)
{
    const AttentionSpec& a = c.attention;
    const int64_t h = c.hiddenSize;
    if (a.kind == AttentionKind::Latent) {
        const int64_t q = c.heads * (a.nopeDim + a.ropeDim);
        const int64_t query = a.queryRank ? a.queryRank * (h + 1 + q) : h * q;
        return query + h * (a.latentRank + a.ropeDim) + a.latentRank
            + a.latentRank * c.heads * (a.nopeDim + a.valueDim) + c.heads * a.valueDim * h;
    }
    const int64_t q = c.heads * c.headDim, kv = c.kvHeads * c.headDim;
    int64_t count = 2 * (q + kv) * h;
    if (a.qkvBias)
        count += q + 2 * kv;
    if (a.outputBias)
        count += h;
    if (a.sinks)
        count += c.heads;
    if (a.qkNorm != QkNorm::None)
        count += a.qkNorm == QkNorm::Whole ? q + kv : 2 * c.headDim;
    return count;
}

int64_t routerParameters(const ModelConfig& c)
{
    const int64_t n = c.experts, h = c.hiddenSize;
    const int64_t gate = c.moe.twoLayerGate ? 8 * n * (h + n) : n * h;
    return gate + (c.moe.routerBias ? n : 0) + (c.moe.sharedGate ? h : 0);
}

int64_t expertParameters(const ModelConfig& c)
{
    const int64_t f = c.expertSize(), h = c.hiddenSize;
    return 3 * f * h + (c.moe.expertBias ? 2 * f + h : 0);
}

int64_t tableParameters(const ModelConfig& c) ///< of the embedding or the head
{
    return c.vocabSize * c.hiddenSize;
}

/// Of the FFN halves of all layers, `experts` a sparse one: with k of them, what one token passes
/// through.
int64_t ffnParameters(const ModelConfig& c, int64_t experts)
{
    const int64_t sparse = c.moeLayers();
    const int64_t moe
        = routerParameters(c) + experts * expertParameters(c) + 3 * c.moe.sharedSize * c.hiddenSize;
    return sparse * moe + (c.layers - sparse) * 3 * c.intermediateSize * c.hiddenSize;
}

/// All but the embedding (of it a token reads a row).
int64_t parametersWith(const ModelConfig& c, int64_t experts)
{
    return c.layers * (attentionParameters(c) + 2 * c.hiddenSize) + ffnParameters(c, experts)
        + c.hiddenSize + tableParameters(c);
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

bool ModelConfig::isMoeLayer(int64_t layer) const
{
    return isMoe() && (moe.dense.empty() || !moe.dense[static_cast<size_t>(layer)]);
}

int64_t ModelConfig::moeLayers() const
{
    if (!isMoe())
        return 0;
    return layers - std::count(moe.dense.begin(), moe.dense.end(), true);
}

int64_t ModelConfig::window(int64_t layer) const
{
    return attention.windows.empty() ? 0 : attention.windows[static_cast<size_t>(layer)];
}

int64_t ModelConfig::rotaryDim() const
{
    return attention.kind == AttentionKind::Latent ? attention.ropeDim : headDim;
}

int64_t ModelConfig::parameters() const
{
    return parametersWith(*this, experts) + (tieWordEmbeddings ? 0 : tableParameters(*this));
}

int64_t ModelConfig::activeParameters() const
{
    return parametersWith(*this, topK);
}

double ModelConfig::trainingFlopsPerToken(int64_t sequenceLength) const
{
    const int64_t matrices
        = layers * attentionParameters(*this) + ffnParameters(*this, topK) + tableParameters(*this);
    return 6.0 * static_cast<double>(matrices)
        + 6.0 * static_cast<double>(layers * heads * headDim) * static_cast<double>(sequenceLength);
}

std::string beyondTraining(const ModelConfig& config)
{
    const AttentionSpec& attention = config.attention;
    if (attention.kind == AttentionKind::Latent)
        return "latent attention";
    if (attention.qkvBias || attention.outputBias)
        return "attention biases";
    if (attention.qkNorm != QkNorm::None)
        return "q/k norms";
    if (!attention.windows.empty())
        return "a sliding window";
    if (config.moe.twoLayerGate)
        return "a two-layer gate (moe_2layer_gate)";
    if (config.ropeScaling.type == "yarn")
        return "rope type yarn";
    const std::string& name = config.architecture;
    const bool known = name == "SkyworkForCausalLM" || name == "MixtralForCausalLM"
        || name == "LlamaForCausalLM";
    return known ? "" : "the expert layout of " + name;
}

void requireTrainable(const ModelConfig& config, const std::string& where)
{
    const std::string part = beyondTraining(config);
    if (!part.empty())
        throw Error(
            "training of " + config.architecture + " is not there yet (it has " + part + ")", where,
            "use SkyworkForCausalLM, MixtralForCausalLM or LlamaForCausalLM without it");
}

Json toJson(const ModelConfig& config)
{
    requireTrainable(config, "config.json");
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
