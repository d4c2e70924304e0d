// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"
#include "engine/model/parameters.h"

#include <cstdint>
#include <filesystem>

namespace moe::train {

/// The Skywork configuration that `moe upcycle` makes of a dense one (contract section 5). Throws
/// for sources with biases, q/k norms or experts, by name.
model::ModelConfig upcycledConfig(const model::ModelConfig& dense, int64_t experts, int64_t topK);

/// Fills the MoE's flat buffer: every expert a copy of the dense FFN, router N(0, 0.02) from
/// `seed`, all else copied. Throws when the shapes beside the experts differ.
void upcycle(const model::ModelConfig& dense, const model::ParameterLayout& denseLayout,
    const float* denseBuffer, const model::ModelConfig& moe,
    const model::ParameterLayout& moeLayout, uint64_t seed, float* moeBuffer);

/// moe upcycle --from DIR --experts N --top-k K [--seed N] --out DIR; the source's dtype, tokenizer
/// files copied.
void upcycleFolder(const std::filesystem::path& from, int64_t experts, int64_t topK, uint64_t seed,
    const std::filesystem::path& out);

} // namespace moe::train
