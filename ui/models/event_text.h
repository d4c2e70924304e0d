// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/record.h"

#include <QString>

#include <cstdint>
#include <optional>

namespace moe::models {

enum class FlagKind { None, Steered, FoundByEngine };
/// Which events carry a numbered flag in the plots.
FlagKind flagOf(const telemetry::RunEvent& event);

/// "Checkpoint saved, 4.1 s", "β 0.900 → 0.990, by you", "Layer 37: expert 11 dead".
QString whatHappened(const telemetry::RunEvent& event);

struct DeadExpert {
    int layer, expert;
    int64_t since;
};
std::optional<DeadExpert> deadExpertOf(const telemetry::RunEvent& event);
std::optional<int64_t> resumedFrom(const telemetry::RunEvent& event);

/// "ξ" for "moe.aux_coeff.adaptive.xi", "capacity factor" for "moe.capacity_factor", …
QString nameOfKey(const QString& key);

} // namespace moe::models
