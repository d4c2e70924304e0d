// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/bpe.h"

#include "engine/text/unicode.h"
#include "kernels/error.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <queue>

namespace moe::text {

namespace {

/// Up to so many symbols, looking through all pairs for each merge is faster than a heap.
constexpr size_t kShort = 48;

uint64_t pairOf(int32_t left, int32_t right)
{
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

size_t slotOf(uint64_t pair, int shift)
{
    return static_cast<size_t>((pair ^ pair >> 29) * UINT64_C(0x9E3779B97F4A7C15) >> shift);
}

} // namespace

Bpe::Bpe(BpeParts parts, const std::string& where)
    : m_parts(std::move(parts))
{
    m_ids.reserve(m_parts.vocab.size());
    for (const auto& [token, id] : m_parts.vocab)
        m_ids[token] = id;
    for (unsigned byte = 0; byte < 256; ++byte) {
        std::array<char, 8> name{};
        std::snprintf(name.data(), name.size(), "<0x%02X>", byte);
        m_byteTokens[byte] = find(name.data()).value_or(-1);
    }
    for (char32_t c = 0; c < m_characters.size(); ++c) {
        std::string text;
        appendUtf8(text, c);
        m_characters[c] = find(text).value_or(-1);
    }
    if (m_parts.unknown) {
        m_unknown = find(*m_parts.unknown);
        if (!m_unknown)
            throw Error("the unknown token \"" + m_parts.unknown->substr(0, 80)
                    + "\" is not in the vocabulary",
                where, "add it to model.vocab");
    }
    const size_t slots = std::bit_ceil(std::max<size_t>(16, 2 * m_parts.merges.size()));
    m_slots.resize(slots);
    m_shift = 64 - std::countr_zero(slots);
    for (size_t i = 0; i < m_parts.merges.size(); ++i) {
        const auto& [left, right] = m_parts.merges[i];
        const uint32_t rank = m_parts.ranks.empty() ? static_cast<uint32_t>(i) : m_parts.ranks[i];
        const auto leftId = find(left), rightId = find(right), id = find(left + right);
        if (!leftId || !rightId || !id)
            throw Error(
                "merge " + std::to_string(i) + " makes a token that is not in the vocabulary",
                where, "\"" + left.substr(0, 40) + "\" + \"" + right.substr(0, 40) + "\"");
        insert(pairOf(*leftId, *rightId), {rank, *id});
    }
    m_parts.merges.clear();
    m_parts.merges.shrink_to_fit();
}

void Bpe::insert(uint64_t pair, Merge merge)
{
    size_t at = slotOf(pair, m_shift);
    while (m_slots[at].pair != UINT64_MAX && m_slots[at].pair != pair)
        at = (at + 1) & (m_slots.size() - 1);
    m_slots[at] = {pair, merge};
}

Bpe::Merge Bpe::mergeOf(int32_t left, int32_t right) const
{
    const uint64_t pair = pairOf(left, right);
    size_t at = slotOf(pair, m_shift);
    while (m_slots[at].pair != pair) {
        if (m_slots[at].pair == UINT64_MAX)
            return {};
        at = (at + 1) & (m_slots.size() - 1);
    }
    return m_slots[at].merge;
}

std::optional<int32_t> Bpe::find(std::string_view token) const
{
    const auto found = m_ids.find(token);
    return found == m_ids.end() ? std::nullopt : std::optional(found->second);
}

/// The token of each character. Where a character has none: its bytes, the unknown token, or
/// nothing. An unknown one waits for the next known character, even past bytes, as it does in the
/// `tokenizers` library.
void Bpe::firstSymbols(std::string_view piece, std::vector<int32_t>& symbols) const
{
    bool waiting = false;
    for (size_t at = 0; at < piece.size();) {
        const size_t begin = at;
        const char32_t c = nextCodePoint(piece, at);
        const std::string_view character = piece.substr(begin, at - begin);
        const int32_t id = c < m_characters.size() ? m_characters[c] : find(character).value_or(-1);
        if (id >= 0) {
            if (waiting)
                symbols.push_back(*m_unknown);
            waiting = false;
            symbols.push_back(id);
            continue;
        }
        const auto byteToken = [&](char byte) {
            return m_byteTokens[static_cast<unsigned char>(byte)];
        };
        if (m_parts.byteFallback && std::all_of(character.begin(), character.end(), [&](char byte) {
                return byteToken(byte) >= 0;
            })) {
            for (const char byte : character)
                symbols.push_back(byteToken(byte));
        } else if (m_unknown) {
            if (waiting && !m_parts.fuseUnknown)
                symbols.push_back(*m_unknown);
            waiting = true;
        }
    }
    if (waiting)
        symbols.push_back(*m_unknown);
}

void Bpe::mergeShort(std::vector<int32_t>& symbols) const
{
    std::array<Merge, kShort + 1> next; // of symbol i with i + 1
    size_t count = symbols.size();
    for (size_t i = 0; i + 1 < count; ++i)
        next[i] = mergeOf(symbols[i], symbols[i + 1]);
    while (count > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < count; ++i) {
            if (next[i].rank < next[best].rank)
                best = i;
        }
        if (next[best].rank == UINT32_MAX)
            break;
        symbols[best] = next[best].id;
        --count;
        for (size_t i = best + 1; i < count; ++i) {
            symbols[i] = symbols[i + 1];
            next[i] = next[i + 1];
        }
        if (best > 0)
            next[best - 1] = mergeOf(symbols[best - 1], symbols[best]);
        if (best + 1 < count)
            next[best] = mergeOf(symbols[best], symbols[best + 1]);
    }
    symbols.resize(count);
}

void Bpe::mergeLong(std::vector<int32_t>& symbols) const
{
    struct Candidate {
        uint32_t rank;
        int32_t id;
        size_t left, right;
        int32_t leftId, rightId; ///< as they were: the entry is void when they have changed
        bool operator<(const Candidate& other) const // the queue's top is the greatest
        {
            return rank != other.rank ? rank > other.rank : left > other.left;
        }
    };
    constexpr int32_t kGone = -1;
    const size_t count = symbols.size();
    std::vector<size_t> previous(count), next(count);
    std::vector<Candidate> candidates;
    candidates.reserve(count);
    const auto candidate = [&](size_t left, size_t right) -> std::optional<Candidate> {
        const Merge merge = mergeOf(symbols[left], symbols[right]);
        if (merge.rank == UINT32_MAX)
            return std::nullopt;
        return Candidate{merge.rank, merge.id, left, right, symbols[left], symbols[right]};
    };
    for (size_t i = 0; i < count; ++i) {
        previous[i] = i - 1; // of the first: past the end, as is next of the last
        next[i] = i + 1;
        if (i + 1 < count) {
            if (const auto made = candidate(i, i + 1))
                candidates.push_back(*made);
        }
    }
    std::priority_queue<Candidate> queue({}, std::move(candidates));
    while (!queue.empty()) {
        const Candidate top = queue.top();
        queue.pop();
        if (symbols[top.left] != top.leftId || symbols[top.right] != top.rightId
            || next[top.left] != top.right)
            continue;
        symbols[top.left] = top.id;
        symbols[top.right] = kGone;
        next[top.left] = next[top.right];
        if (next[top.left] < count) {
            previous[next[top.left]] = top.left;
            if (const auto made = candidate(top.left, next[top.left]))
                queue.push(*made);
        }
        if (previous[top.left] < count) {
            if (const auto made = candidate(previous[top.left], top.left))
                queue.push(*made);
        }
    }
    std::erase(symbols, kGone);
}

void Bpe::encode(std::string_view piece, std::vector<int32_t>& ids) const
{
    if (piece.empty())
        return;
    if (m_parts.ignoreMerges) {
        if (const auto whole = find(piece)) {
            ids.push_back(*whole);
            return;
        }
    }
    thread_local std::vector<int32_t> symbols;
    symbols.clear();
    firstSymbols(piece, symbols);
    if (symbols.size() <= kShort)
        mergeShort(symbols);
    else
        mergeLong(symbols);
    ids.insert(ids.end(), symbols.begin(), symbols.end());
}

} // namespace moe::text
