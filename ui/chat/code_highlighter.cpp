// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/code_highlighter.h"

#include "ui/shell/theme.h"

#include <QSet>
#include <QTextDocument>

namespace moe::chat {

namespace {

constexpr int kPlainState
    = -1; ///< else the character of the open triple quote, or '*' in a comment

const QSet<QString>& keywords()
{
    static const QSet<QString> kWords = [] {
        const QString words = QStringLiteral(
            "and as assert async await auto bool break case catch char class const constexpr "
            "continue def default del delete do double elif else enum except export extends extern "
            "false False final finally float fn for from func function global go goto if impl "
            "import in include int interface is lambda let long match mod mut namespace new None "
            "not null nullptr or override pass private protected pub public raise return self "
            "short signed sizeof static struct super switch template this throw trait true True "
            "try type typename union unsigned use using var virtual void while with yield "
            "SELECT FROM WHERE GROUP ORDER BY HAVING JOIN LEFT INNER ON AS AND OR NOT INSERT INTO "
            "VALUES UPDATE SET CREATE TABLE INDEX VIEW OVER PARTITION LIMIT DISTINCT CASE WHEN "
            "THEN ELSE END then fi done esac echo local");
        const QStringList list = words.split(QLatin1Char(' '));
        return QSet<QString>(list.begin(), list.end());
    }();
    return kWords;
}

QTextCharFormat coloured(const QColor& color)
{
    QTextCharFormat format;
    format.setForeground(color);
    return format;
}

bool isWord(QChar c)
{
    return c.isLetterOrNumber() || c == QLatin1Char('_');
}

} // namespace

CodeHighlighter::CodeHighlighter(QTextDocument* document)
    : QSyntaxHighlighter(document)
{
}

void CodeHighlighter::setLanguage(const QString& language)
{
    const QString name = language.toLower();
    if (name == m_language)
        return;
    m_language = name;
    static const QSet<QString> kHash{QStringLiteral("python"), QStringLiteral("py"),
        QStringLiteral("sh"), QStringLiteral("bash"), QStringLiteral("yaml"),
        QStringLiteral("toml"), QStringLiteral("cmake"), QStringLiteral("r"),
        QStringLiteral("ruby"), QStringLiteral("perl"), QStringLiteral("make")};
    static const QSet<QString> kPlain{QStringLiteral("text"), QStringLiteral("txt"),
        QStringLiteral("console"), QStringLiteral("output"), QStringLiteral("markdown")};
    m_dashes = name == QLatin1String("sql") || name == QLatin1String("lua")
        || name == QLatin1String("haskell");
    m_hash = kHash.contains(name) || name.isEmpty();
    m_slashes = !kHash.contains(name) && !m_dashes;
    m_plain = kPlain.contains(name);
    rehighlight();
}

/// One past the end of the string that `quote` at `from` opens; escapes count.
int CodeHighlighter::skipString(const QString& line, int from, QChar quote) const
{
    int at = from + 1;
    while (at < line.size() && line[at] != quote)
        at += line[at] == QLatin1Char('\\') ? 2 : 1;
    return std::min(at + 1, static_cast<int>(line.size()));
}

void CodeHighlighter::highlightBlock(const QString& line)
{
    setCurrentBlockState(kPlainState);
    if (m_plain)
        return;
    const shell::Theme& colours = shell::theme();
    const QTextCharFormat string = coloured(colours.series[2]), comment = coloured(colours.text3),
                          number = coloured(colours.series[0]), word = coloured(colours.series[3]);
    const int size = static_cast<int>(line.size());
    int at = 0;
    if (previousBlockState() > 0) { // inside a triple quote or a comment
        const QChar open(static_cast<char16_t>(previousBlockState()));
        const bool inComment = open == QLatin1Char('*');
        const QString end = inComment ? QStringLiteral("*/") : QString(3, open);
        const auto found = line.indexOf(end);
        at = found < 0 ? size : static_cast<int>(found + end.size());
        setFormat(0, at, inComment ? comment : string);
        if (found < 0)
            setCurrentBlockState(previousBlockState());
    }
    while (at < size) {
        const QChar c = line[at];
        const QStringView rest = QStringView(line).mid(at);
        if ((m_hash && c == QLatin1Char('#')) || (m_slashes && rest.startsWith(QLatin1String("//")))
            || (m_dashes && rest.startsWith(QLatin1String("--")))) {
            setFormat(at, size - at, comment);
            return;
        }
        if (m_slashes && rest.startsWith(QLatin1String("/*"))) {
            const auto end = line.indexOf(QLatin1String("*/"), at + 2);
            setFormat(at, (end < 0 ? size : static_cast<int>(end) + 2) - at, comment);
            if (end < 0) {
                setCurrentBlockState('*');
                return;
            }
            at = static_cast<int>(end) + 2;
        } else if (c == QLatin1Char('"') || c == QLatin1Char('\'')) {
            const QString triple(3, c);
            int end = 0;
            if (rest.startsWith(triple)) {
                const auto found = line.indexOf(triple, at + 3);
                end = found < 0 ? size : static_cast<int>(found) + 3;
                if (found < 0)
                    setCurrentBlockState(c.unicode());
            } else {
                end = skipString(line, at, c);
            }
            setFormat(at, end - at, string);
            at = end;
        } else if (isWord(c)) {
            int end = at;
            while (
                end < size && (isWord(line[end]) || (c.isDigit() && line[end] == QLatin1Char('.'))))
                ++end;
            if (c.isDigit())
                setFormat(at, end - at, number);
            else if (keywords().contains(line.mid(at, end - at)))
                setFormat(at, end - at, word);
            at = end;
        } else {
            ++at;
        }
    }
}

} // namespace moe::chat
