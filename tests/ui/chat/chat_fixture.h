// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat_window.h"
#include "talking_model.h"

#include "engine/chats/reply_routing.h"

#include <QTemporaryDir>

#include <algorithm>
#include <memory>

namespace moe::chat {

/// For tests that talk: a small model, trained once for all of a class, and a store of its own for
/// each test.
class ChatFixture {
protected:
    /// For initTestCase(). `context`: tokens of a conversation.
    void trainModel(int64_t context = 512)
    {
        useFontOfTests();
        m_modelFolder = std::make_unique<QTemporaryDir>();
        const std::filesystem::path folder = m_modelFolder->path().toStdString();
        m_runs = folder / "runs.sqlite";
        m_model = talking::train(folder, m_runs, 40, context);
    }
    /// For init().
    void newStore()
    {
        shell::ThemeSource::instance().choose(shell::ThemeChoice::Light);
        m_folder = std::make_unique<QTemporaryDir>();
        m_store = m_folder->filePath(QStringLiteral("store.sqlite")).toStdString();
    }
    std::unique_ptr<Window> open(bool model = true) const
    {
        auto window = std::make_unique<Window>(m_store);
        if (model)
            window->openModel(m_model);
        if (model && m_tokens > 0)
            window->page->setSampling(m_seed, m_tokens);
        return window;
    }
    /// Until no reply is being written and the store has the ends of all, with the routing.
    void wait(const Window& window) const
    {
        QTRY_VERIFY_WITH_TIMEOUT(!window.page->isReplying(), kLong);
        const auto ended = [this] { // the store's thread may not have come to it yet
            const chats::Conversation said = newest();
            const chats::Message* last = said.find(said.leaf);
            return last != nullptr && last->role == chats::Role::Assistant
                && std::ranges::none_of(said.messages,
                    [](const chats::Message& each) {
                        return each.state == chats::MessageState::Streaming;
                    })
                && (last->facts.tokens < 2 || !chats::ChatStore(m_store).routing(last->id).empty());
        };
        QTRY_VERIFY(ended());
    }
    void say(const Window& window, const QString& text) const
    {
        const int64_t before = newest().leaf;
        window.input().insertPlainText(text); // Chinese has no keys
        QTest::keyClick(&window.input(), Qt::Key_Return);
        QVERIFY(window.page->isReplying());
        QTRY_VERIFY(newest().leaf != before); // the store may be behind
        wait(window);
    }
    chats::Conversation newest() const { return newestOf(m_store); }
    /// Written behind the end of the reply.
    chats::ReplyRouting routingOf(int64_t message) const
    {
        const chats::ChatStore store(m_store);
        const bool there = QTest::qWaitFor([&] { return !store.routing(message).empty(); });
        return there ? chats::decodeRouting(store.routing(message)) : chats::ReplyRouting();
    }

    std::unique_ptr<QTemporaryDir> m_modelFolder, m_folder;
    std::filesystem::path m_model, m_runs, m_store;
    quint64 m_seed = 7;
    int64_t m_tokens = 0; ///< of a reply; 0: as many as the composer says
};

} // namespace moe::chat
