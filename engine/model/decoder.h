// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/activations.h"
#include "engine/model/config.h"
#include "engine/model/step_totals.h"
#include "engine/model/weights.h"
#include "kernels/backend.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace moe::model {

/// How routers treat one forward pass; the default is that of inference and validation.
struct Routing {
    int64_t capacity = -1; ///< assignments an expert takes of the batch; −1: dropless
    kernels::DropPolicy dropPolicy = kernels::DropPolicy::Probs;
    kernels::AuxLoss auxLoss = kernels::AuxLoss::None;
};

/// The factors of a backward pass.
struct BackwardSettings {
    double lossScale = 1; ///< on the summed cross-entropy: 1 / (tokens · microbatches)
    double routerScale = 1; ///< on aux and z-loss: 1 / microbatches
    std::vector<double> alpha; ///< aux-loss coefficient of each MoE layer
    double zCoefficient = 0;
    /// Overwrite for a step's first microbatch, Add for the others.
    kernels::Write write = kernels::Write::Overwrite;
};

/// A pre-norm decoder (Llama, Mixtral, Skywork): RMSNorm, causal attention with RoPE, RMSNorm,
/// SwiGLU FFN of one or of k of n experts, with residual connections around both halves. Written
/// over Backend alone: calls queue work and return. All batches share the activations of the
/// largest; a backward pass belongs to the forward pass before it.
class Decoder {
public:
    enum class Use : uint8_t { Training, ForwardOnly };

    Decoder(kernels::Backend& backend, const ModelConfig& config, kernels::DType activations,
        const BatchShape& largest, Use use);

    const ModelConfig& config() const { return m_config; }
    Weights& weights() { return m_weights; }
    const Weights& weights() const { return m_weights; }

    /// ids [batch.tokens()] on the host. Adds what the routers counted to `totals`.
    void forward(
        const int32_t* ids, const BatchShape& batch, const Routing& routing, StepTotals& totals);
    /// Adds the summed cross-entropy of the last forward pass to totals.loss(); targets on the
    /// host.
    void loss(const int32_t* targets, StepTotals& totals);
    /// The same, and the gradients of the whole loss into `gradients` [layout.elements] float32.
    void lossAndBackward(const int32_t* targets, const BackwardSettings& settings,
        const kernels::TensorView& gradients, StepTotals& totals);

private:
    kernels::AttentionShape attentionShape() const;
    kernels::RouterShape routerShape() const;
    kernels::TensorView rope() const; ///< as many positions as the batch has

    void attentionForward(size_t layer, const kernels::TensorView& x);
    void ffnForward(size_t layer, const kernels::TensorView& next, StepTotals& totals);
    void ffnBackward(size_t layer, const BackwardSettings& settings, const LayerViews& gradients);
    void attentionBackward(size_t layer, kernels::Write write, const LayerViews& gradients);

    kernels::Backend& m_backend;
    ModelConfig m_config;
    Weights m_weights;
    Activations m_activations;
    std::unique_ptr<BackwardScratch> m_scratch; ///< none when ForwardOnly
    kernels::Tensor m_ropeTable;
    kernels::Tensor m_denseOffsets; ///< {0, tokens} of a dense FFN
    int64_t m_denseTokens = -1; ///< what m_denseOffsets says now
    BatchShape m_batch; ///< of the last forward pass
    Routing m_routing; ///< of the last forward pass
};

} // namespace moe::model
