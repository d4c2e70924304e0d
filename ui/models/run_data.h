// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/load_window.h"
#include "ui/session/run_snapshot.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace moe::models {

/// What stands along the x axis.
enum class XAxis { Step, WallTime, TrainedTime };

/// The x values of curves: one grid for scalars, one for layers (the store may keep those coarser).
struct StepGrid {
    std::vector<double> step;
    std::vector<double> trained; ///< seconds spent in steps so far
    std::vector<double> wall; ///< seconds since the run was started, pauses included

    const std::vector<double>& along(XAxis axis) const;
};

enum class Metric { Loss, LearningRate, GradNorm, TokensPerSecond, StepSeconds, Mfu, Tokens };
constexpr size_t kMetrics = 7;

/// An event with the number of its flag (0: none).
struct NumberedEvent {
    telemetry::RunEvent event;
    int flag = 0;
    bool foundByEngine = false; ///< triangle instead of circle
};

/// Everything the window shows of one run: loaded from the store, continued message by message.
/// Appending a step costs one pass over its own numbers. Arrays only grow between two changes of
/// generation(). GUI thread.
class RunData {
public:
    RunData();

    void clear();
    void setInfo(const telemetry::RunInfo& info); ///< name, state, tags; keeps the curves
    void load(
        const session::RunSnapshot& snapshot, const std::vector<session::LayerCurves>& layers);
    void append(const telemetry::Message& message);
    /// Steps before those that the window holds already: refills it (a span was chosen).
    void setSpan(int span);
    void refillWindow(const std::vector<telemetry::StepRecord>& records);

    bool isEmpty() const { return m_grid.step.empty(); }
    int64_t lastStep() const;
    int generation() const { return m_generation; } ///< arrays were replaced, not grown
    int eventGeneration() const { return m_eventGeneration; }
    const telemetry::RunInfo& info() const { return m_info; }

    // Scalars, [steps]
    const StepGrid& grid() const { return m_grid; }
    const std::vector<double>& metric(Metric metric) const;
    double latest(Metric metric) const; ///< NaN: none
    const StepGrid& validGrid() const { return m_validGrid; }
    const std::vector<double>& valid() const { return m_valid; }
    double secondsAt(double step, XAxis axis) const; ///< x of a step on that axis

    // Layers, by row
    int layers() const { return static_cast<int>(m_layerIds.size()); }
    int experts() const { return m_experts; } ///< of the widest layer
    int experts(int row) const { return m_window.experts(row); }
    const std::vector<int>& layerIds() const { return m_layerIds; } ///< decoder layers, by row
    int layerId(int row) const { return m_layerIds[static_cast<size_t>(row)]; }
    int rowOf(int layerId) const; ///< −1: none
    const StepGrid& layerGrid() const { return m_layerGrid; }
    const std::vector<double>& dropRate(int row) const;
    const std::vector<double>& alpha(int row) const;
    const std::vector<double>& meanDropRate() const { return m_meanDropRate; }
    const std::vector<double>& meanAlpha() const { return m_meanAlpha; }

    const LoadWindow& window() const { return m_window; }
    const std::optional<telemetry::StepRecord>& lastRecord() const { return m_lastRecord; }
    /// The step since which an expert is dead, found by the engine and not used since.
    std::optional<int64_t> deadSince(int row, int expert) const;
    int deadExperts(int row) const;
    /// No assignment in the window where the fair share of it is at least 1,000: dead in the shown
    /// span, whatever the engine found before.
    bool deadInWindow(int row, int expert) const;
    struct Dead {
        int row, expert;
        int64_t since;
    };
    std::vector<Dead> dead() const; ///< all of them, the newest first
    std::optional<int64_t> lastAssignment(int row, int expert) const;

    /// By step. An expert that died again soon after stands once, with its latest death; experts
    /// found dead within a few steps share a flag.
    const std::vector<NumberedEvent>& events() const { return m_events; }
    int64_t lastEvent() const; ///< the largest id in the store; 0: none came from there
    const std::map<std::string, telemetry::ProbeRecord>& probes() const { return m_probes; }

private:
    void appendStep(const telemetry::StepRecord& record);
    void appendValidation(const telemetry::StepRecord& record);
    void appendEvent(const telemetry::RunEvent& event);
    void appendLayers(const telemetry::StepRecord& record);
    void setShape(const telemetry::StepRecord& record);
    void noteAssignments(const telemetry::StepRecord& record);
    bool holds(const telemetry::RunEvent& event) const;
    void cutAfter(int64_t step);
    void dropEarlierDeaths();
    void numberEvents();
    void extendClock(StepGrid& grid, double step, double seconds);

    telemetry::RunInfo m_info;
    int m_generation = 0, m_eventGeneration = 0, m_span = 100, m_experts = 0;
    StepGrid m_grid, m_validGrid, m_layerGrid;
    std::array<std::vector<double>, kMetrics> m_metrics;
    std::vector<double> m_valid;
    std::vector<int> m_layerIds;
    std::vector<std::vector<double>> m_dropRate, m_alpha; ///< [layers][steps]
    std::vector<double> m_meanDropRate, m_meanAlpha;
    LoadWindow m_window;
    std::optional<telemetry::StepRecord> m_lastRecord;
    std::vector<int64_t> m_lastAssigned; ///< [layers, experts]; 0: not seen
    std::map<std::pair<int, int>, int64_t> m_dead; ///< (row, expert) → since
    std::vector<NumberedEvent> m_events;
    std::map<std::string, telemetry::ProbeRecord> m_probes;
    double m_clockOffset = 0; ///< wall minus trained seconds, from the events' times
};

} // namespace moe::models
