// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "ui/chat/markdown_segments.h"
#include "ui/chat/markdown_text.h"

#include <QAbstractTextDocumentLayout>
#include <QImage>
#include <QPainter>
#include <QTextBlock>
#include <QTextTable>

#include <cmath>

using namespace moe;
using namespace moe::chat;

namespace {

/// A list of `items`, each a line or two, some with a list of their own.
QString listOf(int items, const char* mark)
{
    QString list;
    for (int i = 1; i <= items; ++i) {
        list += QString::fromLatin1(mark).replace(QLatin1String("%1"), QString::number(i));
        list
            += QStringLiteral("Item%1 says that the router sends **each token** to `two` experts, ")
                   .arg(i);
        list += i % 3 == 0 ? QStringLiteral("which weigh what they give by its gate, softly.\n")
                           : QStringLiteral("no more.\n");
        if (i % 7 == 0)
            list += QStringLiteral("    - one of them\n    - and another\n");
    }
    return list;
}

/// Where "Item…" of each item begins, below the first of them.
std::vector<QPoint> placesOf(const QList<MarkdownText*>& texts, const QWidget& in)
{
    std::vector<QPoint> places;
    for (MarkdownText* text : texts) {
        QTextCursor cursor(text->document());
        while (!(cursor = text->document()->find(QStringLiteral("Item"), cursor)).isNull()) {
            QTextCursor begin = cursor;
            begin.setPosition(cursor.selectionStart());
            const QPoint at = text->cursorRect(begin).topLeft();
            places.push_back(text->viewport()->mapTo(&in, at));
        }
    }
    for (size_t i = places.size(); i-- > 0;)
        places[i].ry() -= places[0].y();
    return places;
}

} // namespace

/// Markdown is cut into segments and becomes text.
class TestChatMarkdown : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void cutsIntoSegments_data();
    void cutsIntoSegments();
    void longTextIsCutWhereNothingGoesOn();
    void longListsAreCutBetweenItems_data();
    void longListsAreCutBetweenItems();
    void whatIsAppendedChangesTheLastSegmentsAlone_data();
    void whatIsAppendedChangesTheLastSegmentsAlone();
    void theCutOfAListDoesNotShow_data();
    void theCutOfAListDoesNotShow();
    void markdownBecomesTablesListsAndCode();
    void picturesAndHtmlAreNotLoaded();
    void streamingShowsWhatSetAtOnceShows();
    void aLongTableIsConvertedNowAndThen();
    void numbersHaveRoom_data();
    void numbersHaveRoom();
};

void TestChatMarkdown::cutsIntoSegments_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QStringList>("expected"); // "T:text", "C(language):code"
    const auto row = [](const char* name, const char* source, const QStringList& expected) {
        QTest::newRow(name) << QString::fromUtf8(source) << expected;
    };
    const auto s = [](const char* text) {
        return QString::fromUtf8(text);
    };
    row("nothing", "", {});
    row("text", "a\n\nb", {s("T:a\n\nb")});
    row("code", "a\n```py\nx = 1\n\ny\n```\nb", {s("T:a"), s("C(py):x = 1\n\ny"), s("T:b")});
    row("still open", "```\nx", {s("C():x")});
    row("empty so far", "```py", {s("C(py):")});
    row("four hold three", "````\n```\n````", {s("C():```")});
    row("tildes", "~~~ c++ title\nx\n~~~", {s("C(c++):x")});
    row("in a list", "- a\n   ```\n   x\n     y\n   ```", {s("T:- a"), s("C():x\n  y")});
    row("inline ticks", "```a``` b", {s("T:```a``` b")});
    row("line ends of others", "a\r\n```\r\nx\r\n```\r\n", {s("T:a"), s("C():x")});
}

void TestChatMarkdown::cutsIntoSegments()
{
    QFETCH(QString, source);
    QFETCH(QStringList, expected);
    QStringList got;
    for (const Segment& segment : segmentsOf(source))
        got += (segment.kind == Segment::Kind::Text
                       ? QStringLiteral("T:")
                       : QStringLiteral("C(%1):").arg(segment.language))
            + segment.text;
    QCOMPARE(got, expected);
}

void TestChatMarkdown::longTextIsCutWhereNothingGoesOn()
{
    const QString paragraph = QString(400, QLatin1Char('x')) + QStringLiteral("\n\n");
    QVERIFY(segmentsOf(paragraph.repeated(40)).size() > 5);
    const QString row = QStringLiteral("| ") + QString(400, u'x') + QStringLiteral(" | y |\n");
    QCOMPARE(segmentsOf(QStringLiteral("| a | b |\n|---|---|\n") + row.repeated(40)).size(),
        1); // a table stays whole
    QString joined; // nothing is lost, and what was cut does not move when more comes
    QList<Segment> before;
    for (int i = 0; i < 40; ++i) {
        joined += paragraph;
        const QList<Segment> now = segmentsOf(joined);
        for (qsizetype k = 0; k + 1 < before.size(); ++k)
            QCOMPARE(now[k], before[k]);
        before = now;
    }
}

void TestChatMarkdown::markdownBecomesTablesListsAndCode()
{
    MarkdownText text;
    text.resize(600, 400);
    text.setMarkdownSource(QStringLiteral("# Title\n\n**bold** and `code`\n\n1. one\n2. two\n\n| a "
                                          "| b |\n|---|---|\n| 1 | 2 |\n"),
        false);
    const QString plain = text.toPlainText();
    QVERIFY2(!plain.contains(QLatin1String("**")) && !plain.contains(QLatin1Char('`')),
        qPrintable(plain));
    QList<const QTextTable*> tables;
    for (const QTextFrame* frame : text.document()->rootFrame()->childFrames()) {
        if (const auto* table = qobject_cast<const QTextTable*>(frame))
            tables += table;
    }
    QCOMPARE(tables.size(), 1);
    QCOMPARE(tables[0]->format().border(), 0.0); // lines below its rows instead
    const QTextTableCellFormat cell = tables[0]->cellAt(1, 1).format().toTableCellFormat();
    QCOMPARE(cell.bottomBorder(), 1.0);
    QVERIFY(text.heightFor(600) > text.heightFor(1200) - 1);
    QVERIFY(text.heightFor(600) > 100);
}

void TestChatMarkdown::picturesAndHtmlAreNotLoaded()
{
    MarkdownText text;
    text.setMarkdownSource(
        QStringLiteral("![x](file:///etc/hostname) <img src='file:///etc/passwd'>"), false);
    QCOMPARE(text.toPlainText(), QStringLiteral("x <img src='file:///etc/passwd'>"));
    QVERIFY(text.loadResource( // for nothing the document would look itself
                    QTextDocument::ImageResource, QUrl(QStringLiteral("file:///etc/hostname")))
                .isValid());
}

void TestChatMarkdown::streamingShowsWhatSetAtOnceShows()
{
    MarkdownText streamed, whole;
    const QString textPart = QStringLiteral("One **two**\nthree `four`\n\n- five\n- six\n\nend");
    for (qsizetype length = 1; length <= textPart.size(); ++length) {
        streamed.setMarkdownSource(textPart.left(length), true);
        QVERIFY(!streamed.toPlainText().isEmpty());
    }
    QVERIFY(streamed.toPlainText().endsWith(QLatin1String("end")));
    streamed.setMarkdownSource(textPart, false);
    whole.setMarkdownSource(textPart, false);
    QCOMPARE(streamed.toPlainText(), whole.toPlainText());
    QCOMPARE(streamed.heightFor(500), whole.heightFor(500));
}

void TestChatMarkdown::longListsAreCutBetweenItems_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QList<int>>("numbers"); // of the segments that go on; empty: it stays whole
    const auto row = [](const char* name, const QString& source, const QList<int>& numbers) {
        QTest::newRow(name) << source << numbers;
    };
    const QString filler(1499, u'x'); // with its mark and its line's end 1,502 of a bullet
    const auto items = [&filler](const QStringList& marks) {
        QString list;
        for (const QString& mark : marks)
            list += mark + filler + u'\n';
        return list;
    };
    const QString bullet = QStringLiteral("- "), one = QStringLiteral("1. ");
    row("bullets", items(QStringList(7, bullet)), {0, 0, 0});
    row("bullets with blank lines", items(QStringList(7, QStringLiteral("\n- "))), {0, 0, 0});
    row("numbered",
        items({one, QStringLiteral("2. "), QStringLiteral("3. "), QStringLiteral("4. "),
            QStringLiteral("5. ")}),
        {3, 5});
    row("all are one", items(QStringList(7, one)), {3, 5, 7});
    row("from nine",
        items(QStringList{QStringLiteral("9) ")} + QStringList(6, QStringLiteral("1) "))),
        {11, 13, 15});
    row("no item", items({bullet, bullet, QStringLiteral("-"), QStringLiteral("-x")}), {});
    row("within an item",
        items({bullet, QStringLiteral("  - "), QStringLiteral("  - "), QStringLiteral("  - "),
            QStringLiteral("  - ")}),
        {});
    row("another kind of list", items({bullet, bullet, one, one}), {2});
    row("a paragraph between", items({one, one}) + QStringLiteral("\ntext\n\n2. x\n2. y"), {});
    row("a paragraph with a number",
        items({QStringLiteral("In "), QStringLiteral("1984. "), QStringLiteral("In "),
            QStringLiteral("1985. ")}),
        {});
    row("behind a heading",
        QStringLiteral("# x\n") + items({QStringLiteral("3. "), one, one, one, one}), {5, 7});
}

void TestChatMarkdown::longListsAreCutBetweenItems()
{
    QFETCH(QString, source);
    QFETCH(QList<int>, numbers);
    const QList<Segment> segments = segmentsOf(source);
    QList<int> got;
    QString joined;
    for (const Segment& segment : segments) {
        if (segment.goesOn)
            got += segment.number;
        joined += segment.text;
    }
    QCOMPARE(got, numbers);
    const auto plain = [](QString text) {
        return text.remove(u'\n');
    };
    QCOMPARE(plain(joined), plain(source)); // nothing is lost
}

void TestChatMarkdown::whatIsAppendedChangesTheLastSegmentsAlone_data()
{
    QTest::addColumn<QString>("source");
    QTest::newRow("bullets") << listOf(150, "- ");
    QTest::newRow("numbered") << listOf(150, "%1. ");
    QTest::newRow("rules and words")
        << (listOf(60, "* ") + QStringLiteral("* * *\n-- no\n*no*\n12 apples\n12. May\n"))
               .repeated(3);
}

void TestChatMarkdown::whatIsAppendedChangesTheLastSegmentsAlone()
{
    QFETCH(QString, source);
    QList<Segment> before;
    for (qsizetype length = 0; length <= source.size(); ++length) {
        const QList<Segment> now = segmentsOf(source.left(length));
        for (qsizetype i = 0; i + 1 < before.size(); ++i)
            QVERIFY2(now[i] == before[i], qPrintable(source.left(length).right(60)));
        before = now;
    }
    QVERIFY(before.size() > 2);
}

void TestChatMarkdown::theCutOfAListDoesNotShow_data()
{
    QTest::addColumn<QString>("source");
    QTest::newRow("bullets") << listOf(100, "- ");
    QTest::newRow("bullets with blank lines") << listOf(100, "\n- ");
    QString nested = listOf(100, "- ");
    for (int i = 1; i <= 12; ++i)
        nested += QStringLiteral("    %1. of them\n").arg(i);
    QTest::newRow("bullets with numbers in the last") << nested;
    QTest::newRow("numbered") << listOf(100, "%1. ");
    QTest::newRow("all are one") << listOf(100, "1. ");
}

/// Items stand where they stand when the list is one text.
void TestChatMarkdown::theCutOfAListDoesNotShow()
{
    QFETCH(QString, source);
    chats::Message reply;
    reply.role = chats::Role::Assistant;
    reply.text = source.toStdString();
    QWidget window;
    window.resize(700, 6000);
    MessageView message(1, &window);
    message.setMessage(reply, {});
    message.resize(700, message.layOut(700));
    MarkdownText whole(&window);
    whole.setMarkdownSource(source, false);
    whole.resize(700, whole.heightFor(700));
    window.show();
    const QList<MarkdownText*> pieces = message.findChildren<MarkdownText*>();
    QVERIFY(pieces.size() > 1);
    const std::vector<QPoint> cut = placesOf(pieces, window), one = placesOf({&whole}, window);
    QCOMPARE(cut.size(), size_t{100});
    QCOMPARE(one.size(), size_t{100});
    for (size_t i = 0; i < one.size(); ++i) {
        const QPoint off = cut[i] - one[i];
        QVERIFY2(std::abs(off.x()) <= 1 && std::abs(off.y()) < pieces.size(), // a pixel is whole
            qPrintable(
                QStringLiteral("item %1 is off by %2, %3").arg(i + 1).arg(off.x()).arg(off.y())));
    }
    const QString name = QString::fromLatin1(QTest::currentDataTag()).replace(u' ', u'-');
    savePicture(message, QStringLiteral("chat-list-%1-cut.png").arg(name));
    savePicture(whole, QStringLiteral("chat-list-%1-whole.png").arg(name));
}

void TestChatMarkdown::aLongTableIsConvertedNowAndThen()
{
    const QString head = QStringLiteral("| layer | experts |\n|---|---|\n"),
                  row = QStringLiteral("| 7 | **two** of 16 |\n");
    MarkdownText text;
    text.heightFor(500);
    const QString shown = head + row.repeated(1000);
    text.setMarkdownSource(shown, true);
    QVERIFY(text.toPlainText().trimmed().endsWith(QLatin1String("two of 16"))); // all of it
    text.setMarkdownSource(shown + row, true);
    QVERIFY(text.toPlainText().trimmed().endsWith(row.trimmed())); // as it was written
    text.setMarkdownSource(shown + row + row, true);
    QVERIFY(text.toPlainText().trimmed().endsWith(row + row.trimmed()));
    text.setMarkdownSource(shown + row + row, false);
    MarkdownText whole;
    whole.setMarkdownSource(shown + row + row, false);
    QCOMPARE(text.toPlainText(), whole.toPlainText());
    QCOMPARE(text.heightFor(500), whole.heightFor(500));
}

void TestChatMarkdown::numbersHaveRoom_data()
{
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("widest");
    QTest::newRow("one digit") << 8 << 0;
    QTest::newRow("two") << 88 << 0;
    QTest::newRow("five") << 88888 << 0;
    QTest::newRow("from one, Qt's own numbers") << 1 << 0;
    QTest::newRow("beside wider ones") << 1 << 1234;
}

/// No number is cut at the left, and one that others stand below leaves room for these.
void TestChatMarkdown::numbersHaveRoom()
{
    QFETCH(int, first);
    QFETCH(int, widest);
    QString source;
    for (int i = 0; i < (first == 1 ? 120 : 2); ++i)
        source += QStringLiteral("%1. x\n").arg(first + i);
    MarkdownText text;
    text.setMarkdownSource(source, false, first == 1 ? 0 : first);
    text.leaveRoomFor(widest);
    const double indent = text.document()->indentWidth();
    QImage picture(400, text.heightFor(400), QImage::Format_RGB32);
    picture.fill(Qt::white);
    QPainter painter(&picture);
    text.document()->drawContents(&painter);
    const auto ink = [&](int from, int to) {
        for (int x = from; x < to; ++x) {
            for (int y = 0; y < picture.height(); ++y) {
                if (picture.pixelColor(x, y).lightness() < 200)
                    return true;
            }
        }
        return false;
    };
    QVERIFY(ink(1, static_cast<int>(indent)));
    QVERIFY2(!ink(0, 1), "a number begins at the edge");
    MarkdownText wide;
    wide.setMarkdownSource(QStringLiteral("1. x"), false);
    wide.leaveRoomFor(std::max(widest, first));
    QVERIFY(indent >= wide.document()->indentWidth());
}

QTEST_MAIN(TestChatMarkdown)
#include "test_chat_markdown.moc"
