// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/run_store.h"

#include <QMetaType>

#include <cstdint>
#include <vector>

namespace moe::session {

/// One metric over steps; NaN where nothing is known.
struct Curve {
    std::vector<double> step, value;
};

/// Curves of one MoE layer: what the dashboard shows of every layer.
struct LayerCurves {
    int32_t layer = 0; ///< the decoder layer's index
    Curve dropRate, alpha;
};

/// A run as it stands in the store: everything but the layers' curves, which follow in pieces.
struct RunSnapshot {
    telemetry::RunInfo info;
    Curve loss, valid, lr, gradNorm, tokensPerSecond, stepSeconds, mfu, tokens;
    std::vector<int32_t> layers; ///< decoder indices of the MoE layers
    std::vector<telemetry::RunEvent> events;
    std::vector<telemetry::ProbeRecord> probes; ///< the newest of each name
    std::vector<telemetry::StepRecord> tail; ///< the last steps whole, for the load window
};

/// What the page of one layer shows beside the dashboard's curves.
struct LayerDetail {
    int32_t layer = 0;
    Curve entropy, max1OverMax2, max2OverMax3, similarity;
    telemetry::LoadHistory history;
};

} // namespace moe::session

Q_DECLARE_METATYPE(moe::session::RunSnapshot)
Q_DECLARE_METATYPE(moe::session::LayerDetail)
