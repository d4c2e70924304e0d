// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/random.h"
#include "engine/text/indexed_dataset.h"
#include "kernels/error.h"

#include <numeric>
#include <utility>

namespace moe::text {

SampleOrder::SampleOrder(int64_t tokens, int64_t sequenceLength, bool shuffled, uint64_t seed)
    : m_samples((tokens - 1) / sequenceLength)
    , m_shuffled(shuffled)
    , m_seed(seed)
{
    if (tokens <= sequenceLength)
        throw Error("the dataset is shorter than one sample", std::to_string(tokens) + " tokens",
            "at least sequence_length + 1 = " + std::to_string(sequenceLength + 1));
}

int64_t SampleOrder::sampleAt(int64_t index) const
{
    const int64_t epoch = index / m_samples;
    const int64_t within = index % m_samples;
    if (!m_shuffled)
        return within;
    if (epoch != m_epoch) {
        m_permutation.resize(static_cast<size_t>(m_samples));
        std::iota(m_permutation.begin(), m_permutation.end(), 0);
        base::Random random(base::streamSeed(m_seed, "shuffle", static_cast<uint64_t>(epoch)));
        for (size_t i = m_permutation.size(); i > 1; --i)
            std::swap(m_permutation[i - 1], m_permutation[random.below(i)]);
        m_epoch = epoch;
    }
    return m_permutation[static_cast<size_t>(within)];
}

} // namespace moe::text
