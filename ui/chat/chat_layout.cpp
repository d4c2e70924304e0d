// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_view.h"

#include "ui/shell/theme.h"

#include <QScrollBar>

#include <algorithm>

// Where the messages of a transcript stand, and what of them is in view.
namespace moe::chat {

using shell::px;

namespace {

constexpr int kColumn = 760, kWideColumn = 820, kWideFrom = 1500; ///< px
constexpr int kAbove = 16, kBelow = 16, kSide = 24; ///< px round the column

} // namespace

int ChatView::columnWidth() const
{
    const int room = viewport()->width();
    const int wanted = px(room >= px(kWideFrom) ? kWideColumn : kColumn);
    return std::max(px(200), std::min(wanted, room - 2 * px(kSide)));
}

/// A height before it is measured: lines of the text at the column's width.
int ChatView::guess(const chats::Message& message) const
{
    const int perLine = std::max(20, columnWidth() / px(7));
    const auto lines = std::ranges::count(message.text, '\n')
        + static_cast<std::ptrdiff_t>(message.text.size()) / perLine + 1;
    return px(56) + static_cast<int>(std::min<std::ptrdiff_t>(lines, 1'000'000)) * px(20);
}

int ChatView::topOf(size_t row) const
{
    int top = px(kAbove);
    for (size_t i = 0; i < row; ++i)
        top += m_heights[i];
    return top;
}

int ChatView::total() const
{
    return topOf(m_heights.size()) + px(kBelow);
}

size_t ChatView::rowAt(int y) const
{
    int top = px(kAbove);
    for (size_t row = 0; row < m_heights.size(); ++row) {
        top += m_heights[row];
        if (top > y)
            return row;
    }
    return m_heights.empty() ? 0 : m_heights.size() - 1;
}

bool ChatView::isAtEnd() const
{
    return verticalScrollBar()->value() >= verticalScrollBar()->maximum() - px(4);
}

void ChatView::layOut()
{
    if (m_laying || m_conversation == nullptr)
        return;
    m_laying = true;
    if (columnWidth() != m_layoutWidth) {
        m_layoutWidth = columnWidth();
        for (size_t row = 0; row < m_path.size(); ++row) {
            if (!m_views.contains(m_path[row]))
                m_heights[row] = guess(*m_conversation->find(m_path[row]));
        }
    }
    QScrollBar& bar = *verticalScrollBar();
    int top = bar.value();
    // Measuring moves what lies below: again, until nothing moves any more.
    for (int round = 0; round < 6; ++round) {
        if (m_follow)
            top = std::max(0, total() - viewport()->height());
        const int moved = layOutOnce(top);
        const int end = std::max(0, total() - viewport()->height());
        const int next = m_follow ? end : std::clamp(top + moved, 0, end);
        if (next == top && moved == 0)
            break;
        top = next;
    }
    bar.setRange(0, std::max(0, total() - viewport()->height()));
    bar.setPageStep(viewport()->height());
    bar.setValue(top);
    // in the middle of the whole pane, as the composer below is, scroll bar or not
    const int left = std::clamp(
        (width() - m_layoutWidth) / 2, 0, std::max(0, viewport()->width() - m_layoutWidth));
    for (auto it = m_views.begin(); it != m_views.end();) {
        const size_t row = *rowOf(it->first);
        const int y = topOf(row) - top;
        MessageView* view = it->second;
        const bool inView = y < viewport()->height() && y + m_heights[row] > 0;
        if (!inView && !view->isBusy()) {
            view->hide();
            view->deleteLater();
            it = m_views.erase(it);
            continue;
        }
        view->setGeometry(left, y, m_layoutWidth, m_heights[row]);
        ++it;
    }
    m_laying = false;
}

/// Makes and measures what is in view from `top` on; returns by how much what stands above the
/// first message in view has grown.
int ChatView::layOutOnce(int top)
{
    if (m_path.empty())
        return 0;
    const size_t first = rowAt(top);
    int moved = 0;
    int y = topOf(first);
    for (size_t row = first; row < m_path.size() && y < top + viewport()->height(); ++row) {
        const bool guessed = !m_views.contains(m_path[row]);
        const int height = make(row)->layOut(m_layoutWidth);
        if (guessed && row == first && y < top) // scrolled to from below: its end stays
            moved += height - m_heights[row];
        m_heights[row] = height;
        y += height;
    }
    for (const auto& [id, view] : m_views) { // kept though out of view
        if (const size_t row = *rowOf(id); row < first)
            m_heights[row] = view->layOut(m_layoutWidth);
    }
    return moved;
}

void ChatView::scrollToMessage(int64_t id)
{
    const auto row = rowOf(id);
    if (!row)
        return;
    m_follow = false;
    for (int round = 0; round < 3; ++round) { // what lies above is measured on the way
        verticalScrollBar()->setRange(0, std::max(0, total() - viewport()->height()));
        verticalScrollBar()->setValue(topOf(*row) - px(kAbove));
        layOut();
    }
}

void ChatView::scrollToEnd()
{
    m_follow = true;
    layOut();
}

} // namespace moe::chat
