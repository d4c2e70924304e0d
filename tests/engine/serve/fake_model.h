// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/served_model.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace moe::tests {

/// A model whose every step the test decides: token i of a reply is "<seed>.<prompt's length>.<i>
/// ", one a step for each of the first `parallel` requests. Prompts are bytes; the word REFUSE in a
/// prompt is refused by the "template", the id 999, which the word UNKNOWN makes, by submit().
/// submit() takes prompts of any length.
class FakeModel {
public:
    explicit FakeModel(int64_t parallel = 2);
    ~FakeModel();

    serve::ServedModel served();

    std::atomic<int64_t> stepMilliseconds = 1;
    std::atomic<bool> held = false; ///< no steps while set
    std::atomic<bool> writingHeld = false; ///< tokenBytes() does not return while set
    std::atomic<int64_t> written = 0; ///< calls of tokenBytes()
    std::atomic<bool> fails = false; ///< every request ends as failed
    std::atomic<int64_t> tokenBytes = 0; ///< of padding in each token's text
    std::atomic<int64_t> encodeMilliseconds = 0; ///< that a prompt takes
    std::atomic<int64_t> encoded = 0; ///< prompts
    std::atomic<int64_t> cancelled = 0, ended = 0, steps = 0;
    size_t running() const;

private:
    struct Running {
        infer::GenerationRequest request;
        std::function<void(const infer::GeneratedPiece&)> onPiece;
        std::function<void(const infer::GenerationResult&)> onEnd;
        infer::GenerationResult result;
    };
    std::vector<int32_t> encode(std::string_view text);
    void loop();
    void step(uint64_t id, Running& running, bool stop);

    int64_t m_parallel;
    mutable std::mutex m_mutex;
    std::map<uint64_t, Running> m_requests;
    std::set<uint64_t> m_toCancel;
    uint64_t m_nextId = 1;
    bool m_ends = false;
    std::thread m_thread;
};

} // namespace moe::tests
