// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The experts and routers of a config.json.
#include "engine/model/config_reading.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace moe::model {

namespace {

using base::Json;
using base::ObjectReader;
using Name = Family::Name;

constexpr int64_t kMostExperts = 16384;
constexpr int64_t kMostExpertsInAll = INT64_C(1) << 20;
constexpr int64_t kMostColumns = INT64_C(1) << 28;

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
    config.moe.twoLayerGate = booleanOr(reader, "moe_2layer_gate", false);
    const bool mixtralGating = booleanOr(reader, "moe_use_mixtral_gating", true);
    if (!booleanOr(reader, "moe_feature_no_mul_topk", true) && !mixtralGating)
        throw Error("moe_feature_no_mul_topk false with moe_use_mixtral_gating false (experts' "
                    "input multiplied by k) is not implemented",
            reader.at("moe_feature_no_mul_topk"), "one of the two must be true");
    config.logitsNorm = booleanOr(reader, "moe_use_logits_norm", false);
    config.gateNormStd = numberOr(reader, "moe_gate_norm_std", 1e-6, 1e6, 1);
}

/// Layers that have a dense FFN in place of experts: Qwen's decoder_sparse_step and
/// mlp_only_layers.
void readSparseStep(ObjectReader& reader, ModelConfig& config)
{
    const int64_t step = integerOr(reader, "decoder_sparse_step", 1, 65536, 1);
    std::vector<bool> dense(static_cast<size_t>(config.layers));
    for (int64_t layer = 0; layer < config.layers; ++layer)
        dense[static_cast<size_t>(layer)] = (layer + 1) % step != 0;
    if (reader.has("mlp_only_layers")) {
        const Json& list = *reader.raw("mlp_only_layers");
        const std::string where = reader.at("mlp_only_layers");
        if (!list.is_array())
            throw Error("expected a list of layers", where, "numbers from 0");
        for (const Json& layer : list) {
            const Json one{{"mlp_only_layers", layer}};
            const int64_t index
                = ObjectReader(one, reader.where()).integer("mlp_only_layers", 0, INT64_C(1) << 30);
            if (index < config.layers)
                dense[static_cast<size_t>(index)] = true;
        }
    }
    if (std::count(dense.begin(), dense.end(), true) > 0)
        config.moe.dense = std::move(dense);
}

void readQwen(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    const bool shared = family.name == Name::Qwen2Moe;
    config.experts = readExpertCount(reader);
    config.topK = integerOr(reader, "num_experts_per_tok", 1, kMostExperts, shared ? 4 : 8);
    config.moe.expertSize
        = integerOr(reader, "moe_intermediate_size", 1, kMostColumns, shared ? 1408 : 768);
    if (shared) {
        config.moe.sharedSize
            = integerOr(reader, "shared_expert_intermediate_size", 1, kMostColumns, 5632);
        config.moe.sharedGate = true;
    }
    config.moe.renormalize = booleanOr(reader, "norm_topk_prob", false);
    readSparseStep(reader, config);
}

/// topk_method, and the groups of "group_limited_greedy".
void readDeepseekGroups(ObjectReader& reader, ModelConfig& config)
{
    const std::string method = reader.has("topk_method") ? reader.text("topk_method") : "greedy";
    if (method == "greedy") {
        reader.know("n_group");
        reader.know("topk_group");
        return;
    }
    if (method != "group_limited_greedy")
        throw Error("topk_method \"" + method.substr(0, 80) + "\" is not implemented",
            reader.at("topk_method"), "one of greedy, group_limited_greedy");
    const int64_t groups = reader.integer("n_group", 1, config.experts);
    config.moe.groups = groups;
    config.moe.topGroups = reader.integer("topk_group", 1, groups);
    if (config.experts % groups)
        throw Error(
            std::to_string(config.experts) + " experts in " + std::to_string(groups) + " groups",
            reader.at("n_group"), "groups of equal size");
    const int64_t reachable = config.moe.topGroups * (config.experts / groups);
    if (config.topK > reachable)
        throw Error("num_experts_per_tok is " + std::to_string(config.topK) + " of "
                + std::to_string(reachable) + " experts in topk_group groups",
            reader.at("topk_group"), "more groups, or fewer experts a token");
}

void refuseOtherDeepseek(ObjectReader& reader)
{
    if (booleanOr(reader, "norm_topk_prob", false))
        throw Error("norm_topk_prob true in DeepseekV2ForCausalLM is not implemented",
            reader.at("norm_topk_prob"), "only false is");
    if (reader.has("scoring_func") && reader.text("scoring_func") != "softmax")
        throw Error("scoring_func other than softmax is not implemented", reader.at("scoring_func"),
            "only \"softmax\" is");
    if (integerOr(reader, "moe_layer_freq", 1, 65536, 1) != 1)
        throw Error("moe_layer_freq other than 1 is not implemented", reader.at("moe_layer_freq"),
            "only 1 is");
}

void readDeepseek(ObjectReader& reader, ModelConfig& config)
{
    refuseOtherDeepseek(reader);
    config.experts = reader.integer("n_routed_experts", 1, kMostExperts);
    config.topK = reader.integer("num_experts_per_tok", 1, kMostExperts);
    readDeepseekGroups(reader, config);
    config.moe.expertSize = integerOr(reader, "moe_intermediate_size", 1, kMostColumns, 1407);
    config.moe.sharedSize
        = config.moe.expertSize * integerOr(reader, "n_shared_experts", 0, 1024, 2);
    config.moe.renormalize = false;
    config.moe.scaling = numberOr(reader, "routed_scaling_factor", 1e-6, 1e6, 1);
    const int64_t first = integerOr(reader, "first_k_dense_replace", 0, 65536, 0);
    for (int64_t layer = 0; first && layer < config.layers; ++layer)
        config.moe.dense.push_back(layer < first);
}

void readGptOss(ObjectReader& reader, ModelConfig& config)
{
    config.experts = readExpertCount(reader);
    config.topK = integerOr(reader, "num_experts_per_tok", 1, kMostExperts, 4);
    reader.know("experts_per_token");
    config.moe.routerBias = config.moe.expertBias = true;
    config.moe.topKThenSoftmax = config.moe.clampedSwish = true;
    config.moe.swigluLimit = numberOr(reader, "swiglu_limit", 1e-3, 1e6, 7);
    if (numberOr(reader, "swiglu_alpha", 0, 1e6, 1.702) != 1.702)
        throw Error("swiglu_alpha other than 1.702 is not implemented", reader.at("swiglu_alpha"),
            "only 1.702 is");
}

} // namespace

void readExperts(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    switch (family.name) {
    case Name::Skywork:
        config.experts = readExpertCount(reader);
        readSkyworkGate(reader, config);
        config.topK = integerOr(reader, "num_experts_per_tok", 1, kMostExperts, 2);
        break;
    case Name::Mixtral:
        config.experts = reader.integer("num_local_experts", 1, kMostExperts);
        config.topK = integerOr(reader, "num_experts_per_tok", 1, kMostExperts, 2);
        break;
    case Name::Qwen2Moe:
    case Name::Qwen3Moe:
        readQwen(reader, family, config);
        break;
    case Name::Olmoe:
        config.experts = readExpertCount(reader);
        config.topK = integerOr(reader, "num_experts_per_tok", 1, kMostExperts, 8);
        config.moe.renormalize = booleanOr(reader, "norm_topk_prob", false);
        break;
    case Name::DeepseekV2:
        readDeepseek(reader, config);
        break;
    case Name::GptOss:
        readGptOss(reader, config);
        break;
    default:
        return; // dense
    }
    if (config.topK > config.experts)
        throw Error("num_experts_per_tok is " + std::to_string(config.topK) + " of "
                + std::to_string(config.experts) + " experts",
            reader.at("num_experts_per_tok"), "at most the number of experts");
    if (config.layers * config.experts > kMostExpertsInAll)
        throw Error("too many experts", reader.at("num_hidden_layers"),
            "at most " + std::to_string(kMostExpertsInAll) + " over all layers");
}

} // namespace moe::model
