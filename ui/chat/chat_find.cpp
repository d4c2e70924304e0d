// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_view.h"
#include "ui/chat/shown_text.h"
#include "ui/shell/theme.h"

#include <QScrollBar>

#include <algorithm>
#include <limits>
#include <numeric>

// What is looked for in a transcript. Places in messages that are laid out are counted in what is
// shown, those in all others in what will be, nearly; going to one lays it out.
namespace moe::chat {

using shell::px;

namespace {

constexpr int kNear = 40; ///< px between a place and the edges of what is in view
constexpr int kLast = std::numeric_limits<int>::max(); ///< of the places of a row

} // namespace

void ChatView::setFind(const QString& text)
{
    if (text == m_find.text)
        return;
    const auto before = rowOf(m_find.message); // more letters: from the message that is shown
    m_find = {};
    m_find.text = text;
    countFound();
    for (const auto& [id, view] : m_views)
        markFound(*view, *rowOf(id));
    const size_t first = before.value_or(rowAt(verticalScrollBar()->value()));
    if (findPlace().of > 0)
        goToFound(first, 0, true);
    Q_EMIT findChanged();
}

void ChatView::findNext(bool forward)
{
    if (m_path.empty() || findPlace().of == 0)
        return;
    if (const auto row = rowOf(m_find.message))
        goToFound(*row, m_find.index + (forward ? 1 : -1), forward);
    else
        goToFound(rowAt(verticalScrollBar()->value()), forward ? 0 : kLast, forward);
    Q_EMIT findChanged();
}

FindPlace ChatView::findPlace() const
{
    const auto& counts = m_find.counts;
    const auto upTo = [&counts](size_t row) {
        return std::accumulate(
            counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(row), 0);
    };
    const auto row = counts.empty() ? std::nullopt : rowOf(m_find.message);
    return {row ? upTo(*row) + m_find.index + 1 : 0, upTo(counts.size())};
}

void ChatView::countFound()
{
    m_find.counts.clear();
    if (m_find.text.isEmpty())
        return;
    m_find.counts.resize(m_path.size());
    for (size_t row = 0; row < m_path.size(); ++row)
        countFound(row);
}

void ChatView::countFound(size_t row)
{
    const chats::Message& message = *m_conversation->find(m_path[row]);
    const QString text = QString::fromStdString(message.text);
    m_find.counts[row]
        = countIn(message.role == chats::Role::User ? text : shownText(text), m_find.text);
}

/// In a message that is laid out; the count is exact from then on.
void ChatView::markFound(MessageView& view, size_t row)
{
    const bool here = m_path[row] == m_find.message;
    const int count = view.setFind(m_find.text, here ? m_find.index : -1);
    if (m_find.counts.empty() || count == m_find.counts[row])
        return;
    m_find.counts[row] = count;
    if (here && m_find.index >= count)
        m_find.message = 0; // the text changed under it
    Q_EMIT findChanged();
}

/// The place number `index` of a row; where there is none, the next that way, round the end.
void ChatView::goToFound(size_t row, int index, bool forward)
{
    const size_t rows = m_path.size();
    for (size_t tries = 0; tries <= rows; ++tries) {
        if (m_find.counts[row] > 0 && view(m_path[row]) == nullptr)
            scrollToMessage(m_path[row]); // its layout says how many there are
        const int count = m_find.counts[row], place = index == kLast ? count - 1 : index;
        if (place >= 0 && place < count)
            return setFound(row, place);
        row = forward ? (row + 1) % rows : (row + rows - 1) % rows;
        index = forward ? 0 : kLast;
    }
}

void ChatView::setFound(size_t row, int index)
{
    const auto before = rowOf(m_find.message);
    m_find.message = m_path[row];
    m_find.index = index;
    for (const auto& changed : {before, std::optional(row)}) {
        if (MessageView* shown = changed ? view(m_path[*changed]) : nullptr)
            markFound(*shown, *changed);
    }
    layOut(); // a long message may show more of itself
    for (int round = 0; round < 3; ++round) { // what lies above is measured on the way
        MessageView* shown = view(m_path[row]);
        const QRect place = shown != nullptr ? shown->foundRect(index) : QRect();
        QScrollBar& bar = *verticalScrollBar();
        const int top = topOf(row) + place.top(), room = viewport()->height();
        if (place.isNull()) // it is being edited
            return scrollToMessage(m_path[row]);
        if (top >= bar.value() + px(kNear)
            && top + place.height() <= bar.value() + room - px(kNear))
            return;
        m_follow = false;
        bar.setRange(0, std::max(0, total() - room));
        bar.setValue(top - room / 3);
    }
}

} // namespace moe::chat
