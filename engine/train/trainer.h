// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/bus.h"
#include "engine/telemetry/run_store.h"
#include "engine/train/run_file.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace moe::train {

struct TrainerOptions {
    std::optional<std::filesystem::path> store; ///< none: the run is not recorded
    telemetry::Bus* bus = nullptr; ///< required; outlives the trainer
    int threads = 0; ///< in all, shared by the ranks, which have one each at least; 0: all cores
    std::string device = "cpu";
    bool resume = false;
    /// For estimate() alone: the checkpoint folder is neither made nor locked.
    bool dryRun = false;
    /// Makes one rank's backend; empty: the CPU's. For tests of the seam.
    std::function<std::unique_ptr<kernels::Backend>(int threads)> makeBackend;
};

struct TrainResult {
    int64_t run = 0; ///< 0 when not recorded
    telemetry::RunState state = telemetry::RunState::Done;
    int64_t steps = 0; ///< finished in all
    double finalLoss = 0, tokensPerSecond = 0, mfu = 0;
    int64_t peakBytes = 0;
    std::optional<std::filesystem::path> checkpoint; ///< the newest
};

/// What --dry-run prints.
struct TrainEstimate {
    int64_t parameters = 0, activeParameters = 0;
    int64_t weightBytes = 0, packedBytes = 0, gradientBytes = 0, optimizerBytes = 0,
            activationBytes = 0;
    int64_t trainTokens = 0, samplesPerEpoch = 0;
    double epochs = 0; ///< that train_steps take
};

/// Trains one run. The constructor checks everything that can be checked without training and
/// throws moe::Error, and holds the checkpoint folder until the trainer ends, so that what it found
/// there stays true; run() trains on the calling thread (and the rank and pool threads it makes)
/// until the last step or a stop, saves, and publishes everything on the bus. steer() and
/// setPaused() may be called from any thread.
class Trainer {
public:
    Trainer(RunFile file, TrainerOptions options);
    ~Trainer();

    TrainEstimate estimate() const;
    TrainResult run(std::stop_token stop);

    /// Known after the run has been registered in the store; 0 before.
    int64_t runId() const;

    /// "optimizer.lr", "moe.aux_coeff", "moe.aux_coeff.adaptive.xi", …, "moe.capacity_factor":
    /// checked here (throws moe::Error by key), applied between two steps, recorded as an event.
    /// `by`: "you", "moe runs steer".
    void steer(const std::string& key, const std::string& valueJson, const std::string& by);
    void setPaused(bool paused);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Checks a steering assignment against a run file, what its run has been steered to since, and
/// what is queued before it, without applying it. Throws moe::Error by key.
void checkSteering(const RunFile& file, const std::vector<telemetry::RunEvent>& events,
    const std::vector<telemetry::QueuedSteering>& queued, const std::string& key,
    const std::string& valueJson);

/// Presets: "skywork-small" (the demo's shape), "skywork-mid", "skywork-moe-146b", "llama-small".
std::vector<std::string> modelPresets();
model::ModelConfig modelPreset(const std::string& name);

/// The demo's run: prepares its corpus below `folder` (progress on the bus) and returns its run
/// file.
RunFile demoRunFile(const std::filesystem::path& folder, int64_t steps, telemetry::Bus& bus,
    const std::stop_token& stop);

} // namespace moe::train
