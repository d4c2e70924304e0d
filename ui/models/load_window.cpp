// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/load_window.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace moe::models {

namespace {

constexpr int kBlocks = 100;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

} // namespace

int64_t assignmentsOf(const telemetry::LayerRecord& layer)
{
    if (layer.assignments >= 0 || layer.load.empty())
        return layer.assignments;
    return std::accumulate(layer.load.begin(), layer.load.end(), int64_t{0});
}

void LoadWindow::configure(int layers, int experts, int span)
{
    *this = LoadWindow();
    m_layers = layers;
    m_experts = experts;
    m_span = std::max(1, span);
    m_stepsABlock = (m_span + kBlocks - 1) / kBlocks;
    m_blocks.resize(static_cast<size_t>((m_span + m_stepsABlock - 1) / m_stepsABlock));
    const size_t rows = static_cast<size_t>(layers), cells = rows * static_cast<size_t>(experts);
    m_expertsOf.assign(rows, 0);
    m_load.assign(cells, 0);
    m_dropped.assign(cells, 0);
    m_assignments.assign(rows, 0);
    m_layerDropped.assign(rows, 0);
    m_dropWeight.assign(rows, 0);
}

void LoadWindow::subtract(Block& block)
{
    for (size_t i = 0; i < block.load.size(); ++i) {
        m_load[i] -= block.load[i];
        m_dropped[i] -= block.dropped[i];
    }
    for (size_t row = 0; row < block.assignments.size(); ++row) {
        m_assignments[row] -= block.assignments[row];
        m_layerDropped[row] -= block.layerDropped[row];
        m_dropWeight[row] -= block.dropWeight[row];
    }
    m_steps -= block.steps;
    std::ranges::fill(block.load, 0);
    std::ranges::fill(block.dropped, 0);
    std::ranges::fill(block.assignments, 0);
    std::ranges::fill(block.layerDropped, 0);
    std::ranges::fill(block.dropWeight, 0);
    block.steps = 0;
}

void LoadWindow::add(const telemetry::StepRecord& record)
{
    if (m_layers == 0 || record.layers.size() != static_cast<size_t>(m_layers))
        return;
    if (m_blocks[m_current].steps == m_stepsABlock) {
        m_current = (m_current + 1) % m_blocks.size();
        subtract(m_blocks[m_current]);
    }
    Block& block = m_blocks[m_current];
    if (block.load.empty()) {
        block.load.assign(m_load.size(), 0);
        block.dropped.assign(m_load.size(), 0);
        block.assignments.assign(m_assignments.size(), 0);
        block.layerDropped.assign(m_assignments.size(), 0);
        block.dropWeight.assign(m_assignments.size(), 0);
    }
    for (size_t row = 0; row < record.layers.size(); ++row) {
        const telemetry::LayerRecord& layer = record.layers[row];
        const size_t experts = std::min(layer.load.size(), static_cast<size_t>(m_experts));
        m_expertsOf[row] = std::max(m_expertsOf[row], static_cast<int>(experts));
        const size_t first = cell(static_cast<int>(row), 0);
        for (size_t expert = 0; expert < experts; ++expert) {
            block.load[first + expert] += static_cast<uint32_t>(layer.load[expert]);
            m_load[first + expert] += layer.load[expert];
        }
        if (layer.droppedByExpert.size() >= experts) {
            for (size_t expert = 0; expert < experts; ++expert) {
                block.dropped[first + expert]
                    += static_cast<uint32_t>(layer.droppedByExpert[expert]);
                m_dropped[first + expert] += layer.droppedByExpert[expert];
            }
        } else {
            m_droppedKnown = false;
        }
        const int64_t assignments = assignmentsOf(layer);
        if (assignments > 0) {
            block.assignments[row] += assignments;
            m_assignments[row] += assignments;
        }
        const double rate = layer.dropRate();
        if (std::isfinite(rate)) {
            // Steps whose assignments nobody told count alike.
            const double weight = assignments >= 0 ? static_cast<double>(assignments) : 1;
            const bool counted = layer.dropped >= 0 && assignments >= 0;
            const double dropped = counted ? static_cast<double>(layer.dropped) : rate * weight;
            block.layerDropped[row] += dropped;
            m_layerDropped[row] += dropped;
            block.dropWeight[row] += weight;
            m_dropWeight[row] += weight;
        }
    }
    ++block.steps;
    ++m_steps;
    m_lastStep = record.step;
}

int64_t LoadWindow::load(int row, int expert) const
{
    return m_load[cell(row, expert)];
}

int64_t LoadWindow::dropped(int row, int expert) const
{
    return m_droppedKnown ? m_dropped[cell(row, expert)] : -1;
}

double LoadWindow::ideal(int row) const
{
    const int own = experts(row);
    return own > 0 ? static_cast<double>(m_assignments[static_cast<size_t>(row)]) / own : 0;
}

double LoadWindow::utilisation(int row, int expert) const
{
    const double fair = ideal(row);
    return fair > 0 && expert < experts(row) ? static_cast<double>(load(row, expert)) / fair
                                             : kUnknown;
}

double LoadWindow::dropRate(int row) const
{
    const double all = m_dropWeight[static_cast<size_t>(row)];
    return all > 0 ? std::max(0.0, m_layerDropped[static_cast<size_t>(row)] / all) : kUnknown;
}

} // namespace moe::models
