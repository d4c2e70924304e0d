// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_data.h"

#include "ui/models/load_window.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace moe::models {

namespace {

constexpr double kDeadIdeal = 1000; ///< assignments an expert would have got, for a verdict

void push(session::Curve& curve, int64_t step, std::optional<double> value)
{
    if (value && (curve.step.empty() || static_cast<double>(step) > curve.step.back())) {
        curve.step.push_back(static_cast<double>(step));
        curve.value.push_back(*value);
    }
}

} // namespace

void LayerData::open(int layer)
{
    const int generation = m_generation + 1;
    *this = LayerData();
    m_layer = layer;
    m_generation = generation;
}

void LayerData::load(const session::LayerDetail& detail)
{
    // What came while the store was read stands after what it knows.
    const LayerData live = std::exchange(*this, LayerData());
    m_layer = live.m_layer;
    m_generation = live.m_generation + 1;
    m_entropy = detail.entropy;
    m_max12 = detail.max1OverMax2;
    m_max23 = detail.max2OverMax3;
    m_similarity = detail.similarity;
    m_experts = detail.history.experts;
    m_firstStep = detail.history.firstStep;
    m_stride = std::max<int64_t>(1, detail.history.stride);
    m_utilisation = detail.history.utilisation;
    m_assignments = detail.history.assignments;
    m_utilisation.resize(m_assignments.size() * static_cast<size_t>(m_experts),
        std::numeric_limits<float>::quiet_NaN());
    m_lastStep = m_entropy.step.empty() ? 0 : static_cast<int64_t>(m_entropy.step.back());
    const auto join = [](session::Curve& into, const session::Curve& from) {
        for (size_t i = 0; i < from.step.size(); ++i)
            push(into, static_cast<int64_t>(from.step[i]), from.value[i]);
    };
    join(m_entropy, live.m_entropy);
    join(m_max12, live.m_max12);
    join(m_max23, live.m_max23);
    join(m_similarity, live.m_similarity);
    for (int column = 0; column < live.columns(); ++column) {
        const int64_t step = live.m_firstStep + column * live.m_stride;
        if (live.m_stride != 1 || step <= m_lastStep || live.m_experts == 0)
            continue;
        telemetry::LayerRecord record;
        record.assignments = live.m_assignments[static_cast<size_t>(column)];
        const double ideal = static_cast<double>(record.assignments) / live.m_experts;
        for (int expert = 0; expert < live.m_experts; ++expert) {
            const double share = live.utilisation(column, expert);
            record.load.push_back(std::isfinite(share) ? std::llround(share * ideal) : 0);
        }
        addLoads(record, step);
    }
    m_lastStep = std::max(m_lastStep, live.m_lastStep);
    m_firstChanged = 0;
}

void LayerData::append(const telemetry::StepRecord& record)
{
    if (m_layer < 0 || record.step < m_lastStep)
        return;
    const auto own = std::ranges::find(record.layers, m_layer, &telemetry::LayerRecord::layer);
    if (own == record.layers.end())
        return;
    if (record.step == m_lastStep) { // it has been validated
        push(m_similarity, record.step, own->expertSimilarity);
        return;
    }
    push(m_entropy, record.step, own->gateEntropy);
    push(m_max12, record.step, own->max1OverMax2);
    push(m_max23, record.step, own->max2OverMax3);
    push(m_similarity, record.step, own->expertSimilarity);
    addLoads(*own, record.step);
    m_lastStep = record.step;
}

void LayerData::addLoads(const telemetry::LayerRecord& record, int64_t step)
{
    if (record.load.empty())
        return;
    if (m_experts == 0) {
        m_experts = static_cast<int>(record.load.size());
        m_firstStep = step;
        ++m_generation; // there are experts now, one line each
    }
    if (step < m_firstStep || record.load.size() != static_cast<size_t>(m_experts))
        return;
    auto column = static_cast<size_t>((step - m_firstStep) / m_stride);
    while (column >= kMaxColumns) {
        joinColumns();
        column = static_cast<size_t>((step - m_firstStep) / m_stride);
    }
    const auto experts = static_cast<size_t>(m_experts);
    if (column >= m_assignments.size()) {
        m_utilisation.resize((column + 1) * experts, std::numeric_limits<float>::quiet_NaN());
        m_assignments.resize(column + 1, 0);
    }
    // The column's mean, weighted by assignments: what the summed loads give.
    const auto before = static_cast<double>(m_assignments[column]);
    const int64_t assignments = assignmentsOf(record);
    const double sum = before + static_cast<double>(assignments);
    for (size_t expert = 0; expert < experts && sum > 0; ++expert) {
        float& cell = m_utilisation[column * experts + expert];
        const double held = std::isfinite(cell) ? static_cast<double>(cell) * before : 0;
        cell = static_cast<float>(
            (held + static_cast<double>(record.load[expert]) * static_cast<double>(experts)) / sum);
    }
    m_assignments[column] += assignments;
    m_firstChanged = std::min(m_firstChanged, static_cast<int>(column));
}

void LayerData::joinColumns()
{
    const auto experts = static_cast<size_t>(m_experts);
    const size_t joined = (m_assignments.size() + 1) / 2;
    for (size_t column = 0; column < joined; ++column) {
        const size_t a = 2 * column, b = a + 1;
        const bool both = b < m_assignments.size();
        const auto weightA = static_cast<double>(m_assignments[a]);
        const double weightB = both ? static_cast<double>(m_assignments[b]) : 0;
        for (size_t expert = 0; expert < experts; ++expert) {
            const float valueA = m_utilisation[a * experts + expert];
            const float valueB = both ? m_utilisation[b * experts + expert] : 0;
            const double held = (weightA > 0 ? static_cast<double>(valueA) * weightA : 0)
                + (weightB > 0 ? static_cast<double>(valueB) * weightB : 0);
            m_utilisation[column * experts + expert] = weightA + weightB > 0
                ? static_cast<float>(held / (weightA + weightB))
                : std::numeric_limits<float>::quiet_NaN();
        }
        m_assignments[column] = m_assignments[a] + (both ? m_assignments[b] : 0);
    }
    m_assignments.resize(joined);
    m_utilisation.resize(joined * experts);
    m_stride *= 2;
    m_firstChanged = 0;
    ++m_generation;
}

int LayerData::columnOf(double step) const
{
    if (columns() == 0)
        return -1;
    const double column
        = std::floor((step - static_cast<double>(m_firstStep)) / static_cast<double>(m_stride));
    return static_cast<int>(std::clamp(column, 0.0, static_cast<double>(columns() - 1)));
}

double LayerData::columnMiddle(int column) const
{
    return static_cast<double>(m_firstStep) + (column + 0.5) * static_cast<double>(m_stride) - 0.5;
}

float LayerData::utilisation(int column, int expert) const
{
    if (column < 0 || column >= columns() || expert < 0 || expert >= m_experts)
        return std::numeric_limits<float>::quiet_NaN();
    return m_utilisation[static_cast<size_t>(column) * static_cast<size_t>(m_experts)
        + static_cast<size_t>(expert)];
}

bool LayerData::isDead(int column, int expert, std::optional<int64_t> deadSince) const
{
    if (utilisation(column, expert) != 0)
        return false;
    const double ideal
        = static_cast<double>(m_assignments[static_cast<size_t>(column)]) / m_experts;
    return ideal >= kDeadIdeal
        || (deadSince && columnMiddle(column) >= static_cast<double>(*deadSince));
}

int LayerData::takeFirstChanged()
{
    return std::exchange(m_firstChanged, columns());
}

} // namespace moe::models
