// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "app/moe/train_progress.h"
#include "engine/base/json.h"
#include "engine/telemetry/run_store.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace moe::cli {

using base::Json;

namespace {

Json numberOrNull(double value)
{
    return std::isfinite(value) ? Json(value) : Json();
}

void printEstimate(const train::RunFile& file, const train::TrainEstimate& estimate, bool asJson)
{
    const int64_t total = estimate.weightBytes + estimate.packedBytes + estimate.gradientBytes
        + estimate.optimizerBytes + estimate.activationBytes;
    if (asJson) {
        const Json json{{"parameters", estimate.parameters},
            {"active_parameters", estimate.activeParameters},
            {"weight_bytes", estimate.weightBytes}, {"packed_bytes", estimate.packedBytes},
            {"gradient_bytes", estimate.gradientBytes},
            {"optimizer_bytes", estimate.optimizerBytes},
            {"activation_bytes", estimate.activationBytes}, {"total_bytes", total},
            {"train_tokens", estimate.trainTokens}, {"samples_per_epoch", estimate.samplesPerEpoch},
            {"epochs", estimate.epochs}};
        std::puts(json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        return;
    }
    const auto line = [](const char* what, int64_t number, const char* unit) {
        std::printf("%-20s %18s %s\n", what, groupedText(number).c_str(), unit);
    };
    line("parameters", estimate.parameters, "");
    line("active a token", estimate.activeParameters, "");
    line("weights", estimate.weightBytes, "bytes");
    line("packed weights", estimate.packedBytes, "bytes");
    line("gradients", estimate.gradientBytes, "bytes");
    line("optimizer", estimate.optimizerBytes, "bytes");
    line("activations", estimate.activationBytes, "bytes");
    line("in all", total, "bytes");
    line("training tokens", estimate.trainTokens, "");
    std::printf("%s steps see %.2f epochs of %s samples; the run file is in order\n",
        groupedText(file.trainSteps).c_str(), estimate.epochs,
        groupedText(estimate.samplesPerEpoch).c_str());
}

void printResult(const train::TrainResult& result, bool asJson)
{
    if (asJson) {
        const Json json{{"run", result.run}, {"steps", result.steps},
            {"final_loss", numberOrNull(result.finalLoss)},
            {"tokens_per_second", numberOrNull(result.tokensPerSecond)},
            {"mfu", numberOrNull(result.mfu)},
            {"checkpoint", result.checkpoint ? Json(result.checkpoint->string()) : Json()}};
        std::puts(json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        return;
    }
    std::printf("run %lld: %s steps, loss %.4f, %.0f tokens/s, MFU %.1f %%\n",
        static_cast<long long>(result.run), groupedText(result.steps).c_str(), result.finalLoss,
        result.tokensPerSecond, 100 * result.mfu);
    if (result.checkpoint)
        std::printf("checkpoint %s\n", result.checkpoint->c_str());
}

int run(const Arguments& arguments)
{
    const train::RunFile file
        = train::readRunFile(arguments.positionals.at(0), arguments.all("--set"));
    telemetry::Bus bus;
    train::TrainerOptions options;
    options.bus = &bus;
    options.threads = arguments.threads();
    options.device = arguments.device();
    options.resume = arguments.has("--resume");
    const bool json = arguments.has("--json");
    options.dryRun = arguments.has("--dry-run");
    if (options.dryRun) {
        printEstimate(file, train::Trainer(file, options).estimate(), json);
        return 0;
    }
    options.store = arguments.has("--store")
        ? std::filesystem::path(arguments.filledText("--store"))
        : telemetry::defaultStorePath();
    const std::stop_token stop = stopOnSignals();
    train::Trainer trainer(file, options);
    train::TrainResult result;
    {
        const TrainProgress progress(bus, file, arguments.has("--quiet"));
        result = trainer.run(stop);
    }
    if (result.state == telemetry::RunState::Stopped)
        throw Cancelled("stopped", "step " + std::to_string(result.steps),
            result.checkpoint ? "continue with --resume" : "nothing is saved without a checkpoint");
    printResult(result, json);
    return 0;
}

} // namespace

Command trainCommand()
{
    Command command;
    command.name = "train";
    command.summary = "Trains a model as a run file says";
    command.positionals = "RUN.json";
    command.leastPositionals = command.mostPositionals = 1;
    command.options = {
        {"--set", "KEY=VALUE", "set a key of the run file, as in --set optimizer.lr=1e-4", false,
            true},
        {"--resume", "", "continue the run from its newest checkpoint"},
        {"--dry-run", "", "print parameters, bytes and checks; train nothing"},
        {"--threads", "N",
            "threads in all, at least one for each rank (default: as many as there are cores)"},
        deviceOption(),
        storeOption(),
        jsonOption(),
        quietOption(),
    };
    command.description = "Ctrl-C stops after the step under way and saves; a second one ends at "
                          "once. Keys of the run file:\n";
    for (const train::RunFileKey& key : train::runFileKeys())
        command.description += "\n" + key.key + ": " + key.meaning + ".";
    command.run = run;
    return command;
}

} // namespace moe::cli
