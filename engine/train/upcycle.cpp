// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/upcycle.h"

#include "engine/base/files.h"
#include "engine/base/random.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/folder_in_the_making.h"
#include "engine/checkpoint/quantized_matrix.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/stored_shape.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <deque>
#include <map>

namespace moe::train {

namespace {

namespace fs = std::filesystem;
using checkpoint::StoredTensor;
using checkpoint::StoredType;
using checkpoint::TensorToWrite;
using checkpoint::WeightFiles;
using model::Parameter;

constexpr double kRouterStd = 0.02;

std::vector<float> drawRouter(const Parameter& router, uint64_t seed)
{
    base::Random random(base::streamSeed(seed, router.name.c_str()));
    std::vector<float> values(static_cast<size_t>(router.shape.elements()));
    for (float& value : values)
        value = static_cast<float>(kRouterStd * random.normal());
    return values;
}

/// The dense tensor that an MoE parameter starts as; empty for a router.
std::string sourceOf(const std::string& name)
{
    const size_t moe = name.find("block_sparse_moe.");
    if (moe == std::string::npos)
        return name;
    const std::string layer = name.substr(0, moe);
    if (name.ends_with(".w1.weight"))
        return layer + "mlp.gate_proj.weight";
    if (name.ends_with(".w3.weight"))
        return layer + "mlp.up_proj.weight";
    return name.ends_with(".w2.weight") ? layer + "mlp.down_proj.weight" : "";
}

} // namespace

model::ModelConfig upcycledConfig(const model::ModelConfig& dense, int64_t experts, int64_t topK)
{
    if (dense.isMoe())
        throw Error(dense.architecture + " has experts already", "upcycle",
            "start from a dense model (LlamaForCausalLM)");
    if (experts < 1 || topK < 1 || topK > experts)
        throw Error(std::to_string(topK) + " of " + std::to_string(experts) + " experts a token",
            "upcycle", "at least 1, and at most the number of experts");
    if (const std::string part = model::beyondTraining(dense); !part.empty())
        throw Error(dense.architecture + " with " + part + " is not implemented", "upcycle",
            "start from a dense model without (LlamaForCausalLM)");
    model::ModelConfig moe = dense;
    moe.architecture = "SkyworkForCausalLM";
    moe.experts = experts;
    moe.topK = topK;
    moe.logitsNorm = true;
    moe.gateNormStd = 1;
    // What the sizes come to must be a model that can be read again.
    return model::parseConfig(model::toJson(moe), "upcycled config.json");
}

void upcycle(const model::ModelConfig& dense, const model::ParameterLayout& denseLayout,
    const float* denseBuffer, const model::ModelConfig& moe,
    const model::ParameterLayout& moeLayout, uint64_t seed, float* moeBuffer)
{
    if (dense.isMoe() || !moe.isMoe())
        throw Error("cannot upcycle " + dense.architecture + " to " + moe.architecture, "init.from",
            "from a dense model to one with experts");
    std::map<std::string, const Parameter*> sources;
    for (const Parameter& parameter : denseLayout.parameters)
        sources[parameter.name] = &parameter;
    std::fill_n(moeBuffer, moeLayout.elements, 0.0F); // the gaps between blocks
    for (const Parameter& parameter : moeLayout.parameters) {
        float* to = moeBuffer + parameter.offset;
        const std::string name = sourceOf(parameter.name);
        if (name.empty()) {
            const std::vector<float> router = drawRouter(parameter, seed);
            std::copy(router.begin(), router.end(), to);
            continue;
        }
        const auto source = sources.find(name);
        if (source == sources.end() || source->second->shape != parameter.shape)
            throw Error(source == sources.end()
                    ? "the dense model has no " + name
                    : name + " is " + source->second->shape.text() + " in the dense model",
                "init.from",
                "a model whose sizes beside the experts agree (here " + parameter.shape.text()
                    + ")");
        std::copy_n(denseBuffer + source->second->offset, parameter.shape.elements(), to);
    }
}

void upcycleFolder(
    const fs::path& from, int64_t experts, int64_t topK, uint64_t seed, const fs::path& out)
{
    const model::ModelConfig dense = model::readConfig(from);
    const model::ModelConfig moe = upcycledConfig(dense, experts, topK);
    const WeightFiles files = checkpoint::openWeights(from, dense, model::ParameterLayout(dense));
    const StoredType type = files.get("model.embed_tokens.weight").type;

    // The experts are written straight from the source's memory map, again and again: no second
    // copy of the weights is made, and no bit of them changes. Quantised ones are widened.
    const checkpoint::Dialect dialect = checkpoint::readDialect(from);
    std::vector<TensorToWrite> tensors;
    std::deque<std::vector<std::byte>> made;
    std::map<std::string, std::span<const std::byte>> widened;
    const auto make = [&](const std::vector<float>& values) {
        auto& bytes
            = made.emplace_back(values.size() * static_cast<size_t>(checkpoint::bytesOf(type)));
        checkpoint::fromFloat32(
            values.data(), static_cast<int64_t>(values.size()), type, bytes.data());
        return std::span<const std::byte>(bytes);
    };
    for (const Parameter& parameter : model::ParameterLayout(moe).parameters) {
        const std::string source = sourceOf(parameter.name);
        if (!source.empty()) {
            const StoredTensor& tensor = files.get(source);
            if (!checkpoint::isQuantized(tensor)) {
                tensors.push_back({parameter.name, tensor.type, tensor.shape, tensor.bytes});
                continue;
            }
            if (!widened.contains(source)) {
                std::vector<float> values(static_cast<size_t>(tensor.elements()));
                checkpoint::readFloat32(files, dialect, source, values.data());
                widened[source] = make(values);
            }
            tensors.push_back({parameter.name, type, tensor.shape, widened[source]});
            continue;
        }
        tensors.push_back({parameter.name, type, checkpoint::storedShape(parameter.shape),
            make(drawRouter(parameter, seed))});
    }
    checkpoint::FolderInTheMaking folder(out);
    base::showingPlace(folder.path(), out, [&] {
        checkpoint::writeConfig(folder.path(), moe, type);
        checkpoint::copyTokenizer(from, folder.path());
        checkpoint::writeSafetensors(
            folder.path() / "model.safetensors", tensors, {{"format", "pt"}});
        folder.commit();
    });
}

} // namespace moe::train
