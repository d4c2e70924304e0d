// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/model_facts.h"

#include "engine/base/memory.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/infer/kv_cache.h"
#include "engine/infer/opened_model.h"
#include "engine/telemetry/run_store.h"
#include "kernels/error.h"
#include "ui/session/error_line.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <system_error>

namespace moe::session {

namespace {

/// Where a run keeps its checkpoints, empty when its file does not say.
std::filesystem::path checkpointFolder(const std::string& runFile)
{
    const auto json = base::Json::parse(runFile, nullptr, false);
    if (!json.is_object() || !json.contains("checkpoint") || !json["checkpoint"].is_object())
        return {};
    const auto& dir = json["checkpoint"]["dir"];
    return dir.is_string() ? std::filesystem::path(dir.get<std::string>())
                           : std::filesystem::path();
}

} // namespace

ModelFacts readModelFacts(const std::filesystem::path& folder, const std::filesystem::path& beside)
{
    ModelFacts facts;
    facts.folder = folder;
    facts.error = errorLineOf([&] {
        std::error_code error;
        if (!std::filesystem::is_directory(folder, error))
            throw Error("no such folder", folder.string(), "choose a folder with config.json");
        facts.config = model::readConfig(folder);
        facts.weightBytes = infer::bytesOfWeights(folder);
        if (facts.weightBytes == 0)
            throw Error("no weights", folder.string(),
                "a model's folder holds model*.safetensors beside config.json");
        facts.cacheBytes = infer::KvCache::bytesPerToken(facts.config, kernels::DType::BFloat16)
            * facts.config.maxPositions;
        if (!beside.empty())
            facts.besideBytes = infer::bytesOfWeights(beside);
        // mapped weights count as free there
        facts.freeBytes = std::max<int64_t>(0, base::availableMemoryBytes() - facts.besideBytes);
        facts.fitsBeside = beside.empty() || facts.weightBytes <= facts.freeBytes;
    });
    return facts;
}

TensorList readTensors(const std::filesystem::path& folder)
{
    TensorList list;
    list.error = errorLineOf([&] {
        const checkpoint::WeightFiles files(folder);
        for (const std::string& name : files.names()) {
            const checkpoint::StoredTensor& tensor = files.get(name);
            list.tensors.push_back({name, checkpoint::nameOf(tensor.type), tensor.shape,
                tensor.elements(), static_cast<int64_t>(tensor.bytes.size())});
        }
    });
    return list;
}

std::vector<RunCheckpoint> runCheckpoints(const std::filesystem::path& store)
{
    std::vector<RunCheckpoint> found;
    errorLineOf([&] { // a store that cannot be read has none
        const telemetry::RunStore runs(store, telemetry::RunStore::Mode::ReadOnly);
        for (const telemetry::RunInfo& run : runs.runs()) {
            const std::filesystem::path folder = checkpointFolder(run.runFile);
            std::error_code error;
            if (folder.empty() || !std::filesystem::is_directory(folder, error))
                continue;
            const auto steps = checkpoint::listSteps(folder);
            for (auto step = steps.rbegin(); step != steps.rend(); ++step)
                found.push_back({QString::fromStdString(run.name), step->first, step->second});
        }
    });
    return found;
}

} // namespace moe::session
