// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/leader.h"

#include "engine/base/files.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/text/tokenizer.h"
#include "engine/train/data_fingerprint.h"
#include "engine/train/run_file_parts.h"
#include "engine/train/step_record.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace moe::train {

using base::Json;
using telemetry::RunState;

namespace {

constexpr double kPauseSeconds = 0.25; ///< how often a paused run looks for steering

bool allFinite(const std::vector<float>& values)
{
    return std::all_of(
        values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

/// Documents of a corpus end with the tokenizer's end of sequence. Where the model's configuration
/// names none, its replies should end with that, too, rather than go on with another document.
model::ModelConfig savedModel(
    model::ModelConfig model, const std::optional<std::filesystem::path>& tokenizer)
{
    if (!model.eosTokenIds.empty() || !tokenizer)
        return model;
    try {
        const std::optional<int32_t> eos = text::loadTokenizer(*tokenizer)->endOfSequence();
        if (eos && *eos < model.vocabSize)
            model.eosTokenIds = {*eos};
    } catch (const Error& error) { // training needs no tokenizer
        base::log(base::LogLevel::Warning, error.what());
    }
    return model;
}

} // namespace

Leader::Leader(const RunFile& file, const std::optional<ResumePoint>& resume, Control& control,
    Recorder& recorder, std::optional<std::filesystem::path> tokenizer, std::stop_token stop)
    : m_began(file)
    , m_file(file)
    , m_control(control)
    , m_recorder(recorder)
    , m_tokenizer(std::move(tokenizer))
    , m_stop(std::move(stop))
    , m_aux(file.moe.auxCoefficient, file.model.moeLayers())
{
    if (file.checkpointDir) {
        m_data = dataFingerprints(file).dump();
        m_saved = savedModel(file.model, m_tokenizer);
    }
    if (!resume)
        return;
    m_newest = resume->folder;
    const std::string where = resume->folder.string();
    const Json steered = base::parseJson(resume->state.steered, where);
    for (const auto& [key, value] : steered.items())
        applySteering(m_file, key, value.dump());
    m_aux.setLaw(m_file.moe.auxCoefficient, false);
    m_aux.restore(resume->state.alpha);
    const Json extra = base::parseJson(resume->state.extra, where);
    if (extra.is_object() && extra.contains("idle_experts"))
        m_dead.restore(extra["idle_experts"]);
    m_last = resume->record;
}

StepOrder Leader::decide(int64_t step)
{
    m_recorder.check();
    steer(step);
    if (m_control.isPaused())
        waitWhilePaused(step);
    StepOrder order;
    m_stopped = m_stopped || m_stop.stop_requested();
    order.stop = m_stopped;
    order.lr = learningRate(optimizerNow(), m_file.trainSteps, step);
    order.capacityFactor = m_file.moe.capacityFactor;
    order.alpha = m_aux.alpha();
    return order;
}

/// The file's settings as steered. A run whose rate was to fall to min_lr never rises to it because
/// its peak has been steered below.
OptimizerSettings Leader::optimizerNow() const
{
    OptimizerSettings now = m_file.optimizer;
    if (m_began.optimizer.minLr <= m_began.optimizer.lr)
        now.minLr = std::min(now.minLr, now.lr);
    return now;
}

void Leader::steer(int64_t step)
{
    const auto queued = m_recorder.queuedSteering();
    for (const telemetry::QueuedSteering& assignment : queued) {
        try {
            m_control.steer(assignment.key, assignment.valueJson, "moe runs steer");
        } catch (const Error& error) {
            base::log(base::LogLevel::Warning, error.what());
            m_recorder.event(step, "note", {{"text", error.what()}});
        }
    }
    for (const Control::Assignment& assignment : m_control.takeSteering()) {
        const SteeringChange change = applySteering(m_file, assignment.key, assignment.valueJson);
        if (change.lawChanged)
            m_aux.setLaw(m_file.moe.auxCoefficient, change.restartAlpha);
        m_recorder.event(step, "steered",
            {{"key", assignment.key}, {"from", base::parseJson(change.from, assignment.key)},
                {"to", base::parseJson(change.to, assignment.key)}, {"by", assignment.by}});
    }
    if (!queued.empty())
        m_recorder.dropSteering(queued.back().id);
}

void Leader::waitWhilePaused(int64_t step)
{
    m_recorder.event(step - 1, "paused", Json::object());
    m_recorder.publish(telemetry::StateChange{RunState::Paused, ""});
    while (m_control.isPaused() && !m_stop.stop_requested()) {
        m_control.waitWhilePaused(kPauseSeconds, m_stop);
        steer(step);
    }
    m_recorder.event(step - 1, "unpaused", Json::object());
    m_recorder.publish(telemetry::StateChange{RunState::Running, ""});
}

void Leader::publish(const telemetry::StepRecord& record)
{
    m_recorder.publish(record);
    m_last = record;
    if (!std::isfinite(record.loss) || !std::isfinite(record.gradNorm))
        return;
    if (record.step == m_file.optimizer.warmupSteps)
        m_recorder.event(record.step, "warmup_over", Json::object());
    for (const DeadExperts::Found& dead : m_dead.update(record))
        m_recorder.event(record.step, "dead_expert",
            {{"layer", dead.layer}, {"expert", dead.expert}, {"since_step", dead.sinceStep}});
    m_aux.update(dropRates(record));
}

void Leader::publishValidated(const telemetry::StepRecord& record)
{
    m_recorder.publish(record);
    m_last = record;
}

void Leader::publishValidation(int64_t step, double loss, double seconds)
{
    m_recorder.event(step, "validation", {{"valid_loss", loss}, {"seconds", seconds}});
}

void Leader::validationCutShort(int64_t step)
{
    m_cutShort = m_stopped = true;
    m_recorder.event(
        step, "note", {{"text", "validation cut short by the stop; --resume does it again"}});
}

void Leader::publishProbe(
    int64_t step, const std::string& name, std::vector<telemetry::LayerRecord> layers)
{
    m_recorder.publish(telemetry::ProbeRecord{step, name, std::move(layers)});
}

checkpoint::TrainingState Leader::trainingState(int64_t step) const
{
    checkpoint::TrainingState state;
    state.step = step;
    state.tokens = step * m_file.globalBatchSize * m_file.sequenceLength;
    state.run = m_recorder.runId();
    state.alpha = m_aux.alpha();
    state.runFile = m_began.resolved;
    state.steered = steeredValues(m_began, m_file).dump();
    const Json extra{{"idle_experts", m_dead.save()}, {"folder", m_file.folder.string()},
        {"run_created", m_recorder.runCreated()}, {"record", telemetry::toJson(m_last)},
        {"validation_cut_short", m_cutShort}, {"data", base::parseJson(m_data, "fingerprints")}};
    state.extra = extra.dump(-1, ' ', false, Json::error_handler_t::replace);
    return state;
}

void Leader::save(int64_t step, const HostState& state, const model::ParameterLayout& layout)
{
    const auto start = std::chrono::steady_clock::now();
    for (const std::vector<float>* buffer : {&state.weights, &state.m, &state.v}) {
        if (!allFinite(*buffer))
            throw Error("the weights or the optimizer's state are not finite",
                "step " + std::to_string(step),
                std::string("lower optimizer.lr or weight_decay")
                    + (m_newest ? "; the last checkpoint is kept" : ""));
    }
    const std::filesystem::path& dir = *m_file.checkpointDir;
    const std::filesystem::path partial = checkpoint::beginStep(dir, step);
    const std::filesystem::path final = checkpoint::stepFolder(dir, step);
    try {
        base::showingPlace(partial, final, [&] {
            checkpoint::saveModel(partial, m_saved, layout, state.weights.data(),
                precisionName(m_file.precision), m_tokenizer);
            checkpoint::saveTrainingState(partial, layout, trainingState(step),
                state.weights.data(), state.m.data(), state.v.data());
        });
        m_recorder.flush();
        checkpoint::commitStep(partial, final);
    } catch (...) {
        std::error_code ignored; // a full disk wants its room back; the partial folder is no use
        std::filesystem::remove_all(partial, ignored);
        throw;
    }
    m_newest = final;
    checkpoint::keepNewest(dir, m_file.keep);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    m_recorder.event(step, "checkpoint", {{"path", final.string()}, {"seconds", seconds.count()}});
}

} // namespace moe::train
