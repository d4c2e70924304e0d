// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <cstdint>
#include <vector>

/// The operations of kernels/backend.h as formulas on plain double arrays: inputs by value of the
/// formula, results returned. Shapes and letters are those of backend.h; arrays are row-major. The
/// reference backend wraps them in reading and rounding; the gradient test differentiates them.
namespace moe::kernels::reference {

using Values = std::vector<double>;
using Indices = std::vector<int32_t>;

// Embedding ---------------------------------------------------------------------------------------
Values embedding(const Indices& ids, const Values& table, int64_t hidden);
Values embeddingGradient(
    const Indices& ids, const Values& dOut, int64_t vocabulary, int64_t hidden);

// RMSNorm -----------------------------------------------------------------------------------------
struct RmsNorm {
    Values y, rstd;
};
RmsNorm rmsNorm(const Values& x, const Values& weight, double eps);
struct RmsNormGradient {
    Values dx, dWeight;
};
RmsNormGradient rmsNormGradient(
    const Values& x, const Values& weight, const Values& rstd, const Values& dy);

// Matrix products; x [rows, in], w [out, in], y [rows, out]
// -----------------------------------------
Values product(const Values& x, const Values& w, int64_t in, int64_t out); ///< y = x Wᵀ
Values productGradientX(const Values& dy, const Values& w, int64_t in, int64_t out); ///< dy W
Values productGradientW(const Values& dy, const Values& x, int64_t in, int64_t out); ///< dyᵀ x

// RoPE: `direction` 1 turns forward, −1 back (the gradient)
// -----------------------------------------
Values rope(Values qkv, const Values& table, const AttentionShape& shape, double direction);

// Attention ---------------------------------------------------------------------------------------
struct Attention {
    Values out, lse;
};
Attention attention(const Values& qkv, const AttentionShape& shape);
Values attentionGradient(const Values& qkv, const Attention& forward, const Values& dOut,
    const AttentionShape& shape); ///< dQkv

// Router ------------------------------------------------------------------------------------------
/// RouterState and one microbatch's share of RouterTotals.
struct Routing {
    Values probs, weights;
    Indices chosen, slots, rowToken, offsets, load;
    Values sums; ///< [kRouterSums]
};
Routing route(const Values& logits, const RouterShape& shape);
/// dLogits from the weights' gradient, the aux loss and the z-loss. `routing` gives probs, chosen,
/// weights and load.
Values routeGradient(const Values& logits, const RouterShape& shape, const Routing& routing,
    const RouterGradient& gradient, const Values& dWeights);

// Permutation -------------------------------------------------------------------------------------
Values permute(const Values& x, const Indices& rowToken, int64_t hidden);
Values permuteGradient(const Values& dRows, const Indices& slots, int64_t topK, int64_t hidden);
/// Without the addend.
Values combine(
    const Values& rows, const Indices& slots, const Values& weights, int64_t topK, int64_t hidden);
struct CombineGradient {
    Values dRows, dWeights;
};
CombineGradient combineGradient(const Values& rows, const Indices& slots, const Values& weights,
    const Values& dy, int64_t topK, int64_t hidden);

// Grouped experts; gateUp [n, 2f, h], down [n, h, f] ----------------------------------------------
struct ExpertWeights {
    Values gateUp, down;
    int64_t hidden = 0, ffn = 0;
};
struct Experts {
    Values gateUpOut, y;
};
Experts experts(const Values& x, const Indices& offsets, const ExpertWeights& weights);
struct ExpertsGradient {
    Values dx, dGateUp, dDown;
};
ExpertsGradient expertsGradient(const Values& x, const Indices& offsets,
    const ExpertWeights& weights, const Values& gateUpOut, const Values& dy);

// Cross-entropy with the head ---------------------------------------------------------------------
double headLoss(const Values& x, const Values& w, const Indices& targets, int64_t hidden);
struct HeadGradient {
    Values dx, dW;
};
HeadGradient headLossGradient(
    const Values& x, const Values& w, const Indices& targets, int64_t hidden, double scale);

} // namespace moe::kernels::reference
