// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/answer.h"
#include "engine/serve/api_error.h"
#include "engine/serve/http_response.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace moe::serve {

/// One connection, on the io thread: reads a request, answers it, reads the next. While the model
/// answers it keeps reading, so that a client that goes away
/// is noticed at once. One that ends what it sends and still listens is answered. It is in the
/// state's set of sessions until it closes.
class Session final : public AnswerSink, public std::enable_shared_from_this<Session> {
public:
    Session(ServerState& state, boost::asio::ip::tcp::socket socket);

    void start();
    /// There are too many connections: says so and closes.
    void turnAway();
    /// The server is to stop: closes it unless a request is being answered.
    void closeUnlessAnswering();
    /// The server stops: what is being answered ends with an error.
    void endAnswer();
    void close();

    /// Since when it waits for bytes of its client, or for the client to take bytes; none while the
    /// model owes the client an answer.
    std::optional<std::chrono::steady_clock::time_point> idleSince() const;
    /// The same for one that holds a part of a body.
    std::optional<std::chrono::steady_clock::time_point> bodyStalledSince() const;
    void refuseBody(); ///< too many bytes of bodies stand in memory

private:
    enum class Phase { ReadingHead, ReadingBody, Answering, Sending, Lingering, Closed };
    using ErrorCode = boost::system::error_code;

    void readHead();
    void headRead(ErrorCode error);
    void readBody();
    void readMoreOfBody();
    void bodyRead(ErrorCode error);
    void countBody();
    void releaseBody();
    void dispatch();
    void prepare();
    void prepared(std::optional<CompletionRequest> request, const std::optional<ApiError>& error);
    void halfClosed();

    void streamBegins() override;
    void streamEvent(const std::string& event) override;
    void streamEnds() override;
    void wholeAnswer(int status, const std::string& body) override;

    void respond(ResponseHead head, const std::string& body);
    void respond(const ApiError& error);
    void answerEnds();
    void send(std::string_view bytes);
    void write();
    void written(ErrorCode error, size_t bytes);
    void sent();

    void watch();
    void watched(ErrorCode error, size_t bytes);
    void clientGone();
    void linger();
    void lingerOn(bool begins); ///< reads until the client is through or the time is over

    ServerState& m_state;
    boost::beast::tcp_stream m_stream;
    std::string m_client; ///< its address
    boost::beast::flat_buffer m_input;
    std::optional<RequestParser> m_parser;
    Phase m_phase = Phase::ReadingHead;
    std::chrono::steady_clock::time_point m_since; ///< of the phase
    RequestHead m_head;
    std::string m_route = "other"; ///< of the request, for the metrics
    bool m_keepAlive = true;
    bool m_watching = false; ///< a read waits while an answer is made
    std::optional<uint64_t> m_trafficId;
    std::shared_ptr<Answer> m_answer;
    std::string m_current, m_outgoing; ///< being written; to be written next
    size_t m_written = 0; ///< of m_current
    bool m_writing = false;
    bool m_streaming = false; ///< the answer's head is sent, events follow
    std::chrono::steady_clock::time_point m_writingSince; ///< of the write under way
    int64_t m_bodyBytes = 0; ///< counted in the state's
};

} // namespace moe::serve
