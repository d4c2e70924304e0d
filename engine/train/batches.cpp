// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/batches.h"

#include "kernels/error.h"

#include <algorithm>
#include <utility>

namespace moe::train {

namespace {

constexpr int64_t kScannedTokens = INT64_C(1) << 28;
constexpr int64_t kScanChunk = INT64_C(1) << 16;

void checkIds(
    const std::vector<int32_t>& ids, int64_t vocabSize, const std::filesystem::path& prefix)
{
    for (const int32_t id : ids) {
        if (id < 0 || id >= vocabSize)
            throw Error("the dataset holds token id " + std::to_string(id), prefix.string(),
                "ids from 0 to the model's vocab_size − 1, " + std::to_string(vocabSize - 1));
    }
}

} // namespace

Batches::Batches(const text::IndexedDataset& data, std::filesystem::path prefix,
    int64_t sequenceLength, int64_t vocabSize, bool shuffled, uint64_t seed)
    : m_data(data)
    , m_prefix(std::move(prefix))
    , m_sequenceLength(sequenceLength)
    , m_vocabSize(vocabSize)
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
        checkIds(m_tokens, m_vocabSize, m_prefix);
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
    const int64_t end = std::min(data.tokens(), kScannedTokens);
    std::vector<int32_t> ids;
    for (int64_t first = 0; first < end; first += kScanChunk) {
        ids.resize(static_cast<size_t>(std::min(kScanChunk, end - first)));
        data.read(first, static_cast<int64_t>(ids.size()), ids.data());
        checkIds(ids, vocabSize, prefix);
    }
}

} // namespace moe::train
