// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_snapshot.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace moe::models {

/// The opened layer: its curves and its experts over time, at most 1,500 columns (neighbours are
/// joined when there are more). Loaded from the store, continued step by step. GUI thread.
class LayerData {
public:
    static constexpr size_t kMaxColumns = 1500;

    void open(int layer); ///< empties it
    void load(const session::LayerDetail& detail);
    void append(const telemetry::StepRecord& record); ///< takes its own layer's part

    int layer() const { return m_layer; }
    int generation() const { return m_generation; }

    // Curves over their own steps (no value where a step has none)
    const session::Curve& entropy() const { return m_entropy; }
    const session::Curve& max1OverMax2() const { return m_max12; }
    const session::Curve& max2OverMax3() const { return m_max23; }
    const session::Curve& similarity() const { return m_similarity; }

    // Experts over time: column c covers steps firstStep + c·stride … + stride − 1
    int experts() const { return m_experts; }
    int columns() const { return static_cast<int>(m_assignments.size()); }
    int64_t firstStep() const { return m_firstStep; }
    int64_t stride() const { return m_stride; }
    int columnOf(double step) const; ///< clamped; −1 when there are none
    double columnMiddle(int column) const;
    float utilisation(int column, int expert) const; ///< NaN: no data, or no such expert
    /// No assignment where the column's ideal is at least 1,000, or the engine said so.
    bool isDead(int column, int expert, std::optional<int64_t> deadSince) const;
    /// Columns before this one did not change since the last call of takeChanged().
    int takeFirstChanged();

private:
    void addLoads(const telemetry::LayerRecord& record, int64_t step);
    void joinColumns();

    int m_layer = -1, m_generation = 0, m_experts = 0;
    int64_t m_lastStep = 0;
    session::Curve m_entropy, m_max12, m_max23, m_similarity;
    int64_t m_firstStep = 1, m_stride = 1;
    std::vector<float> m_utilisation; ///< [columns, experts]
    std::vector<int64_t> m_assignments; ///< [columns]
    int m_firstChanged = 0;
};

} // namespace moe::models
