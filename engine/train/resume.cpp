// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/resume.h"

#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace moe::train {

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
    const auto steps = checkpoint::listSteps(*file.checkpointDir);
    if (!resume && !steps.empty())
        throw Error("the folder already holds checkpoints", file.checkpointDir->string(),
            "continue that run with --resume, or name another checkpoint.dir");
    if (steps.empty())
        return std::nullopt;

    ResumePoint point{steps.back().second, checkpoint::readTrainingState(steps.back().second)};
    const std::string where = (point.folder / "training-state").string();
    const Json before = base::parseJson(point.state.runFile, where);
    if (!before.is_object())
        throw Error("the checkpoint has no run file", where, "resume from another checkpoint");
    const std::string changed
        = firstForbiddenChange(before, base::parseJson(file.resolved, "the run file"));
    if (!changed.empty())
        throw Error("a resumed run cannot change this key", changed,
            "as in the run's own file; only train_steps, checkpoint, valid_every, name and "
            "parallel may differ");
    if (point.state.step > file.trainSteps)
        throw Error("the run is already at step " + std::to_string(point.state.step), "train_steps",
            "at least as many");
    const auto layers = static_cast<size_t>(file.model.isMoe() ? file.model.layers : 0);
    if (point.state.alpha.size() != layers)
        throw Error("the checkpoint holds " + std::to_string(point.state.alpha.size())
                + " aux-loss coefficients",
            where, "one per MoE layer, " + std::to_string(layers));
    return point;
}

} // namespace moe::train
