// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/train/run_file.h"

#include <cstdint>
#include <vector>

namespace moe::train {

/// The aux-loss coefficient α of every MoE layer from step to step. Constant laws hold α still; the
/// adaptive one (Skywork-MoE report, section 4.2) follows each layer's token drop rate d:
/// α ← β α + (1 − β) min(ξ d, α_max).
class AuxController {
public:
    AuxController(AuxCoefficient law, int64_t layers);

    const std::vector<double>& alpha() const { return m_alpha; } ///< of the step to come
    const AuxCoefficient& law() const { return m_law; }

    void update(const std::vector<double>& dropRates); ///< after a step, one a layer
    /// Another law from the next step on. α of an adaptive law goes on from where it stands, unless
    /// `restart` puts it at the law's initial value.
    void setLaw(AuxCoefficient law, bool restart);
    void restore(std::vector<double> alpha) { m_alpha = std::move(alpha); } ///< of a checkpoint

private:
    AuxCoefficient m_law;
    std::vector<double> m_alpha;
};

} // namespace moe::train
