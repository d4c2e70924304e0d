// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/checkpoint/module_patterns.h"
#include "kernels/inference.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moe::checkpoint {

enum class QuantMethod : uint8_t {
    None,
    Fp8, ///< vLLM's and DeepSeek's: one scale a tensor, or blocks (weight_block_size)
    CompressedTensors,
    FbgemmFp8, ///< one scale a row
    ModelOpt,
    MxFloat4 ///< gpt-oss: the fused experts alone, NAME_blocks and NAME_scales
};

/// How the matrices of some modules are kept.
struct QuantGroup {
    kernels::ScaleLayout layout = kernels::ScaleLayout::Tensor;
    int64_t blockOut = 128, blockIn = 128;
    bool linears = true; ///< all modules (compressed-tensors: the target "Linear")
    ModulePatterns targets; ///< beside that
};

/// What a checkpoint's quantization_config says. Which tensors are quantised is known by their
/// types; the dialect says what scales they must have.
struct Dialect {
    QuantMethod method = QuantMethod::None;
    std::string where; ///< file and key, for messages
    std::vector<QuantGroup> groups;
    ModulePatterns kept; ///< modules that are not quantised

    /// The group of a module ("model.layers.0.self_attn.q_proj"), null when it is kept. A group
    /// that names the module comes before one for all.
    const QuantGroup* groupOf(const std::string& module) const;
};

/// Reads quantization_config of a folder's config.json, or hf_quant_config.json (modelopt). Throws
/// moe::Error for methods, strategies, numbers of bits and formats that are not implemented, by
/// name; keys that we do not know are logged as a warning.
Dialect readDialect(const std::filesystem::path& folder);
Dialect readDialect(const base::Json& config, const std::filesystem::path& folder);

} // namespace moe::checkpoint
