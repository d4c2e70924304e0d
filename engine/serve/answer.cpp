// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/answer.h"

#include "engine/serve/api_error.h"

#include <boost/asio/post.hpp>

#include <chrono>
#include <cstdio>

namespace moe::serve {

namespace {

std::string newId(base::Random& random, bool chat)
{
    char text[64];
    std::snprintf(text, sizeof text, "%s-%016llx%08llx", chat ? "chatcmpl" : "cmpl",
        static_cast<unsigned long long>(random.next()),
        static_cast<unsigned long long>(random.next() & 0xFFFFFFFF));
    return text;
}

} // namespace

Answer::Answer(ServerState& state, AnswerSink& sink, uint64_t trafficId, CompletionRequest request)
    : m_state(state)
    , m_sink(&sink)
    , m_trafficId(trafficId)
    , m_request(std::move(request))
    , m_choices(m_request.generations.size())
{
    m_head.chat = m_request.chat;
    m_head.logprobs = m_request.generations.at(0).topLogprobs >= 0;
    m_head.includeUsage = m_request.includeUsage;
    m_head.id = newId(state.random, m_request.chat);
    m_head.created = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    m_head.model = state.model.name;
    m_head.tokenBytes = state.model.tokenBytes;
    m_usage.promptTokens = m_request.promptTokens;
    for (size_t i = 0; i < m_choices.size(); ++i)
        m_choices[i].index = static_cast<int64_t>(i);
}

void Answer::start()
{
    try {
        for (size_t i = 0; i < m_request.generations.size(); ++i)
            submit(i, std::move(m_request.generations[i]));
    } catch (const Error& error) {
        abandon();
        const std::string key = m_request.chat ? "messages" : "prompt";
        const std::string place = error.place() == "prompt" ? key : error.place();
        throw ApiError(400, error.problem(), place, error.remedy(), "", key);
    }
    m_state.traffic.submitted(m_trafficId, m_request.stream, static_cast<int64_t>(m_choices.size()),
        m_usage.promptTokens);
    if (!m_request.stream)
        return;
    m_sink->streamBegins();
    for (size_t i = 0; m_head.chat && m_sink && i < m_choices.size(); ++i)
        m_sink->streamEvent(serverSentEvent(roleChunk(m_head, m_choices[i].index)));
}

void Answer::submit(size_t index, infer::GenerationRequest generation)
{
    // The generator's thread only hands on; its pieces come to the io thread in their order.
    auto onPiece = [self = shared_from_this(), index](const infer::GeneratedPiece& piece) {
        boost::asio::post(self->m_state.io, [self, index, piece] { self->take(index, piece); });
    };
    auto onEnd = [self = shared_from_this(), index](const infer::GenerationResult& result) {
        boost::asio::post(self->m_state.io, [self, index, result] { self->end(index, result); });
    };
    m_ids.push_back(
        m_state.model.submit(std::move(generation), std::move(onPiece), std::move(onEnd)));
    ++m_open;
    ++m_state.unfinished;
}

void Answer::abandon()
{
    m_sink = nullptr;
    m_abandoned = true;
    for (const uint64_t id : m_ids)
        m_state.model.cancel(id);
}

void Answer::fail(int status, const std::string& message)
{
    AnswerSink* const sink = m_sink;
    abandon();
    if (!sink)
        return;
    m_state.traffic.failed(m_trafficId, status, message);
    const std::string body = errorBody(status, message);
    if (!m_request.stream) {
        sink->wholeAnswer(status, body);
        return;
    }
    sink->streamEvent(serverSentEvent(body));
    sink->streamEnds();
}

void Answer::take(size_t index, const infer::GeneratedPiece& piece)
{
    if (!m_sink)
        return;
    m_state.traffic.generated(m_trafficId, static_cast<int64_t>(piece.ids.size()));
    if (!m_request.stream) {
        append(m_choices[index].all, piece);
        return;
    }
    const std::string chunk = pieceChunk(m_head, m_choices[index], piece);
    if (!chunk.empty())
        m_sink->streamEvent(serverSentEvent(chunk));
}

void Answer::end(size_t index, const infer::GenerationResult& result)
{
    --m_open;
    --m_state.unfinished;
    if (!m_sink)
        return;
    if (result.finish == infer::FinishReason::Failed)
        return fail(500, result.error->what());
    if (result.finish == infer::FinishReason::Cancelled)
        return fail(503, "the model is being closed: " + m_head.model + ": ask again later");
    m_usage.completionTokens += static_cast<int64_t>(result.ids.size());
    if (static_cast<int64_t>(index) % m_request.choicesPerPrompt == 0)
        m_usage.reusedTokens += result.reusedTokens;
    m_choices[index].finish = finishReason(result.finish);
    if (m_request.stream)
        m_sink->streamEvent(serverSentEvent(finishChunk(m_head, m_choices[index])));
    if (m_sink && m_open == 0)
        finish();
}

void Answer::finish()
{
    if (!m_request.stream)
        return m_head.logprobs ? writeBeside()
                               : sendWhole(200, wholeAnswer(m_head, m_choices, m_usage));
    if (m_head.includeUsage)
        m_sink->streamEvent(serverSentEvent(usageChunk(m_head, m_usage)));
    if (m_sink)
        m_sink->streamEvent(serverSentEvent("[DONE]"));
    if (AnswerSink* const sink = std::exchange(m_sink, nullptr))
        sink->streamEnds();
}

void Answer::sendWhole(int status, const std::string& body)
{
    if (status != 200)
        return fail(status, body);
    if (AnswerSink* const sink = std::exchange(m_sink, nullptr))
        sink->wholeAnswer(status, body);
}

/// Thousands of tokens with their log-probabilities take seconds, in which others want answers.
void Answer::writeBeside()
{
    ++m_state.writing;
    boost::asio::post(m_state.writer, [self = shared_from_this()]() mutable {
        int status = 200;
        std::string body;
        try {
            if (!self->m_abandoned)
                body = wholeAnswer(self->m_head, self->m_choices, self->m_usage);
        } catch (const std::exception&) {
            status = 500;
            body = "no memory for the answer: this server: ask for less";
        }
        boost::asio::io_context& io = self->m_state.io;
        boost::asio::post(io, [self = std::move(self), status, body = std::move(body)] {
            --self->m_state.writing;
            self->sendWhole(status, body);
        });
    });
}

} // namespace moe::serve
