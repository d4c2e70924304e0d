// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/chat_store.h"

#include <QObject>
#include <QString>

#include <filesystem>
#include <functional>
#include <memory>

namespace moe::session {

/// The store's conversations, seen from the window: a thread of its own that does what is asked in
/// order, so that typing never waits for the disk. Lives on the GUI thread; the destructor waits
/// until all that was asked is done.
class ConversationStore : public QObject {
    Q_OBJECT
public:
    explicit ConversationStore(std::filesystem::path store, QObject* parent = nullptr);
    ~ConversationStore() override;

    using Work = std::function<void(chats::ChatStore&)>;
    /// failed() when it goes wrong; what comes after it is done all the same.
    void write(Work work) { post(std::move(work), {}); }

    /// `work` on the store's thread, then `done` with its answer here, unless it failed.
    template <typename Read, typename Done> void read(Read work, Done done)
    {
        using Answer = std::invoke_result_t<Read, chats::ChatStore&>;
        const auto answer = std::make_shared<Answer>();
        post([work = std::move(work), answer](chats::ChatStore& store) { *answer = work(store); },
            [done = std::move(done), answer] { done(std::move(*answer)); });
    }

Q_SIGNALS:
    void failed(const QString& line); ///< one error line

private:
    void post(Work work, std::function<void()> done);

    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::session
