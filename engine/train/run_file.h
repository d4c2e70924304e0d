// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/model/config.h"
#include "kernels/backend.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace moe::train {

struct AdaptiveAux {
    double xi = 0.2, alphaMax = 0.01, beta = 0.99, initial = 0.01;
};
/// One number for all MoE layers, one a layer, or the adaptive law.
using AuxCoefficient = std::variant<double, std::vector<double>, AdaptiveAux>;

struct OptimizerSettings {
    double lr = 1e-3, minLr = 1e-4;
    int64_t warmupSteps = 0;
    std::string schedule = "cosine"; ///< cosine, linear, constant, wsd
    int64_t decaySteps = 0; ///< wsd; 0: ceil(train_steps / 10)
    double beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weightDecay = 0.1, clipGrad = 1.0,
           expertLrScale = 1.0;
};

struct MoeSettings {
    std::optional<double> capacityFactor = 1.25; ///< none: dropless
    kernels::DropPolicy dropPolicy = kernels::DropPolicy::Probs;
    kernels::AuxLoss auxLoss = kernels::AuxLoss::Skywork;
    AuxCoefficient auxCoefficient = AdaptiveAux{};
    double zLossCoefficient = 0;
};

struct ParallelSettings {
    int64_t tensor = 1, pipeline = 1, data = 1;
    std::string expertScheme = "edp";
    int64_t zero
        = 1; ///< 0: every rank updates everything; 1: optimizer state cut over the data ranks
};

struct Probe {
    std::string name;
    std::filesystem::path file; ///< UTF-8 text, tokenised with the corpus's tokenizer
};

/// A run file (contract section 3), checked, paths made absolute against the file's folder.
struct RunFile {
    std::string name;
    std::filesystem::path folder; ///< what the file's relative paths are relative to
    model::ModelConfig model;
    std::optional<std::filesystem::path>
        initFrom; ///< a checkpoint folder; else drawn from initSeed, initStd
    uint64_t initSeed = 1;
    double initStd = 0.02;
    std::filesystem::path trainData;
    std::optional<std::filesystem::path> validData;
    bool shuffled = false;
    std::vector<Probe> probes; ///< data.probes: [{"name", "file"}]
    int64_t sequenceLength = 256, microBatchSize = 4, globalBatchSize = 16, trainSteps = 1000;
    kernels::DType precision = kernels::DType::Float32;
    OptimizerSettings optimizer;
    MoeSettings moe;
    ParallelSettings parallel;
    std::optional<std::filesystem::path> checkpointDir;
    int64_t checkpointEvery = 0; ///< 0: only at the end
    int64_t keep = 2;
    int64_t validEvery = 100;
    uint64_t seed = 1;

    std::string resolved; ///< JSON text: the whole file with every default written out; what the
                          ///< store keeps
};

/// `folder`: what relative paths are relative to. Throws moe::Error naming file and dotted key;
/// unknown keys name the nearest known one; what is not implemented yet (tensor, pipeline > 1,
/// expert schemes, plan, recompute) is refused by name.
RunFile parseRunFile(
    const base::Json& json, const std::string& where, const std::filesystem::path& folder);
RunFile readRunFile(const std::filesystem::path& path, const std::vector<std::string>& sets = {});
/// --set a.b=value: value as JSON, or as text when it is not JSON.
void applySet(base::Json& json, const std::string& assignment);

/// Every key with its meaning: for --help, the new-run form and the check of unknown keys.
struct RunFileKey {
    std::string key; ///< dotted
    std::string type; ///< "number", "integer", "text", "path", "choice:cosine|linear|…", "boolean",
                      ///< "coefficient"
    std::string fallback; ///< JSON text; empty: required
    std::string meaning; ///< one English sentence without a full stop
};
const std::vector<RunFileKey>& runFileKeys();

/// Learning rate of step t (contract section 3, item 5).
double learningRate(const OptimizerSettings& optimizer, int64_t trainSteps, int64_t step);

} // namespace moe::train
