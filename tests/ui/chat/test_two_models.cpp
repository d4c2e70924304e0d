// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include <QToolButton>

using namespace moe;
using namespace moe::chat;

/// One conversation and two models, beside and after each other.
class TestTwoModels : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void undoLeavesTheOtherSideItsBranch();
    void anotherModelGoesOnInABranch();
    void theOpenModelStaysUntilTheOtherIsThere();

private:
    void compare(const Window& window) const;

    QTemporaryDir m_otherFolder;
    std::filesystem::path m_other;
};

void TestTwoModels::initTestCase()
{
    trainModel();
    const std::filesystem::path folder = m_otherFolder.path().toStdString();
    m_other = talking::train(folder, folder / "runs.sqlite", 25);
}

void TestTwoModels::init()
{
    newStore();
    m_tokens = 12;
}

void TestTwoModels::compare(const Window& window) const
{
    QSignalSpy opened(window.page, &ChatWorkspace::comparisonOpened);
    window.page->compareWith(QString::fromStdString(m_other.string()));
    QVERIFY(opened.wait(kLong));
}

/// A deletion of before the comparison is undone in it.
void TestTwoModels::undoLeavesTheOtherSideItsBranch()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    const int64_t reply = newest().leaf;
    QTest::mouseClick(
        window->view().view(reply)->findChild<QToolButton*>(QStringLiteral("removeMessage")),
        Qt::LeftButton);
    QTRY_COMPARE(newest().messages.size(), size_t{1});
    compare(*window);
    window->trigger("chat.undo");
    QTRY_COMPARE(newest().messages.size(), size_t{2});
    const auto* second = window->find<ChatView>("secondChatView");
    QVERIFY(window->view().view(reply) != nullptr);
    QVERIFY(second->view(reply) != nullptr);
    // both are asked with what was said before
    say(*window, QStringLiteral("A token"));
    for (const chats::Message& each : newest().messages) {
        if (each.text == "A token")
            QCOMPARE(each.parent, reply);
    }
}

/// What the first one said stays as it was said, with its name and figures.
void TestTwoModels::anotherModelGoesOnInABranch()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    const chats::Message first = *newest().find(newest().leaf);
    const chats::ReplyRouting routing = routingOf(first.id);
    window->openModel(m_other);
    window->page->setSampling(8, 5);
    QTest::mouseClick(
        window->view().view(first.id)->findChild<QToolButton*>(QStringLiteral("goOn")),
        Qt::LeftButton);
    QTRY_COMPARE(newest().messages.size(), size_t{3});
    wait(*window);
    const chats::Conversation said = newest();
    const chats::Message &was = *said.find(first.id), &branch = *said.find(said.leaf);
    QCOMPARE(was.text, first.text);
    QCOMPARE(was.model, m_model.string());
    QCOMPARE(was.facts.step, int64_t{40});
    QCOMPARE(was.facts.seed, uint64_t{7});
    QCOMPARE(was.facts.tokens, first.facts.tokens);
    QCOMPARE(routingOf(first.id).ids, routing.ids);
    QCOMPARE(branch.parent, first.parent);
    QVERIFY(branch.text.starts_with(first.text));
    QVERIFY(branch.text.size() > first.text.size());
    QCOMPARE(branch.model, m_other.string());
    QCOMPARE(branch.facts.step, int64_t{25});
    QCOMPARE(branch.facts.seed, uint64_t{8});
    QCOMPARE(branch.facts.tokens, int64_t{5});
    QVERIFY(branch.facts.promptTokens > first.facts.promptTokens);
}

/// One that cannot be opened, or that nobody waits for, takes nothing away.
void TestTwoModels::theOpenModelStaysUntilTheOtherIsThere()
{
    const auto window = open();
    const auto* button = window->find<QToolButton>("modelButton");
    auto* cancel = window->find<QToolButton>("cancelOpening");
    const QString name = button->text();
    QSignalSpy failed(window->page, &ChatWorkspace::failed);
    window->page->openModel(m_folder->path());
    QVERIFY(button->text() != name);
    QTRY_VERIFY(!failed.isEmpty());
    QVERIFY(window->page->hasModel());
    QCOMPARE(button->text(), name);
    QVERIFY(!cancel->isVisible());
    say(*window, QStringLiteral("The router"));
    window->page->openModel(QString::fromStdString(m_other.string()));
    cancel->click(); // at once: not after the other one is there
    QTRY_VERIFY(!cancel->isVisible());
    QVERIFY(window->page->hasModel());
    QCOMPARE(button->text(), name);
    say(*window, QStringLiteral("A token"));
    QCOMPARE(newest().find(newest().leaf)->model, m_model.string());
    window->openModel(m_other); // in its place
    QVERIFY(button->text() != name);
    say(*window, QStringLiteral("A token"));
    QCOMPARE(newest().find(newest().leaf)->model, m_other.string());
}

QTEST_MAIN(TestTwoModels)
#include "test_two_models.moc"
