// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_snapshot.h"

namespace moe::session {

/// Scalars at up to 20,000 points, layers' curves at up to 4,000: a point a step for most runs, the
/// store's coarser levels beyond. Throw moe::Error. Any thread, with its own store.
RunSnapshot readRun(
    const telemetry::RunStore& store, const telemetry::RunInfo& info, int64_t tailSteps);
LayerCurves readLayerCurves(const telemetry::RunStore& store, int64_t run, int32_t layer);
LayerDetail readLayerDetail(const telemetry::RunStore& store, int64_t run, int32_t layer);

} // namespace moe::session
