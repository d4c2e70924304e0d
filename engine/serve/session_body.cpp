// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Of a session: how a request's body is read, and how many bytes of bodies stand in memory.
#include "engine/serve/session.h"

#include <boost/beast/http/read.hpp>

namespace moe::serve {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

void Session::readBody()
{
    m_phase = Phase::ReadingBody;
    m_since = Clock::now();
    if (m_parser->is_done())
        return bodyRead({});
    if (m_head.expectsContinue)
        send("HTTP/1.1 100 Continue\r\n\r\n");
    m_stream.expires_after(m_state.options.limits.bodyTime);
    readMoreOfBody();
}

void Session::readMoreOfBody()
{
    http::async_read_some(m_stream, m_input, *m_parser,
        [self = shared_from_this()](ErrorCode error, size_t) { self->bodyRead(error); });
}

/// Sizes of bodies times connections would be more than a machine has.
void Session::countBody()
{
    const auto held = static_cast<int64_t>(m_parser->get().body().size());
    m_state.bodyBytes += held - std::exchange(m_bodyBytes, held);
    while (bodyStalledSince() && m_state.bodyBytes > m_state.mostBodyBytes()) {
        std::shared_ptr<Session> longest = shared_from_this();
        for (const auto& session : m_state.sessions) {
            if (session->bodyStalledSince()
                && *session->bodyStalledSince() < *longest->bodyStalledSince())
                longest = session;
        }
        longest->m_watching = longest.get() != this; // the others have a read under way
        longest->refuseBody();
    }
}

void Session::releaseBody()
{
    m_state.bodyBytes -= std::exchange(m_bodyBytes, 0);
}

void Session::bodyRead(ErrorCode error)
{
    if (m_phase != Phase::ReadingBody) {
        m_watching = false;
        return m_phase == Phase::Lingering ? lingerOn(true) : void();
    }
    if (error && !isSyntaxError(error))
        return close();
    try {
        if (error)
            refuseSyntax(error);
        m_since = Clock::now();
        countBody();
        if (m_phase != Phase::ReadingBody)
            return;
        if (!m_parser->is_done())
            return readMoreOfBody();
        dispatch();
    } catch (const ApiError& refusal) {
        m_keepAlive = m_keepAlive && !error;
        respond(refusal);
    }
}

std::optional<Clock::time_point> Session::bodyStalledSince() const
{
    if (m_phase == Phase::ReadingBody && m_bodyBytes > 0)
        return m_since;
    return std::nullopt;
}

void Session::refuseBody()
{
    m_keepAlive = false;
    respond(ApiError(429, "the requests being sent are too many bytes together", "this server",
        "ask again later")
                .with("Retry-After: 1\r\n"));
}

} // namespace moe::serve
