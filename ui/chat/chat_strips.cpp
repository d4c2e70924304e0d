// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_view.h"

#include "ui/shell/theme.h"

#include <QScrollBar>

#include <algorithm>
#include <utility>

// The strips of a transcript's replies, and what is marked in these.
namespace moe::chat {

using shell::px;

namespace {

constexpr int kStrip = 150; ///< px of a strip and what stands below it

} // namespace

bool ChatView::stripShownByDefault(size_t row) const
{
    const auto byHand = m_strips.find(m_path[row]);
    return byHand != m_strips.end() ? byHand->second : row + 1 == m_path.size();
}

std::optional<chats::MaskedExpert> ChatView::markOf(int64_t id) const
{
    return m_marked.empty() || m_marked.contains(id) ? m_mark : std::nullopt;
}

void ChatView::toggleStrip(int64_t id)
{
    if (MessageView* shown = view(id)) {
        m_strips[id] = !shown->stripShown();
        shown->setStripShown(m_strips[id]);
    }
}

void ChatView::revealStrip(int64_t id)
{
    const auto row = rowOf(id);
    if (!row)
        return;
    m_strips[id] = true;
    if (MessageView* shown = view(id))
        shown->setStripShown(true);
    QScrollBar& bar = *verticalScrollBar();
    const auto endOf = [&] { // where the strip stands
        return topOf(*row) + m_heights[*row];
    };
    if (endOf() <= bar.value() + viewport()->height() && endOf() > bar.value() + px(kStrip))
        return;
    m_follow = false;
    for (int round = 0; round < 3; ++round) { // what lies above is measured on the way
        bar.setRange(0, std::max(0, total() - viewport()->height()));
        bar.setValue(endOf() - viewport()->height());
        layOut();
    }
}

void ChatView::showLayer(int64_t layer)
{
    m_layer = layer;
    for (const auto& [id, view] : m_views)
        view->showLayer(layer);
}

void ChatView::setMark(std::optional<chats::MaskedExpert> mark, std::set<int64_t> replies)
{
    m_mark = mark;
    m_marked = std::move(replies);
    for (const auto& [id, view] : m_views)
        view->setMark(markOf(id));
}

} // namespace moe::chat
