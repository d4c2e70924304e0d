// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/message_view.h"
#include "ui/shell/theme.h"

#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

namespace moe::chat {

using shell::px;

namespace {

constexpr int kGap = 8, kItemGap = 4; ///< px between segments, and between items of a list
constexpr int kInsetX = 13, kInsetY = 7; ///< px of what the user wrote
constexpr int kFooter = 26;

} // namespace

int MessageView::layOut(int width)
{
    return placeContent(width);
}

int MessageView::placeContent(int width)
{
    int y = m_context.heading.isEmpty() ? 0 : px(34);
    m_bodyTop = y;
    const int inset = isUser() ? px(kInsetX) : 0;
    y += isUser() ? px(kInsetY) : px(22); // the name of who replied
    if (m_editor != nullptr) {
        y = placeEditor(width - 2 * inset, y);
    } else {
        for (qsizetype i = 0; i < m_segments.size(); ++i) {
            const int inner = width - 2 * inset;
            QWidget* segment = m_segments[i];
            y += px(i == 0 ? 0 : m_goesOn[i] ? kItemGap : kGap);
            auto* code = qobject_cast<CodeBlock*>(segment);
            const int height = code != nullptr
                ? code->heightFor(inner)
                : static_cast<MarkdownText*>(segment)->heightFor(inner);
            segment->setGeometry(inset, y, inner, height);
            y += height;
        }
        if (m_showAll != nullptr && !m_showAll->isHidden()) {
            const QSize size = m_showAll->sizeHint();
            y += px(kGap);
            m_showAll->setGeometry(inset, y, size.width(), size.height());
            y += size.height();
        }
    }
    if (!m_message.facts.error.empty())
        y += errorHeight(width) + px(6);
    m_bodyBottom = y + (isUser() ? px(kInsetY) : 0);
    y = m_bodyBottom;
    if (m_strip != nullptr && !m_strip->isHidden()) {
        y += px(8);
        const int height = m_strip->sizeHint().height();
        m_strip->setGeometry(0, y, width, height);
        y += height;
    }
    return placeFooter(width, y + px(2));
}

QString MessageView::errorText() const
{
    return QString::fromStdString(m_message.facts.error);
}

QRect MessageView::wordsOfError(const QRect& line)
{
    return line.adjusted(px(12), px(4), -px(8), -px(4));
}

/// Of its line, or of as many as it takes: it names what is wrong, where, and what to do.
int MessageView::errorHeight(int width) const
{
    const QRect room = wordsOfError(QRect(0, 0, width, QWIDGETSIZE_MAX));
    const QFontMetrics metrics(shell::font(shell::TextRole::Secondary));
    const int words = metrics.boundingRect(room, kErrorFlags, errorText()).height();
    return std::max(px(24), words + px(8));
}

int MessageView::placeEditor(int width, int y)
{
    const int inset = isUser() ? px(kInsetX) : 0;
    const int lines = std::clamp(m_editor->document()->blockCount() + 1, 3, 16);
    const int height = lines * m_editor->fontMetrics().lineSpacing() + px(14);
    m_editor->setGeometry(inset, y, width, height);
    y += height + px(6);
    int x = inset;
    for (QPushButton* button : {m_keep, m_cancel}) {
        const QSize size = button->sizeHint();
        button->setGeometry(x, y, size.width(), size.height());
        x += size.width() + px(8);
    }
    return y + m_keep->sizeHint().height();
}

/// What is left for the figures beside all buttons that may come, so that nothing moves under the
/// mouse.
int MessageView::roomForFacts(int width) const
{
    const bool branches = m_context.siblings > 1;
    return width - (m_context.last ? 5 : 4) * px(24) - m_experts->sizeHint().width()
        - (branches ? 2 * px(24) + m_place->sizeHint().width() + px(4) : 0) - px(8);
}

int MessageView::placeFooter(int width, int y)
{
    const bool apart
        = m_facts->fontMetrics().horizontalAdvance(m_facts->text()) > roomForFacts(width);
    m_facts->setWordWrap(apart);
    if (apart) { // a narrow column: a line of their own above the buttons
        const int height = m_facts->heightForWidth(width) + px(4);
        m_facts->setGeometry(0, y, width, height);
        y += height;
    }
    // From the right; what is hidden takes no room, the row itself always the same.
    int right = width;
    const auto put = [&](QWidget* widget, int wide) {
        if (widget->isHidden())
            return;
        right -= wide;
        widget->setGeometry(right, y, wide, px(kFooter) - px(2));
    };
    for (QToolButton* button : {m_remove, m_edit, m_copy, m_goOn, m_regenerate})
        put(button, px(24));
    put(m_experts, m_experts->sizeHint().width());
    put(m_next, px(24));
    put(m_place, m_place->sizeHint().width() + px(4));
    put(m_previous, px(24));
    if (!apart)
        m_facts->setGeometry(0, y, std::max(0, right - px(8)), px(kFooter) - px(2));
    return y + px(kFooter) + (isUser() ? 0 : px(10));
}

} // namespace moe::chat
