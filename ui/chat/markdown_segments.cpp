// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/markdown_segments.h"

#include <QRegularExpression>

namespace moe::chat {

namespace {

constexpr qsizetype kLongText = 1500; ///< characters from which a segment ends at a blank line

/// "```python": a fence opens with three or more of one character; its info string has no backtick.
struct Fence {
    QChar mark;
    qsizetype length = 0, indent = 0;
    QString language;
    explicit operator bool() const { return length >= 3; }
};

Fence fenceOf(QStringView line)
{
    Fence fence;
    while (fence.indent < line.size() && line[fence.indent] == QLatin1Char(' '))
        ++fence.indent;
    const QStringView rest = line.mid(fence.indent);
    if (rest.isEmpty() || (rest[0] != QLatin1Char('`') && rest[0] != QLatin1Char('~')))
        return {};
    fence.mark = rest[0];
    while (fence.length < rest.size() && rest[fence.length] == fence.mark)
        ++fence.length;
    const QStringView info = rest.mid(fence.length).trimmed();
    if (fence.mark == QLatin1Char('`') && info.contains(QLatin1Char('`')))
        return {};
    const qsizetype end = info.indexOf(QLatin1Char(' '));
    fence.language = (end < 0 ? info : info.left(end)).toString();
    return fence;
}

bool closes(const Fence& open, QStringView line)
{
    const Fence fence = fenceOf(line);
    return fence && fence.mark == open.mark && fence.length >= open.length
        && fence.language.isEmpty();
}

QStringView withoutIndent(QStringView line, qsizetype indent)
{
    qsizetype at = 0;
    while (at < indent && at < line.size() && line[at] == QLatin1Char(' '))
        ++at;
    return line.mid(at);
}

/// A line that may belong to what stands above the blank line before it.
bool goesOn(QStringView line)
{
    static const QRegularExpression item(QStringLiteral("^(\\s|[-*+>|]|\\d+[.)])"));
    return item.match(line.toString()).hasMatch();
}

class Cutter {
public:
    void take(QStringView line)
    {
        if (m_fence)
            takeCode(line);
        else if (const Fence fence = fenceOf(line))
            openCode(fence);
        else
            takeText(line);
    }
    QList<Segment> finish()
    {
        closeText();
        return std::move(m_segments);
    }

private:
    void takeCode(QStringView line)
    {
        if (closes(m_fence, line)) {
            m_fence = {};
            return;
        }
        QString& code = m_segments.last().text;
        if (!std::exchange(m_firstLine, false))
            code += QLatin1Char('\n');
        code += withoutIndent(line, m_fence.indent);
    }
    void openCode(const Fence& fence)
    {
        closeText();
        m_fence = fence;
        m_firstLine = true;
        m_segments.append({Segment::Kind::Code, {}, fence.language});
    }
    void takeText(QStringView line)
    {
        const bool blank = line.trimmed().isEmpty();
        if (m_afterBlank && !blank && m_text.size() > kLongText && !goesOn(line))
            closeText();
        m_afterBlank = blank;
        m_text += line;
        m_text += QLatin1Char('\n');
    }
    void closeText()
    {
        while (m_text.endsWith(QLatin1Char('\n')))
            m_text.chop(1);
        if (!m_text.trimmed().isEmpty())
            m_segments.append({Segment::Kind::Text, m_text, {}});
        m_text.clear();
        m_afterBlank = false;
    }

    QList<Segment> m_segments;
    QString m_text;
    Fence m_fence;
    bool m_firstLine = false, m_afterBlank = false;
};

} // namespace

QList<Segment> segmentsOf(const QString& markdown)
{
    Cutter cutter;
    for (const QStringView line : QStringView(markdown).split(QLatin1Char('\n')))
        cutter.take(line.endsWith(QLatin1Char('\r')) ? line.chopped(1) : line);
    return cutter.finish();
}

} // namespace moe::chat
