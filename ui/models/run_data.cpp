// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_data.h"

#include "ui/models/event_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::models {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// The curve's values at the grid's steps; NaN where it has none.
std::vector<double> onGrid(const session::Curve& curve, const std::vector<double>& steps)
{
    if (curve.step.size() == steps.size() && curve.step == steps)
        return curve.value;
    std::vector<double> values(steps.size(), kUnknown);
    size_t from = 0;
    for (size_t i = 0; i < steps.size(); ++i) {
        while (from < curve.step.size() && curve.step[from] < steps[i])
            ++from;
        if (from < curve.step.size() && curve.step[from] == steps[i])
            values[i] = curve.value[from];
    }
    return values;
}

double meanOf(const std::vector<std::vector<double>>& rows, size_t column)
{
    double sum = 0;
    int count = 0;
    for (const std::vector<double>& row : rows) {
        if (column < row.size() && std::isfinite(row[column])) {
            sum += row[column];
            ++count;
        }
    }
    return count > 0 ? sum / count : kUnknown;
}

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

const std::vector<double>& StepGrid::along(XAxis axis) const
{
    switch (axis) {
    case XAxis::WallTime:
        return wall;
    case XAxis::TrainedTime:
        return trained;
    case XAxis::Step:
        break;
    }
    return step;
}

RunData::RunData() = default;

void RunData::clear()
{
    const int generation = m_generation + 1, events = m_eventGeneration + 1, span = m_span;
    *this = RunData();
    m_generation = generation;
    m_eventGeneration = events;
    m_span = span;
}

void RunData::setInfo(const telemetry::RunInfo& info)
{
    m_info = info;
}

void RunData::load(
    const session::RunSnapshot& snapshot, const std::vector<session::LayerCurves>& layers)
{
    clear();
    m_info = snapshot.info;
    const std::vector<double> seconds = onGrid(snapshot.stepSeconds, snapshot.loss.step);
    for (const telemetry::RunEvent& event : snapshot.events)
        m_events.push_back({event, 0, false});
    numberEvents();
    for (size_t i = 0; i < snapshot.loss.step.size(); ++i)
        extendClock(m_grid, snapshot.loss.step[i], seconds[i]);
    const std::array curves{&snapshot.loss, &snapshot.lr, &snapshot.gradNorm,
        &snapshot.tokensPerSecond, &snapshot.stepSeconds, &snapshot.mfu, &snapshot.tokens};
    for (size_t i = 0; i < kMetrics; ++i)
        m_metrics[i] = onGrid(*curves[i], m_grid.step);
    for (size_t i = 0; i < snapshot.valid.step.size(); ++i) {
        const double step = snapshot.valid.step[i];
        if (!std::isfinite(snapshot.valid.value[i]))
            continue;
        m_validGrid.step.push_back(step);
        m_validGrid.trained.push_back(secondsAt(step, XAxis::TrainedTime));
        m_validGrid.wall.push_back(secondsAt(step, XAxis::WallTime));
        m_valid.push_back(snapshot.valid.value[i]);
    }
    if (!snapshot.tail.empty() && !snapshot.tail.back().layers.empty()) {
        setShape(snapshot.tail.back());
        for (const double step : layers.empty() ? std::vector<double>{} : layers[0].dropRate.step) {
            m_layerGrid.step.push_back(step);
            m_layerGrid.trained.push_back(secondsAt(step, XAxis::TrainedTime));
            m_layerGrid.wall.push_back(secondsAt(step, XAxis::WallTime));
        }
        for (const session::LayerCurves& curve : layers) {
            const int row = rowOf(curve.layer);
            if (row < 0)
                continue;
            m_dropRate[static_cast<size_t>(row)] = onGrid(curve.dropRate, m_layerGrid.step);
            m_alpha[static_cast<size_t>(row)] = onGrid(curve.alpha, m_layerGrid.step);
        }
        for (size_t i = 0; i < m_layerGrid.step.size(); ++i) {
            m_meanDropRate.push_back(meanOf(m_dropRate, i));
            m_meanAlpha.push_back(meanOf(m_alpha, i));
        }
        for (const telemetry::StepRecord& record : snapshot.tail) {
            m_window.add(record);
            noteAssignments(record);
        }
    }
    if (!snapshot.tail.empty())
        m_lastRecord = snapshot.tail.back();
    for (const telemetry::ProbeRecord& probe : snapshot.probes)
        m_probes[probe.probe] = probe;
}

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

void RunData::appendStep(const telemetry::StepRecord& record)
{
    if (record.step <= lastStep())
        return; // the store's answer and the bus overlap
    extendClock(m_grid, static_cast<double>(record.step), record.stepSeconds);
    const std::array values{record.loss, record.lr, record.gradNorm, record.tokensPerSecond,
        record.stepSeconds, record.mfu, static_cast<double>(record.tokens)};
    for (size_t i = 0; i < kMetrics; ++i)
        m_metrics[i].push_back(values[i]);
    if (record.validLoss && std::isfinite(*record.validLoss)) {
        m_validGrid.step.push_back(m_grid.step.back());
        m_validGrid.trained.push_back(m_grid.trained.back());
        m_validGrid.wall.push_back(m_grid.wall.back());
        m_valid.push_back(*record.validLoss);
        m_info.lastValidLoss = record.validLoss;
        m_info.bestValidLoss
            = std::min(m_info.bestValidLoss.value_or(*record.validLoss), *record.validLoss);
    }
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
    for (size_t row = 0; row < record.layers.size(); ++row) {
        const telemetry::LayerRecord& layer = record.layers[row];
        m_dropRate[row].push_back(layer.dropRate());
        m_alpha[row].push_back(layer.alpha);
        drops += layer.dropRate();
        alphas += layer.alpha;
    }
    const auto rows = static_cast<double>(record.layers.size());
    m_meanDropRate.push_back(drops / rows);
    m_meanAlpha.push_back(alphas / rows);
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

void RunData::appendEvent(const telemetry::RunEvent& event)
{
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

void RunData::numberEvents()
{
    ++m_eventGeneration;
    std::ranges::stable_sort(
        m_events, {}, [](const NumberedEvent& numbered) { return numbered.event.step; });
    int number = 0;
    for (NumberedEvent& numbered : m_events) {
        const FlagKind kind = flagOf(numbered.event);
        numbered.flag = kind == FlagKind::None ? 0 : ++number;
        numbered.foundByEngine = kind == FlagKind::FoundByEngine;
    }
}

void RunData::setSpan(int span)
{
    m_span = span;
    m_window.configure(layers(), m_experts, span);
    if (m_lastRecord)
        m_window.add(*m_lastRecord);
}

void RunData::refillWindow(const std::vector<telemetry::StepRecord>& records)
{
    m_window.configure(layers(), m_experts, m_span);
    for (const telemetry::StepRecord& record : records)
        m_window.add(record);
    if (m_lastRecord && m_window.lastStep() < m_lastRecord->step)
        m_window.add(*m_lastRecord);
}

int64_t RunData::lastStep() const
{
    return m_grid.step.empty() ? 0 : static_cast<int64_t>(m_grid.step.back());
}

const std::vector<double>& RunData::metric(Metric metric) const
{
    return m_metrics[static_cast<size_t>(metric)];
}

double RunData::latest(Metric which) const
{
    const std::vector<double>& values = metric(which);
    return values.empty() ? kUnknown : values.back();
}

double RunData::secondsAt(double step, XAxis axis) const
{
    if (axis == XAxis::Step)
        return step;
    const std::vector<double>& x = m_grid.along(axis);
    const auto above = std::ranges::lower_bound(m_grid.step, step);
    if (above == m_grid.step.end())
        return x.empty() ? 0 : x.back();
    return x[static_cast<size_t>(above - m_grid.step.begin())];
}

int RunData::rowOf(int layerId) const
{
    const auto found = std::ranges::find(m_layerIds, layerId);
    return found == m_layerIds.end() ? -1 : static_cast<int>(found - m_layerIds.begin());
}

const std::vector<double>& RunData::dropRate(int row) const
{
    return m_dropRate[static_cast<size_t>(row)];
}

const std::vector<double>& RunData::alpha(int row) const
{
    return m_alpha[static_cast<size_t>(row)];
}

std::optional<int64_t> RunData::deadSince(int row, int expert) const
{
    const auto found = m_dead.find({row, expert});
    return found == m_dead.end() ? std::nullopt : std::optional(found->second);
}

int RunData::deadExperts(int row) const
{
    return static_cast<int>(
        std::ranges::count_if(m_dead, [row](const auto& dead) { return dead.first.first == row; }));
}

std::optional<RunData::Dead> RunData::newestDead() const
{
    std::optional<Dead> newest;
    for (const auto& [place, since] : m_dead) {
        if (!newest || since > newest->since)
            newest = Dead{place.first, place.second, since};
    }
    return newest;
}

std::optional<int64_t> RunData::lastAssignment(int row, int expert) const
{
    const auto index
        = static_cast<size_t>(row) * static_cast<size_t>(m_experts) + static_cast<size_t>(expert);
    if (index < m_lastAssigned.size() && m_lastAssigned[index] > 0)
        return m_lastAssigned[index];
    if (const auto since = deadSince(row, expert))
        return *since - 1;
    return std::nullopt;
}

} // namespace moe::models
