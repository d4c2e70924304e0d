// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/json.h"
#include "engine/text/corpus.h"
#include "engine/text/tokenizer.h"
#include "engine/train/trainer.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace moe::train {

using base::Json;

namespace {

/// Where this demo's checkpoints go: a folder that no earlier demo used.
std::filesystem::path freshFolder(const std::filesystem::path& folder)
{
    for (int number = 1;; ++number) {
        std::filesystem::path candidate = folder / ("run-" + std::to_string(number));
        std::error_code error;
        if (!std::filesystem::exists(candidate, error) || error)
            return candidate;
    }
}

/// The demo's run file: learns visibly within a minute on two cores.
Json demoJson(const text::DemoCorpus& corpus, const model::ModelConfig& config,
    const std::filesystem::path& folder, int64_t steps)
{
    Json probes = Json::array();
    for (const auto& [name, file] : corpus.probes)
        probes.push_back({{"name", name}, {"file", file.string()}});
    Json json;
    json["name"] = "demo";
    json["model"] = model::toJson(config);
    json["data"] = {{"train", corpus.trainPrefix.string()}, {"valid", corpus.validPrefix.string()},
        {"order", "shuffled"}, {"probes", std::move(probes)}};
    json["init"] = {{"seed", 1}, {"std", 0.04}};
    json["sequence_length"] = 256;
    json["micro_batch_size"] = 8;
    json["global_batch_size"] = 8;
    json["train_steps"] = steps;
    json["precision"] = "bfloat16";
    json["optimizer"] = {{"name", "adamw"}, {"lr", 8e-4}, {"min_lr", 1e-4},
        {"warmup_steps", std::min<int64_t>(40, steps - 1)}, {"schedule", "cosine"}};
    // A few hundred steps are all that people wait for: the coefficients start and move ten times
    // faster than those of a long run, on the aux loss whose gradient follows the load itself.
    json["moe"] = {{"capacity_factor", 1.25}, {"drop_policy", "probs"}, {"aux_loss", "switch"},
        {"aux_coeff",
            {{"adaptive", {{"xi", 0.3}, {"alpha_max", 0.1}, {"beta", 0.97}, {"initial", 0.1}}}}}};
    json["checkpoint"] = {{"dir", freshFolder(folder).string()}, {"every", 200}, {"keep", 1}};
    json["valid_every"] = 50;
    return json;
}

} // namespace

RunFile demoRunFile(const std::filesystem::path& folder, int64_t steps, telemetry::Bus& bus,
    const std::stop_token& stop)
{
    model::ModelConfig config = modelPreset("skywork-small");
    const text::DemoCorpus corpus = text::prepareDemoCorpus(
        folder / "corpus", config.vocabSize,
        [&](const std::string& what, int64_t done, int64_t total) {
            bus.publish(telemetry::Progress{what, "bytes", done, total});
        },
        stop);
    if (const auto tokenizer = text::findTokenizerFile(corpus.trainPrefix)) {
        if (const auto eos = text::loadTokenizer(*tokenizer)->endOfSequence())
            config.eosTokenIds = {*eos};
    }
    return parseRunFile(demoJson(corpus, config, folder, steps), "demo", folder);
}

} // namespace moe::train
