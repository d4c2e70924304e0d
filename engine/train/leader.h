// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/bus.h"
#include "engine/train/aux_controller.h"
#include "engine/train/control.h"
#include "engine/train/dead_experts.h"
#include "engine/train/recorder.h"
#include "engine/train/replica.h"
#include "engine/train/resume.h"
#include "engine/train/run_file.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace moe::train {

/// What rank 0 does beside computing: decides what a step uses (schedule, aux-loss coefficients,
/// steering, pause, stop), publishes what it did, and writes checkpoints.
class Leader {
public:
    /// Everything named outlives the leader.
    Leader(const RunFile& file, const std::optional<ResumePoint>& resume, Control& control,
        Recorder& recorder, std::optional<std::filesystem::path> tokenizer, std::stop_token stop);

    /// Before step `step`: takes steering, waits while paused.
    StepOrder decide(int64_t step);
    /// After the step's update: publishes the record and the events that follow from it, and moves
    /// the aux-loss coefficients on. A record that is not finite is published, and no more.
    void publish(const telemetry::StepRecord& record);
    /// The record of the step published last, now with its validation: replaces it.
    void publishValidated(const telemetry::StepRecord& record);
    void publishValidation(int64_t step, double loss, double seconds);
    /// A stop has cut the validation of `step` short, whose record was published without it. The
    /// run ends here; when it is resumed, the validation is done again.
    void validationCutShort(int64_t step);
    void publishProbe(
        int64_t step, const std::string& name, std::vector<telemetry::LayerRecord> layers);

    /// Saves the state after step `step`; what was published before is durable first. Throws, and
    /// keeps the checkpoints that are there, when the state is not finite or cannot be written.
    void save(int64_t step, const HostState& state, const model::ParameterLayout& layout);

    const std::optional<std::filesystem::path>& newestCheckpoint() const { return m_newest; }
    bool stopped() const { return m_stopped; }
    /// True from the moment when a stop is asked for.
    bool stopAsked() const { return m_stop.stop_requested(); }

private:
    OptimizerSettings optimizerNow() const;
    void steer(int64_t step);
    void waitWhilePaused(int64_t step);
    checkpoint::TrainingState trainingState(int64_t step) const;

    const RunFile& m_began; ///< as the run's file says
    RunFile m_file; ///< as steered since
    model::ModelConfig m_saved; ///< what checkpoints say of the model
    Control& m_control;
    Recorder& m_recorder;
    std::optional<std::filesystem::path> m_tokenizer;
    std::stop_token m_stop;
    AuxController m_aux;
    DeadExperts m_dead;
    std::string m_data
        = "null"; ///< JSON text: fingerprints of the datasets, when anything is saved
    std::optional<std::filesystem::path> m_newest;
    telemetry::StepRecord m_last; ///< published last; step 0 before
    bool m_cutShort = false; ///< its validation is still to be done
    bool m_stopped = false;
};

} // namespace moe::train
