// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the thread sanitizer looks at: a model streams while the window is resized and the
// conversation is switched 200 times.
#include "chat_window.h"
#include "talking_model.h"

#include "engine/chats/chat_exchange.h"

#include <QTemporaryDir>

using namespace moe;
using namespace moe::chat;

class TestChatThreads : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void streamsWhileTheWindowIsResizedAndConversationsAreSwitched()
    {
        useFontOfTests();
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        const std::filesystem::path store = path / "store.sqlite";
        const std::filesystem::path model = talking::train(path, path / "runs.sqlite", 40, 32'768);
        std::vector<int64_t> conversations;
        for (const char* title : {"one", "two"}) {
            chats::Conversation made = chats::fromJsonText(
                R"([{"role": "user", "content": "a **question**"}, {"role": "assistant", "content": "- an answer\n- of `two` lines"}])",
                title);
            chats::ChatStore(store).create(made);
            conversations.push_back(made.info.id);
        }
        Window window(store, {1280, 800});
        window.openModel(model);
        int replies = 0, switches = 0;
        while (switches < 200) {
            if (!window.page->isReplying()) {
                window.page->setSampling(static_cast<quint64>(replies), 400);
                window.page->send(QStringLiteral("The router"));
                ++replies;
            }
            window.page->openConversation(conversations[static_cast<size_t>(switches % 2)]);
            window.window.resize(
                switches % 3 == 0 ? QSize(1024, 680) : QSize(1200 + switches, 760 + switches % 40));
            QTest::qWait(20); // parts of the reply come in, layouts and paints happen
            ++switches;
        }
        QVERIFY(replies > 0);
        if (window.page->isReplying())
            window.trigger("chat.stop");
        QTRY_VERIFY_WITH_TIMEOUT(!window.page->isReplying(), kLong);
        int written = 0;
        const auto repliesInStore = [&] {
            written = 0;
            for (const int64_t id : conversations) {
                for (const chats::Message& each : chats::ChatStore(store).open(id).messages)
                    written += each.facts.tokens > 0 ? 1 : 0;
            }
            return written;
        };
        QTRY_VERIFY(repliesInStore() > 0);
    }
};

QTEST_MAIN(TestChatThreads)
#include "test_chat_threads.moc"
