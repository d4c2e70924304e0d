// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// What a training step pays for being recorded: the demo's model, trained in short runs with the
// store and without, in changing order so that a machine that warms up or is used by others weighs
// on both alike. Prints the steps' seconds of both and the difference.
// telemetry_cost [FOLDER [ROUNDS]]: where data and store are made (default: the folder for
// temporary files; a disk and a memory file system differ).
#include "engine/base/random.h"
#include "engine/text/indexed_dataset.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace moe;

namespace {

constexpr int64_t kSteps = 16; ///< of a run; the first two warm up and are not counted

void writeData(const std::filesystem::path& prefix, int64_t vocabSize)
{
    base::Random random(1);
    text::IndexedDatasetWriter writer(prefix, vocabSize);
    std::vector<int32_t> document(20'000);
    for (int32_t& token : document)
        token = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocabSize)));
    writer.addDocument(document);
    writer.finish();
}

train::RunFile runFile(const std::filesystem::path& folder, const model::ModelConfig& model)
{
    const base::Json json{{"name", "cost"}, {"model", model::toJson(model)},
        {"data", {{"train", (folder / "data").string()}}}, {"sequence_length", 256},
        {"micro_batch_size", 2}, {"global_batch_size", 2}, {"train_steps", kSteps},
        {"precision", "bfloat16"}};
    return train::parseRunFile(json, "cost", folder);
}

/// Adds the seconds of one run's steps.
void measure(const train::RunFile& file, const std::optional<std::filesystem::path>& store,
    std::vector<double>& seconds)
{
    telemetry::Bus bus;
    const auto all = bus.subscribe(telemetry::Subscription::Loss::Never);
    train::TrainerOptions options;
    options.bus = &bus;
    options.store = store;
    train::Trainer(file, options).run({});
    for (const telemetry::MessagePtr& message : all->drain()) {
        const auto* record = std::get_if<telemetry::StepRecord>(message.get());
        if (record && record->step > 2)
            seconds.push_back(record->stepSeconds);
    }
}

double quantile(std::vector<double>& sorted, double share)
{
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void compare(const char* what, std::vector<double>& with, std::vector<double>& without, double at)
{
    const double on = quantile(with, at), off = quantile(without, at);
    std::printf("%s: %.2f ms recorded, %.2f ms not, %+.2f %%\n", what, on * 1e3, off * 1e3,
        100 * (on / off - 1));
}

} // namespace

int main(int count, char** words)
{
    const std::filesystem::path folder
        = (count > 1 ? std::filesystem::path(words[1]) : std::filesystem::temp_directory_path())
        / "moe-telemetry-cost";
    const int rounds = count > 2 ? std::max(1, std::atoi(words[2])) : 12;
    try {
        std::filesystem::create_directories(folder);
        const model::ModelConfig model = train::modelPreset("skywork-small");
        writeData(folder / "data", model.vocabSize);
        const train::RunFile file = runFile(folder, model);
        std::vector<double> with, without, unused;
        measure(file, std::nullopt, unused);
        for (int round = 0; round < rounds; ++round) {
            for (const bool recorded : {round % 2 == 0, round % 2 != 0})
                recorded ? measure(file, folder / "store.sqlite", with)
                         : measure(file, std::nullopt, without);
        }
        compare("best step", with, without, 0);
        compare("median step", with, without, 0.5);
        compare("slow step, 9 in 10 are faster", with, without, 0.9);
    } catch (const Error& error) {
        std::fprintf(stderr, "telemetry_cost: error: %s\n", error.what());
        return 1;
    }
    std::filesystem::remove_all(folder);
    return 0;
}
