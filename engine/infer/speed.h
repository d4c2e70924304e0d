// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/random_weights.h"
#include "engine/model/config.h"
#include "kernels/backend.h"

#include <stop_token>

namespace moe::infer {

/// Random sequences through a whole model of random weights: `batch` of them, `prompt` tokens in
/// the KV cache each, `tokens` more a token at a time.
struct SpeedRun {
    model::ModelConfig config;
    RandomWeights::Kind weights = RandomWeights::Kind::Fp8;
    int64_t prompt = 128, tokens = 64, batch = 1;
};

struct Speed {
    double tokensPerSecond = 0; ///< of all sequences together
    double bytesPerToken = 0; ///< of weights and cached keys and values that have to be read
    double workingBytes = 0; ///< of the weights and the KV cache: what is read again and again
    double operationsPerToken = 0; ///< of the products with weights, 2 a multiply-add
};

/// Throws when the weights alone are more than the memory that is free: they are drawn, not mapped.
void checkMemory(const SpeedRun& run);
/// One token of every sequence a step, logits read back. Bytes count each matrix once a step, of
/// the experts as many as even routing chooses: n (1 − (1 − k / n)^batch).
Speed measureDecode(kernels::Backend& backend, const SpeedRun& run, const std::stop_token& stop);
/// The prompt of each sequence in one chunk, logits of its last token; the best of a few runs.
Speed measurePrefill(kernels::Backend& backend, const SpeedRun& run, const std::stop_token& stop);

} // namespace moe::infer
