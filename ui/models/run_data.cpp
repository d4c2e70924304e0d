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
    if (m_dead.empty()) // asked for every cell of every frame
        return std::nullopt;
    const auto found = m_dead.find({row, expert});
    return found == m_dead.end() ? std::nullopt : std::optional(found->second);
}

int RunData::deadExperts(int row) const
{
    return static_cast<int>(
        std::ranges::count_if(m_dead, [row](const auto& dead) { return dead.first.first == row; }));
}

bool RunData::deadInWindow(int row, int expert) const
{
    constexpr double kLeastIdeal = 1000; // assignments; fewer allow no verdict
    return expert < m_window.experts(row) && m_window.ideal(row) >= kLeastIdeal
        && m_window.load(row, expert) == 0;
}

std::vector<RunData::Dead> RunData::dead() const
{
    std::vector<Dead> all;
    all.reserve(m_dead.size());
    for (const auto& [place, since] : m_dead)
        all.push_back({place.first, place.second, since});
    std::ranges::stable_sort(all, std::ranges::greater{}, &Dead::since);
    return all;
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
