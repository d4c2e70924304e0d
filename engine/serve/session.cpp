// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/session.h"

#include "engine/serve/service_answers.h"

#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

namespace moe::serve {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kPipelinedBytes = 16 << 10; // read ahead while an answer is made
constexpr std::chrono::seconds kLingerTime{1};
constexpr std::chrono::seconds kStalledWrite{1}; // a client that reads takes something sooner

std::string addressOf(const boost::asio::ip::tcp::socket& socket)
{
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? "unknown" : endpoint.address().to_string();
}

} // namespace

Session::Session(ServerState& state, boost::asio::ip::tcp::socket socket)
    : m_state(state)
    , m_stream(std::move(socket))
    , m_client(addressOf(m_stream.socket()))
    , m_input(static_cast<size_t>(state.options.limits.headBytes) + kReadBytes)
{
    ErrorCode ignored;
    m_stream.socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    m_stream.socket().set_option(boost::asio::socket_base::keep_alive(true), ignored);
    // What the system holds of a stream counts little beside our own bound.
    m_stream.socket().set_option(boost::asio::socket_base::send_buffer_size(128 << 10), ignored);
}

void Session::start()
{
    readHead();
}

void Session::turnAway()
{
    m_keepAlive = false;
    respond(ApiError(429, "too many connections", "this server", "close one, or ask again later")
                .with("Retry-After: 1\r\n"));
}

std::optional<Clock::time_point> Session::idleSince() const
{
    if (m_phase == Phase::ReadingHead || m_phase == Phase::ReadingBody
        || m_phase == Phase::Lingering)
        return m_since;
    if (m_writing && Clock::now() - m_writingSince > kStalledWrite)
        return m_writingSince;
    return std::nullopt;
}

void Session::readHead()
{
    m_phase = Phase::ReadingHead;
    m_since = Clock::now();
    m_route = "other";
    m_head = RequestHead();
    m_parser.emplace();
    limitParser(*m_parser, m_state.options.limits);
    m_stream.expires_after(m_state.options.limits.headTime);
    http::async_read_header(m_stream, m_input, *m_parser,
        [self = shared_from_this()](ErrorCode error, size_t) { self->headRead(error); });
}

void Session::headRead(ErrorCode error)
{
    if (m_phase == Phase::Closed)
        return;
    if (error && !isSyntaxError(error))
        return close();
    m_head.headOnly = m_parser->get().method() == http::verb::head; // of a refusal, too
    try {
        // Whoever may not ask is told that, not how long a body may be.
        if (error && error != http::error::body_limit)
            refuseSyntax(error);
        m_head = checkedHead(*m_parser, m_state.access);
        if (error)
            refuseSyntax(error);
    } catch (const ApiError& refusal) {
        // Bytes that we did not understand or did not read stand between us and a next request.
        m_keepAlive = !error && refusal.status() != 400 && m_parser->is_done()
            && m_parser->get().keep_alive();
        return respond(refusal);
    }
    m_keepAlive = m_head.keepAlive;
    m_route = nameOf(m_head.destination.route);
    readBody();
}

void Session::dispatch()
{
    ResponseHead head;
    switch (m_head.destination.route) {
    case Route::Models:
        return respond(head, modelList(m_state.model));
    case Route::Model:
        return respond(head, modelAnswer(m_state.model, m_head.destination.model));
    case Route::Health:
        return respond(head, R"({"status": "ok"})");
    case Route::Metrics:
        head.contentType = "text/plain; version=0.0.4; charset=utf-8";
        return respond(head, m_state.traffic.prometheus(m_state.model));
    case Route::ChatCompletions:
    case Route::Completions:
        return prepare();
    }
}

void Session::prepare()
{
    if (m_state.stopping)
        throw stopping();
    if (m_state.reading + m_state.unfinished >= m_state.capacity())
        throw queueFull();
    ++m_state.reading;
    m_phase = Phase::Answering;
    m_trafficId = m_state.traffic.begin(m_head.destination.route, m_client);
    watch();
    const bool chat = m_head.destination.route == Route::ChatCompletions;
    boost::asio::post(m_state.preparation,
        [self = shared_from_this(), chat, held = std::exchange(m_bodyBytes, 0),
            body = std::move(m_parser->get().body())]() mutable {
            std::optional<CompletionRequest> request;
            std::optional<ApiError> error;
            try {
                if (self->m_state.stopping) // which waits for this: not for all that is queued
                    throw stopping();
                request = readCompletionRequest(
                    body, chat, self->m_state.model, self->m_state.capacity());
            } catch (const ApiError& refusal) {
                error = refusal;
            } catch (const std::exception&) {
                error = ApiError(500, "the request could not be read", "this server",
                    "send a shorter one, or ask again later");
            }
            // The session goes with it: only the io thread may be the last to hold one.
            boost::asio::io_context& io = self->m_state.io;
            body = {};
            boost::asio::post(
                io, [self = std::move(self), held, request = std::move(request), error]() mutable {
                    self->m_state.bodyBytes -= held;
                    self->prepared(std::move(request), error);
                });
        });
}

void Session::prepared(
    std::optional<CompletionRequest> request, const std::optional<ApiError>& error)
{
    --m_state.reading;
    if (m_phase != Phase::Answering)
        return;
    if (error)
        return respond(*error);
    try {
        if (m_state.stopping)
            throw stopping();
        const auto choices = static_cast<int64_t>(request->generations.size());
        if (m_state.unfinished + choices > m_state.capacity())
            throw queueFull();
        const auto answer
            = std::make_shared<Answer>(m_state, *this, *m_trafficId, std::move(*request));
        m_answer = answer;
        answer->start();
    } catch (const ApiError& refusal) {
        respond(refusal);
    }
}

void Session::streamBegins()
{
    m_state.traffic.answered(m_route, 200);
    m_streaming = true;
    m_keepAlive = m_keepAlive && !m_head.oldHttp;
    ResponseHead head;
    head.contentType = "text/event-stream; charset=utf-8";
    head.extraFields = "Cache-Control: no-cache\r\n";
    head.keepAlive = m_keepAlive;
    send(headOfStream(head, !m_head.oldHttp));
}

void Session::streamEvent(const std::string& event)
{
    if (m_phase != Phase::Answering)
        return;
    send(m_head.oldHttp ? event : chunkOf(event));
    const size_t pending = m_outgoing.size() + m_current.size() - m_written;
    if (pending > static_cast<size_t>(m_state.options.limits.pendingBytes))
        clientGone();
}

void Session::streamEnds()
{
    if (m_phase != Phase::Answering)
        return;
    if (!m_head.oldHttp)
        send(kLastChunk);
    answerEnds();
}

void Session::wholeAnswer(int status, const std::string& body)
{
    ResponseHead head;
    head.status = status;
    respond(head, body);
}

void Session::respond(const ApiError& error)
{
    m_state.traffic.failed(m_client, m_route, error.status(), error.what());
    ResponseHead head;
    head.status = error.status();
    head.extraFields = error.fields();
    respond(head, errorBody(error));
}

void Session::respond(ResponseHead head, const std::string& body)
{
    m_state.traffic.answered(m_route, head.status);
    m_keepAlive = m_keepAlive && !m_state.stopping;
    head.keepAlive = m_keepAlive;
    send(headWithLength(head, body.size()) + (m_head.headOnly ? "" : body));
    answerEnds();
}

void Session::answerEnds()
{
    m_answer.reset();
    m_streaming = false;
    releaseBody();
    if (m_trafficId)
        m_state.traffic.end(*m_trafficId);
    m_trafficId.reset();
    if (m_phase == Phase::Closed)
        return;
    m_phase = Phase::Sending;
    if (!m_writing)
        write();
}

void Session::send(std::string_view bytes)
{
    m_outgoing += bytes;
    if (!m_writing)
        write();
}

void Session::write()
{
    if (m_written == m_current.size()) {
        m_current.clear();
        m_current.swap(m_outgoing);
        m_written = 0;
    }
    if (m_current.empty()) {
        if (m_phase == Phase::Sending)
            sent();
        return;
    }
    m_writing = true;
    m_writingSince = Clock::now();
    m_stream.expires_after(m_state.options.limits.writeTime);
    m_stream.async_write_some(
        boost::asio::buffer(m_current.data() + m_written, m_current.size() - m_written),
        [self = shared_from_this()](
            ErrorCode error, size_t bytes) { self->written(error, bytes); });
}

void Session::written(ErrorCode error, size_t bytes)
{
    m_writing = false;
    if (m_phase == Phase::Closed)
        return;
    if (error)
        return clientGone();
    m_written += bytes;
    write();
}

void Session::sent()
{
    if (!m_keepAlive || m_state.stopping)
        return linger();
    if (!m_watching)
        return readHead();
    m_phase = Phase::ReadingHead; // when the read that is under way has ended
    m_stream.cancel();
}

void Session::watch()
{
    if (m_input.size() > kPipelinedBytes) { // more than one that waits for its answer may send
        m_keepAlive = false;
        m_input.clear();
    }
    m_watching = true;
    m_stream.expires_never();
    m_stream.async_read_some(m_input.prepare(kPipelinedBytes),
        [self = shared_from_this()](
            ErrorCode error, size_t bytes) { self->watched(error, bytes); });
}

void Session::watched(ErrorCode error, size_t bytes)
{
    m_watching = false;
    if (m_phase == Phase::Closed)
        return;
    m_input.commit(bytes);
    const bool asked = m_phase == Phase::ReadingHead || m_phase == Phase::Lingering;
    if (error == boost::asio::error::eof && m_phase == Phase::Answering && !m_head.oldHttp)
        return halfClosed();
    if (error == boost::asio::error::eof && m_phase == Phase::Sending)
        return; // what it asked for is still to arrive; one that has gone shows when we write
    if (error && !(asked && error == boost::asio::error::operation_aborted))
        return m_phase == Phase::Answering ? clientGone() : close();
    if (m_phase == Phase::ReadingHead)
        return readHead();
    if (m_phase == Phase::Lingering)
        return lingerOn(true);
    watch();
}

/// The client sends no more. Whether it still listens shows when something is sent to it that means
/// nothing: the system of one that has closed answers with a reset, within a round trip. In
/// HTTP/1.0 there is no such thing to send, and the client counts as gone.
void Session::halfClosed()
{
    m_keepAlive = false;
    send(m_streaming ? chunkOf(": \n\n") : "HTTP/1.1 100 Continue\r\n\r\n");
    m_stream.socket().async_wait(
        boost::asio::socket_base::wait_error, [self = shared_from_this()](ErrorCode) {
            if (self->m_phase == Phase::Answering)
                self->clientGone();
        });
}

void Session::clientGone()
{
    if (m_phase == Phase::Answering)
        m_state.traffic.abandoned();
    close();
}

void Session::linger()
{
    // Closing while the client still sends would reset the connection, and with it our answer.
    m_phase = Phase::Lingering;
    m_since = Clock::now();
    ErrorCode ignored;
    m_stream.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    if (m_watching)
        m_stream.cancel();
    else
        lingerOn(true);
}

void Session::lingerOn(bool begins)
{
    if (begins)
        m_stream.expires_after(kLingerTime);
    m_input.clear();
    m_stream.async_read_some(
        m_input.prepare(kReadBytes), [self = shared_from_this()](ErrorCode error, size_t) {
            if (self->m_phase == Phase::Closed)
                return;
            if (error)
                return self->close();
            self->lingerOn(false);
        });
}

void Session::closeUnlessAnswering()
{
    if (m_phase == Phase::ReadingHead || m_phase == Phase::ReadingBody)
        close();
}

void Session::endAnswer()
{
    if (m_phase != Phase::Answering)
        return;
    if (const std::shared_ptr<Answer> answer = m_answer)
        answer->fail(503, "the server is stopping: this server: ask again later");
    // A body that is still being read is refused when that is done.
}

void Session::close()
{
    if (m_phase == Phase::Closed)
        return;
    m_phase = Phase::Closed;
    releaseBody();
    if (const std::shared_ptr<Answer> answer = std::exchange(m_answer, nullptr))
        answer->abandon();
    if (m_trafficId)
        m_state.traffic.end(*m_trafficId);
    m_trafficId.reset();
    m_stream.close();
    m_state.sessions.erase(shared_from_this());
    m_state.traffic.connections(static_cast<int64_t>(m_state.sessions.size()));
}

} // namespace moe::serve
