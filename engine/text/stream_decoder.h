// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/tokenizer.h"

namespace moe::text {

/// Text of tokens as they come. A character whose bytes are not all there waits for the rest;
/// bytes that can no longer become one turn into U+FFFD. Joined, the answers are decode(ids), but
/// for byte tokens that spell no text (decode replaces all of a run, this the bad ones).
class StreamDecoder {
public:
    /// `behindText`: the tokens go on from others, so that the first keeps its leading space.
    StreamDecoder(const Tokenizer& tokenizer, bool skipSpecial, bool behindText = false)
        : m_tokenizer(tokenizer)
        , m_skipSpecial(skipSpecial)
        , m_first(!behindText)
    {
    }

    /// The text that `id` completes, often empty. Ids that name no token add nothing.
    std::string push(int32_t id);
    /// What still waited, as U+FFFD; the next token begins a text.
    std::string finish();
    bool waits() const { return !m_waiting.empty(); } ///< for the rest of a character

private:
    const Tokenizer& m_tokenizer;
    bool m_skipSpecial, m_first;
    std::string m_waiting;
};

} // namespace moe::text
