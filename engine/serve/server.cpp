// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/server.h"

#include "engine/base/log.h"
#include "engine/serve/server_state.h"
#include "engine/serve/session.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <future>
#include <thread>

namespace moe::serve {

using boost::asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kLookAgain{5};
constexpr std::chrono::milliseconds kWithoutFiles{100}; // until accepting is tried again
constexpr std::chrono::seconds kLastBytes{3}; // for sending what is queued when all is answered

tcp::endpoint endpointOf(const ServerOptions& options)
{
    boost::asio::io_context io;
    ErrorCode error;
    const auto found = tcp::resolver(io).resolve(
        options.host, std::to_string(options.port), tcp::resolver::numeric_service, error);
    if (error || found.empty())
        throw Error("no such address", options.host, "give one of this machine's, as 127.0.0.1");
    const tcp::endpoint endpoint = found.begin()->endpoint();
    if (!endpoint.address().is_loopback() && options.apiKey.empty())
        throw UsageError("others can reach this address, and there is no key", options.host,
            "set an API key, or listen on 127.0.0.1");
    return endpoint;
}

std::string shown(const tcp::endpoint& endpoint)
{
    const std::string address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":"
        + std::to_string(endpoint.port());
}

} // namespace

void checkAccess(const ServerOptions& options)
{
    endpointOf(options);
}

struct Server::Impl {
    ServerState state;
    tcp::acceptor acceptor{state.io};
    boost::asio::steady_timer again{state.io};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open{
        state.io.get_executor()}; ///< run() goes on when there is nothing to do
    std::string address;
    std::thread thread; ///< runs state.io

    Impl(ServedModel model, ServerOptions options)
        : state(std::move(model), std::move(options))
    {
    }

    void listen(const tcp::endpoint& endpoint)
    {
        ErrorCode error;
        acceptor.open(endpoint.protocol(), error);
        if (!error)
            acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error)
            acceptor.bind(endpoint, error);
        if (!error)
            acceptor.listen(tcp::acceptor::max_listen_connections, error);
        if (error == boost::asio::error::address_in_use)
            throw Error("the port is taken", shown(endpoint),
                "choose another port, or stop what listens there");
        if (error)
            throw Error("cannot listen", shown(endpoint), "choose another address or port");
        address = "http://" + shown(acceptor.local_endpoint());
    }

    void accept()
    {
        acceptor.async_accept([this](ErrorCode error, tcp::socket socket) {
            if (state.stopping || error == boost::asio::error::operation_aborted)
                return;
            if (error) { // out of file descriptors: some will be free again
                again.expires_after(kWithoutFiles);
                again.async_wait([this](ErrorCode stopped) {
                    if (!stopped)
                        accept();
                });
                return;
            }
            admit(std::move(socket));
            accept();
        });
    }

    void admit(tcp::socket socket)
    {
        const auto most = static_cast<size_t>(state.options.limits.connections);
        if (state.sessions.size() >= most)
            closeLongestIdle();
        if (state.sessions.size() >= 2 * most)
            return; // even those that are told so are too many
        const auto session = std::make_shared<Session>(state, std::move(socket));
        const bool full = state.sessions.size() >= most;
        state.sessions.insert(session);
        state.traffic.connections(static_cast<int64_t>(state.sessions.size()));
        full ? session->turnAway() : session->start();
    }

    /// Connections that wait for their clients make room for new ones.
    void closeLongestIdle()
    {
        std::shared_ptr<Session> longest;
        for (const auto& session : state.sessions) {
            if (session->idleSince() && (!longest || *session->idleSince() < *longest->idleSince()))
                longest = session;
        }
        if (longest)
            longest->close();
    }

    void run()
    {
        for (;;) {
            try {
                state.io.run();
                return;
            } catch (const std::exception&) { // of one handler; the others go on
                base::log(base::LogLevel::Error, "a connection failed: out of memory?");
            }
        }
    }

    template <typename Function> auto onIoThread(Function function)
    {
        std::packaged_task<decltype(function())()> task(std::move(function));
        auto result = task.get_future();
        boost::asio::post(state.io, [&task] { task(); });
        return result.get();
    }

    /// Looks until `done` or the deadline; whether it was done.
    template <typename Function> bool waitUntil(Clock::time_point deadline, Function done)
    {
        while (!onIoThread(done)) {
            if (Clock::now() >= deadline)
                return false;
            std::this_thread::sleep_for(kLookAgain);
        }
        return true;
    }

    void forEachSession(void (Session::*what)())
    {
        onIoThread([this, what] {
            const auto sessions = state.sessions; // they leave the set as they close
            for (const auto& session : sessions)
                (session.get()->*what)();
        });
    }

    void stop()
    {
        onIoThread([this] {
            ErrorCode ignored;
            state.stopping = true;
            acceptor.close(ignored);
            again.cancel();
        });
        forEachSession(&Session::closeUnlessAnswering);
        const auto allClosed = [this] {
            return state.sessions.empty();
        };
        if (!waitUntil(Clock::now() + state.options.limits.graceTime, allClosed)) {
            forEachSession(&Session::endAnswer);
            waitUntil(Clock::now() + kLastBytes, allClosed);
            forEachSession(&Session::close);
        }
        // The generator, the preparation and the writer hold callbacks until their step is over.
        waitUntil(Clock::time_point::max(),
            [this] { return state.unfinished == 0 && state.reading == 0 && state.writing == 0; });
        state.io.stop();
        thread.join();
        state.preparation.join();
        state.writer.join();
    }
};

Server::Server(ServedModel model, ServerOptions options)
    : m_impl(std::make_unique<Impl>(std::move(model), std::move(options)))
{
}

Server::~Server()
{
    stop();
}

void Server::start()
{
    const tcp::endpoint endpoint = endpointOf(m_impl->state.options);
    m_impl->state.access = {m_impl->state.options.apiKey,
        m_impl->state.options.apiKey.empty() && endpoint.address().is_loopback()};
    m_impl->listen(endpoint);
    m_impl->accept();
    m_impl->thread = std::thread([impl = m_impl.get()] { impl->run(); });
}

void Server::stop()
{
    if (m_impl->thread.joinable())
        m_impl->stop();
}

std::string Server::address() const
{
    return m_impl->address;
}

ServerSnapshot Server::snapshot() const
{
    const Traffic& traffic = m_impl->state.traffic;
    return {traffic.requests(), traffic.totals(), traffic.failures()};
}

} // namespace moe::serve
