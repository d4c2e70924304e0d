// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_view.h"
#include "ui/chat/code_block.h"
#include "ui/chat/composer.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_segments.h"
#include "ui/chat/markdown_text.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QTextTable>
#include <QToolButton>

#include <cmath>

using namespace moe;
using namespace moe::chat;

namespace {

constexpr const char* kReply = "Sort by the left end, then walk **once** through the list:\n\n"
                               "```python\ndef merge(intervals):\n    \"\"\"Merge them.\"\"\"\n    "
                               "return sorted(intervals)[0:2]  # two\n```\n\n"
                               "- Time: `O(n log n)` for the sort\n- Memory: `O(n)`\n\n"
                               "| a | b |\n|---|---|\n| 专家 | 2 |\n";

chats::Message message(int64_t id, chats::Role role, const std::string& text)
{
    chats::Message made;
    made.id = id;
    made.parent = id - 1;
    made.role = role;
    made.text = text;
    made.created = chats::now();
    made.model = "tiny";
    return made;
}

chats::Conversation conversation(int messages, const std::string& reply = kReply)
{
    chats::Conversation made;
    made.info.id = 1;
    for (int i = 1; i <= messages; ++i)
        made.messages.push_back(i % 2 == 1
                ? message(i, chats::Role::User, "Question " + std::to_string(i))
                : message(i, chats::Role::Assistant, reply));
    made.leaf = messages;
    return made;
}

chats::ReplyRouting routing(int tokens)
{
    chats::ReplyRouting made;
    for (int layer = 0; layer < 6; ++layer)
        made.layers.push_back({layer, 16, 2, 2});
    for (int t = 0; t < tokens; ++t) {
        made.ids.push_back(t);
        made.texts.push_back(t % 7 == 0 ? "\n" : " tok");
        for (int layer = 0; layer < 6; ++layer) {
            for (int i = 0; i < 4; ++i) {
                made.experts.push_back(static_cast<uint16_t>((t * 5 + layer * 3 + i * 7) % 16));
                made.weights.push_back(i == 0 ? 0.6F : i == 1 ? 0.4F : 0.1F);
            }
        }
    }
    return made;
}

void save(QWidget& widget, const QString& name)
{
    const QString folder = QStringLiteral(MOE_BINARY_DIR "/screenshots");
    QDir().mkpath(folder);
    widget.grab().save(folder + QLatin1Char('/') + name);
}

} // namespace

class TestChatView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cutsIntoSegments_data();
    void cutsIntoSegments();
    void longTextIsCutWhereNothingGoesOn();
    void markdownBecomesTablesListsAndCode();
    void picturesAndHtmlAreNotLoaded();
    void streamingShowsWhatSetAtOnceShows();
    void codeIsCopied();
    void onlyVisibleMessagesHaveWidgets();
    void followsOnlyAtTheEnd();
    void editsIntoABranch();
    void branchesHaveArrows();
    void stripShowsExpertsOfAToken();
    void composerSendsAndGrows();
    void composerKeepsSampling();

private:
    std::unique_ptr<ChatView> make(const chats::Conversation& conversation);
};

void TestChatView::initTestCase()
{
    QFont text(QStringLiteral("Noto Sans"));
    text.setPixelSize(13);
    QApplication::setFont(text);
    shell::ThemeSource::install(*qobject_cast<QApplication*>(qApp), shell::ThemeChoice::Light);
}

std::unique_ptr<ChatView> TestChatView::make(const chats::Conversation& shown)
{
    auto view = std::make_unique<ChatView>();
    view->setSources(&shown, [](int64_t) { return nullptr; });
    view->resize(980, 700);
    view->openConversation();
    view->show();
    [&] {
        QVERIFY(QTest::qWaitForWindowExposed(view.get()));
    }();
    return view;
}

void TestChatView::cutsIntoSegments_data()
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

void TestChatView::cutsIntoSegments()
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

void TestChatView::longTextIsCutWhereNothingGoesOn()
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

void TestChatView::markdownBecomesTablesListsAndCode()
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

void TestChatView::picturesAndHtmlAreNotLoaded()
{
    MarkdownText text;
    text.setMarkdownSource(
        QStringLiteral("![x](file:///etc/hostname) <img src='file:///etc/passwd'>"), false);
    QCOMPARE(text.toPlainText(), QStringLiteral("x <img src='file:///etc/passwd'>"));
    QVERIFY(text.loadResource( // for nothing the document would look itself
                    QTextDocument::ImageResource, QUrl(QStringLiteral("file:///etc/hostname")))
                .isValid());
}

void TestChatView::streamingShowsWhatSetAtOnceShows()
{
    const QString source = QString::fromUtf8(kReply);
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

void TestChatView::codeIsCopied()
{
    const chats::Conversation shown = conversation(2);
    const auto view = make(shown);
    auto* block = view->findChild<CodeBlock*>();
    QVERIFY(block != nullptr);
    auto* copy = block->findChild<QToolButton*>(QStringLiteral("copyCode"));
    QTest::mouseClick(copy, Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(QLatin1String("def merge")));
    save(*view, QStringLiteral("chat-view.png"));
}

void TestChatView::onlyVisibleMessagesHaveWidgets()
{
    const chats::Conversation shown = conversation(5000);
    ChatView view;
    view.setSources(&shown, [](int64_t) { return nullptr; });
    view.resize(980, 700);
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
    QElapsedTimer clock;
    clock.start();
    view.openConversation();
    view.grab();
    qInfo("5,000 messages shown in %lld ms", static_cast<long long>(clock.elapsed()));
    QVERIFY(clock.elapsed() < 3000);
    QVERIFY(view.views() < 20);
    QVERIFY(view.view(5000) != nullptr);
    for (int i = 0; i < 30; ++i) // scrolls through, and never keeps more than what is in view
        view.verticalScrollBar()->setValue(view.verticalScrollBar()->maximum() * (29 - i) / 30);
    QVERIFY(view.views() < 20);
    QVERIFY(view.view(1) != nullptr);
    view.scrollToMessage(2501);
    QVERIFY(view.view(2501) != nullptr);
    QVERIFY(std::abs(view.view(2501)->y()) < 40);
}

void TestChatView::followsOnlyAtTheEnd()
{
    chats::Conversation shown = conversation(8);
    const auto view = make(shown);
    QVERIFY(view->isAtEnd());
    view->setLive({8});
    for (int i = 0; i < 40; ++i) {
        shown.messages.back().text += "\n\nmore and more";
        view->messageChanged(8);
        QVERIFY(view->isAtEnd());
    }
    view->verticalScrollBar()->setValue(view->verticalScrollBar()->maximum() - 300);
    const int at = view->verticalScrollBar()->value();
    shown.messages.back().text += "\n\nand still more";
    view->messageChanged(8);
    QCOMPARE(view->verticalScrollBar()->value(), at);
    QVERIFY(!view->isAtEnd());
    QTest::keyClick(view.get(), Qt::Key_End);
    QVERIFY(view->isAtEnd());
}

void TestChatView::editsIntoABranch()
{
    const chats::Conversation shown = conversation(2);
    const auto view = make(shown);
    QSignalSpy edited(view.get(), &ChatView::edited);
    view->edit(1);
    auto* editor = view->findChild<QPlainTextEdit*>(QStringLiteral("messageEditor"));
    QVERIFY(editor != nullptr);
    QCOMPARE(editor->toPlainText(), QStringLiteral("Question 1"));
    QTest::keyClick(editor, Qt::Key_Escape);
    QCOMPARE(edited.size(), 0);
    view->edit(1);
    editor = view->view(1)->findChildren<QPlainTextEdit*>(QStringLiteral("messageEditor")).last();
    editor->selectAll();
    QTest::keyClicks(editor, QStringLiteral("Another"));
    QTest::keyClick(editor, Qt::Key_Return);
    QCOMPARE(edited.size(), 1);
    QCOMPARE(edited[0][1].toString(), QStringLiteral("Another"));
}

void TestChatView::branchesHaveArrows()
{
    chats::Conversation shown = conversation(2);
    shown.messages.push_back(message(3, chats::Role::Assistant, "Second answer"));
    shown.messages.back().parent = 1;
    shown.leaf = 3;
    const auto view = make(shown);
    QSignalSpy wanted(view.get(), &ChatView::branchWanted);
    MessageView* reply = view->view(3);
    QVERIFY(reply != nullptr);
    QCOMPARE(
        reply->findChild<QLabel*>(QStringLiteral("branchPlace"))->text(), QStringLiteral("2 of 2"));
    auto* previous = reply->findChild<QToolButton*>(QStringLiteral("previousBranch"));
    QVERIFY(previous->isVisible() && previous->isEnabled());
    QVERIFY(!reply->findChild<QToolButton*>(QStringLiteral("nextBranch"))->isEnabled());
    QTest::mouseClick(previous, Qt::LeftButton);
    QCOMPARE(wanted.size(), 1);
    QCOMPARE(wanted[0][1].toInt(), -1);
}

void TestChatView::stripShowsExpertsOfAToken()
{
    chats::Conversation shown = conversation(2);
    shown.messages.back().facts.tokens = 120;
    shown.messages.back().facts.finish = "stop";
    const chats::ReplyRouting trace = routing(120);
    ChatView view;
    view.setSources(&shown, [&trace](int64_t id) { return id == 2 ? &trace : nullptr; });
    view.resize(980, 800);
    view.openConversation();
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
    auto* canvas = view.findChild<StripCanvas*>();
    QVERIFY(canvas != nullptr && canvas->isVisible());
    QSignalSpy hovered(&view, &ChatView::tokenHovered);
    QTest::mouseMove(canvas, canvas->columnRect(50).center());
    QTRY_COMPARE(canvas->current(), 50);
    QVERIFY(!hovered.isEmpty());
    auto* tooltip = canvas->window()->findChild<QWidget*>(QStringLiteral("routingTooltip"));
    QVERIFY(tooltip != nullptr && tooltip->isVisible());
    const QRect column(
        canvas->mapToGlobal(canvas->columnRect(50).topLeft()), canvas->columnRect(50).size());
    QVERIFY(!tooltip->geometry().intersects(column));
    QVERIFY2(tooltip->accessibleDescription().contains(QLatin1String("expert")),
        qPrintable(tooltip->accessibleDescription()));
    save(*tooltip, QStringLiteral("chat-tooltip.png"));
    save(view, QStringLiteral("chat-strip.png"));
    canvas->setFocus();
    QTest::keyClick(canvas, Qt::Key_Right);
    QCOMPARE(canvas->current(), 51);
    auto* layers = view.findChild<QComboBox*>(QStringLiteral("stripLayer"));
    const int before = layers->currentIndex();
    QTest::keyClick(canvas, Qt::Key_Down);
    QCOMPARE(layers->currentIndex(), before + 1);
}

void TestChatView::composerSendsAndGrows()
{
    Composer composer;
    composer.resize(980, 160);
    composer.show();
    QVERIFY(QTest::qWaitForWindowExposed(&composer));
    QSignalSpy sent(&composer, &Composer::sendWanted), last(&composer, &Composer::editLastWanted);
    auto* send = composer.findChild<QPushButton*>(QStringLiteral("sendButton"));
    QVERIFY(!send->isEnabled());
    QTest::keyClick(&composer.input(), Qt::Key_Up);
    QCOMPARE(last.size(), 1);
    QTest::keyClicks(&composer.input(), QStringLiteral("Hello"));
    QVERIFY(send->isEnabled());
    const int before = composer.input().height();
    for (int i = 0; i < 3; ++i)
        QTest::keyClick(&composer.input(), Qt::Key_Return, Qt::ShiftModifier);
    QVERIFY(composer.input().height() > before);
    QTest::keyClick(&composer.input(), Qt::Key_Return);
    QCOMPARE(sent.size(), 1);
    QVERIFY(sent[0][0].toString().startsWith(QLatin1String("Hello\n")));
    composer.setSendRefusal(QStringLiteral("no model"));
    QVERIFY(!send->isEnabled());
    QCOMPARE(send->toolTip(), QStringLiteral("no model"));
    QTest::keyClick(&composer.input(), Qt::Key_Return);
    QCOMPARE(sent.size(), 1);
    composer.setReplying(true);
    QSignalSpy stopped(&composer, &Composer::stopWanted);
    QTest::mouseClick(
        composer.findChild<QPushButton*>(QStringLiteral("stopButton")), Qt::LeftButton);
    QCOMPARE(stopped.size(), 1);
    save(composer, QStringLiteral("chat-composer.png"));
}

void TestChatView::composerKeepsSampling()
{
    Composer composer;
    chats::Setup setup;
    setup.systemPrompt = "Be brief.";
    setup.sampling.preset = "";
    setup.sampling.temperature = 0.25;
    setup.sampling.topK = 40;
    setup.sampling.minP = 0.05;
    setup.sampling.repetitionPenalty = 1.1;
    setup.sampling.maxTokens = 77;
    setup.sampling.seed = 42;
    QSignalSpy changed(&composer, &Composer::setupChanged);
    composer.setSetup(setup);
    QCOMPARE(changed.size(), 0);
    QVERIFY(composer.sampling() == setup.sampling);
    QCOMPARE(composer.systemPrompt(), QStringLiteral("Be brief."));
    auto* preset = composer.findChild<QComboBox*>(QStringLiteral("preset"));
    preset->setCurrentIndex(0);
    Q_EMIT preset->activated(0);
    QCOMPARE(composer.sampling().temperature, 0.0);
    QCOMPARE(composer.sampling().maxTokens, int64_t{77});
    QCOMPARE(*composer.sampling().seed, uint64_t{42});
    QVERIFY(!changed.isEmpty());
}

QTEST_MAIN(TestChatView)
#include "test_chat_view.moc"
