// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/model/config.h"

#include <cstdint>
#include <string>

namespace moe::model {

/// Where an architecture differs from the others, and what it takes where its config.json is silent
/// (transformers' own defaults).
struct Family {
    enum class Name : uint8_t {
        Skywork,
        Mixtral,
        Llama,
        Qwen2,
        Qwen3,
        Qwen2Moe,
        Qwen3Moe,
        Olmoe,
        DeepseekV2,
        GptOss
    };
    Name name = Name::Llama;
    const char* architecture = "";
    const char* modelType = "";
    int64_t maxPositions = 2048;
    double rmsNormEps = 1e-6, ropeTheta = 10000;
    int64_t kvHeads = 0; ///< 0: as many as heads
    int64_t headDim = 0; ///< 0: hidden_size / num_attention_heads
};

/// Throws for an architecture that is none of ours, by name; fills in `config.architecture`.
Family readFamily(base::ObjectReader& reader, ModelConfig& config);
/// Known keys with values that we do not compute with, each by name.
void refuseOtherValues(base::ObjectReader& reader, const Family& family, ModelConfig& config);
void ignoreWithoutMeaning(base::ObjectReader& reader);
void readAttention(base::ObjectReader& reader, const Family& family, ModelConfig& config);
/// rope_theta and rope_scaling (transformers 4) or rope_parameters (5), which wins where both are.
void readRope(base::ObjectReader& reader, const Family& family, ModelConfig& config);
void readExperts(base::ObjectReader& reader, const Family& family, ModelConfig& config);

int64_t integerOr(base::ObjectReader& reader, const std::string& key, int64_t least, int64_t most,
    int64_t fallback);
double numberOr(
    base::ObjectReader& reader, const std::string& key, double least, double most, double fallback);
bool booleanOr(base::ObjectReader& reader, const std::string& key, bool fallback);

} // namespace moe::model
