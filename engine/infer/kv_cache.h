// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"
#include "kernels/backend.h"
#include "kernels/inference.h"

#include <cstdint>
#include <vector>

namespace moe::infer {

inline constexpr int64_t kPageTokens = 16;

/// Pages of keys and values for all layers; page p of every layer belongs to the same tokens. A
/// latent attention keeps [latent, rope] of one head and no values.
class KvCache {
public:
    KvCache(kernels::Backend& backend, const model::ModelConfig& config, int64_t pages,
        kernels::DType type);
    kernels::KvPages layer(int64_t index) const;
    int64_t pages() const { return m_pages; }
    /// Of all layers.
    static int64_t bytesPerToken(const model::ModelConfig& config, kernels::DType type);

private:
    struct Layer {
        kernels::Tensor keys, values;
    };
    int64_t m_pages, m_kvHeads, m_keyDim, m_valueDim;
    std::vector<Layer> m_layers;
};

} // namespace moe::infer
