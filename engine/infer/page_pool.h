// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace moe::infer {

/// Who holds which page of a KvCache. A page is free, held by one or more sequences, or idle: held
/// by none, but kept because its tokens are known, so that another sequence that begins alike finds
/// it. When the free ones are used up, the idle page that was let go longest ago is given away.
class PagePool {
public:
    /// A known block of kPageTokens tokens behind its forerunners; ids are never used again.
    using Block = uint64_t;
    static constexpr Block kStart = 0; ///< what stands before a sequence

    explicit PagePool(int64_t pages);

    /// A page whose content nobody knows yet, held once; none when all are held.
    std::optional<int32_t> take();
    /// The page that holds `content` behind `before`, held once more.
    std::optional<std::pair<Block, int32_t>> find(Block before, std::span<const int32_t> content);
    /// Tells what a held page, now full, holds. Where another page holds the same, that one stays
    /// the known one.
    Block keep(Block before, std::span<const int32_t> content, int32_t page);
    /// Lets a sequence's pages go; the last of them will be given away first.
    void release(std::span<const int32_t> pages);

    int64_t pages() const { return static_cast<int64_t>(m_pages.size()); }
    int64_t idle() const { return static_cast<int64_t>(m_idle.size()); }
    /// Pages that take() can give.
    int64_t available() const { return static_cast<int64_t>(m_free.size()) + idle(); }

private:
    using Content = std::pair<Block, std::vector<int32_t>>;
    struct Known {
        Block block;
        int32_t page;
    };
    using Index = std::map<Content, Known>;
    struct Page {
        int64_t holders = 0;
        uint64_t letGo = 0; ///< its key in m_idle
        std::optional<Index::iterator> known;
    };

    std::vector<Page> m_pages;
    std::vector<int32_t> m_free;
    std::map<uint64_t, int32_t> m_idle; ///< by the time when it was let go
    Index m_index;
    uint64_t m_clock = 0;
    Block m_lastBlock = kStart;
};

} // namespace moe::infer
