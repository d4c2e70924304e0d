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
    std::string type = "default"; ///< default, linear, llama3
    double factor = 1, lowFreqFactor = 1, highFreqFactor = 4;
    int64_t originalMaxPositions = 8192;
};

/// A decoder as its Hugging Face config.json describes it.
struct ModelConfig {
    std::string architecture; ///< SkyworkForCausalLM, MixtralForCausalLM, LlamaForCausalLM
    int64_t vocabSize = 0, hiddenSize = 0, intermediateSize = 0, layers = 0;
    int64_t heads = 0, kvHeads = 0, headDim = 0, maxPositions = 2048;
    double rmsNormEps = 1e-6, ropeTheta = 10000, initializerRange = 0.02;
    RopeScaling ropeScaling;
    bool tieWordEmbeddings = false;

    int64_t experts = 0; ///< 0: dense
    int64_t topK = 2;
    bool logitsNorm = false; ///< moe_use_logits_norm
    double gateNormStd = 1; ///< λ, moe_gate_norm_std

    std::optional<int64_t> bosTokenId;
    std::vector<int64_t> eosTokenIds;

    bool isMoe() const { return experts > 0; }
    /// Layers with a router: all of them, or none of a dense model.
    int64_t moeLayers() const { return isMoe() ? layers : 0; }
    /// Parameters in all, and those that one token passes through (k of n experts).
    int64_t parameters() const;
    int64_t activeParameters() const;
    /// Contract section 4: 6·(attention + router + k experts + head) + 6·L·heads·head_dim·S,
    /// operations a token.
    double trainingFlopsPerToken(int64_t sequenceLength) const;
};

/// Throws moe::Error for missing or impossible values, an unknown architecture, or a known key with
/// a value that is not implemented, each by name; unknown keys are logged once as a warning.
ModelConfig parseConfig(const base::Json& json, const std::string& where);
ModelConfig readConfig(const std::filesystem::path& fileOrFolder);
base::Json toJson(const ModelConfig& config); ///< a config.json that Hugging Face code reads

} // namespace moe::model
