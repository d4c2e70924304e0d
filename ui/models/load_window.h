// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/record.h"

#include <cstdint>
#include <vector>

namespace moe::models {

/// Assignments of a layer in a step: as recorded, else the sum of its loads; -1: not known.
int64_t assignmentsOf(const telemetry::LayerRecord& layer);

/// Expert loads of the last `span` steps, summed; adding a step costs one pass over its loads,
/// whatever the span. Up to 100 steps the window is exact; longer spans are held in 100 blocks of
/// span / 100 steps, so the window covers span − block + 1 … span steps: steps() says how many.
class LoadWindow {
public:
    void configure(int layers, int experts, int span); ///< empties it
    void add(const telemetry::StepRecord& record); ///< layers in the rows' order

    int span() const { return m_span; }
    int64_t steps() const { return m_steps; }
    int layers() const { return m_layers; }
    int experts() const { return m_experts; } ///< of the widest row
    int experts(int row) const { return m_expertsOf[static_cast<size_t>(row)]; }
    int64_t lastStep() const { return m_lastStep; }

    int64_t load(int row, int expert) const; ///< sum over the window
    int64_t dropped(int row, int expert) const; ///< −1: not recorded by expert
    double ideal(int row) const; ///< of the sum: assignments / experts of the row
    double utilisation(int row, int expert) const; ///< NaN: no data, or no such expert
    double dropRate(int row) const; ///< over the steps that tell it; NaN: none does

private:
    struct Block {
        std::vector<uint32_t> load, dropped; ///< [layers, experts]
        std::vector<int64_t> assignments; ///< [layers]
        std::vector<double> layerDropped, dropWeight; ///< [layers]
        int steps = 0;
    };
    void subtract(Block& block);
    size_t cell(int row, int expert) const
    {
        return static_cast<size_t>(row) * static_cast<size_t>(m_experts)
            + static_cast<size_t>(expert);
    }

    std::vector<int> m_expertsOf; ///< [layers]; 0: none seen
    int m_layers = 0, m_experts = 0, m_span = 0, m_stepsABlock = 1;
    std::vector<Block> m_blocks; ///< a ring
    size_t m_current = 0;
    int64_t m_steps = 0, m_lastStep = 0;
    bool m_droppedKnown = true;
    std::vector<int64_t> m_load, m_dropped, m_assignments; ///< sums
    /// Dropped assignments and what they are a share of: the steps whose drop rate is known.
    std::vector<double> m_layerDropped, m_dropWeight;
};

} // namespace moe::models
