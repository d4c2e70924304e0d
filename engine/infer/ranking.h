// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace moe::infer {

struct Candidate {
    int32_t token = 0;
    double probability = 0;
};

/// Candidates by falling probability (ties: lower id), brought into order from the front only as
/// far as somebody looks: a draw seldom goes beyond the first few of a vocabulary.
class Ranking {
public:
    explicit Ranking(std::vector<Candidate> candidates)
        : m_candidates(std::move(candidates))
    {
    }

    size_t size() const { return m_candidates.size(); }
    size_t ordered() const { return m_ordered; } ///< how many stand in order
    const Candidate& operator[](size_t rank); ///< below size()
    void keep(size_t count); ///< the first `count`
    void scaleToOne(); ///< divides by the sum
    /// Replaces every probability p by change(p), which must not change their order but may make
    /// equals of them.
    template <typename Change> void change(const Change& change)
    {
        for (Candidate& candidate : m_candidates)
            candidate.probability = change(candidate.probability);
    }

private:
    void order(size_t count);

    std::vector<Candidate> m_candidates;
    size_t m_ordered = 0;
};

} // namespace moe::infer
