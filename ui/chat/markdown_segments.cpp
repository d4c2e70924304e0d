// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/markdown_segments.h"

#include <QRegularExpression>

namespace moe::chat {

namespace {

constexpr qsizetype kLongText = 1500; ///< characters from which a segment ends at a blank line
constexpr qsizetype kLongList = 2 * kLongText; ///< and between two items of a list
constexpr qsizetype kMostDigits = 9; ///< of an item's number

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

/// "- " or "12. " at the left edge.
struct Item {
    QChar mark; ///< '-', '*', '+', '.' or ')'
    int number = 0; ///< 0: a bullet
    bool whole = false; ///< what follows the mark is there: it stays an item whatever comes
    explicit operator bool() const { return !mark.isNull(); }
};

Item itemOf(QStringView line)
{
    qsizetype at = 0;
    while (at < line.size() && at < kMostDigits && line[at] >= u'0' && line[at] <= u'9')
        ++at;
    if (at == line.size() || !QStringView(at == 0 ? u"-*+" : u".)").contains(line[at]))
        return {};
    const bool whole = at + 1 < line.size();
    if (whole && !line[at + 1].isSpace())
        return {};
    return {line[at], line.left(at).toInt(), whole};
}

/// The list at the left edge that lines of a text belong to, and how many items it has so far.
class OuterList {
public:
    /// Whether the line begins another item of the list that the lines before it are in.
    bool take(QStringView line)
    {
        const bool blank = line.trimmed().isEmpty();
        const Item item = blank ? Item() : itemOf(line);
        const bool another = item && item.mark == m_mark;
        if (another)
            ++m_number;
        else if (item && !(m_paragraph && item.number > 1)) // "In\n1984. Not one"
            begin(item);
        else if (!blank && !line[0].isSpace() && (m_afterBlank || startsBlock(line)))
            m_mark = {};
        m_paragraph = !blank && m_mark.isNull() && !startsBlock(line);
        m_afterBlank = blank;
        return another && item.whole;
    }
    int number() const { return m_bullets ? 0 : m_number; } ///< of the item taken last

private:
    void begin(const Item& item)
    {
        m_mark = item.mark;
        m_number = item.number;
        m_bullets = item.mark != QLatin1Char('.') && item.mark != QLatin1Char(')');
    }
    static bool startsBlock(QStringView line)
    {
        return QStringView(u"#>|").contains(line[0]) || line.startsWith(QLatin1String("---"));
    }

    QChar m_mark; ///< null: the lines are in no list
    int m_number = 0;
    bool m_bullets = false, m_paragraph = false, m_afterBlank = false;
};

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
        if (m_list.take(line) && m_text.size() > kLongList) {
            const OuterList list = m_list;
            closeText();
            m_list = list;
            m_goesOn = true;
            m_number = list.number();
        }
        m_afterBlank = blank;
        m_text += line;
        m_text += QLatin1Char('\n');
    }
    void closeText()
    {
        while (m_text.endsWith(QLatin1Char('\n')))
            m_text.chop(1);
        if (!m_text.trimmed().isEmpty())
            m_segments.append({Segment::Kind::Text, m_text, {}, m_goesOn, m_number});
        m_text.clear();
        m_list = {};
        m_afterBlank = m_goesOn = false;
        m_number = 0;
    }

    QList<Segment> m_segments;
    QString m_text;
    Fence m_fence;
    OuterList m_list;
    bool m_firstLine = false, m_afterBlank = false, m_goesOn = false;
    int m_number = 0; ///< of the item that the text goes on with
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
