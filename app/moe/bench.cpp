// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/bench_commands.h"
#include "app/moe/commands.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "app/moe/train_progress.h"
#include "engine/base/json.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace moe::cli {

namespace {

/// The run file's model and batch for a few steps: nothing recorded, validated or saved.
train::RunFile benchFile(const Arguments& arguments)
{
    train::RunFile file = train::readRunFile(arguments.positionals.at(0), arguments.all("--set"));
    file.trainSteps = arguments.integer("--steps", 1, 1'000'000, 10);
    file.validData.reset();
    file.probes.clear();
    file.checkpointDir.reset();
    file.validEvery = file.trainSteps + 1;
    return file;
}

int benchTrain(const Arguments& arguments)
{
    const train::RunFile file = benchFile(arguments);
    telemetry::Bus bus;
    const auto messages = bus.subscribe(telemetry::Subscription::Loss::Never);
    train::TrainerOptions options;
    options.bus = &bus;
    options.threads = arguments.threads();
    options.device = arguments.device();
    const std::stop_token stop = stopOnSignals();
    train::Trainer trainer(file, options);
    train::TrainResult result;
    {
        const TrainProgress progress(bus, file, arguments.has("--quiet"));
        result = trainer.run(stop);
    }
    if (result.state == telemetry::RunState::Stopped)
        throw Cancelled("stopped", "moe bench train", "let it finish");
    // The fastest step: what the machine can do when nothing else disturbs it.
    telemetry::StepRecord best;
    for (const auto& message : messages->drain()) {
        const auto* step = std::get_if<telemetry::StepRecord>(message.get());
        if (step && step->tokensPerSecond > best.tokensPerSecond)
            best = *step;
    }
    if (arguments.has("--json")) {
        const base::Json json{{"tokens_per_second", best.tokensPerSecond}, {"mfu", best.mfu},
            {"peak_bytes", result.peakBytes}};
        std::puts(json.dump().c_str());
    } else {
        std::printf("%s tokens/s, MFU %.1f %%, %s bytes at most\n",
            groupedText(static_cast<int64_t>(best.tokensPerSecond)).c_str(), 100 * best.mfu,
            groupedText(result.peakBytes).c_str());
    }
    return 0;
}

Command benchTrainCommand()
{
    Command command;
    command.name = "train";
    command.summary = "Measures training steps of a run file";
    command.positionals = "RUN.json";
    command.leastPositionals = command.mostPositionals = 1;
    command.options = {
        {"--steps", "N", "steps to take (10)"},
        {"--set", "KEY=VALUE", "set a key of the run file", false, true},
        threadsOption(),
        deviceOption(),
        jsonOption(),
        quietOption(),
    };
    command.description = "Takes N steps and tells the fastest one's rate. Nothing is recorded, "
                          "validated or saved.";
    command.run = benchTrain;
    return command;
}

} // namespace

Command benchCommand()
{
    Command command;
    command.name = "bench";
    command.summary = "Measures speed and memory on this machine";
    command.subcommands
        = {benchDecodeCommand(), benchPrefillCommand(), benchKernelsCommand(), benchTrainCommand()};
    return command;
}

} // namespace moe::cli
