// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/resume.h"

#include "engine/train/data_fingerprint.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace moe::train {

namespace fs = std::filesystem;
using base::Json;

namespace {

std::string firstDifference(const Json& before, const Json& now, const std::string& key)
{
    if (!before.is_object() || !now.is_object())
        return before == now ? "" : key;
    const auto inside = [&](const std::string& name) {
        return key.empty() ? name : key + "." + name;
    };
    for (const auto& [name, value] : now.items()) {
        const std::string found = before.contains(name)
            ? firstDifference(before[name], value, inside(name))
            : inside(name);
        if (!found.empty())
            return found;
    }
    for (const auto& [name, value] : before.items()) {
        if (!now.contains(name))
            return inside(name);
    }
    return "";
}

/// A path that says the same as before, seen from where the run's file lies now, is no change.
void forgiveMovedFolder(Json& before, const Json& now, const fs::path& from, const fs::path& to)
{
    std::vector<std::string> keys{"/data/train", "/data/valid", "/init/from"};
    const Json::json_pointer probes("/data/probes");
    const size_t count = now.contains(probes) ? now.at(probes).size() : 0;
    for (size_t i = 0; i < count; ++i)
        keys.push_back("/data/probes/" + std::to_string(i) + "/file");
    for (const std::string& key : keys) {
        const Json::json_pointer at(key);
        if (!before.contains(at) || !before.at(at).is_string() || !now.contains(at))
            continue;
        const fs::path inside = fs::path(before.at(at).get<std::string>()).lexically_relative(from);
        if (!inside.empty() && now.at(at) == (to / inside).lexically_normal().string())
            before.at(at) = now.at(at);
    }
}

[[noreturn]] void refuseOtherData(const std::string& key)
{
    throw Error("the data is not what the run began with", key,
        "put the first data back, or begin a new run in another checkpoint.dir");
}

/// Training states of older versions do not say which data they have seen.
void requireSameData(const Json& extra, const RunFile& file)
{
    const Json before = extra.value("data", Json());
    if (!before.is_object())
        return;
    const Json now = dataFingerprints(file);
    for (const char* name : {"train", "valid"}) {
        const Json then = before.value(name, Json());
        if (then.is_string() && now.contains(name) && now[name] != then)
            refuseOtherData(std::string("data.") + name);
    }
    const Json none = Json::array();
    const Json &first = before.contains("probes") ? before["probes"] : none,
               &probes = now.contains("probes") ? now["probes"] : none;
    for (size_t i = 0; i < std::min(first.size(), probes.size()); ++i) {
        if (first.is_array() && first[i] != probes[i])
            refuseOtherData("data.probes[" + std::to_string(i) + "].file");
    }
}

} // namespace

std::string firstForbiddenChange(const Json& before, const Json& now)
{
    constexpr std::array<const char*, 5> kFree{
        "train_steps", "checkpoint", "valid_every", "name", "parallel"};
    Json fixedBefore = before, fixedNow = now;
    for (const char* key : kFree) {
        fixedBefore.erase(key);
        fixedNow.erase(key);
    }
    // Before init.seed, which follows it unless it was written out.
    if (const Json none; fixedBefore.value("seed", none) != fixedNow.value("seed", none))
        return "seed";
    return firstDifference(fixedBefore, fixedNow, "");
}

std::optional<ResumePoint> findResumePoint(const RunFile& file, bool resume)
{
    if (!file.checkpointDir) {
        if (resume)
            throw Error("nothing to resume from", "checkpoint.dir",
                "name the folder of the run's checkpoints");
        return std::nullopt;
    }
    if (!resume && checkpoint::holdsSteps(*file.checkpointDir))
        throw Error("the folder already holds step-*", file.checkpointDir->string(),
            "continue that run with --resume, or name another checkpoint.dir");
    const auto steps = checkpoint::listSteps(*file.checkpointDir);
    if (steps.empty())
        return std::nullopt;

    ResumePoint point;
    point.folder = steps.back().second;
    point.state = checkpoint::readTrainingState(point.folder);
    const std::string where = (point.folder / "training-state").string();
    Json before = base::parseJson(point.state.runFile, where);
    if (!before.is_object())
        throw Error("the checkpoint has no run file", where, "resume from another checkpoint");
    const Json now = base::parseJson(file.resolved, "the run file");
    const Json extra = base::parseJson(point.state.extra, where);
    if (extra.contains("run_created") && extra["run_created"].is_number())
        point.runCreated = extra["run_created"].get<double>();
    const Json record = extra.value("record", Json());
    if (record.is_object() && record.value("step", Json()) == point.state.step) {
        point.record = telemetry::stepFromJson(record, where);
        point.validationCutShort = extra.value("validation_cut_short", Json()) == true;
    }
    if (extra.contains("folder") && extra["folder"].is_string())
        forgiveMovedFolder(before, now, extra["folder"].get<std::string>(), file.folder);
    const std::string changed = firstForbiddenChange(before, now);
    if (!changed.empty())
        throw Error("a resumed run cannot change this key", changed,
            "as in the run's own file; only train_steps, checkpoint, valid_every, name and "
            "parallel may differ");
    requireSameData(extra, file);
    if (point.state.step > file.trainSteps)
        throw Error("the run is already at step " + std::to_string(point.state.step), "train_steps",
            "at least as many");
    const auto layers = static_cast<size_t>(file.model.moeLayers());
    if (point.state.alpha.size() != layers)
        throw Error("the checkpoint holds " + std::to_string(point.state.alpha.size())
                + " aux-loss coefficients",
            where, "one per MoE layer, " + std::to_string(layers));
    return point;
}

} // namespace moe::train
