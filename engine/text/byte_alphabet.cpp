// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/byte_alphabet.h"

#include "engine/text/unicode.h"

namespace moe::text {

namespace {

constexpr size_t kAlphabetEnd = 0x100 + 68;

bool standsForItself(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

} // namespace

const std::array<std::string, 256>& byteCharacters()
{
    static const auto characters = [] {
        std::array<std::string, 256> made;
        char32_t next = 0x100;
        for (unsigned byte = 0; byte < made.size(); ++byte)
            appendUtf8(made[byte], standsForItself(byte) ? static_cast<char32_t>(byte) : next++);
        return made;
    }();
    return characters;
}

bool appendSpelledBytes(std::string& bytes, std::string_view token)
{
    static const auto byteOf = [] {
        std::array<int, kAlphabetEnd> made{};
        made.fill(-1);
        for (size_t byte = 0; byte < 256; ++byte) {
            size_t at = 0;
            made[nextCodePoint(byteCharacters()[byte], at)] = static_cast<int>(byte);
        }
        return made;
    }();
    const size_t before = bytes.size();
    for (size_t at = 0; at < token.size();) {
        const char32_t c = nextCodePoint(token, at);
        if (c >= kAlphabetEnd || byteOf[c] < 0) {
            bytes.resize(before);
            return false;
        }
        bytes += static_cast<char>(byteOf[c]);
    }
    return true;
}

} // namespace moe::text
