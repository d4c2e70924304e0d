// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/train_progress.h"

#include "engine/base/json.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace moe::cli {

namespace {

/// What an event says on one line; empty for those that the step's line already tells.
std::string eventText(const telemetry::RunEvent& event)
{
    const base::Json payload = base::parseJson(event.payload, "event");
    const auto text = [&](const char* key) {
        const base::Json& value = payload.contains(key) ? payload[key] : base::Json();
        return value.is_string() ? value.get<std::string>() : value.dump();
    };
    const std::string at = "step " + groupedText(event.step) + ": ";
    if (event.kind == "checkpoint")
        return at + "saved " + text("path");
    if (event.kind == "validation") {
        const base::Json value = payload.value("valid_loss", base::Json()); // null: not finite
        char loss[32] = "not finite";
        if (value.is_number())
            std::snprintf(loss, sizeof loss, "%.4f", value.get<double>());
        return at + "validation loss " + loss;
    }
    if (event.kind == "steered")
        return at + text("key") + " from " + text("from") + " to " + text("to") + " (" + text("by")
            + ")";
    if (event.kind == "dead_expert")
        return at + "expert " + text("expert") + " of layer " + text("layer")
            + " got no tokens since step " + text("since_step");
    if (event.kind == "resumed")
        return "resumed after step " + groupedText(event.step);
    if (event.kind == "paused" || event.kind == "unpaused")
        return at + event.kind;
    if (event.kind == "note")
        return at + text("text");
    return "";
}

} // namespace

TrainProgress::TrainProgress(telemetry::Bus& bus, const train::RunFile& file, bool quiet)
    : m_messages(bus.subscribe(telemetry::Subscription::Loss::OldestFirst))
    , m_trainSteps(file.trainSteps)
    , m_line(quiet)
    , m_thread([this](const std::stop_token& stop) { follow(stop); })
{
}

TrainProgress::~TrainProgress()
{
    m_thread.request_stop();
    m_messages->wake();
    m_thread.join();
}

void TrainProgress::follow(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        for (const auto& message : m_messages->waitAndDrain(1))
            show(*message);
    }
    for (const auto& message : m_messages->drain())
        show(*message);
}

void TrainProgress::show(const telemetry::Message& message)
{
    if (const auto* step = std::get_if<telemetry::StepRecord>(&message)) {
        if (step->step == m_lastStep) // it has been validated
            return;
        m_lastStep = step->step;
        char detail[96];
        std::snprintf(detail, sizeof detail, "loss %.4f, %s tokens/s", step->loss,
            groupedText(static_cast<int64_t>(step->tokensPerSecond)).c_str());
        m_line.show("step " + groupedText(step->step) + " of " + groupedText(m_trainSteps),
            step->step, m_trainSteps, detail);
    } else if (const auto* event = std::get_if<telemetry::RunEvent>(&message)) {
        const std::string text = eventText(*event);
        if (!text.empty())
            m_line.note(text);
    }
}

} // namespace moe::cli
