// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/aux_controller.h"

#include <algorithm>

namespace moe::train {

AuxController::AuxController(AuxCoefficient law, int64_t layers)
    : m_alpha(static_cast<size_t>(layers))
{
    setLaw(std::move(law), true);
}

void AuxController::setLaw(AuxCoefficient law, bool restart)
{
    m_law = std::move(law);
    if (const auto* number = std::get_if<double>(&m_law))
        std::fill(m_alpha.begin(), m_alpha.end(), *number);
    else if (const auto* list = std::get_if<std::vector<double>>(&m_law))
        m_alpha = *list;
    else if (restart)
        std::fill(m_alpha.begin(), m_alpha.end(), std::get<AdaptiveAux>(m_law).initial);
}

void AuxController::update(const std::vector<double>& dropRates)
{
    const auto* law = std::get_if<AdaptiveAux>(&m_law);
    if (!law)
        return;
    for (size_t layer = 0; layer < m_alpha.size(); ++layer) {
        const double wanted = std::min(law->xi * dropRates[layer], law->alphaMax);
        m_alpha[layer] = law->beta * m_alpha[layer] + (1 - law->beta) * wanted;
    }
}

} // namespace moe::train
