// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include <fstream>

using namespace moe;
using namespace moe::chat;

/// The page and its store when that fails, is damaged, or belongs to others as well.
class TestChatStore : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { trainModel(); }
    void init();
    void whatFailsIsWrittenLater_data();
    void whatFailsIsWrittenLater();
};

void TestChatStore::init()
{
    newStore();
    m_tokens = 20;
}

void TestChatStore::whatFailsIsWrittenLater_data()
{
    QTest::addColumn<bool>("closes");
    QTest::newRow("with the next message") << false;
    QTest::newRow("when the window closes") << true;
}

/// The store cannot be opened while a conversation begins.
void TestChatStore::whatFailsIsWrittenLater()
{
    QFETCH(bool, closes);
    const std::filesystem::path inTheWay = m_folder->filePath(QStringLiteral("in")).toStdString();
    m_store = inTheWay / "store.sqlite";
    std::ofstream(inTheWay) << "no folder";
    {
        const auto window = open();
        const auto talk = [&](const char* text) {
            QSignalSpy ended(window->page, &ChatWorkspace::replyEnded);
            window->page->send(QString::fromLatin1(text));
            QVERIFY(window->page->isReplying());
            QTRY_VERIFY_WITH_TIMEOUT(!ended.isEmpty(), kLong);
        };
        QSignalSpy failed(window->page, &ChatWorkspace::failed);
        talk("The router");
        QTRY_VERIFY(!failed.isEmpty());
        std::filesystem::remove(inTheWay);
        if (!closes) {
            talk("A token");
            wait(*window);
        }
    }
    const chats::Conversation kept = newest();
    QCOMPARE(kept.info.title, std::string("The router"));
    QCOMPARE(kept.path().size(), closes ? size_t{2} : size_t{4});
    const chats::Message& reply = *kept.find(kept.path()[1]);
    QVERIFY(!reply.text.empty());
    QVERIFY(reply.facts.tokens > 0);
}

QTEST_MAIN(TestChatStore)
#include "test_chat_store.moc"
