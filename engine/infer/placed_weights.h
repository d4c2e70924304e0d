// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/weight_source.h"
#include "engine/model/config.h"
#include "kernels/backend.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace moe::infer {

/// Attention's weights of one layer. Grouped: q, k, v, o. Latent (DeepSeek's, with the products by
/// kv_b_proj moved to the query and the result, so that keys and values stay latent):
/// q gives heads of [rope, nope]; absorb, a block [rope + nope, latent + rope] a head, turns them
/// into queries of the cached keys [latent, rope]; value, a block [valueDim, latent] a head, is
/// applied to what attention gives.
struct AttentionWeights {
    kernels::Linear q, k, v, o;
    kernels::TensorView qNorm, kNorm, sinks; ///< or empty
    kernels::Linear queryDown; ///< q_a_proj, or no weight
    kernels::TensorView queryNorm, latentNorm;
    kernels::Linear latent, ropeKey; ///< rows of kv_a_proj_with_mqa
    kernels::Linear latentToKey, ropeToKey; ///< [I; 0] and [0; I]: they join a key's two parts
    const kernels::PlacedMatrix* absorb = nullptr;
    const kernels::PlacedMatrix* value = nullptr;
};

struct MoeWeights {
    kernels::Linear router;
    kernels::Linear routerHidden; ///< the first of two layers, or no weight
    std::vector<kernels::FeedForward> experts;
    kernels::FeedForward shared; ///< or no weights
    kernels::Linear sharedGate; ///< or no weight
};

struct LayerWeights {
    kernels::TensorView attentionNorm, ffnNorm;
    AttentionWeights attention;
    kernels::FeedForward dense; ///< of layers without experts
    MoeWeights moe;
};

/// Told after each layer that was read: how many, of how many.
using OnLayer = std::function<void(int64_t done, int64_t total)>;

/// How the matrix of the head is computed with: as it is stored, or in E4M3 with a scale a row,
/// quantised when it is opened (half the bytes a token reads of it). One that is stored in FP8
/// stays as it is.
enum class Head : uint8_t { Stored, Fp8 };

/// Owns what place() and upload gave.
class Placement {
public:
    explicit Placement(kernels::Backend& backend)
        : m_backend(backend)
    {
    }
    const kernels::PlacedMatrix* matrix(const kernels::StoredMatrix& stored);
    /// The same in E4M3, in memory of its own. `where` names it in the error for NaN and infinity.
    const kernels::PlacedMatrix* quantised(
        const kernels::StoredMatrix& stored, const std::string& where);
    kernels::TensorView vector(const std::vector<float>& values);

private:
    kernels::Backend& m_backend;
    std::vector<std::unique_ptr<kernels::PlacedMatrix>> m_matrices;
    std::deque<kernels::Tensor> m_vectors;
    std::deque<std::vector<std::byte>> m_codes;
    std::deque<std::vector<float>> m_scales;
};

/// All weights of a model, read by the tensor names of its architecture, experts one by one or
/// fused, and placed. Transposed fused experts (gpt-oss in BF16, [experts, in, out]) are transposed
/// once, here, into memory of their own.
struct PlacedWeights {
    PlacedWeights(WeightSource& source, const model::ModelConfig& config, Placement& place,
        const OnLayer& onLayer, Head headAs);

    const kernels::PlacedMatrix* embedding = nullptr;
    kernels::Linear head;
    kernels::TensorView finalNorm;
    std::vector<LayerWeights> layers;
};

/// One layer's parts; `layer` is "model.layers.3.".
AttentionWeights latentAttention(WeightSource& source, const model::ModelConfig& config,
    const std::string& layer, Placement& place);
MoeWeights moeWeights(WeightSource& source, const model::ModelConfig& config,
    const std::string& layer, Placement& place);
/// PREFIX.{gate,up,down}_proj.weight.
kernels::FeedForward gatedFfn(WeightSource& source, const std::string& prefix, int64_t columns,
    int64_t hidden, Placement& place);

} // namespace moe::infer
