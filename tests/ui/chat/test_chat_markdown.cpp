// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "ui/chat/markdown_segments.h"
#include "ui/chat/markdown_text.h"

#include <QTextTable>

using namespace moe;
using namespace moe::chat;

/// Markdown is cut into segments and becomes text.
class TestChatMarkdown : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void cutsIntoSegments_data();
    void cutsIntoSegments();
    void longTextIsCutWhereNothingGoesOn();
    void markdownBecomesTablesListsAndCode();
    void picturesAndHtmlAreNotLoaded();
    void streamingShowsWhatSetAtOnceShows();
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
    const QString item = QStringLiteral("- ") + paragraph;
    QCOMPARE(segmentsOf(item.repeated(40)).size(), 1); // a list stays whole
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
    int tables = 0;
    for (const QTextFrame* frame : text.document()->rootFrame()->childFrames())
        tables += qobject_cast<const QTextTable*>(frame) != nullptr ? 1 : 0;
    QCOMPARE(tables, 1);
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

QTEST_MAIN(TestChatMarkdown)
#include "test_chat_markdown.moc"
