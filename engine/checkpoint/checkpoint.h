// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/model/config.h"
#include "engine/model/parameters.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moe::checkpoint {

/// Reads every parameter of `layout` from a Hugging Face folder into the flat buffer (host memory
/// of layout.elements floats), quantised ones as code × scale (dialect.h). A missing tensor,
/// another shape, or tensors that the model has no place for are errors by name.
void loadWeights(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout, float* buffer);

/// The files of a folder, checked: every parameter of `layout` is there in its shape and in a type
/// that readFloat32 reads, and nothing else is. Throws as loadWeights does.
WeightFiles openWeights(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout);

/// Writes config.json, model.safetensors in `dtype` ("float32" or "bfloat16", round to nearest
/// even) and copies of the tokenizer files into an existing folder.
void saveModel(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout, const float* buffer, const std::string& dtype,
    const std::optional<std::filesystem::path>& tokenizerFrom);
void writeConfig(
    const std::filesystem::path& folder, const model::ModelConfig& config, StoredType type);
/// `from`: a folder whose tokenizer files are taken, or a tokenizer file (PREFIX.tokenizer.model
/// becomes tokenizer.model, and tokenizer_config.json beside it comes along).
void copyTokenizer(const std::filesystem::path& from, const std::filesystem::path& folder);

/// Everything beside the weights that a resumed run needs.
struct TrainingState {
    int64_t step = 0; ///< last finished
    int64_t tokens = 0;
    int64_t run = 0; ///< id in the store
    std::vector<double> alpha; ///< per MoE layer, after the step
    std::string runFile; ///< JSON text, as resolved when the run began
    std::string steered = "{}"; ///< JSON object of steered keys and values
    std::string extra = "{}"; ///< JSON object, trainer's own (dead-expert spans, …)
};

/// training-state/ of a step folder: state.json, and masters, m and v as safetensors of the flat
/// layout's parameters, whose checksums state.json keeps beside its own. Reading throws for
/// anything damaged, naming the file and how to go on without it.
void saveTrainingState(const std::filesystem::path& stepFolder,
    const model::ParameterLayout& layout, const TrainingState& state, const float* master,
    const float* m, const float* v);
TrainingState loadTrainingState(const std::filesystem::path& stepFolder,
    const model::ParameterLayout& layout, float* master, float* m, float* v);
TrainingState readTrainingState(const std::filesystem::path& stepFolder); ///< state.json alone

/// The number of a folder called "step-000005"; −1 of all others.
int64_t stepOf(const std::filesystem::path& folder);
/// checkpoint.dir and its step-000005/ folders.
std::vector<std::pair<int64_t, std::filesystem::path>> listSteps(
    const std::filesystem::path& dir); ///< by rising step
/// True when anything in `dir` is called step-*. Throws when `dir` is there and is no folder.
bool holdsSteps(const std::filesystem::path& dir);
std::filesystem::path stepFolder(const std::filesystem::path& dir, int64_t step);
/// A fresh ".step-000005.partial" to write into (an older one is removed), and its rename into
/// place after a flush; a step folder of that name is replaced.
std::filesystem::path beginStep(const std::filesystem::path& dir, int64_t step);
void commitStep(const std::filesystem::path& partial, const std::filesystem::path& final);
void keepNewest(
    const std::filesystem::path& dir, int64_t keep); ///< removes older steps and partial folders;
                                                     ///< the newest stays whatever `keep` is

} // namespace moe::checkpoint
