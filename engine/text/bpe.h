// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moe::text {

/// What a BPE model is made of, as its file gives it.
struct BpeParts {
    std::vector<std::pair<std::string, int32_t>> vocab; ///< of equal texts the last holds
    std::vector<std::pair<std::string, std::string>> merges; ///< by rank; of equal ones the last
    std::vector<uint32_t> ranks; ///< of the merges; empty: each one's place in the list
    std::optional<std::string> unknown; ///< stands for characters without a token
    bool fuseUnknown = false; ///< one for a run of them
    bool byteFallback = false; ///< <0xAB> for each byte of such a character, where all are there
    bool ignoreMerges = false; ///< a piece that is a token is that token
};

/// Byte pair encoding: from single characters, the neighbours with the lowest rank (of those the
/// leftmost) become one token until no two may. n log n in a piece's length. Const: any thread.
class Bpe {
public:
    /// Throws, naming `where`, when a merge or the unknown token is not in the vocabulary.
    Bpe(BpeParts parts, const std::string& where);
    Bpe(Bpe&&) = default;
    Bpe(const Bpe&) = delete; // m_ids looks into m_parts

    void encode(std::string_view piece, std::vector<int32_t>& ids) const;
    std::optional<int32_t> find(std::string_view token) const;
    const std::vector<std::pair<std::string, int32_t>>& vocab() const { return m_parts.vocab; }

private:
    struct Merge {
        uint32_t rank = UINT32_MAX;
        int32_t id = 0;
    };
    /// Pairs of tokens to their merge: open addressing, a power of two of slots, at most half full.
    struct Slot {
        uint64_t pair = UINT64_MAX;
        Merge merge;
    };

    void insert(uint64_t pair, Merge merge);
    Merge mergeOf(int32_t left, int32_t right) const;
    void firstSymbols(std::string_view piece, std::vector<int32_t>& symbols) const;
    void mergeShort(std::vector<int32_t>& symbols) const;
    void mergeLong(std::vector<int32_t>& symbols) const;

    BpeParts m_parts;
    std::unordered_map<std::string_view, int32_t> m_ids; ///< views into m_parts.vocab
    std::vector<Slot> m_slots;
    int m_shift = 64;
    std::array<int32_t, 256> m_byteTokens{}; ///< <0x00> … <0xFF>, −1 where missing
    std::array<int32_t, 0x180> m_characters{}; ///< of code points below U+0180, −1 where missing
    std::optional<int32_t> m_unknown;
};

} // namespace moe::text
