// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/row_codec.h"
#include "engine/telemetry/sqlite.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace moe::telemetry {

/// The coarser levels of a run. Level l cuts the steps into buckets of kFanOut^l, the first one
/// starting at step 1. A bucket's row is made from the level below as soon as a step beyond the
/// bucket has come; the bucket that still grows has none, and readers fill in its part from the
/// levels below. So a row exists exactly for the buckets before the one that holds the last step.
constexpr int64_t kFanOut = 8;
constexpr int kLevels = 7; ///< level 0 (every step) included: 8^6 = 262,144 steps a bucket

constexpr int32_t kStepRow = -1; ///< "layer" of the step's own scalars

int64_t strideOf(int level);
/// First step of the bucket that holds `step`.
int64_t bucketStart(int64_t step, int level);

/// Makes the rows that `step` calls for, after its own row has been written. `last`: the run's
/// last step before it. Handles steps in order and steps written again.
void updateLevels(const Database& database, int64_t run, int64_t step, int64_t last);

/// Takes away what lies behind `last`, the last step that stays (-1: none stays).
void cutLevels(const Database& database, int64_t run, int64_t last);

struct Row {
    int level;
    int64_t first; ///< first step of the bucket
    std::span<const uint8_t> scalars, load; ///< valid during the visit
};

/// Visits the course of one layer (or kStepRow) at `level`, ascending; the tail comes from the
/// levels below. Reads the loads only when `withLoad`.
void visitRows(const Database& database, int64_t run, int32_t layer, int level, int64_t last,
    bool withLoad, const std::function<void(const Row&)>& visit);

/// Layers that have rows, ascending (kStepRow not included).
std::vector<int32_t> layersOf(const Database& database, int64_t run);

} // namespace moe::telemetry
