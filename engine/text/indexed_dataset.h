// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/files.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace moe::text {

/// Megatron's PREFIX.bin + PREFIX.idx; every count and offset is checked against the files' sizes
/// before use. The tokens are read from the file as they are asked for, without a memory map: that
/// would end the process were the file cut off meanwhile. Const after construction: any thread.
class IndexedDataset {
public:
    explicit IndexedDataset(const std::filesystem::path& prefix);

    int64_t tokens() const { return m_tokens; }
    int64_t documents() const { return m_documents; } ///< entries of the document index − 1
    int64_t sequences() const { return m_sequences; }
    /// Tokens [first, first + count) of the sequences joined in order. Throws when out of range,
    /// and when the file no longer holds them.
    void read(int64_t first, int64_t count, int32_t* to) const;

private:
    void readSequences(const std::byte* lengths, const std::byte* pointers);
    void readTokens(int64_t offset, int64_t count, int32_t* to) const;

    base::RandomAccessFile m_data;
    uint8_t m_type = 0;
    int64_t m_sequences = 0, m_documents = 0, m_tokens = 0;
    std::vector<int64_t> m_firstToken; ///< of each sequence, and the total at the end
    std::vector<int64_t> m_offsets; ///< of each sequence in .bin; empty: one after the other
};

/// Writes both files beside, and renames them at finish(). uint16 when vocabSize < 65,500, else
/// int32.
class IndexedDatasetWriter {
public:
    IndexedDatasetWriter(std::filesystem::path prefix, int64_t vocabSize);
    ~IndexedDatasetWriter(); ///< without finish(): removes what was written
    void addDocument(std::span<const int32_t> tokens);
    /// `inBetween` is called when an older dataset of the prefix can no longer be opened and this
    /// one cannot yet: what belongs to them takes its place then.
    void finish(const std::function<void()>& inBetween = {});
    int64_t tokens() const { return m_tokens; }
    int64_t documents() const;

private:
    std::filesystem::path m_prefix;
    bool m_wide;
    int64_t m_tokens = 0;
    std::unique_ptr<base::FileWriter> m_data;
    std::vector<int32_t> m_lengths;
    std::vector<uint16_t> m_narrow;
    bool m_finished = false;
};

/// Which tokens step t sees (contract section 2). Sample i is tokens [i·S, i·S + S]; `shuffled`
/// permutes whole samples with the seed, anew each epoch; a global batch that reaches an epoch's
/// end goes on in the next one.
class SampleOrder {
public:
    /// Throws when not even one sample fits.
    SampleOrder(int64_t tokens, int64_t sequenceLength, bool shuffled, uint64_t seed);
    int64_t samplesPerEpoch() const { return m_samples; } ///< floor((tokens − 1) / S)
    /// The sample at position `index` (from 0) of the endless order.
    int64_t sampleAt(int64_t index) const;

private:
    int64_t m_samples;
    bool m_shuffled;
    uint64_t m_seed;
    mutable int64_t m_epoch = -1;
    mutable std::vector<int32_t> m_permutation;
};

} // namespace moe::text
