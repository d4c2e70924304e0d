// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/random.h"
#include "engine/infer/generator.h"
#include "engine/infer/page_pool.h"
#include "engine/infer/reply_text.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moe::infer {

/// A request on its way through the generator. Feeding goes on from `fed` to the end of `tokens`
/// whether they are a prompt, the reply's last token, or both once more after its pages were taken
/// away; a token is drawn when all are fed.
class Sequence {
public:
    using Clock = std::chrono::steady_clock;

    Sequence(RequestId id, GenerationRequest request, OnPiece onPiece, OnEnd onEnd,
        const text::Tokenizer& tokenizer);

    const RequestId id;
    const GenerationRequest request;
    std::vector<int32_t> tokens; ///< the prompt, then what was drawn
    int64_t fed = 0; ///< tokens whose keys and values stand in the pages
    std::vector<int32_t> pages;
    int64_t lastChunk = 0; ///< the step in which it last got a chunk

    /// Whether it ran before, and now: reusedTokens are those that it finds the first time.
    bool began() const { return m_began; }
    void begin();
    int64_t unfed() const { return static_cast<int64_t>(tokens.size()) - fed; }

    /// Finds pages for the tokens' beginning, all but the last token at most. A request that wants
    /// the routing of its tokens feeds each of them once itself.
    void reuse(PagePool& pool);
    /// Lets the pages go; the tokens have to be fed again.
    void letGo(PagePool& pool);
    /// `count` more tokens were fed; full pages become known to the pool.
    void advance(int64_t count, PagePool& pool);
    /// Where each token fed went, in order; those fed a second time are not noted again.
    void noteRouting(int64_t position, TokenRouting routing);

    /// Draws the next token from its logits [vocab] and hands on what that makes of the reply.
    /// The reason when the reply ends. Throws moe::Error for logits that are no numbers.
    std::optional<FinishReason> draw(
        std::span<float> logits, std::span<const int32_t> endOfSequence, int64_t context);
    /// Hands on what was held back, and the result. Once.
    void end(FinishReason reason, const std::optional<Error>& error = {});

private:
    std::span<const int32_t> generated() const
    {
        return std::span(tokens).subspan(request.prompt.size());
    }
    std::vector<int32_t> contentOf(int64_t page) const;
    void noteLogprobs(std::span<const float> logits, int32_t token);
    void handOn(const ReplyText::Part& part, bool atTheEnd);

    OnPiece m_onPiece;
    OnEnd m_onEnd;
    base::Random m_random;
    ReplyText m_text;
    GenerationResult m_result;
    std::vector<PagePool::Block> m_blocks; ///< of the pages that are full
    std::vector<TokenLogprob> m_logprobs; ///< of all drawn; the result has those that are out
    std::vector<std::vector<TokenLogprob>> m_top;
    std::vector<TokenRouting> m_routing; ///< of all tokens fed
    bool m_began = false;
    int64_t m_draws = 0; ///< tokens drawn, the end-of-sequence id among them
    Clock::time_point m_submitted = Clock::now(), m_first{}, m_last{};
};

} // namespace moe::infer
