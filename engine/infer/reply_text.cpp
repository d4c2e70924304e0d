// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/reply_text.h"

#include <algorithm>
#include <utility>

namespace moe::infer {

namespace {

/// The longest end of `text` with which `stop` may begin, shorter than the whole of it.
size_t beginningAtTheEnd(std::string_view text, std::string_view stop)
{
    for (size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
        if (text.ends_with(stop.substr(0, length)))
            return length;
    }
    return 0;
}

} // namespace

ReplyText::ReplyText(const text::Tokenizer& tokenizer, std::vector<std::string> stop,
    std::span<const int32_t> before)
    : m_decoder(tokenizer, true)
    , m_stop(std::move(stop))
{
    for (const int32_t id : before)
        m_decoder.push(id);
}

ReplyText::Part ReplyText::push(int32_t id)
{
    const auto length = [this] {
        return m_out + static_cast<int64_t>(m_waiting.size());
    };
    m_tokens.push_back({length(), -1});
    const std::string text = m_decoder.push(id);
    m_waiting += text;
    // A token whose last character is not whole ends with the token that completes it.
    for (Span& token : m_tokens) {
        const bool last = &token == &m_tokens.back();
        if (token.end < 0 && (last ? !m_decoder.waits() : !text.empty()))
            token.end = length();
    }
    size_t first = std::string::npos;
    for (const std::string& stop : m_stop)
        first = std::min(first, m_waiting.find(stop));
    return first == std::string::npos ? release() : cutAt(first);
}

ReplyText::Part ReplyText::finish()
{
    if (std::exchange(m_ended, true))
        return {};
    m_waiting += m_decoder.finish();
    Part part{std::move(m_waiting), static_cast<int64_t>(m_tokens.size()), false};
    m_waiting.clear();
    m_tokens.clear();
    m_out += static_cast<int64_t>(part.text.size());
    return part;
}

ReplyText::Part ReplyText::release()
{
    const size_t now = m_waiting.size() - heldBack();
    Part part{m_waiting.substr(0, now), 0, false};
    m_waiting.erase(0, now);
    m_out += static_cast<int64_t>(now);
    while (!m_tokens.empty() && m_tokens.front().end >= 0 && m_tokens.front().end <= m_out) {
        m_tokens.pop_front();
        ++part.tokens;
    }
    return part;
}

ReplyText::Part ReplyText::cutAt(size_t stop)
{
    Part part{m_waiting.substr(0, stop), 0, true};
    m_ended = true;
    m_out += static_cast<int64_t>(stop);
    part.tokens = std::count_if(m_tokens.begin(), m_tokens.end(),
        [this](const Span& token) { return token.begin < m_out; });
    m_waiting.clear();
    m_tokens.clear();
    return part;
}

size_t ReplyText::heldBack() const
{
    size_t held = 0;
    for (const std::string& stop : m_stop)
        held = std::max(held, beginningAtTheEnd(m_waiting, stop));
    return held;
}

} // namespace moe::infer
