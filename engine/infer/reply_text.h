// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/stream_decoder.h"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moe::infer {

/// A reply's tokens become text that can be shown: whole characters, and nothing that may turn out
/// to be a stop string. A stop string ends the reply before its first byte, however many tokens it
/// spans.
class ReplyText {
public:
    /// `before`: tokens that the reply goes on from. They add nothing themselves, but a space that
    /// follows them stays, and a character that they begin comes whole with the token that ends it.
    ReplyText(const text::Tokenizer& tokenizer, std::vector<std::string> stop,
        std::span<const int32_t> before = {});

    struct Part {
        std::string text;
        int64_t tokens = 0; ///< so many more of the tokens pushed are out with all their text
        bool stopped = false; ///< by a stop string: what was held back will never come
    };
    Part push(int32_t id);
    /// No more tokens: what was held back, incomplete characters as U+FFFD; nothing behind a stop
    /// string.
    Part finish();

private:
    Part release();
    Part cutAt(size_t stop);
    size_t heldBack() const;

    text::StreamDecoder m_decoder;
    std::vector<std::string> m_stop;
    std::string m_waiting; ///< decoded, not yet out
    bool m_ended = false;
    int64_t m_out = 0; ///< bytes of text that are out
    struct Span {
        int64_t begin, end; ///< bytes of the whole text; end −1: in the middle of a character
    };
    std::deque<Span> m_tokens; ///< those not yet out
};

} // namespace moe::infer
