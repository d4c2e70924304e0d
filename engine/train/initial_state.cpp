// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/initial_state.h"

#include "engine/checkpoint/checkpoint.h"
#include "engine/train/upcycle.h"
#include "kernels/error.h"

namespace moe::train {

void checkInitFrom(const RunFile& file)
{
    if (!file.initFrom)
        return;
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
        checkpoint::loadWeights(*file.initFrom, file.model, layout, state.weights.data());
        return state;
    }
    const model::ParameterLayout denseLayout(from);
    std::vector<float> dense(static_cast<size_t>(denseLayout.elements));
    checkpoint::loadWeights(*file.initFrom, from, denseLayout, dense.data());
    upcycle(
        from, denseLayout, dense.data(), file.model, layout, file.initSeed, state.weights.data());
    return state;
}

} // namespace moe::train
