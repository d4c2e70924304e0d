// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "ui/plots/heatmap_plot.h"

#include <QLabel>
#include <QTableView>
#include <QToolButton>

#include <fstream>
#include <unistd.h>

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
    void aDamagedRoutingIsNone();
    void theMapOfAConversationIsReadAtOnce();
    void aReplyOfAnotherWindowIsFollowed();
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

/// And the others are shown.
void TestChatStore::aDamagedRoutingIsNone()
{
    int64_t first = 0;
    {
        const auto window = open();
        say(*window, QStringLiteral("The router"));
        first = newest().leaf;
        say(*window, QStringLiteral("A token"));
    }
    const int64_t second = newest().leaf;
    chats::ReplyRouting damaged = routingOf(second);
    std::swap(damaged.layers.front().layer, damaged.layers.back().layer);
    chats::ChatStore(m_store).setRouting(second, chats::encode(damaged));
    const auto window = open();
    QTRY_VERIFY(window->messages->text().contains(QLatin1String("damaged")));
    const auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    QTest::mouseClick(window->find<QWidget>("span1"), Qt::LeftButton); // the conversation
    QTRY_COMPARE(map->data().rows, 3);
    QVERIFY(window->view().view(first) != nullptr);
}

/// However many replies it has: they do not each draw the map, and ask for all others again.
void TestChatStore::theMapOfAConversationIsReadAtOnce()
{
    constexpr int kReplies = 60;
    chats::Conversation made;
    made.info.id = chats::newId();
    chats::ReplyRouting routing;
    routing.layers = {{0, 6, 1, 0}};
    routing.ids = {1, 2};
    routing.texts = {"a", "b"};
    routing.experts = {4, 4};
    routing.weights = routing.gates = {0.5F, 0.5F};
    for (int i = 0; i < 2 * kReplies; ++i) {
        chats::Message message;
        message.id = chats::newId();
        message.parent = made.leaf;
        message.role = i % 2 == 0 ? chats::Role::User : chats::Role::Assistant;
        message.text = "a b";
        message.facts.tokens = 2;
        made.leaf = message.id;
        made.messages.push_back(message);
    }
    {
        chats::ChatStore store(m_store);
        store.create(made);
        for (const chats::Message& message : made.messages) {
            if (message.id == made.leaf)
                routing.experts = {3, 3};
            if (message.role == chats::Role::Assistant)
                store.setRouting(message.id, chats::encode(routing));
        }
    }
    const auto window = open(false);
    const auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    const auto third = [map] { // utilisation
        return map->data().columns == 6 ? map->data().values[3] : 0.0F;
    };
    QTRY_COMPARE(third(), 6.0F); // of the last reply alone
    const QAbstractItemModel* table = window->find<QTableView>("routingTable")->model();
    QSignalSpy drawn(table, &QAbstractItemModel::dataChanged);
    QTest::mouseClick(window->find<QWidget>("span1"), Qt::LeftButton);
    QTRY_COMPARE(third(), 0.1F); // of all
    QVERIFY2(drawn.size() <= 4, qPrintable(QString::number(drawn.size())));
}

/// It is not cut off: Continue would write into it from two sides.
void TestChatStore::aReplyOfAnotherWindowIsFollowed()
{
    chats::Conversation made;
    made.info.id = chats::newId();
    chats::Message question, reply;
    question.id = chats::newId();
    question.text = "The router";
    reply.id = chats::newId();
    reply.parent = question.id;
    reply.role = chats::Role::Assistant;
    reply.state = chats::MessageState::Streaming;
    reply.text = "A gate";
    made.messages = {question, reply};
    made.leaf = reply.id;
    {
        chats::ChatStore(m_store).create(made);
        const std::string other = "UPDATE messages SET facts = json_set(facts, '$.writer', "
            + std::to_string(::getppid()) + ", '$.written', 1e11) WHERE id = " // and goes on to
            + std::to_string(reply.id);
        telemetry::Database(m_store, telemetry::Database::Mode::ReadWrite).execute(other.c_str());
    }
    const auto window = open();
    const auto facts = [&] {
        const MessageView* view = window->view().view(reply.id);
        const auto* label
            = view != nullptr ? view->findChild<QLabel*>(QStringLiteral("replyFacts")) : nullptr;
        return label != nullptr ? label->text() : QString();
    };
    QTRY_VERIFY2(facts().contains(QLatin1String("another window")), qPrintable(facts()));
    const auto* goOn
        = window->view().view(reply.id)->findChild<QToolButton*>(QStringLiteral("goOn"));
    QVERIFY(!goOn->isVisible());
    reply.text += " and an expert";
    reply.state = chats::MessageState::Stopped;
    reply.facts.finish = "cancelled";
    chats::ChatStore(m_store).update(reply);
    QTRY_VERIFY2(!facts().contains(QLatin1String("another window")), qPrintable(facts()));
    QVERIFY(goOn->isVisible());
    QVERIFY(window->view().view(reply.id)->accessibleName().contains(QLatin1String("an expert")));
}

QTEST_MAIN(TestChatStore)
#include "test_chat_store.moc"
