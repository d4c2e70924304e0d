// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/event_text.h"
#include "ui/models/run_data.h"

#include <algorithm>
#include <cmath>

namespace moe::models {

namespace {

constexpr int64_t kSameDeath = 50; ///< steps within which a repeated death of an expert is one
constexpr int64_t kSameFlag = 10; ///< steps within which deaths share a flag

void cut(StepGrid& grid, size_t size)
{
    grid.step.resize(size);
    grid.trained.resize(size);
    grid.wall.resize(size);
}

size_t sizeUpTo(const StepGrid& grid, int64_t step)
{
    return static_cast<size_t>(
        std::ranges::upper_bound(grid.step, static_cast<double>(step)) - grid.step.begin());
}
} // namespace

void RunData::append(const telemetry::Message& message)
{
    if (const auto* step = std::get_if<telemetry::StepRecord>(&message))
        appendStep(*step);
    else if (const auto* event = std::get_if<telemetry::RunEvent>(&message))
        appendEvent(*event);
    else if (const auto* probe = std::get_if<telemetry::ProbeRecord>(&message))
        m_probes[probe->probe] = *probe;
    else if (const auto* state = std::get_if<telemetry::StateChange>(&message))
        m_info.state = state->state;
}

void RunData::extendClock(StepGrid& grid, double step, double seconds)
{
    // A grid point of the store's coarser levels stands for all steps since the one before.
    const double before = grid.step.empty() ? 0 : grid.step.back();
    const double spent = std::isfinite(seconds) ? seconds * (step - before) : 0;
    const double trained = (grid.trained.empty() ? 0 : grid.trained.back()) + spent;
    // The clock's lead over the trained time is known where an event carries both; it only grows.
    for (const NumberedEvent& numbered : m_events) {
        const telemetry::RunEvent& event = numbered.event;
        if (event.time > 0 && m_info.created > 0 && static_cast<double>(event.step) >= before
            && static_cast<double>(event.step) < step && event.kind != "steered")
            m_clockOffset
                = std::max(m_clockOffset, event.time - m_info.created - (trained - spent));
    }
    grid.step.push_back(step);
    grid.trained.push_back(trained);
    grid.wall.push_back(trained + m_clockOffset);
}

/// The validation of the last step in the grid.
void RunData::appendValidation(const telemetry::StepRecord& record)
{
    const bool known = !m_validGrid.step.empty() && m_validGrid.step.back() >= m_grid.step.back();
    if (known || !record.validLoss || !std::isfinite(*record.validLoss))
        return;
    m_validGrid.step.push_back(m_grid.step.back());
    m_validGrid.trained.push_back(m_grid.trained.back());
    m_validGrid.wall.push_back(m_grid.wall.back());
    m_valid.push_back(*record.validLoss);
    m_info.lastValidLoss = record.validLoss;
    m_info.bestValidLoss
        = std::min(m_info.bestValidLoss.value_or(*record.validLoss), *record.validLoss);
}

void RunData::appendStep(const telemetry::StepRecord& record)
{
    if (record.step == lastStep() && !m_grid.step.empty()) { // it has been validated, perhaps
        appendValidation(record);
        if (!m_lastRecord || record.validLoss || !m_lastRecord->validLoss)
            m_lastRecord = record;
    }
    if (record.step <= lastStep())
        return; // the store's answer and the bus overlap
    extendClock(m_grid, static_cast<double>(record.step), record.stepSeconds);
    const std::array values{record.loss, record.lr, record.gradNorm, record.tokensPerSecond,
        record.stepSeconds, record.mfu, static_cast<double>(record.tokens)};
    for (size_t i = 0; i < kMetrics; ++i)
        m_metrics[i].push_back(values[i]);
    appendValidation(record);
    m_info.steps = record.step;
    m_info.lastLoss = record.loss;
    if (!record.layers.empty())
        appendLayers(record);
    m_lastRecord = record;
}

void RunData::setShape(const telemetry::StepRecord& record)
{
    ++m_generation;
    m_layerIds.clear();
    size_t experts = 0;
    for (const telemetry::LayerRecord& layer : record.layers) {
        m_layerIds.push_back(layer.layer);
        experts = std::max(experts, layer.load.size());
    }
    m_experts = static_cast<int>(experts);
    m_info.layers = layers();
    m_info.experts = m_experts;
    m_layerGrid = {};
    m_dropRate.assign(m_layerIds.size(), {});
    m_alpha.assign(m_layerIds.size(), {});
    m_meanDropRate.clear();
    m_meanAlpha.clear();
    m_window.configure(layers(), m_experts, m_span);
    m_lastAssigned.assign(m_layerIds.size() * experts, 0);
    m_dead.clear();
    for (const NumberedEvent& numbered : m_events) {
        if (const auto dead = deadExpertOf(numbered.event)) {
            const int row = rowOf(dead->layer);
            if (row >= 0 && dead->expert >= 0 && dead->expert < m_experts)
                m_dead[{row, dead->expert}] = dead->since;
        }
    }
}

void RunData::appendLayers(const telemetry::StepRecord& record)
{
    if (static_cast<int>(record.layers.size()) != layers())
        setShape(record);
    m_layerGrid.step.push_back(m_grid.step.back());
    m_layerGrid.trained.push_back(m_grid.trained.back());
    m_layerGrid.wall.push_back(m_grid.wall.back());
    double drops = 0, alphas = 0;
    int dropsKnown = 0, alphasKnown = 0; // an imported record may not tell them of every layer
    const auto add = [](double value, double& sum, int& known) {
        if (std::isfinite(value)) {
            sum += value;
            ++known;
        }
    };
    for (size_t row = 0; row < record.layers.size(); ++row) {
        const telemetry::LayerRecord& layer = record.layers[row];
        m_dropRate[row].push_back(layer.dropRate());
        m_alpha[row].push_back(layer.alpha);
        add(layer.dropRate(), drops, dropsKnown);
        add(layer.alpha, alphas, alphasKnown);
    }
    m_meanDropRate.push_back(dropsKnown > 0 ? drops / dropsKnown : NAN);
    m_meanAlpha.push_back(alphasKnown > 0 ? alphas / alphasKnown : NAN);
    m_window.add(record);
    noteAssignments(record);
}

void RunData::noteAssignments(const telemetry::StepRecord& record)
{
    const auto experts = static_cast<size_t>(m_experts);
    for (size_t row = 0; row < record.layers.size() && row < m_layerIds.size(); ++row) {
        const std::vector<int64_t>& load = record.layers[row].load;
        for (size_t expert = 0; expert < std::min(load.size(), experts); ++expert) {
            if (load[expert] > 0)
                m_lastAssigned[row * experts + expert] = record.step;
        }
    }
    // Who got an assignment again is not dead any more.
    std::erase_if(m_dead, [&](const auto& dead) {
        const auto [row, expert] = dead.first;
        return m_lastAssigned[static_cast<size_t>(row) * experts + static_cast<size_t>(expert)]
            >= dead.second;
    });
}

int64_t RunData::lastEvent() const
{
    int64_t last = 0;
    for (const NumberedEvent& numbered : m_events)
        last = std::max(last, numbered.event.id);
    return last;
}

bool RunData::holds(const telemetry::RunEvent& event) const
{
    return std::ranges::any_of(m_events, [&event](const NumberedEvent& numbered) {
        const telemetry::RunEvent& held = numbered.event;
        return held.step == event.step && held.time == event.time && held.kind == event.kind
            && held.payload == event.payload;
    });
}

void RunData::appendEvent(const telemetry::RunEvent& event)
{
    if (holds(event))
        return; // answers of the store overlap, with each other and with the bus
    if (event.kind == "resumed")
        cutAfter(resumedFrom(event).value_or(event.step));
    if (const auto dead = deadExpertOf(event)) {
        const int row = rowOf(dead->layer);
        if (row >= 0 && dead->expert >= 0 && dead->expert < m_experts)
            m_dead[{row, dead->expert}] = dead->since;
    }
    m_events.push_back({event, 0, false});
    numberEvents();
}

void RunData::cutAfter(int64_t step)
{
    if (step >= lastStep())
        return;
    ++m_generation;
    cut(m_grid, sizeUpTo(m_grid, step));
    for (std::vector<double>& values : m_metrics)
        values.resize(m_grid.step.size());
    cut(m_validGrid, sizeUpTo(m_validGrid, step));
    m_valid.resize(m_validGrid.step.size());
    cut(m_layerGrid, sizeUpTo(m_layerGrid, step));
    const size_t kept = m_layerGrid.step.size();
    for (auto* rows : {&m_dropRate, &m_alpha}) {
        for (std::vector<double>& values : *rows)
            values.resize(kept);
    }
    m_meanDropRate.resize(kept);
    m_meanAlpha.resize(kept);
    m_window.configure(layers(), m_experts, m_span);
    std::erase_if(m_events, [step](const auto& numbered) { return numbered.event.step > step; });
    std::erase_if(m_dead, [step](const auto& dead) { return dead.second > step; });
    m_lastRecord.reset();
    m_info.steps = step;
}

void RunData::dropEarlierDeaths()
{
    std::map<std::pair<int, int>, int64_t> later; // (layer, expert) → the death that stands
    std::vector<NumberedEvent> kept;
    for (auto numbered = m_events.rbegin(); numbered != m_events.rend(); ++numbered) {
        if (const auto dead = deadExpertOf(numbered->event)) {
            const auto [place, first]
                = later.try_emplace({dead->layer, dead->expert}, numbered->event.step);
            const bool again = !first && place->second - numbered->event.step <= kSameDeath;
            place->second = numbered->event.step;
            if (again)
                continue;
        }
        kept.push_back(std::move(*numbered));
    }
    m_events.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
}

void RunData::numberEvents()
{
    ++m_eventGeneration;
    std::ranges::stable_sort(
        m_events, {}, [](const NumberedEvent& numbered) { return numbered.event.step; });
    dropEarlierDeaths();
    int number = 0, deathFlag = 0;
    int64_t deathStep = 0;
    for (NumberedEvent& numbered : m_events) {
        const FlagKind kind = flagOf(numbered.event);
        numbered.foundByEngine = kind == FlagKind::FoundByEngine;
        if (kind == FlagKind::None) {
            numbered.flag = 0;
            continue;
        }
        const bool death = numbered.event.kind == "dead_expert";
        if (death && deathFlag > 0 && numbered.event.step - deathStep < kSameFlag) {
            numbered.flag = deathFlag;
            continue;
        }
        numbered.flag = ++number;
        if (death) {
            deathFlag = number;
            deathStep = numbered.event.step;
        }
    }
}

} // namespace moe::models
