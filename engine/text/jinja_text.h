// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Python's text functions on UTF-8. All of them take valid UTF-8.
namespace moe::text::jinja {

std::u32string toCodePoints(std::string_view text);
std::string toUtf8(std::u32string_view points);
int64_t countCodePoints(std::string_view text);
/// Byte offset of code point `index` (0 … length).
size_t offsetOf(std::string_view text, int64_t index);

bool isSpace(char32_t point);
bool isLetter(char32_t point);
bool isDecimal(char32_t point);
bool isUpper(char32_t point);
bool isLower(char32_t point);
bool isPrintable(char32_t point); ///< repr() shows it as it is

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string titleMethod(std::string_view text); ///< str.title: a word is a run of cased letters
std::string titleFilter(
    std::string_view text); ///< the filter: words begin after space and brackets
std::string swapCase(std::string_view text);

/// Where `wanted` begins first or last, or npos, in a time that grows with both sizes' sum.
size_t findText(std::string_view text, std::string_view wanted);
size_t findLastText(std::string_view text, std::string_view wanted);
/// `chars` null: white space. `sides`: 1 left, 2 right, 3 both.
std::string strip(std::string_view text, const std::string_view* chars, int sides);
/// At most `most` cuts when it is not negative; `separator` null: runs of white space.
std::vector<std::string> split(
    std::string_view text, const std::string_view* separator, int64_t most, bool fromRight);
std::vector<std::string> splitLines(std::string_view text, bool keepEnds);
std::string replace(
    std::string_view text, std::string_view from, std::string_view to, int64_t most, size_t limit);

} // namespace moe::text::jinja
