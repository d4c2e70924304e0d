// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/inference_model.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace moe::infer {

/// Logits [tokens, vocab] of one sequence from position 0, run in chunks of the model's largest
/// batch, keys and values in the type of the activations. Throws for no tokens, more than the
/// model's context, and ids outside the vocabulary.
std::vector<float> tokenLogits(
    kernels::Backend& backend, InferenceModel& model, std::span<const int32_t> tokens);

/// A float32 array [rows, columns] as NumPy's .npy, version 1.0, written atomically.
void writeNpy(const std::filesystem::path& path, const std::vector<float>& values, int64_t rows,
    int64_t columns);

} // namespace moe::infer
