// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/markdown_text.h"

#include "ui/chat/list_numbers.h"
#include "ui/shell/theme.h"

#include <QContextMenuEvent>
#include <QDesktopServices>
#include <QFontDatabase>
#include <QImage>
#include <QMenu>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextFrame>
#include <QTextList>
#include <QTextTable>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace moe::chat {

using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

constexpr int kLatinLine = 106, kChineseLine = 122; ///< percent of the font's own line height
constexpr int kIndent = 20; ///< px of a list, where its numbers need no more

/// Converting that takes longer, in ms, is done again after so many times as long, but within
/// kLongestWait.
constexpr qint64 kCheap = 2, kPause = 100, kLongestWait = 3000;

bool hasChinese(const QString& text)
{
    return std::ranges::any_of(
        text, [](QChar c) { return c.unicode() >= 0x2E80 && c.unicode() < 0xFB00; });
}

void dressTable(QTextTable& table)
{
    QTextTableFormat format = table.format();
    format.setBorderCollapse(true);
    format.setBorder(0);
    format.setCellPadding(px(5));
    format.setCellSpacing(0);
    format.setTopMargin(px(2));
    format.setBottomMargin(px(10));
    table.setFormat(format);
    for (int row = 0; row < table.rows(); ++row) {
        for (int column = 0; column < table.columns(); ++column) {
            QTextTableCell cell = table.cellAt(row, column);
            QTextTableCellFormat look = cell.format().toTableCellFormat();
            look.setBottomBorderStyle(QTextFrameFormat::BorderStyle_Solid);
            look.setBottomBorder(1);
            look.setBottomBorderBrush(theme().line);
            look.setRightPadding(px(14));
            if (column == 0)
                look.setLeftPadding(0); // in line with the text round it
            cell.setFormat(look);
        }
    }
}

void dressBlock(const QTextBlock& block, int lineHeight)
{
    QTextCursor cursor(block);
    QTextBlockFormat format = block.blockFormat();
    format.setLineHeight(lineHeight, QTextBlockFormat::ProportionalHeight);
    const bool inTable = cursor.currentTable() != nullptr;
    const bool inList = block.textList() != nullptr || format.indent() > 0;
    const int heading = format.headingLevel();
    format.setTopMargin(heading > 0 && block.position() > 0 ? px(8) : 0);
    format.setBottomMargin(inTable ? 0 : px(inList ? 4 : 8));
    cursor.setBlockFormat(format);
    if (heading > 0) {
        QTextCharFormat letters;
        letters.setFont(shell::font(heading <= 2 ? TextRole::Section : TextRole::Chat, true));
        letters.setProperty(QTextFormat::FontSizeAdjustment, 0);
        cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
        cursor.mergeCharFormat(letters);
    }
}

/// Inline code: fixed pitch on a ground of its own.
void dressCode(const QTextBlock& block)
{
    QTextCharFormat look;
    look.setFontFamilies({QFontDatabase::systemFont(QFontDatabase::FixedFont).family()});
    look.setBackground(theme().hover);
    look.setProperty(QTextFormat::FontSizeAdjustment, 0);
    const QFont body = shell::font(TextRole::Body);
    if (body.pixelSize() > 0)
        look.setProperty(QTextFormat::FontPixelSize, body.pixelSize());
    else
        look.setFontPointSize(body.pointSizeF());
    std::vector<std::pair<int, int>> spans;
    for (auto it = block.begin(); !it.atEnd(); ++it) {
        const QTextFragment fragment = it.fragment();
        if (fragment.charFormat().fontFixedPitch())
            spans.emplace_back(fragment.position(), fragment.length());
    }
    for (const auto& [position, length] : spans) {
        QTextCursor cursor(block);
        cursor.setPosition(position);
        cursor.setPosition(position + length, QTextCursor::KeepAnchor);
        cursor.mergeCharFormat(look);
    }
}

/// A picture becomes a link that says what it shows.
void dressPictures(const QTextBlock& block)
{
    std::vector<QTextFragment> pictures;
    for (auto it = block.begin(); !it.atEnd(); ++it) {
        if (it.fragment().charFormat().isImageFormat())
            pictures.push_back(it.fragment());
    }
    for (auto picture = pictures.rbegin(); picture != pictures.rend(); ++picture) {
        const QTextImageFormat image = picture->charFormat().toImageFormat();
        const QString alt = image.property(QTextFormat::ImageAltText).toString();
        QTextCharFormat link;
        link.setAnchor(true);
        link.setAnchorHref(image.name());
        link.setForeground(theme().accent);
        QTextCursor cursor(block);
        cursor.setPosition(picture->position());
        cursor.setPosition(picture->position() + picture->length(), QTextCursor::KeepAnchor);
        cursor.insertText(alt.isEmpty() ? image.name() : alt, link);
    }
}

void dressFrame(QTextFrame& frame)
{
    for (QTextFrame* child : frame.childFrames()) {
        if (auto* table = qobject_cast<QTextTable*>(child))
            dressTable(*table);
        dressFrame(*child);
    }
}

} // namespace

MarkdownText::MarkdownText(QWidget* parent)
    : QTextBrowser(parent)
{
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setOpenLinks(false);
    setUndoRedoEnabled(false);
    setFocusPolicy(Qt::ClickFocus); // the message is what Tab reaches
    viewport()->setAutoFillBackground(false);
    setAutoFillBackground(false);
    document()->setDocumentMargin(0);
    document()->setIndentWidth(px(kIndent));
    document()->setDefaultFont(shell::font(TextRole::Chat));
    connect(this, &QTextBrowser::anchorClicked, this, [](const QUrl& url) {
        if (url.scheme() == QLatin1String("https") || url.scheme() == QLatin1String("http"))
            QDesktopServices::openUrl(url);
    });
}

void MarkdownText::setMarkdownSource(const QString& source, bool live, int firstNumber)
{
    m_firstNumber = firstNumber;
    if (source == m_source && (live || m_tail.isEmpty()) && !m_plain)
        return;
    const bool wasMarkdown = !std::exchange(m_plain, false);
    m_source = source;
    const qsizetype whole = live ? source.lastIndexOf(QLatin1Char('\n')) + 1 : source.size();
    const QString converted = source.left(whole);
    const bool wholeLines = m_converted.isEmpty() || m_converted.endsWith(QLatin1Char('\n'));
    const bool goesOn = live && wasMarkdown && wholeLines && converted.startsWith(m_converted);
    if (!goesOn || (converted != m_converted && isDue())) {
        m_converted = converted;
        convert();
    }
    showTail(source.mid(m_converted.size()));
}

void MarkdownText::setPlainSource(const QString& text)
{
    if (m_plain && text == m_source)
        return;
    m_plain = true;
    m_source = text;
    m_tail.clear();
    setPlainText(text);
    dress();
}

bool MarkdownText::isDue() const
{
    return m_cost <= kCheap || m_sinceConverted.hasExpired(std::min(kPause * m_cost, kLongestWait));
}

void MarkdownText::convert()
{
    m_sinceConverted.start();
    m_tail.clear();
    QTextCursor edit(document()); // else a table is laid out anew with each of its cells
    edit.beginEditBlock();
    document()->setMarkdown(m_converted,
        QTextDocument::MarkdownFeatures(QTextDocument::MarkdownDialectGitHub)
            | QTextDocument::MarkdownNoHTML);
    edit.endEditBlock(); // the document knows its tables from here on
    dress();
    m_cost = m_sinceConverted.elapsed();
}

void MarkdownText::dress()
{
    const int lineHeight = hasChinese(m_source) ? kChineseLine : kLatinLine;
    QTextCursor edit(document());
    edit.beginEditBlock();
    dressFrame(*document()->rootFrame());
    if (!m_plain)
        m_widest = numberLists(*document(), m_converted, m_firstNumber);
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        dressBlock(block, lineHeight);
        if (m_plain)
            continue;
        dressPictures(block);
        dressCode(block);
    }
    QTextCursor last(document()->lastBlock()); // nothing hangs below the text
    QTextBlockFormat format = last.blockFormat();
    format.setBottomMargin(0);
    last.setBlockFormat(format);
    edit.endEditBlock();
    indentLists();
}

void MarkdownText::leaveRoomFor(int number)
{
    if (std::exchange(m_room, number) != number)
        indentLists();
}

void MarkdownText::indentLists()
{
    const auto digits = QString::number(std::max(m_widest, m_room)).size();
    const QFontMetricsF metrics(document()->defaultFont());
    const QString number = QString(digits, QLatin1Char('9')) + QLatin1String(". ");
    const double room = std::max<double>(px(kIndent), std::ceil(metrics.horizontalAdvance(number)));
    if (document()->indentWidth() != room)
        document()->setIndentWidth(room);
}

void MarkdownText::showTail(const QString& tail)
{
    if (tail == m_tail)
        return;
    if (!tail.startsWith(m_tail)) { // never while text is only appended
        convert();
    }
    QTextCursor cursor(document());
    cursor.movePosition(QTextCursor::End);
    if (m_tail.isEmpty() && !m_converted.isEmpty()) {
        QTextBlockFormat format;
        format.setLineHeight(
            hasChinese(tail) ? kChineseLine : kLatinLine, QTextBlockFormat::ProportionalHeight);
        format.setTopMargin(px(8));
        cursor.insertBlock(format, QTextCharFormat());
    }
    cursor.insertText(tail.mid(m_tail.size()), QTextCharFormat());
    m_tail = tail;
}

int MarkdownText::heightFor(int width)
{
    resize(width, height()); // else a hidden one goes back to the width it had while it is measured
    if (document()->textWidth() != width) // lays all of it out again, also at the width it has
        document()->setTextWidth(width);
    return static_cast<int>(std::ceil(document()->size().height()));
}

void MarkdownText::restyle()
{
    document()->setDefaultFont(shell::font(TextRole::Chat));
    if (m_plain) {
        dress();
        return;
    }
    const QString tail = m_tail;
    convert();
    showTail(tail);
}

QVariant MarkdownText::loadResource(int, const QUrl&)
{
    // A reply makes this window read no file and ask no server. Not nothing: for that the document
    // looks itself.
    static const QImage nothing = [] {
        QImage image(1, 1, QImage::Format_ARGB32);
        image.fill(Qt::transparent);
        return image;
    }();
    return nothing;
}

void MarkdownText::focusInEvent(QFocusEvent* event)
{
    QTextBrowser::focusInEvent(event);
    const bool forward = event->reason() == Qt::TabFocusReason;
    if (forward || event->reason() == Qt::BacktabFocusReason)
        QTextBrowser::focusNextPrevChild(forward);
}

void MarkdownText::wheelEvent(QWheelEvent* event)
{
    event->ignore(); // the transcript scrolls
}

void MarkdownText::contextMenuEvent(QContextMenuEvent* event)
{
    if (!textCursor().hasSelection()) {
        event->ignore(); // the message's own menu
        return;
    }
    QMenu menu(this);
    connect(menu.addAction(tr("Copy")), &QAction::triggered, this, &QTextEdit::copy);
    connect(menu.addAction(tr("Select all")), &QAction::triggered, this, &QTextEdit::selectAll);
    menu.exec(event->globalPos());
}

} // namespace moe::chat
