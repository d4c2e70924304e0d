// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/sequence.h"

#include "engine/infer/kv_cache.h"
#include "kernels/error.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>
#include <utility>

namespace moe::infer {

namespace {

uint64_t drawnSeed()
{
    std::random_device device;
    return (uint64_t{device()} << 32U) | device();
}

double secondsBetween(Sequence::Clock::time_point from, Sequence::Clock::time_point to)
{
    return std::chrono::duration<double>(to - from).count();
}

} // namespace

Sequence::Sequence(RequestId number, GenerationRequest asked, OnPiece onPiece, OnEnd onEnd,
    const text::Tokenizer& tokenizer)
    : id(number)
    , request(std::move(asked))
    , tokens(request.prompt)
    , m_onPiece(std::move(onPiece))
    , m_onEnd(std::move(onEnd))
    , m_random(request.seed ? *request.seed : drawnSeed())
    , m_text(tokenizer, request.stop,
          std::span(request.prompt).last(static_cast<size_t>(request.continued)))
{
    m_result.promptTokens = static_cast<int64_t>(request.prompt.size());
}

/// Keys and values depend on the experts that are left out, too: those stand in front of the first
/// page's tokens, behind numbers that are no ids.
std::vector<int32_t> Sequence::contentOf(int64_t page) const
{
    std::vector<int32_t> content;
    for (const ExpertMask& mask : request.masks) {
        if (page == 0)
            content.insert(content.end(), {-1, static_cast<int32_t>(mask.layer), mask.expert});
    }
    const auto first = tokens.begin() + page * kPageTokens;
    content.insert(content.end(), first, first + kPageTokens);
    return content;
}

void Sequence::reuse(PagePool& pool)
{
    const int64_t most = request.routing ? static_cast<int64_t>(m_routing.size()) : unfed() - 1;
    PagePool::Block block = PagePool::kStart;
    while (fed + kPageTokens <= most) {
        const auto found = pool.find(block, contentOf(fed / kPageTokens));
        if (!found)
            break;
        block = found->first;
        m_blocks.push_back(block);
        pages.push_back(found->second);
        fed += kPageTokens;
    }
}

void Sequence::begin()
{
    m_began = true;
    m_result.reusedTokens = fed;
}

void Sequence::letGo(PagePool& pool)
{
    pool.release(pages);
    pages.clear();
    m_blocks.clear();
    fed = 0;
}

void Sequence::advance(int64_t count, PagePool& pool)
{
    fed += count;
    for (auto page = static_cast<int64_t>(m_blocks.size()); (page + 1) * kPageTokens <= fed;
         ++page) {
        const PagePool::Block before = page == 0 ? PagePool::kStart : m_blocks.back();
        m_blocks.push_back(pool.keep(before, contentOf(page), pages[static_cast<size_t>(page)]));
    }
}

void Sequence::noteRouting(int64_t position, TokenRouting routing)
{
    if (position == static_cast<int64_t>(m_routing.size()))
        m_routing.push_back(std::move(routing));
}

void Sequence::noteLogprobs(std::span<const float> logits, int32_t token)
{
    if (request.topLogprobs < 0)
        return;
    const LogProbabilities logProbability(logits);
    m_logprobs.push_back({token, logProbability(token)});
    std::vector<TokenLogprob>& top = m_top.emplace_back();
    for (const int32_t likely : mostLikely(logits, request.topLogprobs))
        top.push_back({likely, logProbability(likely)});
}

std::optional<FinishReason> Sequence::draw(
    std::span<float> logits, std::span<const int32_t> endOfSequence, int64_t context)
{
    m_last = Clock::now();
    if (m_draws++ == 0)
        m_first = m_last;
    std::vector<float> raw;
    if (request.topLogprobs >= 0)
        raw.assign(logits.begin(), logits.end());
    const int32_t token
        = sampleToken(request.sampling, request.prompt, generated(), logits, m_random);
    if (std::isnan(logits[static_cast<size_t>(token)]))
        throw Error("the model's logits are no numbers", "token " + std::to_string(tokens.size()),
            "check the checkpoint's weights and scales");
    if (std::find(endOfSequence.begin(), endOfSequence.end(), token) != endOfSequence.end())
        return FinishReason::Stop;
    noteLogprobs(raw, token);
    tokens.push_back(token);
    const ReplyText::Part part = m_text.push(token);
    handOn(part, false);
    if (part.stopped)
        return FinishReason::Stop;
    if (std::ssize(generated()) >= request.maxTokens || std::ssize(tokens) >= context)
        return FinishReason::Length;
    return std::nullopt;
}

void Sequence::handOn(const ReplyText::Part& part, bool atTheEnd)
{
    GeneratedPiece piece;
    piece.text = part.text;
    const auto first = std::ssize(m_result.ids), last = first + part.tokens;
    const auto drawn = generated();
    piece.ids.assign(drawn.begin() + first, drawn.begin() + last);
    if (request.topLogprobs >= 0) {
        piece.logprobs.assign(m_logprobs.begin() + first, m_logprobs.begin() + last);
        piece.top.assign(m_top.begin() + first, m_top.begin() + last);
    }
    const auto noted = std::min(std::ssize(m_routing), m_result.promptTokens + last);
    if (noted > std::ssize(m_result.routing))
        piece.routing.assign(
            m_routing.begin() + std::ssize(m_result.routing), m_routing.begin() + noted);
    const bool nothing = piece.ids.empty() && piece.text.empty();
    if (nothing && (!atTheEnd || piece.routing.empty()))
        return; // its routing comes with the next one
    const auto append = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    append(m_result.ids, piece.ids);
    m_result.text += piece.text;
    append(m_result.logprobs, piece.logprobs);
    append(m_result.top, piece.top);
    append(m_result.routing, piece.routing);
    if (m_onPiece)
        m_onPiece(piece);
}

void Sequence::end(FinishReason reason, const std::optional<Error>& error)
{
    const ReplyText::Part rest = m_text.finish();
    handOn(rest, true);
    m_result.finish = reason;
    m_result.error = error;
    if (m_draws > 0)
        m_result.ttftSeconds = secondsBetween(m_submitted, m_first);
    if (m_draws > 1)
        m_result.decodeTokensPerSecond
            = static_cast<double>(m_draws - 1) / std::max(1e-9, secondsBetween(m_first, m_last));
    if (m_onEnd)
        m_onEnd(m_result);
}

} // namespace moe::infer
