// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/message_view.h"
#include "ui/chat/shown_text.h"
#include "ui/chat/token_marks.h"
#include "ui/shell/theme.h"

#include <QPushButton>
#include <QScrollBar>

#include <algorithm>

// What is marked in a message's texts: tokens that an expert took, and what is looked for.
namespace moe::chat {

using shell::theme;

namespace {

using Marks = QList<QTextEdit::ExtraSelection>;

constexpr qsizetype kMostMarks = 2000; ///< of what is found: setting them costs their square

void add(Marks& marks, QTextDocument* document, int from, int to, const QTextCharFormat& format)
{
    QTextEdit::ExtraSelection mark;
    mark.cursor = QTextCursor(document);
    mark.cursor.setPosition(from);
    mark.cursor.setPosition(to, QTextCursor::KeepAnchor);
    mark.format = format;
    marks += mark;
}

/// Those of `ranges` that lie in the text from `begin` to `end`.
void addTokens(
    Marks& marks, QTextDocument* document, const QList<Range>& ranges, int begin, int end)
{
    QTextCharFormat format;
    format.setBackground(shell::Theme::blend(theme().series[1], theme().base, 0.35));
    for (const auto& [at, length] : ranges) {
        const int from = std::max(at, begin), to = std::min(at + length, end);
        if (from < to)
            add(marks, document, from - begin, to - begin, format);
    }
}

QTextCharFormat foundFormat(bool current)
{
    QTextCharFormat format;
    format.setBackground(current ? theme().accent : theme().sel);
    format.setForeground(current ? theme().onAccent : theme().selText);
    return format;
}

} // namespace

QStringList MessageView::shownTexts() const
{
    QStringList texts;
    for (QWidget* segment : m_segments) {
        auto* code = qobject_cast<CodeBlock*>(segment);
        texts += code != nullptr ? code->lines().toPlainText()
                                 : static_cast<MarkdownText*>(segment)->toPlainText();
    }
    return texts;
}

void MessageView::setMark(std::optional<chats::MaskedExpert> mark)
{
    if (!mark && !m_mark)
        return;
    m_mark = mark;
    markTokens();
}

void MessageView::markTokens()
{
    m_tokens.clear();
    for (size_t row = 0; m_mark && m_routing != nullptr && row < m_routing->layers.size(); ++row) {
        if (m_routing->layers[row].layer == m_mark->layer)
            m_tokens = m_routing->tokensOf(row, m_mark->expert);
    }
    if (m_strip != nullptr)
        m_strip->setMarked(m_tokens);
    mark(shownTexts());
}

int MessageView::setFind(const QString& text, int current)
{
    if (text.isEmpty() && m_find.isEmpty())
        return 0;
    m_find = text;
    m_current = current;
    QStringList texts = shownTexts();
    findPlaces(texts);
    int leftOut = placesLeftOut();
    if (leftOut > 0 && current >= m_found.size()) {
        showAll();
        texts = shownTexts();
        findPlaces(texts);
        leftOut = 0;
    }
    mark(texts);
    return static_cast<int>(m_found.size()) + leftOut;
}

void MessageView::findPlaces(const QStringList& texts)
{
    m_found.clear();
    for (qsizetype i = 0; i < texts.size() && !m_find.isEmpty(); ++i) {
        qsizetype at = texts[i].indexOf(m_find, 0, Qt::CaseInsensitive);
        for (; at >= 0; at = texts[i].indexOf(m_find, at + m_find.size(), Qt::CaseInsensitive))
            m_found.append({i, static_cast<int>(at)});
    }
}

/// In what a long message does not show, nearly.
int MessageView::placesLeftOut()
{
    if (m_find.isEmpty() || m_showAll == nullptr || m_showAll->isHidden())
        return 0;
    const auto places = [this](const QString& text) {
        return countIn(isUser() ? text : shownText(text), m_find);
    };
    return std::max(0, places(QString::fromStdString(m_message.text)) - places(shownPart()));
}

void MessageView::mark(const QStringList& texts)
{
    const QList<Range> tokens = m_tokens.empty()
        ? QList<Range>()
        : rangesOf(m_tokens, *m_routing, texts.join(QLatin1Char('\n')));
    const qsizetype first = std::max<qsizetype>(0, m_current - kMostMarks / 2),
                    last = std::min(m_found.size(), first + kMostMarks);
    int begin = 0;
    for (qsizetype i = 0; i < m_segments.size(); ++i) {
        const int end = begin + static_cast<int>(texts[i].size());
        auto* code = qobject_cast<CodeBlock*>(m_segments[i]);
        auto* text = code != nullptr ? nullptr : static_cast<MarkdownText*>(m_segments[i]);
        QTextDocument* document = code != nullptr ? code->lines().document() : text->document();
        Marks marks;
        addTokens(marks, document, tokens, begin, end);
        for (qsizetype k = first; k < last; ++k) {
            const auto& [segment, at] = m_found[k];
            if (segment == i)
                add(marks, document, at, at + static_cast<int>(m_find.size()),
                    foundFormat(k == m_current));
        }
        code != nullptr ? code->lines().setExtraSelections(marks) : text->setExtraSelections(marks);
        begin = end + 1;
    }
}

QRect MessageView::foundRect(int place)
{
    if (place < 0 || place >= m_found.size() || m_editor != nullptr)
        return {};
    const auto& [segment, at] = m_found[place];
    const auto rectOf = [&, at = at](auto& edit) {
        QTextCursor cursor(edit.document());
        cursor.setPosition(at);
        const QRect begin = edit.cursorRect(cursor);
        cursor.setPosition(at + static_cast<int>(m_find.size()));
        return begin.united(edit.cursorRect(cursor))
            .translated(edit.viewport()->mapTo(this, QPoint()));
    };
    auto* code = qobject_cast<CodeBlock*>(m_segments[segment]);
    if (code == nullptr)
        return rectOf(*static_cast<MarkdownText*>(m_segments[segment]));
    QPlainTextEdit& lines = code->lines(); // they are not wrapped
    const QRect rect = rectOf(lines);
    const QRect room(lines.viewport()->mapTo(this, QPoint()), lines.viewport()->size());
    QScrollBar& bar = *lines.horizontalScrollBar();
    if (rect.right() > room.right() || rect.left() < room.left())
        bar.setValue(bar.value() + rect.center().x() - room.center().x());
    return rect;
}

} // namespace moe::chat
