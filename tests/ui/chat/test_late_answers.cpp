// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "engine/base/json.h"
#include "engine/chats/chat_exchange.h"
#include "ui/chat/conversation_panel.h"

#include <QLineEdit>
#include <QListWidget>
#include <QTemporaryDir>

#include <memory>
#include <nlohmann/json.hpp>

using namespace moe;
using namespace moe::chat;

/// What was asked for last counts, and a bar speaks of what is still so.
class TestLateAnswers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void init();
    void theBarGoesWithWhatItUndoes();
    void anOldSearchShowsNothing();
    void theLastClickWins();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_store;
    std::vector<chats::Conversation> m_said; ///< the last is the newest
};

void TestLateAnswers::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = m_folder->filePath(QStringLiteral("store.sqlite")).toStdString();
    m_said.clear();
    chats::ChatStore store(m_store);
    for (const char* word : {"alpha", "beta"}) {
        chats::Conversation one
            = chats::fromJsonText(base::Json::array({{{"role", "user"}, {"content", word}},
                                                        {{"role", "assistant"}, {"content", "so"}},
                                                        {{"role", "user"}, {"content", "more"}}})
                                      .dump(),
                "here");
        one.info.title = "A talk"; // the word is in one message alone
        one.info.updated += static_cast<double>(m_said.size());
        store.create(one);
        m_said.push_back(one);
    }
}

/// A second click would undo the deletion before.
void TestLateAnswers::theBarGoesWithWhatItUndoes()
{
    const chats::Conversation& said = m_said.back();
    const Window window(m_store);
    QTRY_VERIFY(window.view().view(said.leaf) != nullptr);
    const auto remove = [&](int64_t message) {
        const size_t before = newestOf(m_store).messages.size();
        QTest::keyClick(window.view().view(message), Qt::Key_Delete);
        QTRY_VERIFY(newestOf(m_store).messages.size() < before);
    };
    remove(said.messages[2].id);
    remove(said.messages[1].id);
    QVERIFY(window.messages->text().contains(QLatin1String("deleted")));
    window.trigger("chat.undo");
    QVERIFY2(window.messages->text().isEmpty(), qPrintable(window.messages->text()));
    QTRY_COMPARE(newestOf(m_store).messages.size(), size_t{2});
    window.trigger("chat.redo");
    QTRY_COMPARE(newestOf(m_store).messages.size(), size_t{1});
    QVERIFY(window.messages->text().isEmpty());
    window.trigger("chat.undo");
    window.trigger("chat.undo");
    QTRY_COMPARE(newestOf(m_store).messages.size(), size_t{3});
}

void TestLateAnswers::anOldSearchShowsNothing()
{
    const Window window(m_store);
    auto* list = window.find<QListWidget>("conversationList");
    auto* panel = window.window.findChild<ConversationPanel*>();
    QTRY_COMPARE(list->count(), 3); // a heading and two rows
    auto* search = window.find<QLineEdit>("conversationSearch");
    search->setText(QStringLiteral("alpha"));
    QTRY_COMPARE(list->count(), 2);
    panel->setHits(QStringLiteral("a"), std::vector<chats::SearchHit>(5));
    QCOMPARE(list->count(), 2);
    search->clear();
    QTRY_COMPARE(list->count(), 3);
    panel->setHits(QStringLiteral("alpha"), std::vector<chats::SearchHit>(5));
    QCOMPARE(list->count(), 3);
}

/// Another conversation is still being read when the one on screen is clicked again.
void TestLateAnswers::theLastClickWins()
{
    const Window window(m_store);
    const int64_t shown = m_said.back().leaf, other = m_said.front().leaf;
    QTRY_VERIFY(window.view().view(shown) != nullptr);
    window.page->openConversation(m_said.front().info.id);
    window.page->openConversation(m_said.back().info.id);
    QTest::qWait(200);
    QVERIFY(window.view().view(other) == nullptr);
    QVERIFY(window.view().view(shown) != nullptr);
    window.page->openConversation(m_said.front().info.id);
    QTRY_VERIFY(window.view().view(other) != nullptr);
}

QTEST_MAIN(TestLateAnswers)
#include "test_late_answers.moc"
