// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"
#include "kernels/backend.h"

#include <cstdint>
#include <vector>

namespace moe::model {

/// How many tokens a pass runs over: `sequences` of `length` each.
struct BatchShape {
    int64_t sequences = 0, length = 0;
    int64_t tokens() const { return sequences * length; }
};

/// What the backward pass needs of one layer, for T tokens, k experts a token, in the activations'
/// type ("act") unless said otherwise; nothing else is kept:
///
///   layer's input                        T · h
///   attention norm's output, 1/rms       T · h, T float32
///   rotated q, k, v                      T · (heads + 2 kvHeads) · headDim
///   attention's output, log-sum-exp      T · heads · headDim, heads · T float32
///   after attention                      T · h
///   FFN norm's output, 1/rms             T · h, T float32
///   gate and up products                 T · k · 2f
///   and of an MoE layer:
///   logits, probabilities                2 · T · n float32
///   chosen, weights, slots, row tokens   4 · T · k (int32, float32)
///   offsets, load                        2n + 1 int32
///   permuted inputs                      T · k · h
///   experts' outputs                     T · k · h
///
/// and of the whole model: token ids and targets (2 · T int32), the last layer's output, the final
/// norm's output (T · h each) and 1/rms (T float32).
struct LayerActivations {
    kernels::Tensor input;
    kernels::Tensor attentionNorm, attentionRstd;
    kernels::Tensor qkv;
    kernels::Tensor attention, lse;
    kernels::Tensor middle;
    kernels::Tensor ffnNorm, ffnRstd;
    kernels::Tensor gateUp;
    kernels::Tensor logits, probs, chosen, weights, slots, rowToken, offsets, load;
    kernels::Tensor rows, expertOut;

    /// The router's state, for the first `tokens` tokens.
    kernels::RouterState router(int64_t tokens) const;
};

/// Everything that is kept from the forward to the backward pass. Allocated once for the largest
/// batch and used by all.
struct Activations {
    Activations(kernels::Backend& backend, const ModelConfig& config, kernels::DType act,
        const BatchShape& largest);

    kernels::Tensor ids, targets;
    std::vector<LayerActivations> layers;
    kernels::Tensor output, finalNorm, finalRstd;
};

/// The bytes that Activations holds; the largest int64_t when they are more.
int64_t activationBytes(const ModelConfig& config, kernels::DType act, const BatchShape& largest);

/// Gradients on their way through one layer, used by all layers in turn.
struct BackwardScratch {
    BackwardScratch(kernels::Backend& backend, const ModelConfig& config, kernels::DType act,
        const BatchShape& largest);

    kernels::Tensor dx; ///< [T, h], of the residual stream
    kernels::Tensor dNorm; ///< [T, h]
    kernels::Tensor dAttention; ///< [T, heads · headDim]
    kernels::Tensor dQkv; ///< [T, heads + 2 kvHeads, headDim]
    kernels::Tensor dRows; ///< [T·k, h]
    kernels::Tensor dWeights; ///< [T, k] float32
    kernels::Tensor dLogits; ///< [T, n] float32
};

} // namespace moe::model
