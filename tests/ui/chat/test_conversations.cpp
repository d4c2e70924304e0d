// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "engine/chats/chat_exchange.h"
#include "ui/chat/model_name.h"
#include "ui/chat/routing_panel.h"
#include "ui/models/reply_load.h"
#include "ui/plots/heatmap_plot.h"

#include <QAbstractButton>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QToolButton>

#include <algorithm>
#include <cmath>

using namespace moe;
using namespace moe::chat;

namespace {

constexpr int64_t kLongContext = 32'768; ///< a reply that lasts for many seconds

} // namespace

/// What is said, typed and deleted stays as people expect it, whatever happens meanwhile.
class TestConversations : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        trainModel(kLongContext);
        m_seed = 5;
        m_tokens = 20;
    }
    void init() { newStore(); }
    void redoTakesWhatCameMeanwhile();
    void nothingIsUndoneWhileAReplyIsWritten();
    void closingKeepsTheReplyWithItsFigures();
    void anEditIsKeptAndComesBack();
    void anEditWaitsWhileAReplyIsWritten();
    void escapeMeansTheEdit();
    void escapeMeansTheFindBar();
    void modelsAreStoredInNoLanguage();
    void spansOfTheMap();
    void figuresWhileItStreams();
    void theSetupIsKeptBeforeTheFirstMessage();

private:
    /// Asks for a reply that goes on for long, and waits until some of it is there.
    void beginLong(Window& window, const QString& text);
};

void TestConversations::beginLong(Window& window, const QString& text)
{
    window.page->setSampling(5, kLongContext - 1000);
    QTest::keyClicks(&window.input(), text);
    QTest::keyClick(&window.input(), Qt::Key_Return);
    const auto streams = [this] {
        const chats::Conversation said = newest();
        const chats::Message* last = said.find(said.leaf);
        return last != nullptr && last->state == chats::MessageState::Streaming
            && !last->text.empty();
    };
    QTRY_VERIFY_WITH_TIMEOUT(streams(), kLong);
}

void TestConversations::redoTakesWhatCameMeanwhile()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    MessageView* question = window->view().view(newest().path()[0]);
    QVERIFY(question != nullptr);
    question->setFocus();
    QTest::keyClick(question, Qt::Key_Delete);
    QTRY_COMPARE(newest().messages.size(), size_t{0});
    QTest::keyClick(&window->view(), Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(newest().messages.size(), size_t{2});
    QTest::keyClick(&window->view(), Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(window->page->isReplying());
    wait(*window);
    QTRY_COMPARE(newest().messages.size(), size_t{3});
    window->trigger("chat.redo");
    QTRY_COMPARE(newest().messages.size(), size_t{0});
    QCOMPARE(window->view().views(), 0); // the new reply is gone with its question
    QTest::keyClick(&window->view(), Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(newest().messages.size(), size_t{3});
    QTRY_COMPARE(window->view().views(), 2);
}

void TestConversations::nothingIsUndoneWhileAReplyIsWritten()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    const int64_t reply = newest().leaf;
    QTest::mouseClick(
        window->view().view(reply)->findChild<QToolButton*>(QStringLiteral("removeMessage")),
        Qt::LeftButton);
    QTRY_COMPARE(newest().messages.size(), size_t{1});
    beginLong(*window, QStringLiteral("of layer"));
    QVERIFY(!window->registry.find(QStringLiteral("chat.undo"))->isEnabled());
    const auto clickUndo = [&] {
        for (auto* button : window->messages->findChildren<QPushButton*>()) {
            if (button->isVisible() && button->text() == QLatin1String("Undo"))
                return QTest::mouseClick(button, Qt::LeftButton);
        }
        QFAIL("no Undo in the message bar");
    };
    clickUndo();
    QTRY_VERIFY(window->messages->text().contains(QLatin1String("is being written")));
    QVERIFY(window->view().view(reply) == nullptr);
    QTest::keyClick(&window->input(), Qt::Key_Escape);
    wait(*window);
    window->trigger("chat.undo");
    QTRY_VERIFY(newest().find(reply) != nullptr);
}

void TestConversations::closingKeepsTheReplyWithItsFigures()
{
    {
        const auto window = open();
        beginLong(*window, QStringLiteral("The router of layer"));
        QVERIFY(window->page->isReplying());
    }
    const chats::Conversation said = newest();
    const chats::Message& reply = *said.find(said.leaf);
    QVERIFY(reply.state == chats::MessageState::Stopped);
    QCOMPARE(reply.facts.finish, std::string("cancelled"));
    QCOMPARE(reply.facts.seed, uint64_t{5});
    QCOMPARE(reply.facts.sampling.maxTokens, kLongContext - 1000);
    QVERIFY(reply.facts.promptTokens > 0);
    QVERIFY(!reply.text.empty());
    const chats::ReplyRouting routing
        = chats::decodeRouting(chats::ChatStore(m_store).routing(reply.id));
    QCOMPARE(std::ssize(routing.ids), reply.facts.tokens);
    std::string spelt;
    for (const std::string& text : routing.texts)
        spelt += text;
    QCOMPARE(reply.text, spelt); // all of it, to the last token shown
}

void TestConversations::anEditIsKeptAndComesBack()
{
    chats::Conversation one = chats::fromJsonText(
        R"([{"role": "user", "content": "alpha"}, {"role": "assistant", "content": "beta"}])", "a");
    chats::Conversation two = chats::fromJsonText(R"([{"role": "user", "content": "two"}])", "b");
    one.info.updated += 5; // shown first
    {
        chats::ChatStore store(m_store);
        store.create(one);
        store.create(two);
    }
    const auto editor = [](const Window& window) {
        auto* shown = window.window.findChild<QPlainTextEdit*>(QStringLiteral("messageEditor"));
        return shown != nullptr && shown->isVisible() ? shown : nullptr;
    };
    const auto typed = [&](const Window& window) {
        return editor(window) != nullptr ? editor(window)->toPlainText() : QString();
    };
    {
        Window window(m_store);
        QTRY_VERIFY(window.view().view(one.leaf) != nullptr);
        QTest::keyClick(&window.input(), Qt::Key_Up);
        QVERIFY(editor(window) != nullptr);
        QTest::keyClicks(editor(window), QStringLiteral(" and more"));
        window.page->openConversation(two.info.id);
        QTRY_VERIFY(window.view().view(two.leaf) != nullptr);
        QCOMPARE(typed(window), QString());
        window.page->openConversation(one.info.id);
        QTRY_COMPARE(typed(window), QStringLiteral("alpha and more"));
        QTest::keyClicks(editor(window), QStringLiteral("!"));
        const auto kept = [&] { // what a crash leaves
            return chats::ChatStore(m_store).open(one.info.id).edits[one.messages[0].id];
        };
        QTRY_COMPARE(kept(), std::string("alpha and more!"));
        QTest::keyClicks(editor(window), QStringLiteral("?")); // and closed at once
    }
    Window window(m_store);
    QTRY_COMPARE(typed(window), QStringLiteral("alpha and more!?"));
    QTest::mouseClick(window.find<QPushButton>("cancelEdit"), Qt::LeftButton);
    QVERIFY(editor(window) == nullptr);
    QTRY_VERIFY(chats::ChatStore(m_store).open(one.info.id).edits.empty());
}

void TestConversations::anEditWaitsWhileAReplyIsWritten()
{
    const auto window = open();
    beginLong(*window, QStringLiteral("The"));
    QTest::keyClick(&window->input(), Qt::Key_Up);
    auto* editor = window->find<QPlainTextEdit>("messageEditor");
    QVERIFY(editor != nullptr);
    QTest::keyClicks(editor, QStringLiteral(" router"));
    auto* keep = window->find<QPushButton>("keepEdit");
    QVERIFY(!keep->isEnabled());
    QVERIFY(keep->toolTip().contains(QLatin1String("being written")));
    QTest::keyClick(editor, Qt::Key_Return);
    QVERIFY(window->messages->text().contains(QLatin1String("stays open")));
    QCOMPARE(window->find<QPlainTextEdit>("messageEditor"), editor);
    QCOMPARE(editor->toPlainText(), QStringLiteral("The router"));
    QTest::mouseClick(window->find<QPushButton>("stopButton"), Qt::LeftButton);
    wait(*window);
    window->page->setSampling(5, 20);
    QTRY_VERIFY(keep->isEnabled());
    QTest::mouseClick(keep, Qt::LeftButton);
    QVERIFY(window->page->isReplying());
    wait(*window);
    const chats::Conversation said = newest();
    QCOMPARE(said.find(said.path()[0])->text, std::string("The router"));
    QVERIFY(said.edits.empty());
}

void TestConversations::escapeMeansTheEdit()
{
    const auto window = open();
    beginLong(*window, QStringLiteral("The"));
    QTest::keyClick(&window->input(), Qt::Key_Up);
    auto* editor = window->find<QPlainTextEdit>("messageEditor");
    QVERIFY(editor != nullptr && editor->hasFocus());
    QTest::keyClick(editor, Qt::Key_Escape);
    QTRY_VERIFY(window->find<QPlainTextEdit>("messageEditor") == nullptr);
    QTest::qWait(100); // a stopped reply would have ended by now
    QVERIFY(window->page->isReplying());
    QTest::keyClick(&window->input(), Qt::Key_Escape);
    wait(*window);
}

void TestConversations::escapeMeansTheFindBar()
{
    const auto window = open();
    beginLong(*window, QStringLiteral("The"));
    QTest::keyClick(&window->window, Qt::Key_F, Qt::ControlModifier);
    auto* field = window->find<QLineEdit>("findField");
    QVERIFY(field->hasFocus());
    QTest::keyClicks(field, QStringLiteral("e"));
    QTRY_VERIFY(window->view().findPlace().of > 2); // what comes is counted
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(!field->isVisible());
    QVERIFY(window->page->isReplying());
    QTest::keyClick(&window->window, Qt::Key_Escape); // now the reply
    wait(*window);
}

void TestConversations::modelsAreStoredInNoLanguage()
{
    const std::string one = storedModel("/one/out/step-001024/"), two = storedModel("/two/out");
    QCOMPARE(one, std::string("/one/out/step-001024"));
    QCOMPARE(storedModel("/two/x/../out"), two);
    QCOMPARE(shownName(one), QStringLiteral("out, step 1,024"));
    QVERIFY(storedModel("/two/out/step-001024") != one); // though they are shown alike
    QCOMPARE(shownName("out，第 40 步"), QStringLiteral("out，第 40 步")); // of an older store
    chats::Conversation said = chats::fromJsonText(
        R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])", "here");
    said.messages[1].model = one;
    chats::ChatStore(m_store).create(said);
    Window window(m_store);
    QTRY_VERIFY(window.view().view(said.leaf) != nullptr);
    QCOMPARE(window.view().view(said.leaf)->accessibleName(), QStringLiteral("out, step 1,024: b"));
}

void TestConversations::spansOfTheMap()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    const int64_t first = newest().leaf;
    say(*window, QStringLiteral("of layer"));
    const int64_t second = newest().leaf;
    const auto routingOf = [this](int64_t message) {
        return chats::decodeRouting(chats::ChatStore(m_store).routing(message));
    };
    const auto* panel = window->window.findChild<RoutingPanel*>();
    const auto click = [&](const char* span) {
        QTest::mouseClick(window->find<QAbstractButton>(span), Qt::LeftButton);
    };
    const auto& map = window->find<plots::HeatmapPlot>("routingHeatmap")->data();
    const auto shares = [&] { // of layer 0
        return std::vector<float>(map.values.begin(), map.values.begin() + map.columns);
    };
    const auto utilisation = [&](const std::vector<chats::ReplyRouting>& routings) {
        std::vector<const chats::ReplyRouting*> all;
        for (const auto& one : routings)
            all.push_back(&one);
        const models::ReplyLoad load = models::loadOf(all);
        std::vector<float> values;
        for (int expert = 0; expert < map.columns; ++expert)
            values.push_back(load.utilisation(0, expert));
        return values;
    };
    const auto isThatOf = [&](const std::vector<chats::ReplyRouting>& routings) {
        const auto expected = utilisation(routings), seen = shares();
        return std::ranges::equal(
            seen, expected, [](float a, float b) { return std::abs(a - b) < 1e-4F; });
    };
    QTRY_VERIFY(isThatOf({routingOf(second)}));
    click("span1");
    QVERIFY(panel->span() == RoutingPanel::Span::Conversation);
    QTRY_VERIFY(isThatOf({routingOf(first), routingOf(second)}));
    QVERIFY(!isThatOf({routingOf(second)}));
    click("span2");
    QTRY_VERIFY(window->find<QLabel>("noRouting")->isVisible()); // nothing is being written
    beginLong(*window, QStringLiteral("The"));
    QTRY_VERIFY(window->find<plots::HeatmapPlot>("routingHeatmap")->isVisible());
    QTest::keyClick(&window->input(), Qt::Key_Escape);
    wait(*window);
}

void TestConversations::figuresWhileItStreams()
{
    const auto window = open();
    beginLong(*window, QStringLiteral("The router"));
    const auto* context = window->find<QLabel>("contextUse");
    QTRY_VERIFY2(context->text().contains(QLatin1String(" of 32,768"))
            && !context->text().contains(QLatin1String("Context 0 ")),
        qPrintable(context->text()));
    QTest::keyClick(&window->input(), Qt::Key_Escape);
    wait(*window);
    chats::Message message;
    message.role = chats::Role::Assistant;
    message.facts.tokens = 1024;
    QVERIFY(factsText(message, {}).startsWith(QLatin1String("1,024 token")));
}

void TestConversations::theSetupIsKeptBeforeTheFirstMessage()
{
    {
        Window window(m_store);
        QTest::mouseClick(window.find<QToolButton>("systemButton"), Qt::LeftButton);
        QTest::keyClicks(window.find<QPlainTextEdit>("systemPrompt"), QStringLiteral("Be short."));
        auto* most = window.find<QSpinBox>("maxTokens");
        most->setFocus();
        most->setValue(77);
    }
    QCOMPARE(newest().setup.systemPrompt, std::string("Be short."));
    QCOMPARE(newest().setup.sampling.maxTokens, int64_t{77});
    Window window(m_store);
    QTRY_COMPARE(
        window.find<QPlainTextEdit>("systemPrompt")->toPlainText(), QStringLiteral("Be short."));
    QCOMPARE(window.find<QSpinBox>("maxTokens")->value(), 77);
}

QTEST_MAIN(TestConversations)
#include "test_conversations.moc"
