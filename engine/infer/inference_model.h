// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/kv_cache.h"
#include "engine/infer/placed_weights.h"
#include "engine/infer/weight_source.h"
#include "engine/model/config.h"
#include "kernels/backend.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace moe::infer {

/// `expert` of decoder layer `layer` is left out for a row of a batch.
struct MaskedExpert {
    int64_t row = 0, layer = 0;
    int32_t expert = 0;
};

/// What the routers of a forward call decided, MoE layers in order.
struct RoutedBatch {
    int64_t rows = 0, topK = 0, experts = 0;
    std::vector<int32_t> chosen; ///< [layers, rows, topK], by falling score
    std::vector<float> weights; ///< the same
    std::vector<float> probs; ///< [layers, rows, experts], g; or empty
};

/// A checkpoint folder opened to compute: one pre-norm decoder whose parts its config.json chooses,
/// written over InferenceOperations alone. Weights stay in the memory map. Activations are float32
/// (exact products over the dequantised weights) or BFloat16. Throws moe::Error.
class InferenceModel {
public:
    /// `largestBatch`: rows of a forward call at most. `context`: positions at most, those of the
    /// configuration where it has fewer. `onLayer` hears how many layers of all are read, and may
    /// throw to stop.
    InferenceModel(kernels::Backend& backend, const std::filesystem::path& folder,
        kernels::DType activations, int64_t largestBatch, int64_t context,
        const OnLayer& onLayer = {}, Head head = Head::Stored);
    /// The same with weights from elsewhere.
    InferenceModel(kernels::Backend& backend, const model::ModelConfig& config,
        std::unique_ptr<WeightSource> weights, kernels::DType activations, int64_t largestBatch,
        int64_t context, const OnLayer& onLayer = {}, Head head = Head::Stored);

    const model::ModelConfig& config() const { return m_config; }
    kernels::DType activations() const { return m_activations; }
    int64_t context() const { return m_context; }
    int64_t largestBatch() const { return m_largest; }

    /// Runs ids [rows] (on the host, checked against the vocabulary) at the batch's positions,
    /// writes their keys and values into `cache`, and, for the last `logitRows` of them (none or
    /// more), logits [logitRows, vocab] float32 (backend memory). Queued: what is given may go on
    /// return.
    void forward(std::span<const int32_t> ids, const kernels::PagedBatch& batch,
        const KvCache& cache, const kernels::TensorView& logits,
        std::span<const MaskedExpert> masked = {});
    /// A forward call then throws Cancelled, between two layers.
    void stopOn(std::stop_token stop) { m_stop = std::move(stop); }
    /// Throws when the weights' files were written into since they were opened. Any thread.
    void checkUnchanged() const { m_source->checkUnchanged(); }
    /// Of the last forward call; waits for it.
    RoutedBatch routing(bool probabilities);

private:
    /// Activations of the largest batch; rows() gives those of the current one.
    struct Scratch {
        kernels::Tensor ids, x, normed, queryDown, q, latentQ, k, v, latent, ropeKey, mixed, value;
        kernels::Tensor routerHidden, routerLogits, mask, sharedGate;
        kernels::Tensor probs, chosen, weights; ///< [moeLayers, largestBatch, …]
    };
    void allocateScratch();
    kernels::TensorView rows(const kernels::Tensor& of) const;
    kernels::TensorView heads(const kernels::Tensor& of, int64_t count) const;
    kernels::TensorView ofMoeLayer(const kernels::Tensor& of, int64_t moeLayer) const;
    void reachPosition(int64_t position);

    void attention(int64_t layer, const kernels::PagedBatch& batch, const KvCache& cache);
    void grouped(int64_t layer, const kernels::PagedBatch& batch, const KvCache& cache);
    void latent(int64_t layer, const kernels::PagedBatch& batch, const KvCache& cache);
    kernels::PagedAttention attentionOf(int64_t layer) const;
    void feedForward(int64_t layer);
    void route(int64_t layer);
    kernels::TensorView maskOf(int64_t layer);
    void tanhOnHost(const kernels::TensorView& values);

    kernels::Backend& m_backend;
    model::ModelConfig m_config;
    std::unique_ptr<WeightSource> m_source;
    Placement m_placement;
    PlacedWeights m_weights;
    kernels::DType m_activations;
    int64_t m_largest, m_context, m_rows = 0; ///< rows: of the current call
    std::stop_token m_stop;
    int64_t m_moeLayer = 0; ///< MoE layers that the current call has left behind
    std::span<const MaskedExpert> m_masked; ///< of the current call
    kernels::Tensor m_ropeTable;
    Scratch m_scratch;
};

} // namespace moe::infer
