// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/kv_cache.h"

namespace moe::infer {

KvCache::KvCache(
    kernels::Backend& backend, const model::ModelConfig& config, int64_t pages, kernels::DType type)
    : m_pages(pages)
    , m_kvHeads(config.kvHeads)
    , m_keyDim(config.headDim)
    , m_valueDim(config.headDim)
{
    const bool latent = config.attention.kind == model::AttentionKind::Latent;
    if (latent) {
        m_kvHeads = 1;
        m_keyDim = config.attention.latentRank + config.attention.ropeDim;
        m_valueDim = config.attention.latentRank;
    }
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        Layer made;
        made.keys = backend.allocate(
            {pages, kPageTokens, m_kvHeads, m_keyDim}, type, kernels::MemoryKind::Activations);
        if (!latent)
            made.values = backend.allocate({pages, kPageTokens, m_kvHeads, m_valueDim}, type,
                kernels::MemoryKind::Activations);
        m_layers.push_back(std::move(made));
    }
}

int64_t KvCache::bytesPerToken(const model::ModelConfig& config, kernels::DType type)
{
    const model::AttentionSpec& spec = config.attention;
    const int64_t elements = spec.kind == model::AttentionKind::Latent
        ? spec.latentRank + spec.ropeDim
        : 2 * config.kvHeads * config.headDim;
    return config.layers * elements * kernels::bytesOf(type);
}

kernels::KvPages KvCache::layer(int64_t index) const
{
    const Layer& layer = m_layers[static_cast<size_t>(index)];
    kernels::KvPages pages;
    pages.keys = layer.keys.view();
    pages.values = layer.values.view();
    pages.pageTokens = kPageTokens;
    pages.kvHeads = m_kvHeads;
    pages.keyDim = m_keyDim;
    pages.valueDim = m_valueDim;
    return pages;
}

} // namespace moe::infer
