// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/base/random.h"
#include "engine/telemetry/bus.h"
#include "engine/telemetry/run_store.h"
#include "engine/text/indexed_dataset.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <QTemporaryDir>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace moe::tests {

/// What one run published.
struct Published {
    std::vector<telemetry::StepRecord> steps; ///< each as it was published last
    std::vector<telemetry::RunEvent> events;
    std::vector<telemetry::ProbeRecord> probes;
    std::vector<telemetry::StateChange> states;
    train::TrainResult result;
    std::string error; ///< of a run that failed

    std::vector<telemetry::RunEvent> eventsOf(const std::string& kind) const
    {
        std::vector<telemetry::RunEvent> found;
        for (const telemetry::RunEvent& event : events) {
            if (event.kind == kind)
                found.push_back(event);
        }
        return found;
    }
};

/// How a run is made.
struct RunSettings {
    bool record = false, resume = false;
    std::function<std::unique_ptr<kernels::Backend>(int threads)> makeBackend;
    /// Called on another thread for each message while the run goes on.
    std::function<void(const telemetry::Message&, train::Trainer&, std::stop_source&)> watch;
};

inline RunSettings recorded(bool resume)
{
    RunSettings settings;
    settings.record = true;
    settings.resume = resume;
    return settings;
}

/// A folder with a small corpus and runs of a tiny MoE on it.
class TrainingBench {
public:
    static constexpr int64_t kVocab = 29;

    TrainingBench()
    {
        writeDataset("train", 1200, 1);
        writeDataset("valid", 70, 2);
    }

    std::filesystem::path path(const std::string& name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

    void writeDataset(const std::string& name, int64_t tokens, uint64_t seed) const
    {
        base::Random random(seed);
        text::IndexedDatasetWriter writer(path(name), kVocab);
        int32_t token = 0;
        for (int64_t written = 0; written < tokens;) {
            std::vector<int32_t> document;
            for (uint64_t i = 0, n = 5 + random.below(40); i < n; ++i) {
                // Never the same twice: attention over equal tokens gives routing
                // decisions that only rounding tells apart.
                token = static_cast<int32_t>(
                    (static_cast<uint64_t>(token) + 1 + 5 * random.below(4)) % kVocab);
                document.push_back(token);
            }
            writer.addDocument(document);
            written += static_cast<int64_t>(document.size());
        }
        writer.finish();
    }

    /// Six microbatches a step, adaptive aux loss, validation every third step.
    base::Json json() const
    {
        return base::Json::parse(R"({
            "name": "tiny",
            "model": {"architectures": ["SkyworkForCausalLM"], "model_type": "skywork",
                "vocab_size": 29, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
                "num_attention_heads": 2, "num_key_value_heads": 1, "num_experts": [4],
                "num_experts_per_tok": 2, "moe_use_logits_norm": true, "rms_norm_eps": 1e-5,
                "rope_theta": 10000.0, "max_position_embeddings": 64},
            "init": {"seed": 5, "std": 0.1},
            "data": {"train": "train", "valid": "valid", "order": "shuffled"},
            "sequence_length": 8, "micro_batch_size": 2, "global_batch_size": 12, "train_steps": 7,
            "optimizer": {"lr": 5e-3, "warmup_steps": 2},
            "moe": {"capacity_factor": 1.0, "z_loss_coeff": 1e-3},
            "valid_every": 3, "seed": 3})");
    }

    train::RunFile file(const std::vector<std::string>& sets = {}) const
    {
        base::Json run = json();
        for (const std::string& set : sets)
            train::applySet(run, set);
        return train::parseRunFile(run, "tiny.json", path(""));
    }

    std::filesystem::path store() const { return path("store.sqlite"); }

    Published run(const train::RunFile& file, const RunSettings& settings = {}) const
    {
        telemetry::Bus bus;
        const auto all = bus.subscribe(telemetry::Subscription::Loss::Never);
        train::TrainerOptions options;
        options.bus = &bus;
        options.threads = 2;
        options.resume = settings.resume;
        options.makeBackend = settings.makeBackend;
        if (settings.record)
            options.store = store();
        train::Trainer trainer(file, options);
        std::stop_source stop;
        Published published;
        {
            const std::jthread watcher([&](const std::stop_token& over) {
                const auto live = bus.subscribe(telemetry::Subscription::Loss::Never);
                while (settings.watch && !over.stop_requested()) {
                    for (const auto& message : live->waitAndDrain(0.01))
                        settings.watch(*message, trainer, stop);
                }
            });
            try {
                published.result = trainer.run(stop.get_token());
            } catch (const Error& error) {
                published.error = error.what();
            }
        }
        for (const auto& message : all->drain())
            std::visit([&](const auto& one) { keep(published, one); }, *message);
        return published;
    }

private:
    static void keep(Published& to, const telemetry::StepRecord& one)
    {
        if (!to.steps.empty() && to.steps.back().step == one.step)
            to.steps.back() = one; // it has been validated
        else
            to.steps.push_back(one);
    }
    static void keep(Published& to, const telemetry::RunEvent& one) { to.events.push_back(one); }
    static void keep(Published& to, const telemetry::ProbeRecord& one) { to.probes.push_back(one); }
    static void keep(Published& to, const telemetry::StateChange& one) { to.states.push_back(one); }
    static void keep(Published&, const telemetry::Progress&) { }
    static void keep(Published&, const telemetry::GenerationRecord&) { }

    QTemporaryDir m_folder;
};

/// The record as JSON without what may differ between two equal runs.
inline base::Json withoutTimes(const telemetry::StepRecord& record)
{
    base::Json json = telemetry::toJson(record);
    for (const char* key : {"step_seconds", "tokens_per_second", "mfu", "peak_bytes"})
        json.erase(key);
    return json;
}

/// Where two values differ: numbers by more than `tolerance` (relative), integers and all else at
/// all. Empty when they agree.
inline std::string difference(
    const base::Json& a, const base::Json& b, double tolerance, const std::string& at = "")
{
    if (a.is_object() && b.is_object() && a.size() == b.size()) {
        for (const auto& [key, value] : a.items()) {
            if (!b.contains(key))
                return at + "/" + key;
            if (std::string found = difference(value, b[key], tolerance, at + "/" + key);
                !found.empty())
                return found;
        }
        return "";
    }
    if (a.is_array() && b.is_array() && a.size() == b.size()) {
        for (size_t i = 0; i < a.size(); ++i) {
            if (std::string found = difference(a[i], b[i], tolerance, at + "/" + std::to_string(i));
                !found.empty())
                return found;
        }
        return "";
    }
    if (a.is_number_float() && b.is_number_float() && tolerance > 0) {
        const auto x = a.get<double>(), y = b.get<double>();
        return std::abs(x - y) <= tolerance * std::max(std::abs(x), 1e-3)
            ? ""
            : at + ": " + a.dump() + " and " + b.dump();
    }
    return a == b ? "" : at + ": " + a.dump() + " and " + b.dump();
}

/// The same for whole records.
inline QString difference(const std::vector<telemetry::StepRecord>& a,
    const std::vector<telemetry::StepRecord>& b, double tolerance)
{
    if (a.size() != b.size())
        return QString("%1 and %2 steps").arg(a.size()).arg(b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        const std::string found = difference(
            withoutTimes(a[i]), withoutTimes(b[i]), tolerance, "step " + std::to_string(a[i].step));
        if (!found.empty())
            return QString::fromStdString(found);
    }
    return {};
}

} // namespace moe::tests
