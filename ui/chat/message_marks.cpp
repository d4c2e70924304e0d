// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/message_view.h"
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
    if (!text.isEmpty() && m_showAll != nullptr && !m_showAll->isHidden()) {
        const qsizetype cut = std::max<qsizetype>(0, shownPart().size() - text.size());
        const QString all = QString::fromStdString(m_message.text);
        if (all.indexOf(text, cut, Qt::CaseInsensitive) >= 0)
            showAll();
    }
    m_found.clear();
    m_current = current;
    const QStringList texts = shownTexts();
    for (qsizetype i = 0; i < texts.size() && !text.isEmpty(); ++i) {
        qsizetype at = texts[i].indexOf(text, 0, Qt::CaseInsensitive);
        for (; at >= 0; at = texts[i].indexOf(text, at + text.size(), Qt::CaseInsensitive))
            m_found.append({i, static_cast<int>(at)});
    }
    mark(texts);
    return static_cast<int>(m_found.size());
}

void MessageView::mark(const QStringList& texts)
{
    const QList<Range> tokens = m_tokens.empty()
        ? QList<Range>()
        : rangesOf(m_tokens, *m_routing, texts.join(QLatin1Char('\n')));
    int begin = 0;
    for (qsizetype i = 0; i < m_segments.size(); ++i) {
        const int end = begin + static_cast<int>(texts[i].size());
        auto* code = qobject_cast<CodeBlock*>(m_segments[i]);
        auto* text = code != nullptr ? nullptr : static_cast<MarkdownText*>(m_segments[i]);
        QTextDocument* document = code != nullptr ? code->lines().document() : text->document();
        Marks marks;
        addTokens(marks, document, tokens, begin, end);
        for (qsizetype k = 0; k < m_found.size(); ++k) {
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
