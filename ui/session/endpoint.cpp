// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/endpoint.h"

#include "ui/session/error_line.h"
#include "ui/shell/mailbox.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace moe::session {

struct Endpoint::Impl {
    explicit Impl(Endpoint& owner)
        : self(owner)
        , mailbox(&owner)
    {
    }

    void serve(
        serve::ServedModel model, const serve::ServerOptions& options, const std::stop_token& stop);
    void tell(State next, const QString& address, const QString& error = {});

    Endpoint& self;
    shell::Mailbox mailbox;
    // GUI thread
    State state = State::Off;
    QString address;

    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_ptr<serve::Server> server; ///< guarded by mutex, but for its thread's own calls
    serve::ServerSnapshot last; ///< guarded by mutex
    bool serving = false; ///< guarded by mutex: the model may be in use
    std::stop_source stopping; ///< guarded by mutex
    std::jthread thread; ///< last: joins before what it uses goes
};

/// The thread of one server, from start to end.
void Endpoint::Impl::serve(
    serve::ServedModel model, const serve::ServerOptions& options, const std::stop_token& stop)
{
    std::unique_ptr<serve::Server> made;
    const QString error = errorLineOf([&] {
        made = std::make_unique<serve::Server>(std::move(model), options);
        made->start();
    });
    if (error.isEmpty()) {
        serve::Server& running = *made;
        tell(State::On, QString::fromStdString(running.address()));
        {
            std::unique_lock lock(mutex);
            server = std::move(made);
            wake.wait(lock, stop, [] { return false; });
        }
        tell(State::Stopping, {});
        running.stop();
        const std::scoped_lock lock(mutex);
        last = running.snapshot();
        made = std::move(server);
    }
    made.reset();
    {
        const std::scoped_lock lock(mutex);
        serving = false;
    }
    wake.notify_all();
    tell(State::Off, {}, error);
}

void Endpoint::Impl::tell(State next, const QString& where, const QString& error)
{
    mailbox.post([this, next, where, error] {
        state = next;
        address = where;
        if (!error.isEmpty())
            Q_EMIT self.failed(error);
        Q_EMIT self.changed();
    });
}

Endpoint::Endpoint(QObject* parent)
    : QObject(parent)
    , m_impl(std::make_unique<Impl>(*this))
{
}

Endpoint::~Endpoint()
{
    const std::scoped_lock lock(m_impl->mutex);
    m_impl->stopping.request_stop();
}

void Endpoint::start(serve::ServedModel model, serve::ServerOptions options)
{
    Impl& impl = *m_impl;
    if (impl.state != State::Off)
        return;
    impl.state = State::Starting;
    std::stop_source stopping;
    {
        const std::scoped_lock lock(impl.mutex);
        impl.serving = true;
        impl.stopping = stopping;
        impl.last = {};
    }
    impl.thread = std::jthread([&impl, model = std::move(model), options = std::move(options),
                                   stop = stopping.get_token()]() mutable {
        impl.serve(std::move(model), options, stop);
    });
    Q_EMIT changed();
}

void Endpoint::stop()
{
    const std::scoped_lock lock(m_impl->mutex);
    m_impl->stopping.request_stop();
}

void Endpoint::release()
{
    std::unique_lock lock(m_impl->mutex);
    m_impl->stopping.request_stop();
    m_impl->wake.wait(lock, [this] { return !m_impl->serving; });
}

Endpoint::State Endpoint::state() const
{
    return m_impl->state;
}

QString Endpoint::address() const
{
    return m_impl->address;
}

serve::ServerSnapshot Endpoint::snapshot() const
{
    const std::scoped_lock lock(m_impl->mutex);
    return m_impl->server ? m_impl->server->snapshot() : m_impl->last;
}

} // namespace moe::session
