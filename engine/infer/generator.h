// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/generation.h"
#include "engine/infer/opened_model.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

namespace moe::infer {

using RequestId = uint64_t;
using OnPiece = std::function<void(const GeneratedPiece&)>;
using OnEnd = std::function<void(const GenerationResult&)>;

/// What a generator is busy with, and what it has done since it began.
struct Load {
    int64_t running = 0, waiting = 0; ///< requests
    int64_t pages = 0; ///< of the KV cache
    int64_t usedPages = 0; ///< held by running requests
    int64_t cachedPages = 0; ///< held by none, kept for prompts that begin alike
    int64_t requests = 0; ///< ended, for whatever reason
    int64_t promptTokens = 0, reusedTokens = 0, generatedTokens = 0;
    int64_t steps = 0; ///< forward calls
};

/// One thread that runs the model for all requests: every step feeds the next token of each running
/// reply and chunks of prompts that are not through yet, in turn, in one forward call. A request
/// gets the same ids whatever runs beside it. With a bus, it publishes a GenerationRecord a step.
class Generator {
public:
    explicit Generator(OpenedModel& model, telemetry::Bus* bus = nullptr);
    /// Cancels all that run and waits for their ends.
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// Any thread. Throws UsageError for a value out of range, an empty prompt or one longer than
    /// the context, ids outside the vocabulary, masks that leave too few experts; Error when the
    /// weights' files were written into. Both callbacks run on the generator's thread and must
    /// neither block nor throw; onEnd comes exactly once.
    RequestId submit(GenerationRequest request, OnPiece onPiece, OnEnd onEnd);
    /// Any thread. Within a step; onEnd still comes, with Cancelled. Nothing for one that ended.
    void cancel(RequestId id);
    Load load() const; ///< any thread

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Submits and waits for the end; the stop token cancels.
GenerationResult generate(Generator& generator, GenerationRequest request,
    const OnPiece& onPiece = {}, const std::stop_token& cancelled = {});

} // namespace moe::infer
