// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"

#include <QClipboard>
#include <QComboBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QScrollBar>
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

} // namespace

class TestChatView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void codeIsCopied();
    void onlyVisibleMessagesHaveWidgets();
    void followsOnlyAtTheEnd();
    void editsIntoABranch();
    void branchesHaveArrows();
    void stripShowsExpertsOfAToken();

private:
    std::unique_ptr<ChatView> make(const chats::Conversation& conversation);
};

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

void TestChatView::codeIsCopied()
{
    const chats::Conversation shown = conversation(2);
    const auto view = make(shown);
    auto* block = view->findChild<CodeBlock*>();
    QVERIFY(block != nullptr);
    auto* copy = block->findChild<QToolButton*>(QStringLiteral("copyCode"));
    QTest::mouseClick(copy, Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(QLatin1String("def merge")));
    savePicture(*view, QStringLiteral("chat-view.png"));
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
    savePicture(*tooltip, QStringLiteral("chat-tooltip.png"));
    savePicture(view, QStringLiteral("chat-strip.png"));
    canvas->setFocus();
    QTest::keyClick(canvas, Qt::Key_Right);
    QCOMPARE(canvas->current(), 51);
    auto* layers = view.findChild<QComboBox*>(QStringLiteral("stripLayer"));
    const int before = layers->currentIndex();
    QTest::keyClick(canvas, Qt::Key_Down);
    QCOMPARE(layers->currentIndex(), before + 1);
}

QTEST_MAIN(TestChatView)
#include "test_chat_view.moc"
