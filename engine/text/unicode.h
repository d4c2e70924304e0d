// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moe::text {

// What tokenizers ask of Unicode, on valid UTF-8. Classes and normal forms come from utf8proc.

/// The code point at `at` (< text.size()); moves `at` behind it.
char32_t nextCodePoint(std::string_view text, size_t& at);
void appendUtf8(std::string& text, char32_t codePoint);
/// Where the last character of a text that is not empty begins.
size_t lastCharacter(std::string_view text);

bool isWhitespace(char32_t c); ///< White_Space
bool isNumeric(char32_t c); ///< categories Nd, Nl, No
bool isPunctuation(char32_t c); ///< categories P*, and every ASCII sign that is no letter or digit
bool isMark(char32_t c); ///< categories Mn, Mc, Me
void appendLower(std::string& text, char32_t c);

enum class NormalForm { C, D, KC, KD };
/// Linear but for the sorting of marks in one run, so that no text takes long.
std::string normalized(std::string_view text, NormalForm form);

/// `bytes` with U+FFFD for each longest piece that is no UTF-8 (as browsers, Rust and Python
/// replace).
std::string replaceInvalidUtf8(std::string_view bytes);
/// How many bytes at the end of `bytes` begin a character that is not complete yet: 0 to 3.
size_t incompleteTail(std::string_view bytes);

} // namespace moe::text
