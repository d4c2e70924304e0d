// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/batches.h"

#include "kernels/error.h"

namespace moe::train {

Batches::Batches(
    const text::IndexedDataset& data, int64_t sequenceLength, bool shuffled, uint64_t seed)
    : m_data(data)
    , m_sequenceLength(sequenceLength)
    , m_order(data.tokens(), sequenceLength, shuffled, seed)
    , m_tokens(static_cast<size_t>(sequenceLength + 1))
{
}

const HostBatch& Batches::load(int64_t first, int64_t count)
{
    m_batch.ids.clear();
    m_batch.targets.clear();
    for (int64_t i = first; i < first + count; ++i) {
        const int64_t sample = m_order.sampleAt(i);
        m_data.read(sample * m_sequenceLength, m_sequenceLength + 1, m_tokens.data());
        m_batch.ids.insert(m_batch.ids.end(), m_tokens.begin(), m_tokens.end() - 1);
        m_batch.targets.insert(m_batch.targets.end(), m_tokens.begin() + 1, m_tokens.end());
    }
    return m_batch;
}

void checkDataset(const text::IndexedDataset& data, const std::filesystem::path& prefix,
    int64_t sequenceLength, int64_t vocabSize)
{
    if (data.tokens() <= sequenceLength)
        throw Error("the dataset holds " + std::to_string(data.tokens()) + " tokens",
            prefix.string(),
            "at least sequence_length + 1 = " + std::to_string(sequenceLength + 1));
    const int32_t largest = data.largestToken();
    if (largest >= vocabSize)
        throw Error("the dataset holds token id " + std::to_string(largest), prefix.string(),
            "ids below the model's vocab_size, " + std::to_string(vocabSize));
}

} // namespace moe::train
