// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/scheduler.h"

#include "engine/infer/memory_advice.h"
#include "engine/infer/prompt_chunks.h"
#include "engine/infer/routing_trace.h"
#include "kernels/error.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace moe::infer {

namespace {

/// Rows of prompts in a step that also feeds replies: these wait for no longer than that.
constexpr int64_t kChunkBesideReplies = 128;

int64_t pagesFor(int64_t tokens)
{
    return (tokens + kPageTokens - 1) / kPageTokens;
}

/// The rows of a forward call. Those whose logits are wanted are the last ones.
struct Rows {
    std::vector<int32_t> ids, pages;
    std::vector<kernels::PagedRow> rows;
    std::vector<MaskedExpert> masked;

    void add(const Sequence& sequence, int64_t position, int64_t firstPage)
    {
        for (const ExpertMask& mask : sequence.request.masks)
            masked.push_back({std::ssize(rows), mask.layer, mask.expert});
        ids.push_back(sequence.tokens[static_cast<size_t>(position)]);
        rows.push_back({position, firstPage});
    }
};

} // namespace

Scheduler::Scheduler(OpenedModel& model, telemetry::Bus* bus)
    : m_model(model)
    , m_bus(bus)
    , m_pool(model.cache().pages())
    , m_logits(model.backend().allocate({model.parallel(), model.config().vocabSize},
          kernels::DType::Float32, kernels::MemoryKind::Activations))
{
}

void Scheduler::cancel(RequestId id)
{
    for (const auto& sequence : m_waiting) {
        if (sequence->id == id)
            return end(*sequence, FinishReason::Cancelled);
    }
    for (const auto& sequence : m_running) {
        if (sequence->id == id)
            return end(*sequence, FinishReason::Cancelled);
    }
}

void Scheduler::cancelAll()
{
    while (!m_running.empty())
        end(*m_running.back(), FinishReason::Cancelled);
    while (!m_waiting.empty())
        end(*m_waiting.back(), FinishReason::Cancelled);
}

void Scheduler::end(Sequence& sequence, FinishReason reason, const std::optional<Error>& error)
{
    sequence.letGo(m_pool);
    ++m_load.requests;
    sequence.end(reason, error);
    const auto isIt = [&](const std::unique_ptr<Sequence>& one) {
        return one.get() == &sequence;
    };
    if (std::erase_if(m_running, isIt) == 0)
        std::erase_if(m_waiting, isIt);
}

Load Scheduler::load() const
{
    Load load = m_load;
    load.running = std::ssize(m_running);
    load.waiting = std::ssize(m_waiting);
    load.pages = m_pool.pages();
    load.usedPages = m_pool.pages() - m_pool.available();
    load.cachedPages = m_pool.idle();
    return load;
}

void Scheduler::admit()
{
    while (std::ssize(m_running) < m_model.parallel() && !m_waiting.empty()) {
        Sequence& next = *m_waiting.front();
        const bool again = next.began();
        next.reuse(m_pool);
        if (m_pool.available() < pagesFor(std::ssize(next.tokens)) - std::ssize(next.pages)) {
            next.letGo(m_pool);
            return;
        }
        if (!again) {
            next.begin();
            m_load.promptTokens += std::ssize(next.request.prompt);
            m_load.reusedTokens += next.fed;
        }
        m_running.push_back(std::move(m_waiting.front()));
        m_waiting.pop_front();
    }
}

/// Takes pages for `tokens` more; false when the sequence had to step back itself.
bool Scheduler::makeRoom(size_t running, int64_t tokens)
{
    Sequence& sequence = *m_running[running];
    const int64_t missing = pagesFor(sequence.fed + tokens) - std::ssize(sequence.pages);
    while (m_pool.available() < missing) {
        const bool itself = running + 1 == m_running.size();
        m_running.back()->letGo(m_pool);
        m_waiting.push_front(std::move(m_running.back()));
        m_running.pop_back();
        if (itself)
            return false;
    }
    for (int64_t i = 0; i < missing; ++i)
        sequence.pages.push_back(*m_pool.take());
    return true;
}

/// Tokens of each prompt in this step. Who waited longest for a chunk comes first, so that long
/// prompts do not keep short ones from beginning.
std::map<const Sequence*, int64_t> Scheduler::chunks()
{
    std::vector<Sequence*> prompts;
    for (const auto& sequence : m_running) {
        if (sequence->unfed() > 1)
            prompts.push_back(sequence.get());
    }
    std::stable_sort(prompts.begin(), prompts.end(),
        [](const Sequence* a, const Sequence* b) { return a->lastChunk < b->lastChunk; });
    const int64_t replies = std::ssize(m_running) - std::ssize(prompts);
    int64_t left = m_model.model().largestBatch() - replies;
    if (replies > 0)
        left = std::min(left, kChunkBesideReplies);
    std::vector<UnfedPrompt> unfed;
    unfed.reserve(prompts.size());
    for (const Sequence* sequence : prompts)
        unfed.push_back({sequence->fed, sequence->unfed()});
    const std::vector<int64_t> rows = chunkRows(unfed, left);
    std::map<const Sequence*, int64_t> chunks;
    for (size_t i = 0; i < prompts.size(); ++i) {
        chunks[prompts[i]] = rows[i];
        if (rows[i] > 0)
            prompts[i]->lastChunk = m_load.steps + 1;
    }
    return chunks;
}

std::vector<Scheduler::Share> Scheduler::shares()
{
    const std::map<const Sequence*, int64_t> ofPrompts = chunks();
    std::vector<Share> shares;
    for (size_t i = 0; i < m_running.size(); ++i) {
        Sequence* sequence = m_running[i].get();
        const auto chunk = ofPrompts.find(sequence);
        const int64_t tokens = chunk == ofPrompts.end() ? 1 : chunk->second;
        if (tokens > 0 && makeRoom(i, tokens))
            shares.push_back({sequence, tokens, tokens == sequence->unfed()});
    }
    return shares;
}

void Scheduler::step()
{
    admit();
    const std::vector<Share> taking = shares();
    if (taking.empty())
        return;
    std::vector<float> logits;
    const std::optional<Error> failure = attempt([&] { logits = run(taking); });
    const auto vocabulary = static_cast<size_t>(m_model.config().vocabSize);
    std::span<float> next(logits);
    for (const Share& share : taking) { // each may end here, and is gone then
        if (failure) {
            end(*share.sequence, FinishReason::Failed, failure);
        } else if (share.toTheEnd) {
            draw(*share.sequence, next.first(vocabulary));
            next = next.subspan(vocabulary);
        }
    }
}

/// Why `work` failed, if it did.
std::optional<Error> Scheduler::attempt(const std::function<void()>& work) const
{
    try {
        withMemoryAdvice(m_model.name(), work);
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

/// Logits [those at the end, vocab] of the step.
std::vector<float> Scheduler::run(const std::vector<Share>& shares)
{
    const auto begin = Sequence::Clock::now();
    Rows rows;
    std::vector<int64_t> firstPages, firstRows;
    for (const Share& share : shares) {
        const Sequence& sequence = *share.sequence;
        firstPages.push_back(std::ssize(rows.pages));
        firstRows.push_back(std::ssize(rows.rows));
        rows.pages.insert(rows.pages.end(), sequence.pages.begin(), sequence.pages.end());
        for (int64_t i = 0; i < share.tokens - (share.toTheEnd ? 1 : 0); ++i)
            rows.add(sequence, sequence.fed + i, firstPages.back());
    }
    const int64_t firstLast = std::ssize(rows.rows);
    for (size_t s = 0; s < shares.size(); ++s) {
        if (shares[s].toTheEnd)
            rows.add(
                *shares[s].sequence, std::ssize(shares[s].sequence->tokens) - 1, firstPages[s]);
    }
    const kernels::TensorView logits = m_logits.view().slice(0, std::ssize(rows.rows) - firstLast);
    m_model.model().forward(
        rows.ids, {rows.rows, rows.pages}, m_model.cache(), logits, rows.masked);
    std::vector<float> host(static_cast<size_t>(logits.elements()));
    m_model.backend().download(host.data(), logits);
    ++m_load.steps;

    int64_t runnersUp = -1; // nobody asks for the routing
    for (const Share& share : shares) {
        if (share.sequence->request.routing)
            runnersUp = std::max(runnersUp, share.sequence->request.routingExtra);
    }
    const bool tell = m_bus && m_bus->hasReaders();
    if (tell || runnersUp >= 0) {
        const RoutedBatch routed = m_model.model().routing(runnersUp > 0);
        noteRouting(shares, firstRows, firstLast, routed);
        if (tell)
            publish(shares, routed,
                std::chrono::duration<double>(Sequence::Clock::now() - begin).count());
    }
    for (const Share& share : shares)
        share.sequence->advance(share.tokens, m_pool);
    return host;
}

void Scheduler::draw(Sequence& sequence, std::span<float> logits)
{
    std::optional<FinishReason> ended;
    const int64_t before = std::ssize(sequence.tokens);
    const std::optional<Error> failure = attempt(
        [&] { ended = sequence.draw(logits, m_model.endOfSequence(), m_model.context()); });
    if (failure)
        ended = FinishReason::Failed;
    m_load.generatedTokens += std::ssize(sequence.tokens) - before;
    if (ended)
        end(sequence, *ended, failure);
}

void Scheduler::noteRouting(const std::vector<Share>& shares, const std::vector<int64_t>& firstRows,
    int64_t firstLast, const RoutedBatch& routed) const
{
    int64_t last = firstLast;
    for (size_t s = 0; s < shares.size(); ++s) {
        Sequence& sequence = *shares[s].sequence;
        for (int64_t i = 0; i < shares[s].tokens && sequence.request.routing; ++i) {
            const bool isLast = shares[s].toTheEnd && i + 1 == shares[s].tokens;
            sequence.noteRouting(sequence.fed + i,
                routingOf(routed, m_model.config(), isLast ? last : firstRows[s] + i,
                    sequence.request.routingExtra));
        }
        last += shares[s].toTheEnd ? 1 : 0;
    }
}

void Scheduler::publish(
    const std::vector<Share>& shares, const RoutedBatch& routed, double seconds) const
{
    telemetry::GenerationRecord record;
    record.step = m_load.steps;
    for (const Share& share : shares) {
        const auto prompt = std::ssize(share.sequence->request.prompt);
        const int64_t ofPrompt = std::clamp<int64_t>(prompt - share.sequence->fed, 0, share.tokens);
        record.promptRows += ofPrompt;
        record.decodeRows += share.tokens - ofPrompt;
    }
    record.running = std::ssize(m_running);
    record.waiting = std::ssize(m_waiting);
    record.stepSeconds = seconds;
    record.layers = expertLoads(routed, m_model.config());
    m_bus->publish(std::move(record));
}

} // namespace moe::infer
