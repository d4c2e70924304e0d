// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/token_marks.h"

#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/message_view.h"
#include "ui/shell/theme.h"

#include <algorithm>

namespace moe::chat {

namespace {

constexpr qsizetype kMostMarkup = 200; ///< characters in a row that are written and not shown

/// Where each character of `source` stands in `shown`, −1: nowhere.
std::vector<int> placesOf(const QString& source, const QString& shown)
{
    std::vector<int> places(static_cast<size_t>(source.size()), -1);
    qsizetype from = 0;
    for (int at = 0; at < shown.size(); ++at) {
        if (shown[at].isSpace())
            continue; // lines break elsewhere
        const qsizetype found = source.indexOf(shown[at], from);
        if (found < 0 || found > from + kMostMarkup)
            continue; // shown though not written
        places[static_cast<size_t>(found)] = at;
        from = found + 1;
    }
    return places;
}

template <class Edit> void markIn(Edit& edit, const QList<Range>& ranges, int begin, int end)
{
    QList<QTextEdit::ExtraSelection> marks;
    for (const auto& [at, length] : ranges) {
        const int from = std::max(at, begin), to = std::min(at + length, end);
        if (from >= to)
            continue;
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(edit.document());
        mark.cursor.setPosition(from - begin);
        mark.cursor.setPosition(to - begin, QTextCursor::KeepAnchor);
        const shell::Theme& theme = shell::theme();
        mark.format.setBackground(shell::Theme::blend(theme.series[1], theme.base, 0.35));
        marks += mark;
    }
    edit.setExtraSelections(marks);
}

} // namespace

QList<Range> rangesOf(
    const std::vector<int64_t>& tokens, const chats::ReplyRouting& routing, const QString& shown)
{
    QString source;
    std::vector<qsizetype> begins; // of the tokens, and the end
    for (const std::string& text : routing.texts) {
        begins.push_back(source.size());
        source += QString::fromStdString(text);
    }
    begins.push_back(source.size());
    const std::vector<int> places = placesOf(source, shown);
    QList<Range> ranges;
    for (const int64_t token : tokens) {
        const auto at = static_cast<size_t>(token);
        if (token < 0 || at + 1 >= begins.size())
            continue;
        int first = -1, last = -1;
        for (auto i = static_cast<size_t>(begins[at]); i < static_cast<size_t>(begins[at + 1]);
             ++i) {
            if (places[i] < 0)
                continue;
            first = first < 0 ? places[i] : first;
            last = places[i];
        }
        if (first >= 0)
            ranges += Range(first, last + 1 - first);
    }
    return ranges;
}

void MessageView::showLayer(int64_t layer)
{
    m_layer = layer;
    if (m_strip != nullptr)
        m_strip->showLayer(layer);
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
    std::vector<int64_t> tokens;
    for (size_t row = 0; m_mark && m_routing != nullptr && row < m_routing->layers.size(); ++row) {
        if (m_routing->layers[row].layer == m_mark->layer)
            tokens = m_routing->tokensOf(row, m_mark->expert);
    }
    if (m_strip != nullptr)
        m_strip->setMarked(tokens);
    QStringList texts;
    for (QWidget* segment : m_segments) {
        auto* code = qobject_cast<CodeBlock*>(segment);
        texts += code != nullptr ? code->lines().toPlainText()
                                 : static_cast<MarkdownText*>(segment)->toPlainText();
    }
    const QList<Range> ranges = tokens.empty()
        ? QList<Range>()
        : rangesOf(tokens, *m_routing, texts.join(QLatin1Char('\n')));
    int begin = 0;
    for (qsizetype i = 0; i < m_segments.size(); ++i) {
        const int end = begin + static_cast<int>(texts[i].size());
        if (auto* code = qobject_cast<CodeBlock*>(m_segments[i]))
            markIn(code->lines(), ranges, begin, end);
        else
            markIn(*static_cast<MarkdownText*>(m_segments[i]), ranges, begin, end);
        begin = end + 1;
    }
}

} // namespace moe::chat
