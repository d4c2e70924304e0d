// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/json.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <array>

namespace moe::train {

namespace {

struct Preset {
    const char* name;
    int64_t vocab, hidden, ffn, layers, heads, experts, positions;
};

constexpr std::array<Preset, 4> kPresets{{
    {"skywork-small", 8192, 256, 512, 6, 4, 16, 2048},
    {"skywork-mid", 16384, 512, 1408, 8, 8, 16, 2048},
    {"skywork-moe-146b", 65536, 4608, 12288, 52, 36, 16, 8192},
    {"llama-small", 8192, 256, 1024, 6, 4, 0, 2048},
}};

} // namespace

std::vector<std::string> modelPresets()
{
    return {kPresets[0].name, kPresets[1].name, kPresets[2].name, kPresets[3].name};
}

model::ModelConfig modelPreset(const std::string& name)
{
    for (const Preset& preset : kPresets) {
        if (name != preset.name)
            continue;
        model::ModelConfig config;
        config.architecture = preset.experts ? "SkyworkForCausalLM" : "LlamaForCausalLM";
        config.vocabSize = preset.vocab;
        config.hiddenSize = preset.hidden;
        config.intermediateSize = preset.ffn;
        config.layers = preset.layers;
        config.heads = config.kvHeads = preset.heads;
        config.headDim = preset.hidden / preset.heads;
        config.maxPositions = preset.positions;
        config.experts = preset.experts;
        config.logitsNorm = preset.experts > 0;
        return config;
    }
    const std::string near = base::nearestWord(name, modelPresets());
    throw Error("no such model preset", name.substr(0, 80),
        near.empty() ? "skywork-small, skywork-mid, skywork-moe-146b or llama-small"
                     : "did you mean " + near + "?");
}

} // namespace moe::train
