// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/train/run_file.h"
#include "engine/train/steering.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace moe::train {

/// What others ask of a running trainer: steering and pausing. Any thread.
class Control {
public:
    explicit Control(RunFile file)
        : m_file(std::move(file))
    {
    }

    struct Assignment {
        std::string key, valueJson, by;
    };

    /// Checks the assignment against the run file and all that was steered before it, and queues
    /// it. Throws moe::Error by key.
    void steer(const std::string& key, const std::string& valueJson, const std::string& by);
    std::vector<Assignment> takeSteering();

    void setPaused(bool paused);
    bool isPaused() const;
    /// Returns when no longer paused, when stopped, or after `seconds`.
    void waitWhilePaused(double seconds, const std::stop_token& stop);

private:
    mutable std::mutex m_mutex;
    std::condition_variable_any m_changed;
    RunFile m_file; ///< with everything queued applied
    std::vector<Assignment> m_queue;
    bool m_paused = false;
};

} // namespace moe::train
