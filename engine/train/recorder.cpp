// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/recorder.h"

#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::train {

using base::Json;
using telemetry::RunInfo;
using telemetry::RunState;

namespace {

/// A text in a recorded run file, empty when there is none or the file does not read.
std::string textIn(const RunInfo& run, const char* pointer)
{
    const Json json = Json::parse(run.runFile, nullptr, false);
    const Json::json_pointer at(pointer);
    return json.contains(at) && json.at(at).is_string() ? json.at(at).get<std::string>() : "";
}

} // namespace

/// Called with the checkpoint folder locked. A run is known by when it was made, to the microsecond
/// and in whichever store; one that has no checkpoint yet, by its folder.
int64_t Recorder::findRun(const RunFile& file, const std::optional<ResumePoint>& point) const
{
    const std::string dir = file.checkpointDir->string();
    int64_t found = 0;
    for (const RunInfo& run : m_store->runs()) { // newest first
        const bool known = point && point->runCreated > 0;
        const bool itself = known && run.created == point->runCreated;
        const bool sameFolder = textIn(run, "/checkpoint/dir") == dir;
        if (run.source != "moe" || (!itself && !sameFolder))
            continue;
        if (itself || (!known && found == 0 && (point || run.state != RunState::Done)))
            found = run.id;
        // Whoever trained into this folder before is gone: its lock is ours. A copy of the folder
        // has a lock of its own.
        if (!sameFolder && (run.state == RunState::Running || run.state == RunState::Paused))
            throw Error("the run is being trained already", dir,
                "stop run " + std::to_string(run.id) + " first");
    }
    return found;
}

void Recorder::open(const RunFile& file, bool resume, const std::optional<ResumePoint>& point)
{
    if (!m_storePath)
        return;
    m_store.emplace(*m_storePath);
    m_continued = resume ? findRun(file, point) : 0;
}

void Recorder::begin(const RunFile& file, const std::optional<ResumePoint>& point)
{
    if (!m_store)
        return;
    int64_t run = m_continued;
    m_store->transaction([&] {
        if (run != 0) {
            m_store->truncateAfter(run, point ? point->state.step : 0);
            m_recorded = m_store->run(run).steps;
            // A name that was given in the store stays; one that the run file changes is followed.
            if (textIn(m_store->run(run), "/name") != file.name)
                m_store->rename(run, file.name);
            m_store->setRunFile(run, file.resolved, file.trainSteps);
            m_store->setState(run, RunState::Running);
            for (const telemetry::QueuedSteering& late : m_store->queuedSteering(run)) {
                m_tooLate.push_back(late.key + " = " + late.valueJson);
                m_store->dropSteering(run, late.id);
            }
        } else {
            // A store that has lost the run gets its line anew, with the day on which it was begun.
            run = m_store->createRun(
                file.name, file.resolved, file.trainSteps, "moe", point ? point->runCreated : 0);
            m_recorded = 0;
        }
    });
    m_writer.emplace(*m_storePath, run, m_bus);
    m_created = m_store->run(run).created;
    m_run = run;
}

void Recorder::event(int64_t step, const std::string& kind, const Json& payload)
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    publish(telemetry::RunEvent{step, kind,
        payload.dump(-1, ' ', false, Json::error_handler_t::replace),
        std::chrono::duration<double>(now).count()});
}

void Recorder::progress(
    const std::string& what, const std::string& unit, int64_t done, int64_t total)
{
    publish(telemetry::Progress{what, unit, done, total});
}

void Recorder::flush()
{
    if (m_writer)
        m_writer->flush();
}

void Recorder::check() const
{
    if (m_writer)
        m_writer->check();
}

std::vector<telemetry::QueuedSteering> Recorder::queuedSteering()
{
    const auto now = std::chrono::steady_clock::now();
    if (!m_store || now - m_looked < std::chrono::milliseconds(250))
        return {};
    m_looked = now;
    return m_store->queuedSteering(m_run);
}

void Recorder::dropSteering(int64_t last)
{
    flush();
    m_store->dropSteering(m_run, last);
}

} // namespace moe::train
