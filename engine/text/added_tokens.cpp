// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/added_tokens.h"

#include "engine/text/regex.h"
#include "engine/text/unicode.h"
#include "kernels/error.h"

#include <algorithm>

namespace moe::text {

namespace {

constexpr size_t kLongestContent = 4096; // looking for it takes so many steps at each character

bool isWordCharacter(std::string_view character)
{
    static const Regex word("[\\w\\x{200C}\\x{200D}]", "added_tokens");
    bool found = false;
    RegexScan(word).forEachMatch(character, [&](size_t, size_t) { found = true; });
    return found;
}

bool endsWithWord(std::string_view text)
{
    return !text.empty() && isWordCharacter(text.substr(lastCharacter(text)));
}

bool startsWithWord(std::string_view text)
{
    size_t at = 0;
    if (!text.empty())
        nextCodePoint(text, at);
    return at > 0 && isWordCharacter(text.substr(0, at));
}

size_t spaceBefore(std::string_view text, size_t end, size_t least)
{
    while (end > least) {
        const size_t last = lastCharacter(text.substr(0, end));
        size_t at = last;
        if (!isWhitespace(nextCodePoint(text, at)))
            break;
        end = last;
    }
    return end;
}

size_t spaceAfter(std::string_view text, size_t begin)
{
    while (begin < text.size()) {
        size_t at = begin;
        if (!isWhitespace(nextCodePoint(text, at)))
            break;
        begin = at;
    }
    return begin;
}

} // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const std::string& where)
    : m_tokens(std::move(tokens))
{
    std::erase_if(m_tokens, [](const AddedToken& token) { return token.content.empty(); });
    std::stable_sort(m_tokens.begin(), m_tokens.end(),
        [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
    for (const AddedToken& token : m_tokens) {
        if (token.content.size() > kLongestContent)
            throw Error("an added token of " + std::to_string(token.content.size()) + " bytes",
                where, "at most " + std::to_string(kLongestContent) + " bytes");
        m_starts[static_cast<unsigned char>(token.content[0])] = true;
    }
}

const AddedToken* AddedTokens::longestAt(std::string_view text) const
{
    const AddedToken* longest = nullptr;
    auto first = m_tokens.begin(), last = m_tokens.end(); // those that agree in `length` bytes
    for (size_t length = 0; first != last; ++length) {
        if (first->content.size() == length) { // the shortest of a range stands first
            longest = &*first;
            while (first != last && first->content.size() == length)
                ++first;
        }
        if (length == text.size())
            break;
        const auto byte = static_cast<unsigned char>(text[length]);
        const auto byteOf = [&](const AddedToken& token) {
            return static_cast<unsigned char>(token.content[length]);
        };
        first = std::partition_point(
            first, last, [&](const AddedToken& token) { return byteOf(token) < byte; });
        last = std::partition_point(
            first, last, [&](const AddedToken& token) { return byteOf(token) == byte; });
    }
    return longest;
}

void AddedTokens::split(std::string_view text,
    const std::function<void(std::string_view, const AddedToken*)>& part) const
{
    size_t done = 0;
    for (size_t at = 0; at < text.size();) {
        const AddedToken* token
            = m_starts[static_cast<unsigned char>(text[at])] ? longestAt(text.substr(at)) : nullptr;
        if (!token) {
            ++at;
            continue;
        }
        size_t begin = at, end = at + token->content.size();
        at = end;
        if (token->singleWord
            && (endsWithWord(text.substr(0, begin)) || startsWithWord(text.substr(end))))
            continue;
        if (token->lstrip)
            begin = std::max(done, spaceBefore(text, begin, done));
        if (token->rstrip)
            end = spaceAfter(text, end);
        if (begin > done)
            part(text.substr(done, begin - done), nullptr);
        part(text.substr(begin, end - begin), token);
        done = end;
    }
    if (done < text.size())
        part(text.substr(done), nullptr);
}

} // namespace moe::text
