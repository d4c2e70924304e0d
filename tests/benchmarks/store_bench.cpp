// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// How fast the run store takes steps, and how fast a long run opens. Prints one line a figure.
// store_bench [FOLDER]: where its stores are made (default: the folder for temporary files).
#include "tests/engine/telemetry/random_records.h"

#include "engine/telemetry/run_store.h"

#include <chrono>
#include <cstdio>
#include <functional>

using namespace moe;
using namespace moe::telemetry;

namespace {

double secondsOf(const std::function<void()>& work)
{
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Records that repeat, so that making them costs nothing while the store is timed.
std::vector<StepRecord> templates(int32_t layers, int32_t experts)
{
    std::mt19937_64 random(1);
    std::vector<StepRecord> records;
    for (int64_t step = 1; step <= 10; ++step)
        records.push_back(test::randomStep(random, step, layers, experts));
    return records;
}

void append(RunStore& store, int64_t run, const std::vector<StepRecord>& from, int64_t steps,
    int64_t atOnce)
{
    std::vector<MessagePtr> batch;
    for (int64_t step = 1; step <= steps; ++step) {
        StepRecord record = from[static_cast<size_t>(step) % from.size()];
        record.step = step;
        batch.push_back(std::make_shared<const Message>(std::move(record)));
        if (static_cast<int64_t>(batch.size()) == atOnce || step == steps) {
            store.append(run, batch);
            batch.clear();
        }
    }
}

void measureAppending(const std::filesystem::path& folder, int32_t layers, int32_t experts)
{
    const auto file = folder / "append.sqlite";
    const auto records = templates(layers, experts);
    for (const int64_t atOnce : {1, 50}) {
        std::filesystem::remove(file);
        const int64_t steps = 20'000 / layers / (experts > 100 ? 4 : 1);
        double seconds = 0;
        { // closed before its size is taken: until then the write-ahead log holds a part
            RunStore store(file);
            const int64_t run = store.createRun("bench", "", 0);
            seconds = secondsOf([&] { append(store, run, records, steps, atOnce); });
        }
        std::printf("append, %d layers x %d experts, %lld steps a transaction: %.0f steps/s, "
                    "%.0f layer events/s, %.1f KB a step\n",
            layers, experts, static_cast<long long>(atOnce), double(steps) / seconds,
            double(steps * layers) / seconds,
            double(std::filesystem::file_size(file)) / double(steps) / 1e3);
    }
}

/// What the training thread pays: publishing to a bus that a store writer follows.
void measurePublishing(const std::filesystem::path& folder, int32_t layers, int32_t experts)
{
    const auto file = folder / "publish.sqlite";
    std::filesystem::remove(file);
    RunStore store(file);
    const int64_t run = store.createRun("bench", "", 0);
    const auto records = templates(layers, experts);
    Bus bus;
    StoreWriter writer(file, run, bus);
    constexpr int64_t kSteps = 200;
    double seconds = 0;
    for (int64_t step = 1; step <= kSteps; ++step) {
        StepRecord record = records[static_cast<size_t>(step) % records.size()];
        record.step = step;
        seconds += secondsOf([&] { bus.publish(std::move(record)); });
    }
    const double flush = secondsOf([&] { writer.flush(); });
    std::printf("publish, %d layers x %d experts: %.1f us a step; flush of the rest: %.1f ms\n",
        layers, experts, seconds / kSteps * 1e6, flush * 1e3);
}

void measureOpening(const std::filesystem::path& folder)
{
    constexpr int64_t kSteps = 1'000'000;
    const auto file = folder / "million.sqlite";
    std::filesystem::remove(file);
    int64_t run = 0;
    {
        RunStore store(file);
        run = store.createRun("million", "", kSteps);
        const auto records = templates(2, 8);
        const double seconds = secondsOf([&] { append(store, run, records, kSteps, 5000); });
        std::printf("a million steps, 2 layers x 8 experts: written in %.1f s, %.0f MB\n", seconds,
            double(std::filesystem::file_size(file)) / 1e6);
    }
    const RunStore store(file, RunStore::Mode::ReadOnly);
    const auto time = [](const char* what, const std::function<size_t()>& work) {
        double best = 1e9;
        size_t size = 0;
        const double first = secondsOf([&] { size = work(); });
        for (int i = 0; i < 3; ++i)
            best = std::min(best, secondsOf([&] { size = work(); }));
        std::printf("  %s: %.1f ms at first, %.1f ms again (%zu points)\n", what, first * 1e3,
            best * 1e3, size);
    };
    time("runs()", [&] { return store.runs().size(); });
    time("series(loss, 1600)", [&] { return store.series(run, "loss", 1600).size(); });
    time("series(layers/3/drop_rate, 1600)",
        [&] { return store.series(run, "layers/3/drop_rate", 1600).size(); });
    time("series(valid_loss, 250)", [&] { return store.series(run, "valid_loss", 250).size(); });
    time(
        "loadHistory(3, 1000)", [&] { return store.loadHistory(run, 3, 1000).assignments.size(); });
    time("steps(999901, 1000000)", [&] { return store.steps(run, 999'901, kSteps).size(); });
    time("series(loss), all steps", [&] { return store.series(run, "loss").size(); });
}

} // namespace

int main(int count, char** words)
{
    const std::filesystem::path folder
        = (count > 1 ? std::filesystem::path(words[1]) : std::filesystem::temp_directory_path())
        / "moe-store-bench";
    std::filesystem::create_directories(folder);
    measureAppending(folder, 6, 16);
    measureAppending(folder, 64, 16);
    measureAppending(folder, 64, 512);
    measurePublishing(folder, 64, 512);
    measureOpening(folder);
    std::filesystem::remove_all(folder);
    return 0;
}
