// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/ranking.h"

#include <algorithm>

namespace moe::infer {

const Candidate& Ranking::operator[](size_t rank)
{
    constexpr size_t kFirst = 64, kGrowth = 8; // each step goes through all that is left
    if (rank >= m_ordered)
        order(std::max({rank + 1, kGrowth * m_ordered, kFirst}));
    return m_candidates[rank];
}

void Ranking::order(size_t count)
{
    const auto place = [this](size_t rank) {
        return m_candidates.begin() + static_cast<std::ptrdiff_t>(rank);
    };
    const size_t end = std::min(count, size());
    if (end <= m_ordered)
        return;
    const auto before = [](const Candidate& a, const Candidate& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.token < b.token;
    };
    std::nth_element(place(m_ordered), place(end), m_candidates.end(), before);
    std::sort(place(m_ordered), place(end), before);
    m_ordered = end;
}

void Ranking::keep(size_t count)
{
    if (count >= size())
        return;
    order(count);
    m_candidates.resize(count);
    m_ordered = count;
}

void Ranking::scaleToOne()
{
    double sum = 0;
    for (const Candidate& candidate : m_candidates)
        sum += candidate.probability;
    for (Candidate& candidate : m_candidates)
        candidate.probability /= sum;
}

} // namespace moe::infer
