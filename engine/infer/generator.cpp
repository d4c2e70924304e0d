// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/generator.h"

#include "engine/infer/scheduler.h"
#include "kernels/error.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <numeric>
#include <thread>

namespace moe::infer {

namespace {

void refuse(const std::string& what, const std::string& where, const std::string& remedy)
{
    throw UsageError(what, where, remedy);
}

void checkPrompt(const OpenedModel& model, const GenerationRequest& request)
{
    const int64_t tokens = std::ssize(request.prompt);
    if (tokens == 0)
        refuse("no tokens to go on from", "prompt", "write something");
    if (tokens > model.context())
        refuse("a prompt of " + std::to_string(tokens) + " tokens", "prompt",
            "at most the context, " + std::to_string(model.context()));
    if (request.continued < 0 || request.continued > tokens)
        refuse("a reply that goes on from " + std::to_string(request.continued) + " tokens",
            "prompt", "at most its " + std::to_string(tokens));
    for (const int32_t id : request.prompt) {
        if (id < 0 || id >= model.config().vocabSize)
            refuse("token " + std::to_string(id) + " is outside the vocabulary", "prompt",
                "0 to " + std::to_string(model.config().vocabSize - 1));
    }
}

/// Experts of a layer that a token finds at least: those that the masks leave of the groups that it
/// may be limited to. A group of which nothing is left is not chosen before the others.
int64_t leastLeft(
    const model::ModelConfig& config, const std::vector<ExpertMask>& masks, int64_t layer)
{
    const int64_t size = config.experts / config.moe.groups;
    std::vector<int64_t> left(static_cast<size_t>(config.moe.groups), size);
    for (const ExpertMask& mask : masks) {
        if (mask.layer == layer)
            --left[static_cast<size_t>(mask.expert / size)];
    }
    std::erase(left, 0);
    std::sort(left.begin(), left.end());
    left.resize(std::min(left.size(), static_cast<size_t>(config.moe.topGroups)));
    return std::accumulate(left.begin(), left.end(), int64_t{0});
}

/// Sorts the masks, each once.
void checkMasks(const model::ModelConfig& config, std::vector<ExpertMask>& masks)
{
    std::sort(masks.begin(), masks.end());
    masks.erase(std::unique(masks.begin(), masks.end()), masks.end());
    for (const ExpertMask& mask : masks) {
        const std::string name = std::to_string(mask.layer) + ":" + std::to_string(mask.expert);
        if (mask.layer < 0 || mask.layer >= config.layers || !config.isMoeLayer(mask.layer))
            refuse("masked expert " + name, "layer " + std::to_string(mask.layer),
                "a decoder layer with experts, of " + std::to_string(config.layers));
        if (mask.expert < 0 || mask.expert >= config.experts)
            refuse("masked expert " + name, "expert " + std::to_string(mask.expert),
                "0 to " + std::to_string(config.experts - 1));
    }
    for (const ExpertMask& mask : masks) {
        const int64_t left = leastLeft(config, masks, mask.layer);
        if (left < config.topK)
            refuse("the masks leave a token " + std::to_string(left) + " experts",
                "layer " + std::to_string(mask.layer),
                "leave the " + std::to_string(config.topK) + " that it takes");
    }
}

void checkRequest(const OpenedModel& model, GenerationRequest& request)
{
    checkPrompt(model, request);
    checkSampling(request.sampling);
    if (request.maxTokens < 1)
        refuse(std::to_string(request.maxTokens) + " tokens", "the reply's limit", "1 or more");
    if (request.topLogprobs < -1 || request.topLogprobs > model.config().vocabSize)
        refuse(std::to_string(request.topLogprobs) + " log-probabilities of a token", "logprobs",
            "0 to " + std::to_string(model.config().vocabSize));
    if (request.routingExtra < 0)
        refuse(std::to_string(request.routingExtra) + " runners-up", "routing", "0 or more");
    for (const std::string& stop : request.stop) {
        if (stop.empty())
            refuse("a stop string is empty", "stop", "write something in it");
        try {
            text::checkUtf8(stop);
        } catch (const Error& error) {
            refuse(error.problem(), "stop", error.remedy());
        }
    }
    checkMasks(model.config(), request.masks);
    model.checkUnchanged();
}

} // namespace

struct Generator::Impl {
    Impl(OpenedModel& opened, telemetry::Bus* bus)
        : model(opened)
        , scheduler(opened, bus)
        , load(scheduler.load())
        , thread([this] { loop(); })
    {
    }

    ~Impl()
    {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        wake.notify_all();
    }

    void loop()
    {
        for (;;) {
            std::vector<std::unique_ptr<Sequence>> come;
            std::vector<RequestId> cancelled;
            bool stop = false;
            {
                std::unique_lock lock(mutex);
                wake.wait(lock, [this] {
                    return stopping || !inbox.empty() || !cancels.empty() || scheduler.busy();
                });
                come.swap(inbox);
                cancelled.swap(cancels);
                stop = stopping;
            }
            for (auto& sequence : come)
                scheduler.add(std::move(sequence));
            for (const RequestId id : cancelled)
                scheduler.cancel(id);
            if (stop)
                return scheduler.cancelAll();
            scheduler.step();
            const std::lock_guard lock(mutex);
            load = scheduler.load();
        }
    }

    OpenedModel& model;
    Scheduler scheduler; ///< the thread's alone
    std::atomic<RequestId> lastId = 0;
    mutable std::mutex mutex; ///< of what follows
    std::condition_variable wake;
    std::vector<std::unique_ptr<Sequence>> inbox;
    std::vector<RequestId> cancels;
    bool stopping = false;
    Load load;
    std::jthread thread; ///< last: it uses the others
};

Generator::Generator(OpenedModel& model, telemetry::Bus* bus)
    : m_impl(std::make_unique<Impl>(model, bus))
{
}

Generator::~Generator() = default;

RequestId Generator::submit(GenerationRequest request, OnPiece onPiece, OnEnd onEnd)
{
    checkRequest(m_impl->model, request);
    const RequestId id = ++m_impl->lastId;
    auto sequence = std::make_unique<Sequence>(
        id, std::move(request), std::move(onPiece), std::move(onEnd), m_impl->model.tokenizer());
    {
        const std::lock_guard lock(m_impl->mutex);
        m_impl->inbox.push_back(std::move(sequence));
    }
    m_impl->wake.notify_all();
    return id;
}

void Generator::cancel(RequestId id)
{
    {
        const std::lock_guard lock(m_impl->mutex);
        m_impl->cancels.push_back(id);
    }
    m_impl->wake.notify_all();
}

Load Generator::load() const
{
    const std::lock_guard lock(m_impl->mutex);
    Load load = m_impl->load;
    load.waiting += std::ssize(m_impl->inbox);
    return load;
}

GenerationResult generate(Generator& generator, GenerationRequest request, const OnPiece& onPiece,
    const std::stop_token& cancelled)
{
    if (cancelled.stop_requested()) {
        GenerationResult nothing;
        nothing.promptTokens = static_cast<int64_t>(request.prompt.size());
        nothing.finish = FinishReason::Cancelled;
        return nothing;
    }
    const auto end = std::make_shared<std::promise<GenerationResult>>();
    std::future<GenerationResult> result = end->get_future();
    const RequestId id = generator.submit(
        std::move(request), onPiece, [end](const GenerationResult& made) { end->set_value(made); });
    const std::stop_callback onCancel(cancelled, [&] { generator.cancel(id); });
    return result.get();
}

} // namespace moe::infer
