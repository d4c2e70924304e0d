// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/conversation_store.h"

#include "ui/session/error_line.h"
#include "ui/shell/mailbox.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace moe::session {

struct ConversationStore::Impl {
    struct Job {
        Work work;
        std::function<void()> done;
    };

    Impl(ConversationStore& owner, std::filesystem::path storePath)
        : self(owner)
        , mailbox(&owner)
        , path(std::move(storePath))
        , worker([this](const std::stop_token& stop) { serve(stop); })
    {
    }

    void serve(const std::stop_token& stop);
    void carryOut(std::optional<chats::ChatStore>& store, Job job);

    ConversationStore& self;
    shell::Mailbox mailbox;
    std::filesystem::path path;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::deque<Job> jobs;
    std::jthread worker; ///< last: joins before what it uses goes
};

void ConversationStore::Impl::serve(const std::stop_token& stop)
{
    std::optional<chats::ChatStore>
        store; // opened by the first job; a failed opening is tried again
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex);
            wake.wait(lock, stop, [this] { return !jobs.empty(); });
            if (jobs.empty())
                return; // asked to stop, and all is done
            job = std::move(jobs.front());
            jobs.pop_front();
        }
        carryOut(store, std::move(job));
    }
}

void ConversationStore::Impl::carryOut(std::optional<chats::ChatStore>& store, Job job)
{
    const QString error = errorLineOf([&] {
        if (!store)
            store.emplace(path);
        job.work(*store);
    });
    if (!error.isEmpty())
        mailbox.post([this, error] { Q_EMIT self.failed(error); });
    else if (job.done)
        mailbox.post(std::move(job.done));
}

ConversationStore::ConversationStore(std::filesystem::path store, QObject* parent)
    : QObject(parent)
    , m_impl(std::make_unique<Impl>(*this, std::move(store)))
{
}

ConversationStore::~ConversationStore()
{
    m_impl->worker.request_stop();
    m_impl->worker.join(); // while this object is whole
}

void ConversationStore::post(Work work, std::function<void()> done)
{
    {
        const std::scoped_lock lock(m_impl->mutex);
        m_impl->jobs.push_back({std::move(work), std::move(done)});
    }
    m_impl->wake.notify_one();
}

} // namespace moe::session
