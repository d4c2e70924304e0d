// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/completion_answer.h"
#include "engine/serve/completion_request.h"
#include "engine/serve/server_state.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace moe::serve {

/// Where an answer goes: a session. Called on the io thread.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    virtual void streamBegins() = 0;
    virtual void streamEvent(const std::string& event) = 0; ///< may call Answer::abandon()
    virtual void streamEnds() = 0;
    virtual void wholeAnswer(int status, const std::string& body) = 0;
};

/// One request's generations on their way from the generator's thread to its client. All members
/// are called on the io thread; the generator's callbacks only post to it.
class Answer : public std::enable_shared_from_this<Answer> {
public:
    /// `trafficId`: of Traffic::begin().
    Answer(ServerState& state, AnswerSink& sink, uint64_t trafficId, CompletionRequest request);

    /// Submits the generations. Throws ApiError 400 when the generator refuses one.
    void start();
    /// The client is gone: generation stops within a step, the sink hears nothing more.
    void abandon();
    /// Ends it with an error, in the stream where that has begun.
    void fail(int status, const std::string& message);

private:
    void submit(size_t index, infer::GenerationRequest generation);
    void take(size_t index, const infer::GeneratedPiece& piece);
    void end(size_t index, const infer::GenerationResult& result);
    void finish();
    void writeBeside();
    void sendWhole(int status, const std::string& body);

    ServerState& m_state;
    AnswerSink* m_sink; ///< null when nobody listens any more
    std::atomic<bool> m_abandoned = false; ///< set by the io thread, read by the writer
    uint64_t m_trafficId;
    CompletionRequest m_request;
    AnswerHead m_head;
    Usage m_usage;
    std::vector<ChoiceSoFar> m_choices;
    std::vector<uint64_t> m_ids; ///< the generator's, of those submitted
    size_t m_open = 0; ///< generations that have not ended
};

} // namespace moe::serve
