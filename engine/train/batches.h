// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/indexed_dataset.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace moe::train {

/// Token ids of some samples and, shifted by one, what follows each: [samples · S] both.
struct HostBatch {
    std::vector<int32_t> ids, targets;
};

/// Samples of one dataset in one order (contract section 2). Belongs to one thread.
class Batches {
public:
    Batches(const text::IndexedDataset& data, std::filesystem::path prefix, int64_t sequenceLength,
        int64_t vocabSize, bool shuffled, uint64_t seed);

    int64_t samples() const { return m_order.samplesPerEpoch(); }
    /// Samples at positions [first, first + count) of the endless order. Throws moe::Error, naming
    /// prefix and id, for ids that the model has no embedding for.
    const HostBatch& load(int64_t first, int64_t count);

private:
    const text::IndexedDataset& m_data;
    std::filesystem::path m_prefix;
    int64_t m_sequenceLength, m_vocabSize;
    text::SampleOrder m_order;
    std::vector<int32_t> m_tokens;
    HostBatch m_batch;
};

/// Throws moe::Error, naming the prefix, when the dataset holds less than one sample, or (naming
/// the id too) when one of its first 2²⁸ tokens is outside the vocabulary; what lies behind is
/// checked as it is loaded.
void checkDataset(const text::IndexedDataset& data, const std::filesystem::path& prefix,
    int64_t sequenceLength, int64_t vocabSize);

} // namespace moe::train
