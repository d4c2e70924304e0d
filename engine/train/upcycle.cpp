// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/upcycle.h"

#include "engine/base/files.h"
#include "engine/base/random.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/stored_shape.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
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

/// A folder beside `out` that becomes it when all went well, and is removed when not.
class FolderInTheMaking {
public:
    explicit FolderInTheMaking(const fs::path& out)
        : m_out(fs::absolute(out / "").parent_path())
        , m_partial(m_out.parent_path() / ("." + m_out.filename().string() + ".partial"))
    {
        std::error_code failed;
        if (fs::exists(m_out, failed) && !fs::is_directory(m_out, failed))
            throw Error("not a folder", out.string(), "choose another --out, a new folder");
        if (fs::exists(m_out, failed) && !fs::is_empty(m_out, failed))
            throw Error("the folder is not empty", out.string(), "choose another --out");
        fs::remove_all(m_partial, failed);
        fs::create_directories(m_partial, failed);
        if (failed)
            throw Error(
                "cannot make the folder", out.string(), "check the path and its permissions");
    }
    ~FolderInTheMaking()
    {
        std::error_code ignored;
        fs::remove_all(m_partial, ignored);
    }
    FolderInTheMaking(const FolderInTheMaking&) = delete;
    FolderInTheMaking& operator=(const FolderInTheMaking&) = delete;

    const fs::path& path() const { return m_partial; }
    void commit() { checkpoint::commitStep(m_partial, m_out); }

private:
    fs::path m_out, m_partial;
};

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
    // copy of the weights is made, and no bit of them changes.
    std::vector<TensorToWrite> tensors;
    std::vector<std::vector<std::byte>> routers;
    for (const Parameter& parameter : model::ParameterLayout(moe).parameters) {
        const std::string source = sourceOf(parameter.name);
        if (!source.empty()) {
            const StoredTensor& tensor = files.get(source);
            tensors.push_back({parameter.name, tensor.type, tensor.shape, tensor.bytes});
            continue;
        }
        const std::vector<float> router = drawRouter(parameter, seed);
        routers.emplace_back(router.size() * static_cast<size_t>(checkpoint::bytesOf(type)));
        checkpoint::fromFloat32(
            router.data(), parameter.shape.elements(), type, routers.back().data());
        tensors.push_back(
            {parameter.name, type, checkpoint::storedShape(parameter.shape), routers.back()});
    }
    FolderInTheMaking folder(out);
    base::showingPlace(folder.path(), out, [&] {
        checkpoint::writeConfig(folder.path(), moe, type);
        checkpoint::copyTokenizer(from, folder.path());
        checkpoint::writeSafetensors(
            folder.path() / "model.safetensors", tensors, {{"format", "pt"}});
        folder.commit();
    });
}

} // namespace moe::train
