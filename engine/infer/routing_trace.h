// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/generation.h"
#include "engine/infer/inference_model.h"
#include "engine/telemetry/record.h"

#include <vector>

namespace moe::infer {

/// A row's experts in all decoder layers: the chosen with their weights, then `runnersUp` others by
/// falling gate probability (which `batch` has then, and all of them are given).
TokenRouting routingOf(
    const RoutedBatch& batch, const model::ModelConfig& config, int64_t row, int64_t runnersUp);

/// How often each expert was chosen, layer by layer.
std::vector<telemetry::LayerRecord> expertLoads(
    const RoutedBatch& batch, const model::ModelConfig& config);

} // namespace moe::infer
