// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/shown_text.h"

#include "ui/chat/markdown_segments.h"

namespace moe::chat {

namespace {

bool isDigit(QChar c)
{
    return c >= QLatin1Char('0') && c <= QLatin1Char('9');
}

/// The length of "- ", "12. ", "### ", "> " or "[x] " at the beginning of a line, 0: none.
qsizetype markerOf(QStringView line)
{
    qsizetype at = 0;
    const auto ends = [&] {
        return at < line.size() && line[at] == QLatin1Char(' ') ? at + 1 : qsizetype{0};
    };
    if (line.isEmpty())
        return 0;
    if (line[0] == QLatin1Char('>'))
        return line.size() > 1 && line[1] == QLatin1Char(' ') ? 2 : 1;
    if (line.startsWith(QLatin1String("[ ] ")) || line.startsWith(QLatin1String("[x] ")))
        return 4;
    while (at < line.size() && at < 6 && line[at] == QLatin1Char('#'))
        ++at;
    if (at > 0)
        return ends();
    if (QStringView(u"-*+").contains(line[0])) {
        at = 1;
        return ends();
    }
    while (at < line.size() && isDigit(line[at]))
        ++at;
    if (at == 0 || at == line.size() || !QStringView(u".)").contains(line[at]))
        return 0;
    ++at;
    return ends();
}

/// "|---|:--:|", the line below a table's head.
bool isDelimiter(QStringView line)
{
    bool bar = false, dash = false;
    for (const QChar c : line) {
        bar = bar || c == QLatin1Char('|');
        dash = dash || c == QLatin1Char('-');
        if (!QStringView(u"|-: ").contains(c))
            return false;
    }
    return bar && dash;
}

/// Where "](address)" ends that begins at `at`, −1: there is none.
qsizetype endOfAddress(QStringView text, qsizetype at)
{
    if (!text.mid(at).startsWith(QLatin1String("](")))
        return -1;
    const qsizetype end = text.indexOf(QLatin1Char(')'), at);
    return end < 0 ? -1 : end + 1;
}

/// Without the marks of emphasis, code and links.
void appendInline(QString& shown, QStringView text)
{
    bool code = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i];
        if (c == QLatin1Char('`')) {
            code = !code;
            continue;
        }
        if (!code && c == QLatin1Char('\\') && i + 1 < text.size() && text[i + 1].isPunct()) {
            shown += text[++i];
            continue;
        }
        // "2 * 3" and "snake_case" keep theirs
        const bool before = i > 0 && text[i - 1].isLetterOrNumber(),
                   after = i + 1 < text.size() && text[i + 1].isLetterOrNumber(),
                   apart
            = (i == 0 || text[i - 1].isSpace()) && (i + 1 == text.size() || text[i + 1].isSpace());
        if (!code
            && ((c == QLatin1Char('*') && !apart)
                || (c == QLatin1Char('_') && !apart && !(before && after))))
            continue;
        if (!code && text.mid(i).startsWith(QLatin1String("~~"))) {
            ++i;
            continue;
        }
        if (!code && c == QLatin1Char('[') && text.indexOf(QLatin1String("]("), i) >= 0) {
            if (shown.endsWith(QLatin1Char('!')) && i > 0)
                shown.chop(1); // a picture is a link here
            continue;
        }
        if (const qsizetype end = code ? -1 : endOfAddress(text, i); end >= 0) {
            i = end - 1;
            continue;
        }
        shown += c;
    }
}

void appendText(QString& shown, const QString& markdown)
{
    bool paragraph = false; // a line that the next goes on with
    for (QStringView line : QStringView(markdown).split(QLatin1Char('\n'))) {
        line = line.trimmed();
        if (line.isEmpty() || isDelimiter(line)) {
            paragraph = false;
            continue;
        }
        const bool row = line.startsWith(QLatin1Char('|'));
        bool marked = false;
        for (qsizetype marker = markerOf(line); marker > 0 && !row; marker = markerOf(line)) {
            line = line.mid(marker).trimmed();
            marked = true;
        }
        if (!shown.isEmpty())
            shown += QLatin1Char(paragraph && !marked && !row ? ' ' : '\n');
        if (!row) {
            appendInline(shown, line);
        } else {
            for (const QStringView cell : line.split(QLatin1Char('|'), Qt::SkipEmptyParts)) {
                appendInline(shown, cell.trimmed());
                shown += QLatin1Char('\n');
            }
        }
        paragraph = !row;
    }
}

} // namespace

QString shownText(const QString& markdown)
{
    QString shown;
    shown.reserve(markdown.size());
    for (const Segment& segment : segmentsOf(markdown)) {
        if (segment.kind == Segment::Kind::Text)
            appendText(shown, segment.text);
        else
            shown += QLatin1Char('\n') + segment.text;
    }
    return shown;
}

int countIn(const QString& shown, const QString& text)
{
    int count = 0;
    for (qsizetype at = 0; !text.isEmpty(); at += text.size(), ++count) {
        at = shown.indexOf(text, at, Qt::CaseInsensitive);
        if (at < 0)
            break;
    }
    return count;
}

} // namespace moe::chat
