// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/checkpoint/quantize.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/model/config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moe::checkpoint {

/// A tensor of the quantised checkpoint, and where it comes from.
struct QuantizePiece {
    std::string name;
    const StoredTensor* source = nullptr;
    bool quantized = false; ///< else copied as it is
    int64_t rows = 0, columns = 0; ///< when quantised
    int64_t firstElement = 0; ///< of the source: above 0 in fused experts
};

struct QuantizePlan {
    std::vector<QuantizePiece> pieces;
    std::vector<std::string> keptModules; ///< routers and the head: what other engines must be told
    int64_t quantized = 0, kept = 0; ///< tensors of the source
};

/// What becomes of every tensor, by its name. Throws as quantizeFolder does.
QuantizePlan planQuantization(const WeightFiles& files, const model::ModelConfig& config);

/// As vLLM and compressed-tensors write it.
base::Json quantizationConfig(QuantScheme scheme, const std::vector<std::string>& keptModules);

} // namespace moe::checkpoint
