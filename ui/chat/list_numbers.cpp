// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/list_numbers.h"

#include <QFontMetricsF>
#include <QRegularExpression>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextList>

#include <algorithm>

namespace moe::chat {

namespace {

/// The document's numbered lists, in order.
QList<QTextList*> numberedLists(const QTextDocument& document)
{
    QList<QTextList*> lists;
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        QTextList* list = block.textList();
        if (list != nullptr && list->format().style() == QTextListFormat::ListDecimal
            && !lists.contains(list))
            lists += list;
    }
    return lists;
}

void numberFrom(QTextList& list, int first)
{
    const QString suffix = list.format().numberSuffix();
    QList<QTextBlock> items;
    for (int i = 0; i < list.count(); ++i)
        items += list.item(i);
    int number = first;
    for (const QTextBlock& block : items) {
        block.textList()->remove(block); // it keeps its indentation; the list goes with the last
        const QString text
            = QString::number(number++) + (suffix.isEmpty() ? QStringLiteral(".") : suffix) + u' ';
        QTextCursor cursor(block);
        QTextBlockFormat format = block.blockFormat();
        format.setTextIndent(
            -QFontMetricsF(block.document()->defaultFont()).horizontalAdvance(text));
        cursor.setBlockFormat(format);
        cursor.insertText(text, QTextCharFormat());
    }
}

} // namespace

QList<int> listStarts(const QString& markdown)
{
    static const QRegularExpression item(QStringLiteral("^ {0,3}(\\d{1,9})[.)](\\s|$)")),
        ends(QStringLiteral("^([-*+] |#|\\||>)"));
    QList<int> starts;
    bool inList = false, inParagraph = false;
    for (const QString& line : markdown.split(u'\n')) {
        const QRegularExpressionMatch match = item.match(line);
        const int number = match.captured(1).toInt();
        if (match.hasMatch() && !inList && (!inParagraph || number == 1)) {
            starts += number;
            inList = true;
        } else if (!match.hasMatch() && inList) {
            const bool outside = !line.startsWith(u' ') && !line.trimmed().isEmpty();
            inList = !outside || (inParagraph && !ends.match(line).hasMatch());
        }
        inParagraph = !line.trimmed().isEmpty() && !line.startsWith(u'#');
    }
    return starts;
}

int numberLists(QTextDocument& document, const QString& markdown, int first)
{
    QList<int> starts = listStarts(markdown);
    if (first > 0 && !starts.isEmpty())
        starts[0] = first;
    QList<QTextList*> lists = numberedLists(document);
    int widest = 0;
    for (const QTextList* list : lists)
        widest = std::max(widest, list->count());
    lists.removeIf([](const QTextList* list) { return list->format().indent() != 1; }); // nested
    if (starts.size() != lists.size())
        return widest; // Qt reads it otherwise
    for (qsizetype i = 0; i < lists.size(); ++i) {
        widest = std::max(widest, starts[i] + lists[i]->count() - 1);
        if (starts[i] != 1)
            numberFrom(*lists[i], starts[i]);
    }
    return widest;
}

} // namespace moe::chat
