// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/parallel/communicator.h"
#include "engine/train/leader.h"
#include "engine/train/recorder.h"
#include "engine/train/replica.h"
#include "kernels/backend.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace moe::train {

/// A probe's text as token ids, no more than a microbatch holds.
struct ProbeText {
    std::string name;
    std::vector<int32_t> ids;
};

/// What all ranks of one run see.
struct RunContext {
    const RunFile& file;
    const text::IndexedDataset& train;
    const text::IndexedDataset* valid; ///< may be null
    const std::vector<ProbeText>& probes;
    int64_t firstStep; ///< from 1; after the resumed checkpoint
    const telemetry::StepRecord* unvalidated; ///< of the step before, when its validation was cut
                                              ///< short; else null
    double ranksAtOnce; ///< how many ranks' matmul peak the machine has
    HostState& initial; ///< emptied once every rank has it
    std::function<void()> begin; ///< rank 0 calls it when every rank is ready for the first step
};

/// Rank 0's alone.
struct LoopResult {
    int64_t steps = 0; ///< finished in all
    double finalLoss = std::numeric_limits<double>::quiet_NaN(), tokensPerSecond = 0, mfu = 0;
    int64_t peakBytes = 0;
};

/// How many times the matmul peak of one rank of `threads` threads a machine of `cores` cores has
/// for `ranks` of them: those beyond the cores add none.
double ranksAtOnce(int64_t ranks, int threads, int cores);

/// One rank's way through the run; `leader` and `recorder` on rank 0 only. Returns after the last
/// step or a stop, with everything saved. Throws what went wrong; then nothing that was saved is
/// lost.
void trainRank(const RunContext& run, kernels::Backend& backend, parallel::Communicator& ranks,
    Leader* leader, Recorder* recorder, LoopResult& result);

} // namespace moe::train
