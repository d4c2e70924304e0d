// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/steering.h"

#include "engine/train/run_file_parts.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::train {

using base::Json;

namespace {

const std::string kLaw = "moe.aux_coeff.adaptive";
const std::string kAdaptive = kLaw + ".";

double numberBetween(const Json& value, const std::string& key, double least, double most)
{
    if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most))
        throw Error("cannot steer to " + value.dump().substr(0, 80), key,
            "a number from " + Json(least).dump() + " to " + Json(most).dump());
    return value.get<double>();
}

Json capacityJson(const RunFile& file)
{
    return file.moe.capacityFactor ? Json(*file.moe.capacityFactor) : Json();
}

SteeringChange steerLaw(RunFile& file, const std::string& key, const Json& value)
{
    if (key == kLaw) // the same as moe.aux_coeff with the law inside
        return steerLaw(file, "moe.aux_coeff", {{"adaptive", value}});
    const auto* adaptive = std::get_if<AdaptiveAux>(&file.moe.auxCoefficient);
    const Json before = toJson(file.moe.auxCoefficient);
    Json wanted = value;
    SteeringChange change;
    change.lawChanged = true;
    if (key.starts_with(kAdaptive)) {
        const std::string name = key.substr(kAdaptive.size());
        if (!adaptive)
            throw Error("the run's aux_coeff is not adaptive", key,
                "steer moe.aux_coeff to {\"adaptive\": {…}} first");
        if (name == "initial")
            throw Error("the run is past its initial coefficient", key,
                "steer xi, alpha_max or beta; moe.aux_coeff={\"adaptive\": {\"initial\": …}} "
                "starts "
                "the law again from there");
        if (!before["adaptive"].contains(name))
            throw Error("no such key of the adaptive law", key, "xi, alpha_max or beta");
        wanted = {{"adaptive", {{name, value}}}};
        change.from = before["adaptive"][name].dump();
        change.to = value.dump();
    } else {
        change.restartAlpha = value.is_object() && value.contains("adaptive")
            && value["adaptive"].is_object() && value["adaptive"].contains("initial");
    }
    file.moe.auxCoefficient = parseAuxCoefficient(wanted, "steering", "moe.aux_coeff",
        file.model.layers, adaptive ? *adaptive : AdaptiveAux{});
    if (change.to.empty()) {
        change.from = before.dump();
        change.to = toJson(file.moe.auxCoefficient).dump();
    }
    return change;
}

} // namespace

SteeringChange applySteering(RunFile& file, const std::string& key, const std::string& valueJson)
{
    const Json value = base::parseJson(valueJson, key);
    SteeringChange change;
    if (key == "optimizer.lr") {
        change.from = Json(file.optimizer.lr).dump();
        file.optimizer.lr = numberBetween(value, key, 0, 1000);
        change.to = Json(file.optimizer.lr).dump();
        return change;
    }
    const bool law = key == "moe.aux_coeff" || key == kLaw || key.starts_with(kAdaptive);
    if (law || key == "moe.capacity_factor") {
        if (!file.model.isMoe())
            throw Error("the model has no experts", key, "steer optimizer.lr");
        if (law)
            return steerLaw(file, key, value);
        change.from = capacityJson(file).dump();
        if (value.is_null())
            file.moe.capacityFactor = std::nullopt;
        else
            file.moe.capacityFactor = numberBetween(value, key, 1e-6, 1e6);
        change.to = capacityJson(file).dump();
        return change;
    }
    const std::vector<std::string> keys{"optimizer.lr", "moe.capacity_factor", "moe.aux_coeff",
        kAdaptive + "xi", kAdaptive + "alpha_max", kAdaptive + "beta"};
    const std::string near = base::nearestWord(key, keys);
    throw Error("this key cannot be steered", key.substr(0, 80),
        near.empty() ? "optimizer.lr, moe.capacity_factor or moe.aux_coeff"
                     : "did you mean " + near + "?");
}

void checkSteering(const RunFile& file, const std::vector<telemetry::RunEvent>& events,
    const std::vector<telemetry::QueuedSteering>& queued, const std::string& key,
    const std::string& valueJson)
{
    RunFile copy = file;
    for (const telemetry::RunEvent& event : events) {
        if (event.kind != "steered")
            continue;
        const Json change = base::parseJson(event.payload, "event");
        if (change.is_object() && change.contains("key") && change["key"].is_string()
            && change.contains("to"))
            applySteering(copy, change["key"].get<std::string>(), change["to"].dump());
    }
    for (const telemetry::QueuedSteering& waiting : queued) {
        try {
            applySteering(copy, waiting.key, waiting.valueJson);
        } catch (const Error&) {
            continue; // the trainer will refuse it too, and go on as before
        }
    }
    applySteering(copy, key, valueJson);
}

Json steeredValues(const RunFile& began, const RunFile& now)
{
    Json values = Json::object();
    if (now.optimizer.lr != began.optimizer.lr)
        values["optimizer.lr"] = now.optimizer.lr;
    if (now.moe.capacityFactor != began.moe.capacityFactor)
        values["moe.capacity_factor"] = capacityJson(now);
    const Json law = toJson(now.moe.auxCoefficient);
    if (law != toJson(began.moe.auxCoefficient))
        values["moe.aux_coeff"] = law;
    return values;
}

} // namespace moe::train
