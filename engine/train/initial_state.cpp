// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/initial_state.h"

#include "engine/checkpoint/checkpoint.h"
#include "engine/train/upcycle.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace moe::train {

namespace {

/// Beside the shapes, what makes another function of the same weights.
void requireSameFunction(const RunFile& file, const model::ModelConfig& from)
{
    const model::ModelConfig& to = file.model;
    const auto same = [&](const char* key, const base::Json& theirs, const base::Json& ours) {
        if (theirs != ours)
            throw Error(std::string("init.from has another ") + key + ", " + theirs.dump(),
                file.initFrom->string(),
                "the run's model has " + ours.dump() + ", make it the same");
    };
    same("rms_norm_eps", from.rmsNormEps, to.rmsNormEps);
    same("rope_theta", from.ropeTheta, to.ropeTheta);
    const base::Json theirs = model::toJson(from), ours = model::toJson(to);
    same("rope_scaling", theirs.at("rope_scaling"), ours.at("rope_scaling"));
    same("tie_word_embeddings", from.tieWordEmbeddings, to.tieWordEmbeddings);
}

/// The weights of a checkpoint, which a run must not begin with when they are not numbers: its loss
/// would be none, and the learning rate would get the blame.
void loadFiniteWeights(const std::filesystem::path& folder, const model::ModelConfig& config,
    const model::ParameterLayout& layout, float* buffer)
{
    checkpoint::loadWeights(folder, config, layout, buffer);
    for (const model::Parameter& parameter : layout.parameters) {
        const float* first = buffer + parameter.offset;
        if (!std::all_of(first, first + parameter.shape.elements(),
                [](float value) { return std::isfinite(value); }))
            throw Error("tensor " + parameter.name + " holds values that are not finite",
                folder.string(), "name another checkpoint in init.from");
    }
}

} // namespace

void checkInitFrom(const RunFile& file)
{
    if (!file.initFrom)
        return;
    if (std::filesystem::is_regular_file(*file.initFrom))
        throw Error("init.from is a file", file.initFrom->string(), "name the checkpoint's folder");
    const model::ModelConfig from = model::readConfig(*file.initFrom);
    model::requireTrainable(from, file.initFrom->string());
    const model::ModelConfig& to = file.model;
    const auto same = [&](const char* key, int64_t theirs, int64_t ours) {
        if (theirs != ours)
            throw Error(std::string("init.from has another ") + key + ", " + std::to_string(theirs),
                file.initFrom->string(), "the run's model has " + std::to_string(ours));
    };
    same("vocab_size", from.vocabSize, to.vocabSize);
    same("hidden_size", from.hiddenSize, to.hiddenSize);
    same("intermediate_size", from.intermediateSize, to.intermediateSize);
    same("num_hidden_layers", from.layers, to.layers);
    same("num_attention_heads", from.heads, to.heads);
    same("num_key_value_heads", from.kvHeads, to.kvHeads);
    same("head_dim", from.headDim, to.headDim);
    if (from.isMoe())
        same("num_experts", from.experts, to.experts);
    requireSameFunction(file, from);
}

HostState initialState(const RunFile& file, const model::ParameterLayout& layout,
    const std::optional<ResumePoint>& resume)
{
    const auto size = static_cast<size_t>(layout.elements);
    HostState state;
    state.weights.resize(size);
    if (resume) {
        state.m.resize(size);
        state.v.resize(size);
        checkpoint::loadTrainingState(
            resume->folder, layout, state.weights.data(), state.m.data(), state.v.data());
        return state;
    }
    if (!file.initFrom) {
        initialiseParameters(layout, file.initSeed, file.initStd, state.weights.data());
        return state;
    }
    const model::ModelConfig from = model::readConfig(*file.initFrom);
    if (from.isMoe() == file.model.isMoe()) {
        loadFiniteWeights(*file.initFrom, file.model, layout, state.weights.data());
        return state;
    }
    const model::ParameterLayout denseLayout(from);
    std::vector<float> dense(static_cast<size_t>(denseLayout.elements));
    loadFiniteWeights(*file.initFrom, from, denseLayout, dense.data());
    upcycle(
        from, denseLayout, dense.data(), file.model, layout, file.initSeed, state.weights.data());
    return state;
}

} // namespace moe::train
