// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/list_numbers.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/token_marks.h"

#include <QScrollBar>
#include <QTemporaryDir>
#include <QTextBlock>
#include <QTextTable>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace moe;
using namespace moe::chat;

namespace {

/// Whether somebody opened a FIFO for reading while this stood; whoever waits for it goes on.
class Listener {
public:
    explicit Listener(const QString& path)
        : m_thread([this, file = path.toStdString()] {
            while (!m_done) {
                const int writer = open(file.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
                m_opened = m_opened || writer >= 0;
                if (writer >= 0)
                    close(writer);
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        })
    {
    }
    bool opened()
    {
        if (m_thread.joinable()) {
            m_done = true;
            m_thread.join();
        }
        return m_opened;
    }
    ~Listener() { opened(); }

private:
    std::atomic<bool> m_done{false}, m_opened{false};
    std::thread m_thread;
};

QString shownOf(MarkdownText& text)
{
    text.resize(400, std::max(100, text.heightFor(400)));
    return text.toPlainText();
}

} // namespace

/// How the texts of a message are shown.
class TestChatText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void tablesStandInLineWithTheText();
    void aQuickFirstTokenIsTimedInMilliseconds();
    void aPictureOnDiskIsNotShown_data();
    void aPictureOnDiskIsNotShown();
    void aPictureIsNotWaitedFor();
    void listsStartWhereTheyAreNumbered_data();
    void listsStartWhereTheyAreNumbered();
    void numbersGoOnBehindCode();
    void wideCodeStandsAboveItsScrollBar();
    void captionsAreThoseOfTheColumnsInView();
    void tokensAreFoundInWhatIsShown();
};

void TestChatText::aPictureOnDiskIsNotShown_data()
{
    QTest::addColumn<QString>("prefix");
    QTest::newRow("address") << QStringLiteral("file://");
    QTest::newRow("path") << QString();
}

void TestChatText::aPictureOnDiskIsNotShown()
{
    QFETCH(QString, prefix);
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("red.png"));
    QImage red(60, 60, QImage::Format_RGB32);
    red.fill(Qt::red);
    QVERIFY(red.save(file));
    MarkdownText text;
    text.setMarkdownSource(QStringLiteral("Look: ![a map](%1%2) there\n").arg(prefix, file), false);
    QCOMPARE(shownOf(text), QStringLiteral("Look: a map there"));
    text.document()->setHtml(QStringLiteral("<img src='%1%2'>").arg(prefix, file));
    for (const bool dressed : {false, true}) { // what may still ask for one gets nothing
        if (dressed)
            text.setMarkdownSource(QStringLiteral("![](%1%2)\n").arg(prefix, file), true);
        shownOf(text);
        const QImage shown = text.grab().toImage();
        for (int y = 0; y < shown.height(); ++y) {
            for (int x = 0; x < shown.width(); ++x)
                QVERIFY(shown.pixelColor(x, y) != QColor(Qt::red));
        }
    }
}

void TestChatText::aPictureIsNotWaitedFor()
{
    const QTemporaryDir folder;
    const QString pipe = folder.filePath(QStringLiteral("pipe.png"));
    QCOMPARE(mkfifo(pipe.toLocal8Bit().constData(), 0600), 0);
    Listener listener(pipe);
    MarkdownText text;
    text.setMarkdownSource(QStringLiteral("![x](file://%1) ![y](%1)\n").arg(pipe), false);
    QCOMPARE(shownOf(text), QStringLiteral("x y"));
    text.document()->setHtml(QStringLiteral("<img src='%1'>").arg(pipe));
    shownOf(text);
    text.grab();
    QVERIFY(!listener.opened());
}

void TestChatText::listsStartWhereTheyAreNumbered_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QList<int>>("starts");
    QTest::addColumn<QString>("shown");
    const auto row = [](const char* name, const char* source, const QList<int>& starts,
                         const char* shown) {
        QTest::newRow(name) << QString::fromUtf8(source) << starts << QString::fromUtf8(shown);
    };
    row("from one", "1. a\n2. b\n", {1}, "a\nb"); // the numbers are the list's own
    row("from three", "3. a\n4. b", {3}, "3. a\n4. b");
    row("brackets", "7) a\n8) b", {7}, "7) a\n8) b");
    row("two lists", "2. a\n\ntext\n\n5. b", {2, 5}, "2. a\ntext\n5. b");
    row("blank lines within", "2. a\n\n   more\n\n3. b", {2}, "2. a\nmore\n3. b");
    row("no list", "In\n1984. Not one", {}, "In 1984. Not one");
    row("bullets in it", "2. a\n   - x\n3. b", {2}, "2. a\nx\n3. b");
}

void TestChatText::listsStartWhereTheyAreNumbered()
{
    QFETCH(QString, source);
    QFETCH(QList<int>, starts);
    QFETCH(QString, shown);
    QCOMPARE(listStarts(source), starts);
    MarkdownText text;
    text.setMarkdownSource(source, false);
    QCOMPARE(shownOf(text), shown);
}

/// Each fence begins a text of its own.
void TestChatText::numbersGoOnBehindCode()
{
    chats::Conversation shown;
    chats::Message reply;
    reply.id = shown.leaf = 1;
    reply.role = chats::Role::Assistant;
    reply.text = "1. one\n   ```\n   x\n   ```\n2. two\n   ```\n   y\n   ```\n3. three\n4. four\n";
    shown.messages = {reply};
    ChatView view;
    view.setSources(&shown, [](int64_t) { return nullptr; });
    view.resize(700, 500);
    view.openConversation();
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
    QStringList texts;
    for (const MarkdownText* text : view.findChildren<MarkdownText*>())
        texts += text->toPlainText();
    QCOMPARE(texts,
        (QStringList{
            QStringLiteral("one"), QStringLiteral("2. two"), QStringLiteral("3. three\n4. four")}));
}

/// The first column stands in line with the text round it.
void TestChatText::tablesStandInLineWithTheText()
{
    MarkdownText text;
    text.resize(600, 400);
    text.setMarkdownSource(QStringLiteral("Text\n\n| one | two |\n|---|---|\n| 1 | 2 |\n"), false);
    int cells = 0;
    for (QTextBlock block = text.document()->begin(); block.isValid(); block = block.next()) {
        const QTextCursor at(block);
        const QTextTable* table = at.currentTable();
        if (table == nullptr || table->cellAt(at).column() > 0)
            continue;
        QCOMPARE(table->cellAt(at).format().toTableCellFormat().leftPadding(), 0.0);
        ++cells;
    }
    QCOMPARE(cells, 2);
}

void TestChatText::aQuickFirstTokenIsTimedInMilliseconds()
{
    chats::Message reply;
    reply.role = chats::Role::Assistant;
    reply.facts.tokens = 3;
    reply.facts.firstTokenSeconds = 0.0042;
    QVERIFY(factsText(reply, {}).contains(QStringLiteral("first token 4.2\u202Fms")));
    reply.facts.firstTokenSeconds = 0.42;
    QVERIFY(factsText(reply, {}).contains(QStringLiteral("first token 0.42\u202Fs")));
}

void TestChatText::wideCodeStandsAboveItsScrollBar()
{
    CodeBlock narrow, wide;
    const QString code = QStringLiteral("x = 1\ny = 2");
    narrow.setCode(code, {});
    wide.setCode(code, {});
    for (int i = 0; i < 100; ++i) // as it comes
        wide.setCode(wide.code() + QStringLiteral("\t22"), {});
    wide.setCode(wide.code() + QStringLiteral("\nz"), {});
    narrow.setCode(narrow.code() + QStringLiteral("\nz"), {});
    auto* lines = wide.findChild<QPlainTextEdit*>();
    QScrollBar* bar = lines->horizontalScrollBar();
    QCOMPARE(wide.heightFor(500), narrow.heightFor(500) + bar->sizeHint().height());
    wide.resize(500, wide.heightFor(500));
    wide.show();
    QVERIFY(QTest::qWaitForWindowExposed(&wide));
    QVERIFY(bar->isVisible());
    lines->moveCursor(QTextCursor::End);
    QVERIFY(lines->cursorRect().bottom() < lines->viewport()->height());
    wide.setCode(code, {}); // narrow again
    narrow.setCode(code, {});
    QCOMPARE(wide.heightFor(500), narrow.heightFor(500));
}

void TestChatText::captionsAreThoseOfTheColumnsInView()
{
    chats::ReplyRouting routing;
    routing.layers.push_back({0, 4, 1, 0});
    for (int token = 0; token < 600; ++token) {
        routing.ids.push_back(token);
        routing.texts.push_back(token < 300 ? "." : "WWW");
        routing.experts.push_back(static_cast<uint16_t>(token % 4));
        routing.weights.push_back(1);
    }
    StripCanvas canvas;
    canvas.setRouting(&routing);
    canvas.resize(400, canvas.sizeHint().height());
    canvas.show();
    QVERIFY(QTest::qWaitForWindowExposed(&canvas));
    auto* bar = canvas.findChild<QScrollBar*>();
    const auto ink = [&canvas] { // of the line of captions
        const QRect plot = canvas.columnRect(0);
        const QImage line = canvas.grab(QRect(30, plot.bottom() + 1, 360, 18)).toImage();
        int dark = 0;
        for (int y = 0; y < line.height(); ++y) {
            for (int x = 0; x < line.width(); ++x)
                dark += line.pixelColor(x, y).lightness() < 160 ? 1 : 0;
        }
        return dark;
    };
    bar->setValue(0);
    const int dots = ink();
    QVERIFY(dots > 0);
    bar->setValue(bar->maximum());
    QVERIFY2(ink() > 4 * dots, qPrintable(QStringLiteral("%1, %2").arg(ink()).arg(dots)));
}

void TestChatText::tokensAreFoundInWhatIsShown()
{
    chats::ReplyRouting routing;
    routing.texts = {"A ", "**", "bold", "**", " [li", "nk](http://a.b)", " `co", "de`", "\n\n",
        "- ", "专", "家", " end"};
    const QString shown = QStringLiteral("A bold link code\n专家 end");
    const auto found = [&](int64_t token) {
        const QList<Range> ranges = rangesOf({token}, routing, shown);
        return ranges.isEmpty() ? QString() : shown.mid(ranges[0].first, ranges[0].second);
    };
    const QStringList expected{QStringLiteral("A"), {}, QStringLiteral("bold"), {},
        QStringLiteral("li"), QStringLiteral("nk"), QStringLiteral("co"), QStringLiteral("de"), {},
        {}, QStringLiteral("专"), QStringLiteral("家"), QStringLiteral("end")};
    for (qsizetype token = 0; token < expected.size(); ++token)
        QCOMPARE(found(token), expected[token]);
    QVERIFY(rangesOf({99}, routing, shown).isEmpty());
}

QTEST_MAIN(TestChatText)
#include "test_chat_text.moc"
