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

QTEST_MAIN(TestTwoModels)
#include "test_two_models.moc"
