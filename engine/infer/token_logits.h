// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/inference_model.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace moe::infer {

/// Hears of logits [rows, vocab], those behind tokens first, first + 1, …
using OnLogits = std::function<void(int64_t first, std::span<const float> logits)>;
/// Runs one sequence from position 0 over the first pages of `cache`, `chunk` tokens at a time.
void eachLogits(kernels::Backend& backend, InferenceModel& model, const KvCache& cache,
    std::span<const int32_t> tokens, int64_t chunk, const OnLogits& visit);

/// Logits [tokens, vocab] of one sequence from position 0, run in chunks of the model's largest
/// batch, keys and values in the type of the activations. Throws for no tokens, more than the
/// model's context, and ids outside the vocabulary.
std::vector<float> tokenLogits(
    kernels::Backend& backend, InferenceModel& model, std::span<const int32_t> tokens);

/// A float32 array [rows, columns] as NumPy's .npy, version 1.0, written atomically.
void writeNpy(const std::filesystem::path& path, const std::vector<float>& values, int64_t rows,
    int64_t columns);

} // namespace moe::infer
