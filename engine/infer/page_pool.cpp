// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/page_pool.h"

#include <numeric>

namespace moe::infer {

PagePool::PagePool(int64_t pages)
    : m_pages(static_cast<size_t>(pages))
    , m_free(static_cast<size_t>(pages))
{
    std::iota(m_free.rbegin(), m_free.rend(), 0); // page 0 is given first
}

std::optional<int32_t> PagePool::take()
{
    int32_t page = 0;
    if (!m_free.empty()) {
        page = m_free.back();
        m_free.pop_back();
    } else if (!m_idle.empty()) {
        page = m_idle.begin()->second;
        m_idle.erase(m_idle.begin());
        Page& old = m_pages[static_cast<size_t>(page)];
        m_index.erase(*old.known);
        old.known.reset();
    } else {
        return std::nullopt;
    }
    m_pages[static_cast<size_t>(page)].holders = 1;
    return page;
}

std::optional<std::pair<PagePool::Block, int32_t>> PagePool::find(
    Block before, std::span<const int32_t> content)
{
    const auto found = m_index.find({before, {content.begin(), content.end()}});
    if (found == m_index.end())
        return std::nullopt;
    const auto [block, index] = found->second;
    Page& page = m_pages[static_cast<size_t>(index)];
    if (page.holders++ == 0)
        m_idle.erase(page.letGo);
    return std::pair{block, index};
}

PagePool::Block PagePool::keep(Block before, std::span<const int32_t> content, int32_t page)
{
    const auto [at, isNew] = m_index.try_emplace(
        {before, {content.begin(), content.end()}}, Known{m_lastBlock + 1, page});
    if (isNew) {
        ++m_lastBlock;
        m_pages[static_cast<size_t>(page)].known = at;
    }
    return at->second.block;
}

void PagePool::release(std::span<const int32_t> pages)
{
    for (auto at = pages.rbegin(); at != pages.rend(); ++at) {
        Page& page = m_pages[static_cast<size_t>(*at)];
        if (--page.holders > 0)
            continue;
        if (page.known) {
            page.letGo = ++m_clock;
            m_idle.emplace(page.letGo, *at);
        } else {
            m_free.push_back(*at);
        }
    }
}

} // namespace moe::infer
