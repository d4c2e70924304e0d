// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/dead_experts.h"

#include <nlohmann/json.hpp>

namespace moe::train {

namespace {

constexpr double kIdealOfADeadSpan = 1000;

} // namespace

std::vector<DeadExperts::Found> DeadExperts::update(const telemetry::StepRecord& record)
{
    std::vector<Found> found;
    for (const telemetry::LayerRecord& layer : record.layers) {
        const double ideal
            = static_cast<double>(layer.assignments) / static_cast<double>(layer.load.size());
        for (size_t e = 0; e < layer.load.size(); ++e) {
            const std::pair<int32_t, int64_t> key{layer.layer, static_cast<int64_t>(e)};
            if (layer.load[e] > 0) {
                m_idleSince.erase(key);
                continue;
            }
            const int64_t since = m_idleSince.emplace(key, record.step).first->second;
            // Every step has as many assignments, so the span before this one is known too.
            const double before = static_cast<double>(record.step - since) * ideal;
            if (before < kIdealOfADeadSpan && before + ideal >= kIdealOfADeadSpan)
                found.push_back({layer.layer, key.second, since});
        }
    }
    return found;
}

base::Json DeadExperts::save() const
{
    base::Json spans = base::Json::array();
    for (const auto& [key, since] : m_idleSince)
        spans.push_back({key.first, key.second, since});
    return spans;
}

void DeadExperts::restore(const base::Json& spans)
{
    m_idleSince.clear();
    if (!spans.is_array())
        return;
    for (const base::Json& span : spans) {
        if (span.is_array() && span.size() == 3 && span[0].is_number() && span[1].is_number()
            && span[2].is_number())
            m_idleSince[{span[0].get<int32_t>(), span[1].get<int64_t>()}] = span[2].get<int64_t>();
    }
}

} // namespace moe::train
