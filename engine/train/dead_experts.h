// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/telemetry/record.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace moe::train {

/// Finds experts that got no assignment over a span of steps in which the ideal (assignments /
/// experts) adds up to 1,000 or more.
class DeadExperts {
public:
    struct Found {
        int32_t layer;
        int64_t expert, sinceStep;
    };

    /// Those whose span became long enough with this step; each span is reported once.
    std::vector<Found> update(const telemetry::StepRecord& record);

    base::Json save() const; ///< the open spans: [[layer, expert, since], …]
    void restore(const base::Json& spans);

private:
    std::map<std::pair<int32_t, int64_t>, int64_t> m_idleSince; ///< (layer, expert) → step
};

} // namespace moe::train
