// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace moe::model {

struct RopeScaling {
    std::string type = "default"; ///< default, linear, llama3, yarn
    double factor = 1, lowFreqFactor = 1, highFreqFactor = 4;
    int64_t originalMaxPositions = 8192;
    // YaRN alone:
    double betaFast = 32, betaSlow = 1;
    double mscale = 0, mscaleAllDim = 0; ///< 0: not given
    double attentionFactor = 0; ///< on cos and sin; 0: from the factor and the two above
    bool truncate = true; ///< the corrected range ends at whole dimensions
};

enum class AttentionKind : uint8_t {
    Grouped, ///< kvHeads keys and values shared by heads queries
    Latent ///< DeepSeek's: one latent and one rotated key a token, for all heads
};
enum class QkNorm : uint8_t { None, PerHead, Whole };

/// The parts of attention beside heads, kvHeads and headDim.
struct AttentionSpec {
    AttentionKind kind = AttentionKind::Grouped;
    bool qkvBias = false, outputBias = false;
    bool sinks = false; ///< a logit a head that takes part in the softmax without a value
    QkNorm qkNorm = QkNorm::None;
    std::vector<int64_t> windows; ///< of each layer, keys a query sees, 0: all; empty: all 0
    int64_t queryRank = 0; ///< Latent: columns of q_a_proj; 0: q_proj alone
    int64_t latentRank = 0, nopeDim = 0, ropeDim = 0, valueDim = 0; ///< Latent
};

/// The parts of an MoE layer beside experts, topK and logit normalisation. The default is
/// Mixtral's.
struct MoeSpec {
    int64_t expertSize = 0; ///< FFN columns of an expert; 0: intermediateSize
    int64_t sharedSize = 0; ///< FFN columns of the experts that every token takes, in all
    bool sharedGate = false; ///< sigmoid of one more row scales the shared expert
    bool twoLayerGate = false; ///< Skywork's: Linear(h → 8n), tanh, Linear(8n → n)
    bool routerBias = false, expertBias = false;
    bool topKThenSoftmax = false; ///< softmax over the chosen logits alone
    int64_t groups = 1, topGroups = 1; ///< DeepSeek's: the k come from the best topGroups groups
    bool renormalize = true; ///< weights / their sum
    double scaling = 1; ///< on the weights, last
    bool clampedSwish = false; ///< gpt-oss's in place of SwiGLU
    double swigluLimit = 7;
    std::vector<bool> dense; ///< layers without experts; empty: none
};

/// A decoder as its Hugging Face config.json describes it.
struct ModelConfig {
    std::string architecture; ///< "MixtralForCausalLM", …
    int64_t vocabSize = 0, hiddenSize = 0, intermediateSize = 0, layers = 0;
    int64_t heads = 0, kvHeads = 0, headDim = 0, maxPositions = 2048;
    double rmsNormEps = 1e-6, ropeTheta = 10000, initializerRange = 0.02;
    RopeScaling ropeScaling;
    bool tieWordEmbeddings = false;
    std::string quantMethod; ///< quantization_config's, "" when nothing is quantised
    AttentionSpec attention;

    int64_t experts = 0; ///< 0: dense
    int64_t topK = 2;
    bool logitsNorm = false; ///< moe_use_logits_norm
    double gateNormStd = 1; ///< λ, moe_gate_norm_std
    MoeSpec moe;

    std::optional<int64_t> bosTokenId;
    std::vector<int64_t> eosTokenIds;

    bool isMoe() const { return experts > 0; }
    bool isMoeLayer(int64_t layer) const;
    int64_t moeLayers() const;
    int64_t expertSize() const { return moe.expertSize ? moe.expertSize : intermediateSize; }
    int64_t window(int64_t layer) const;
    /// What a head's rotary embedding turns: headDim, or a latent attention's ropeDim.
    int64_t rotaryDim() const;
    /// Parameters in all, and those that one token passes through (k of n experts).
    int64_t parameters() const;
    int64_t activeParameters() const;
    /// Contract section 4: 6·(attention + router + k experts + head) + 6·L·heads·head_dim·S,
    /// operations a token, of a model that trains.
    double trainingFlopsPerToken(int64_t sequenceLength) const;
};

/// What training does not have and this model needs ("attention biases"), empty when it can train.
std::string beyondTraining(const ModelConfig& config);
/// Throws, naming the architecture or its part, where beyondTraining says something.
void requireTrainable(const ModelConfig& config, const std::string& where);

/// Throws moe::Error for missing or impossible values, an unknown architecture, or a known key with
/// a value that is not implemented, each by name. Unknown keys are logged once as a warning (a
/// config.json of whatever origin) or are errors that name the nearest known one (what somebody
/// wrote by hand in a run file).
enum class UnknownKeys : uint8_t { Warn, Refuse };
ModelConfig parseConfig(
    const base::Json& json, const std::string& where, UnknownKeys unknown = UnknownKeys::Warn);
ModelConfig readConfig(const std::filesystem::path& fileOrFolder);
/// A config.json that Hugging Face code reads, of a model that trains; throws for others.
base::Json toJson(const ModelConfig& config);

} // namespace moe::model
