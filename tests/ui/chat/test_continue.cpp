// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "engine/text/tokenizer.h"
#include "ui/chat/expert_strip.h"
#include "ui/session/reply_trace.h"

#include <QComboBox>
#include <QToolButton>

using namespace moe;
using namespace moe::chat;

/// Replies that go on where they ended, by clicks against a model trained on the spot.
class TestContinue : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { trainModel(); }
    void init() { newStore(); }
    void theOpenStripGoesOn();
    void saysWhatOneGoSays();
    void aCharacterCutInTwoBecomesWhole();
    void whatTheUserWroteGoesOn();
    void othersSettingsGoOnInABranch();

private:
    std::unique_ptr<Window> greedy() const;
    void goOn(const Window& window) const;
};

/// With a sampling that says the same in one go and in two.
std::unique_ptr<Window> TestContinue::greedy() const
{
    auto window = open();
    auto* preset = window->find<QComboBox>("preset");
    preset->setFocus();
    QTest::keyClick(preset, Qt::Key_Home);
    return window;
}

/// Continue of the last reply, until the store has its end.
void TestContinue::goOn(const Window& window) const
{
    const auto button = [&]() -> QToolButton* {
        const MessageView* reply = window.view().view(newest().leaf);
        return reply != nullptr ? reply->findChild<QToolButton*>(QStringLiteral("goOn")) : nullptr;
    };
    QTRY_VERIFY(button() != nullptr && button()->isVisible());
    QSignalSpy ended(window.page, &ChatWorkspace::replyEnded);
    QTest::mouseClick(button(), Qt::LeftButton);
    QVERIFY(ended.wait(kLong));
    wait(window);
}

/// The strip shows the reply's own experts until the new ones come (under a memory checker: and
/// nothing that is gone).
void TestContinue::theOpenStripGoesOn()
{
    const auto window = greedy();
    window->page->setSampling(7, 12);
    say(*window, QStringLiteral("The router"));
    const int64_t reply = newest().leaf;
    ExpertStrip* strip = window->view().view(reply)->strip();
    QVERIFY(strip != nullptr && strip->isVisible());
    strip->setLayer(2);
    strip->canvas().setCurrent(3);
    window->page->setSampling(7, 9);
    goOn(*window);
    QTRY_COMPARE(routingOf(reply).ids.size(), size_t{21});
    QVERIFY(strip->isVisible());
}

/// Wherever the first go ends: also before a word, whose space is the next
/// token's.
void TestContinue::saysWhatOneGoSays()
{
    constexpr int kTokens = 14;
    const auto window = greedy();
    window->page->setSampling(7, kTokens);
    say(*window, QStringLiteral("The router"));
    const std::string whole = newest().find(newest().leaf)->text;
    for (int first = 1; first < kTokens; ++first) {
        window->page->setSampling(7, first);
        window->trigger("chat.regenerate");
        QVERIFY(window->page->isReplying());
        QTRY_COMPARE(newest().messages.size(), static_cast<size_t>(first) + 2);
        wait(*window);
        window->page->setSampling(7, kTokens - first);
        goOn(*window);
        QTRY_COMPARE(newest().find(newest().leaf)->text, whole); // the store may be behind
    }
}

void TestContinue::aCharacterCutInTwoBecomesWhole()
{
    const auto tokenizer = text::loadTokenizer(m_model);
    const std::optional<int32_t> first = tokenizer->idOf("<0xE4>"),
                                 second = tokenizer->idOf("<0xBD>");
    QVERIFY(first && second);
    chats::Conversation cut;
    cut.info.id = chats::newId();
    cut.info.title = "cut";
    cut.info.created = cut.info.updated = chats::now();
    chats::Message question, reply;
    question.id = chats::newId();
    question.text = "The router";
    reply.id = chats::newId();
    reply.parent = question.id;
    reply.role = chats::Role::Assistant;
    reply.model = m_model.string();
    reply.facts.finish = "length";
    reply.facts.tokens = 3;
    reply.facts.seed = 7;
    const std::vector<int32_t> the = tokenizer->encode("The");
    chats::ReplyRouting routing;
    for (int layer = 0; layer < 3; ++layer)
        routing.layers.push_back({layer, 6, 2, 2});
    routing.ids = the;
    routing.ids.insert(routing.ids.end(), {*first, *second});
    routing.texts.resize(routing.ids.size());
    routing.experts.resize((routing.ids.size() - 1) * 12, 0);
    routing.weights.resize(routing.experts.size(), 0.5F);
    routing.gates = routing.weights;
    reply.text = "The\uFFFD";
    QVERIFY(session::spells(*tokenizer, routing.ids, reply.text));
    cut.messages = {question, reply};
    cut.leaf = reply.id;
    {
        chats::ChatStore store(m_store);
        store.create(cut);
        store.setRouting(reply.id, chats::encode(routing));
    }
    const auto window = open();
    QTRY_VERIFY(window->view().view(reply.id) != nullptr);
    window->page->setSampling(7, 4);
    goOn(*window);
    QCOMPARE(newest().leaf, reply.id);
    QTRY_VERIFY(routingOf(reply.id).ids.size() > routing.ids.size());
    const chats::Message went = *newest().find(newest().leaf);
    const chats::ReplyRouting whole = routingOf(went.id);
    QVERIFY2(session::spells(*tokenizer, whole.ids, went.text), went.text.c_str());
    QCOMPARE(whole.columns(), std::ssize(whole.ids) - 1);
}

/// It is not the model's until the model goes on with it, and takes its room in the context.
void TestContinue::whatTheUserWroteGoesOn()
{
    const auto window = open();
    window->page->setSampling(7, 12);
    say(*window, QStringLiteral("The router"));
    const chats::Message reply = *newest().find(newest().leaf);
    window->view().view(reply.id)->edit();
    auto* editor = window->find<QPlainTextEdit>("messageEditor");
    QVERIFY(editor != nullptr);
    editor->setPlainText(QStringLiteral("The router sends"));
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(newest().messages.size(), size_t{3});
    QCOMPARE(newest().find(newest().leaf)->model, std::string());
    goOn(*window);
    const chats::Message went = *newest().find(newest().leaf);
    QVERIFY(went.id != reply.id);
    QVERIFY(went.text.starts_with("The router sends"));
    QCOMPARE(went.model, m_model.string());
    QVERIFY(went.facts.tokens > 0);
    QVERIFY(went.facts.promptTokens > reply.facts.promptTokens);
    QCOMPARE(newest().find(reply.id)->model, m_model.string());
}

/// The figures of a reply say how all of it was drawn.
void TestContinue::othersSettingsGoOnInABranch()
{
    const auto window = open();
    window->page->setSampling(7, 8);
    say(*window, QStringLiteral("The router"));
    const int64_t first = newest().leaf;
    window->page->setSampling(7, 9); // more tokens are no other drawing
    goOn(*window);
    QCOMPARE(newest().leaf, first);
    QCOMPARE(newest().find(first)->facts.seed, uint64_t{7});
    QCOMPARE(newest().find(first)->facts.tokens, int64_t{17});
    window->page->setSampling(9, 9);
    goOn(*window);
    const chats::Conversation said = newest();
    QCOMPARE(said.messages.size(), size_t{3});
    QCOMPARE(said.find(first)->facts.seed, uint64_t{7});
    QCOMPARE(said.find(said.leaf)->facts.seed, uint64_t{9});
    QVERIFY(said.find(said.leaf)->text.starts_with(said.find(first)->text));
}

QTEST_MAIN(TestContinue)
#include "test_continue.moc"
