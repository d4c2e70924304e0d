// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/moe/progress.h"
#include "engine/telemetry/bus.h"
#include "engine/train/run_file.h"

#include <memory>
#include <thread>

namespace moe::cli {

/// Shows what a run publishes as progress on standard error, on a thread of its own, from
/// construction to destruction.
class TrainProgress {
public:
    TrainProgress(telemetry::Bus& bus, const train::RunFile& file, bool quiet);
    ~TrainProgress();
    TrainProgress(const TrainProgress&) = delete;
    TrainProgress& operator=(const TrainProgress&) = delete;

private:
    void follow(const std::stop_token& stop);
    void show(const telemetry::Message& message);

    std::shared_ptr<telemetry::Subscription> m_messages;
    int64_t m_trainSteps;
    int64_t m_lastStep = -1; ///< the thread's own
    ProgressLine m_line;
    std::jthread m_thread; ///< last: it uses the others
};

} // namespace moe::cli
