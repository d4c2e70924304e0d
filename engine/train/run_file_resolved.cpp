// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/json.h"
#include "engine/train/run_file_parts.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace moe::train {

using base::Json;

namespace {

constexpr double kLargestAlpha = 1e6;

AdaptiveAux parseAdaptive(
    const Json& json, const std::string& where, const std::string& key, const AdaptiveAux& law)
{
    base::ObjectReader outer(json, where, key);
    outer.know("adaptive");
    outer.finish();
    base::ObjectReader reader = outer.object("adaptive");
    for (const char* name : {"xi", "alpha_max", "beta", "initial"})
        reader.know(name);
    reader.finish();
    AdaptiveAux adaptive;
    adaptive.xi = reader.number("xi", 0, kLargestAlpha, law.xi);
    adaptive.alphaMax = reader.number("alpha_max", 0, kLargestAlpha, law.alphaMax);
    adaptive.beta = reader.number("beta", 0, 1, law.beta);
    adaptive.initial = reader.number("initial", 0, kLargestAlpha, law.initial);
    return adaptive;
}

double parseAlpha(const Json& json, const std::string& at)
{
    const double alpha = json.get<double>();
    if (!(alpha >= 0 && alpha <= kLargestAlpha))
        throw Error("out of range", at, "a number from 0 to 1000000");
    return alpha;
}

} // namespace

AuxCoefficient parseAuxCoefficient(const Json& json, const std::string& where,
    const std::string& key, int64_t layers, const AdaptiveAux& law)
{
    const std::string at = where + ": " + key;
    if (json.is_number())
        return parseAlpha(json, at);
    if (json.is_object())
        return parseAdaptive(json, where, key, law);
    if (!json.is_array())
        throw Error("expected an aux-loss coefficient", at,
            "a number, a list with one number per MoE layer, or {\"adaptive\": {…}}");
    if (static_cast<int64_t>(json.size()) != layers)
        throw Error("the list has " + std::to_string(json.size()) + " coefficients", at,
            "one per MoE layer, " + std::to_string(layers));
    std::vector<double> list;
    for (const Json& entry : json) {
        const std::string entryAt = at + "[" + std::to_string(list.size()) + "]";
        if (!entry.is_number())
            throw Error("expected a number", entryAt, "a number from 0 to 1000000");
        list.push_back(parseAlpha(entry, entryAt));
    }
    return list;
}

Json toJson(const AuxCoefficient& coefficient)
{
    if (const auto* number = std::get_if<double>(&coefficient))
        return *number;
    if (const auto* list = std::get_if<std::vector<double>>(&coefficient))
        return *list;
    const auto& law = std::get<AdaptiveAux>(coefficient);
    return {{"adaptive",
        {{"xi", law.xi}, {"alpha_max", law.alphaMax}, {"beta", law.beta},
            {"initial", law.initial}}}};
}

const char* precisionName(kernels::DType type)
{
    return type == kernels::DType::BFloat16 ? "bfloat16" : "float32";
}

namespace {

Json orNull(const std::optional<std::filesystem::path>& path)
{
    return path ? Json(path->string()) : Json();
}

Json optimizerJson(const OptimizerSettings& optimizer)
{
    return {{"name", "adamw"}, {"lr", optimizer.lr}, {"min_lr", optimizer.minLr},
        {"warmup_steps", optimizer.warmupSteps}, {"schedule", optimizer.schedule},
        {"decay_steps", optimizer.decaySteps ? Json(optimizer.decaySteps) : Json()},
        {"beta1", optimizer.beta1}, {"beta2", optimizer.beta2}, {"eps", optimizer.eps},
        {"weight_decay", optimizer.weightDecay},
        {"clip_grad", std::isfinite(optimizer.clipGrad) ? Json(optimizer.clipGrad) : Json()},
        {"expert_lr_scale", optimizer.expertLrScale}};
}

Json moeJson(const MoeSettings& moe)
{
    const char* aux = moe.auxLoss == kernels::AuxLoss::Skywork ? "skywork"
        : moe.auxLoss == kernels::AuxLoss::Switch              ? "switch"
                                                               : "none";
    return {{"capacity_factor", moe.capacityFactor ? Json(*moe.capacityFactor) : Json()},
        {"drop_policy", moe.dropPolicy == kernels::DropPolicy::Probs ? "probs" : "position"},
        {"aux_loss", aux}, {"aux_coeff", toJson(moe.auxCoefficient)},
        {"z_loss_coeff", moe.zLossCoefficient}};
}

} // namespace

Json resolvedJson(const RunFile& file)
{
    Json json;
    json["name"] = file.name;
    json["model"] = model::toJson(file.model);
    if (file.initFrom)
        json["init"] = {{"from", file.initFrom->string()}};
    else
        json["init"] = {{"seed", file.initSeed}, {"std", file.initStd}};
    Json probes = Json::array();
    for (const Probe& probe : file.probes)
        probes.push_back({{"name", probe.name}, {"file", probe.file.string()}});
    json["data"] = {{"train", file.trainData.string()}, {"valid", orNull(file.validData)},
        {"order", file.shuffled ? "shuffled" : "sequential"}, {"probes", std::move(probes)}};
    json["sequence_length"] = file.sequenceLength;
    json["micro_batch_size"] = file.microBatchSize;
    json["global_batch_size"] = file.globalBatchSize;
    json["train_steps"] = file.trainSteps;
    json["precision"] = precisionName(file.precision);
    json["optimizer"] = optimizerJson(file.optimizer);
    json["moe"] = moeJson(file.moe);
    json["parallel"] = {{"tensor", file.parallel.tensor}, {"pipeline", file.parallel.pipeline},
        {"data", file.parallel.data}, {"expert_scheme", file.parallel.expertScheme},
        {"zero", file.parallel.zero}, {"recompute", 0}, {"plan", nullptr}};
    if (file.checkpointDir)
        json["checkpoint"] = {{"dir", file.checkpointDir->string()},
            {"every", file.checkpointEvery}, {"keep", file.keep}};
    else
        json["checkpoint"] = nullptr;
    json["valid_every"] = file.validEvery;
    json["seed"] = file.seed;
    return json;
}

} // namespace moe::train
