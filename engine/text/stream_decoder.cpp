// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/stream_decoder.h"

#include "engine/text/unicode.h"

#include <utility>

namespace moe::text {

std::string StreamDecoder::push(int32_t id)
{
    if (m_skipSpecial && m_tokenizer.isSpecial(id))
        return {};
    m_waiting += m_tokenizer.bytesOf(id, m_first);
    m_first = false;
    const size_t whole = m_waiting.size() - incompleteTail(m_waiting);
    const std::string text = replaceInvalidUtf8(std::string_view(m_waiting).substr(0, whole));
    m_waiting.erase(0, whole);
    return text;
}

std::string StreamDecoder::finish()
{
    m_first = true;
    return replaceInvalidUtf8(std::exchange(m_waiting, {}));
}

} // namespace moe::text
