// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/run_store.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// A made-up run with the shapes of a real one, written to a store as a trainer writes it: 52
/// layers of 16 experts at step 18,240 of 60,000; expert 11 of layer 37 fades from step 15,500 and
/// is dead from 16,904; β was steered at step 3,000. Every twelfth step is recorded (all of the
/// last 110), so that a test writes it in seconds.
namespace moe::synthetic {

struct Shape {
    int layers = 52, experts = 16;
    int64_t steps = 18'240, trainSteps = 60'000, assignments = 4'194'304;
    int64_t stride = 12;
    int sickLayer = 37, deadExpert = 11;
    int64_t deadSince = 16'904;
    double lossOffset = 0;
    uint32_t seed = 1;
};

inline std::string runFile(const Shape& shape)
{
    const std::string steps = std::to_string(shape.trainSteps);
    return R"({"name": "sky52-adaptive", "model": {"architectures": ["SkyworkForCausalLM"], "model_type": "skywork",
 "vocab_size": 65536, "hidden_size": 1024, "intermediate_size": 2688, "num_hidden_layers": )"
        + std::to_string(shape.layers) + R"(, "num_attention_heads": 8, "num_key_value_heads": 8,
 "num_experts": [)"
        + std::to_string(shape.experts)
        + R"(], "num_experts_per_tok": 2, "moe_use_logits_norm": true,
 "rms_norm_eps": 1e-6, "max_position_embeddings": 8192},
 "data": {"train": "/tmp/corpus"}, "sequence_length": 4096, "micro_batch_size": 4, "global_batch_size": 512,
 "train_steps": )"
        + steps + R"(, "precision": "bfloat16",
 "optimizer": {"name": "adamw", "lr": 3e-4, "min_lr": 3e-5, "warmup_steps": 2000, "schedule": "cosine", "clip_grad": 1.0},
 "moe": {"capacity_factor": 1.25, "drop_policy": "probs", "aux_loss": "skywork",
         "aux_coeff": {"adaptive": {"xi": 0.2, "alpha_max": 0.01, "beta": 0.9, "initial": 0.01}}},
 "parallel": {"tensor": 1, "pipeline": 1, "data": 8, "zero": 1}, "valid_every": 500})";
}

/// Makes the records one after another.
class Source {
public:
    explicit Source(const Shape& shape)
        : m_shape(shape)
        , m_random(shape.seed)
        , m_wander(static_cast<size_t>(shape.layers * shape.experts), 0.0)
        , m_drift(static_cast<size_t>(shape.layers), 0.0)
    {
        for (double& bias : m_wander)
            bias = 0.16 * normal();
    }

    telemetry::StepRecord step(int64_t number)
    {
        const double t = static_cast<double>(number);
        telemetry::StepRecord record;
        record.step = number;
        record.tokens = number * 2'097'152;
        record.lmLoss = lossAt(t) + 0.03 * normal();
        record.auxLoss = 0.004;
        record.loss = record.lmLoss + record.auxLoss;
        record.gradNorm = 0.36 + 3 * std::exp(-t / 250) + 0.03 * std::abs(normal())
            + (number % 1704 < m_shape.stride ? 0.3 : 0);
        record.lr = t <= 2000 ? 3e-4 * t / 2000
                              : 3e-5 + 2.7e-4 * (1 + std::cos(M_PI * (t - 2000) / 58'000)) / 2;
        record.stepSeconds = 8.72 + 0.05 * normal();
        record.tokensPerSecond = 2'097'152 / record.stepSeconds;
        record.mfu = 0.338 + 0.002 * normal();
        record.peakBytes = 71'000'000'000;
        if (number % 500 == 0)
            record.validLoss = lossAt(t) + 0.03;
        for (int layer = 0; layer < m_shape.layers; ++layer)
            record.layers.push_back(layerAt(layer, number));
        return record;
    }

    double lossAt(double t) const
    {
        return 2.2 + m_shape.lossOffset + 7.5 * std::exp(-t / 420) + 0.9 * std::exp(-t / 5600);
    }

private:
    double normal() { return m_normal(m_random); }

    telemetry::LayerRecord layerAt(int layer, int64_t number)
    {
        const double t = static_cast<double>(number);
        const double depth = static_cast<double>(layer) / std::max(1, m_shape.layers - 1);
        double& drift = m_drift[static_cast<size_t>(layer)];
        drift = 0.985 * drift + 0.03 * normal();
        double rate = (0.55 + 0.75 * depth) * (1.0 + 4.6 * std::exp(-t / 3600)) * (1 + drift);
        const bool sick = layer == m_shape.sickLayer;
        if (sick && t > 15'700)
            rate += 1.9 * std::min(1.0, (t - 15'700) / 1200);
        telemetry::LayerRecord record;
        record.layer = layer;
        record.assignments = m_shape.assignments;
        record.dropped = std::llround(0.01 * std::max(0.05, rate) * record.assignments);
        record.alpha = std::min(0.01,
            0.0022 * (0.75 + 0.5 * depth) + 0.0078 * std::exp(-t / 3900)
                + (sick && t > 16'000 ? 0.0035 * std::min(1.0, (t - 16'000) / 900) : 0)
                + 0.0002 * drift);
        record.auxLoss = 0.0003;
        record.gateEntropy = 2.32 + 0.09 * std::exp(-t / 4000) + 0.01 * normal();
        record.max1OverMax2 = 1.6 - 0.18 * std::exp(-t / 6000) + 0.01 * normal();
        record.max2OverMax3 = 1.31 - 0.07 * std::exp(-t / 6000) + 0.005 * normal();
        if (number % 500 < m_shape.stride)
            record.expertSimilarity = 0.08 + 0.85 * std::exp(-t / 4200);
        addLoads(record, layer, number, sick);
        return record;
    }

    void addLoads(telemetry::LayerRecord& record, int layer, int64_t number, bool sick)
    {
        std::vector<double> share(static_cast<size_t>(m_shape.experts));
        double sum = 0;
        for (int expert = 0; expert < m_shape.experts; ++expert) {
            double& wander
                = m_wander[static_cast<size_t>(layer) * share.size() + static_cast<size_t>(expert)];
            wander = 0.997 * wander + 0.013 * normal();
            double weight = std::exp(wander);
            if (sick && expert == m_shape.deadExpert) {
                const double left = (16'904.0 - static_cast<double>(number)) / 1400;
                weight = number >= m_shape.deadSince ? 0 : weight * std::min(1.0, left);
            }
            share[static_cast<size_t>(expert)] = weight;
            sum += weight;
        }
        int64_t rest = record.assignments;
        size_t largest = 0;
        const double capacity = 1.25 * static_cast<double>(record.assignments) / m_shape.experts;
        for (size_t expert = 0; expert < share.size(); ++expert) {
            const double load = share[expert] / sum * static_cast<double>(record.assignments);
            record.load.push_back(static_cast<int64_t>(load));
            record.droppedByExpert.push_back(std::llround(std::max(0.0, load - capacity)));
            rest -= record.load.back();
            if (share[expert] > share[largest])
                largest = expert;
        }
        record.load[largest] += rest;
    }

    Shape m_shape;
    std::mt19937 m_random;
    std::normal_distribution<double> m_normal;
    std::vector<double> m_wander, m_drift;
};

inline telemetry::MessagePtr message(telemetry::Message value)
{
    return std::make_shared<const telemetry::Message>(std::move(value));
}

inline telemetry::RunEvent event(int64_t step, const std::string& kind, const std::string& payload)
{
    return {step, kind, payload, 1.75e9 + 8.72 * static_cast<double>(step)};
}

/// The events of the run, by step.
inline std::vector<telemetry::RunEvent> events(const Shape& shape)
{
    std::vector<telemetry::RunEvent> all;
    for (int64_t step = 1000; step <= shape.steps; step += 1000)
        all.push_back(event(step, "checkpoint", R"({"path": "/tmp/c", "seconds": 4.1})"));
    for (int64_t step = 500; step <= shape.steps; step += 500)
        all.push_back(event(step, "validation",
            R"({"valid_loss": )" + std::to_string(2.23 + 0.9 * std::exp(-double(step) / 5600))
                + R"(, "seconds": 21.0})"));
    all.push_back(event(2000, "warmup_over", "{}"));
    all.push_back(event(3000, "steered",
        R"({"key": "moe.aux_coeff.adaptive.beta", "from": 0.9, "to": 0.99, "by": "you"})"));
    if (shape.sickLayer < shape.layers)
        all.push_back(event(shape.deadSince, "dead_expert",
            R"({"layer": )" + std::to_string(shape.sickLayer) + R"(, "expert": )"
                + std::to_string(shape.deadExpert) + R"(, "since_step": )"
                + std::to_string(shape.deadSince) + "}"));
    std::ranges::stable_sort(all, {}, &telemetry::RunEvent::step);
    return all;
}

/// Writes the run and leaves it running.
inline int64_t write(telemetry::RunStore& store, const std::string& name, const Shape& shape)
{
    const int64_t run = store.createRun(name, runFile(shape), shape.trainSteps);
    Source source(shape);
    std::vector<telemetry::MessagePtr> batch;
    for (const telemetry::RunEvent& happened : events(shape))
        batch.push_back(message(happened));
    for (int64_t step = 1; step <= shape.steps; ++step) {
        const bool recorded
            = step % shape.stride == 0 || step % 500 == 0 || step > shape.steps - 110 || step == 1;
        if (recorded)
            batch.push_back(message(source.step(step)));
        if (batch.size() >= 200 || step == shape.steps) {
            store.append(run, batch);
            batch.clear();
        }
    }
    return run;
}

/// A finished run with a loss curve and no layers, for the run table and overlays.
inline int64_t writePlain(telemetry::RunStore& store, const std::string& name, int64_t steps,
    double offset, telemetry::RunState state, const std::vector<std::string>& tags = {})
{
    Shape shape;
    shape.layers = 0;
    shape.lossOffset = offset;
    const int64_t run = store.createRun(name, runFile(Shape{}), shape.trainSteps);
    Source source(shape);
    std::vector<telemetry::MessagePtr> batch;
    for (int64_t step = 1; step <= steps; step += std::max<int64_t>(1, steps / 600))
        batch.push_back(message(source.step(step)));
    batch.push_back(message(source.step(steps + 1)));
    store.append(run, batch);
    store.setTags(run, tags);
    store.setState(run, state);
    return run;
}

/// The nine runs of the look pictures, newest last.
inline int64_t writeAll(const std::filesystem::path& path, const Shape& shape = {})
{
    using telemetry::RunState;
    telemetry::RunStore store(path);
    writePlain(store, "demo", 1000, 1.9, RunState::Done, {"demo"});
    writePlain(store, "lr-1.5e-4", 12'000, 0.2, RunState::Done, {"lr"});
    writePlain(store, "lr-6e-4", 2310, 1.2, RunState::Failed, {"lr"});
    writePlain(store, "sky52-upcycled", 20'000, 0.1, RunState::Done);
    writePlain(store, "sky52-cap-1.5", 31'400, -0.02, RunState::Stopped);
    writePlain(store, "sky52-dropless", 60'000, -0.12, RunState::Done);
    writePlain(store, "sky52-switch", 60'000, -0.1, RunState::Done);
    writePlain(store, "sky52-const", 60'000, 0.06, RunState::Done, {"baseline"});
    return write(store, "sky52-adaptive", shape);
}

} // namespace moe::synthetic
