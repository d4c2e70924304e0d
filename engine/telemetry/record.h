// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace moe::telemetry {

/// One MoE layer in one step; sums over all ranks and microbatches, means over tokens.
/// Field by field the `layers` entry of contract section 4.
struct LayerRecord {
    int32_t layer = 0; ///< the decoder layer's index
    std::vector<int64_t> load; ///< assignments before dropping, by expert
    std::vector<int64_t> droppedByExpert; ///< empty when unknown (imported runs)
    int64_t assignments = 0, dropped = 0; ///< -1: not known (imported runs)
    double alpha = 0, auxLoss = 0, gateEntropy = 0;
    std::optional<double> max1OverMax2, max2OverMax3, expertSimilarity;
    /// What an import said where the two counts are not known.
    std::optional<double> importedDropRate;

    /// dropped / assignments; NaN when not known.
    double dropRate() const;
};

/// One step of a run: one line of the JSONL. NaN stands for "not finite" or "not known" (null in
/// JSON), -1 for a count that is not known. The trainer knows them all; imported runs may not. A
/// step that is validated is published once more when that is done, with validLoss and
/// expertSimilarity: this record replaces the first.
struct StepRecord {
    int64_t step = 0; ///< from 1
    int64_t tokens = 0; ///< so far
    double loss = 0, lmLoss = 0, auxLoss = 0, zLoss = 0;
    double gradNorm = 0; ///< before clipping
    double lr = 0, stepSeconds = 0, tokensPerSecond = 0, mfu = 0;
    int64_t peakBytes = 0;
    std::optional<double> validLoss;
    std::vector<LayerRecord> layers;
    /// Any other scalar under its own name (imports).
    std::vector<std::pair<std::string, double>> extra;
};

/// What happened beside the steps. `kind` is one of: steered, checkpoint, validation, resumed,
/// started, paused, unpaused, stopped, finished, failed, dead_expert, warmup_over, note. Payload
/// keys by kind: steered {key, from, to, by} · checkpoint {path, seconds} · validation {valid_loss,
/// seconds} · resumed {from_step} · dead_expert {layer, expert, since_step} · failed {error} ·
/// stopped {signal?}.
struct RunEvent {
    int64_t step = 0;
    std::string kind;
    std::string payload; ///< a JSON object as text
    double time = 0; ///< seconds since the epoch
    int64_t id = 0; ///< in the store that it was read from, rising as events come; 0: in none
};

/// Expert loads of one named fixed text ("English") routed at a validation.
struct ProbeRecord {
    int64_t step = 0;
    std::string probe;
    std::vector<LayerRecord> layers; ///< load and assignments only
};

/// One step of a generator: a forward call over the rows of all its running requests.
struct GenerationRecord {
    int64_t step = 0; ///< from 1
    int64_t promptRows = 0, decodeRows = 0; ///< tokens fed: of prompts, of replies
    int64_t running = 0, waiting = 0; ///< requests
    double stepSeconds = 0;
    std::vector<LayerRecord> layers; ///< load and assignments only
};

base::Json toJson(const StepRecord& record); ///< the JSONL object
/// Throws moe::Error naming `where` and the key.
StepRecord stepFromJson(const base::Json& object, const std::string& where);

} // namespace moe::telemetry
