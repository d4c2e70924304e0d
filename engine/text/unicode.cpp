// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/unicode.h"

#include "engine/base/files.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

namespace moe::text {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

uint8_t byteAt(std::string_view text, size_t at)
{
    return static_cast<uint8_t>(text[at]);
}

utf8proc_category_t categoryOf(char32_t c)
{
    return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

int combiningClass(utf8proc_int32_t c)
{
    return utf8proc_get_property(c)->combining_class;
}

/// Characters that every normal form leaves alone and that combine with nothing.
bool staysAsItIs(std::string_view text, NormalForm form)
{
    for (size_t at = 0; at < text.size();) {
        if (byteAt(text, at) < 0x80) {
            ++at;
            continue;
        }
        const char32_t c = nextCodePoint(text, at);
        const bool latinInC = form == NormalForm::C && c < 0x300;
        const bool ideograph = c >= 0x4E00 && c < 0xA000;
        if (!latinInC && !ideograph)
            return false;
    }
    return true;
}

/// How long the character that begins at `at` would be, with bounds on its second byte: 0 when no
/// character begins so (the table of well-formed sequences, Unicode 3.9).
struct Shape {
    size_t length = 0;
    uint8_t least = 0x80, most = 0xBF;
};

Shape shapeOf(uint8_t lead)
{
    if (lead < 0x80)
        return {1};
    if (lead >= 0xC2 && lead <= 0xDF)
        return {2};
    if (lead >= 0xE0 && lead <= 0xEF)
        return {3, static_cast<uint8_t>(lead == 0xE0 ? 0xA0 : 0x80),
            static_cast<uint8_t>(lead == 0xED ? 0x9F : 0xBF)};
    if (lead >= 0xF0 && lead <= 0xF4)
        return {4, static_cast<uint8_t>(lead == 0xF0 ? 0x90 : 0x80),
            static_cast<uint8_t>(lead == 0xF4 ? 0x8F : 0xBF)};
    return {};
}

/// Bytes from `at` that belong to one character, whole or cut off; at least 1.
size_t pieceLength(std::string_view bytes, size_t at, Shape shape)
{
    size_t length = 1;
    while (length < shape.length && at + length < bytes.size()) {
        const uint8_t byte = byteAt(bytes, at + length);
        const bool fits
            = length == 1 ? byte >= shape.least && byte <= shape.most : (byte & 0xC0) == 0x80;
        if (!fits)
            break;
        ++length;
    }
    return length;
}

} // namespace

char32_t nextCodePoint(std::string_view text, size_t& at)
{
    const uint8_t lead = byteAt(text, at);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    static constexpr uint8_t kLeadBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t c = lead & kLeadBits[length];
    const size_t end = std::min(text.size(), at + length);
    for (++at; at < end; ++at)
        c = c << 6 | (byteAt(text, at) & 0x3F);
    return c;
}

void appendUtf8(std::string& text, char32_t c)
{
    const auto put = [&](char32_t byte) {
        text += static_cast<char>(byte);
    };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

size_t lastCharacter(std::string_view text)
{
    size_t at = text.size() - 1;
    while (at > 0 && (byteAt(text, at) & 0xC0) == 0x80)
        --at;
    return at;
}

bool isWhitespace(char32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F
        || c == 0x3000;
}

bool isNumeric(char32_t c)
{
    const auto category = categoryOf(c);
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL
        || category == UTF8PROC_CATEGORY_NO;
}

bool isPunctuation(char32_t c)
{
    if (c < 0x80)
        return c > 0x20 && c < 0x7F && !(c >= '0' && c <= '9')
            && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    const auto category = categoryOf(c);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool isMark(char32_t c)
{
    const auto category = categoryOf(c);
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

void appendLower(std::string& text, char32_t c)
{
    if (c == 0x130) { // the one character whose lower case is two
        text += "i\xCC\x87";
        return;
    }
    appendUtf8(text, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

std::string normalized(std::string_view text, NormalForm form)
{
    if (staysAsItIs(text, form))
        return std::string(text);
    const bool compatible = form == NormalForm::KC || form == NormalForm::KD;
    const bool composed = form == NormalForm::C || form == NormalForm::KC;
    // utf8proc's options are the bits of an enumeration that has no name for their sums.
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
    const auto options = static_cast<utf8proc_option_t>(
        UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0));
    std::vector<utf8proc_int32_t> points;
    points.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const auto c = static_cast<utf8proc_int32_t>(nextCodePoint(text, at));
        utf8proc_int32_t parts[32]; // the longest decomposition has 18
        const auto count = utf8proc_decompose_char(c, parts, 32, options, nullptr);
        points.insert(points.end(), parts, parts + std::clamp<utf8proc_ssize_t>(count, 0, 32));
    }
    // Marks in canonical order. utf8proc's own ordering takes the square of a run's length.
    for (auto run = points.begin(); run != points.end();) {
        if (combiningClass(*run) == 0) {
            ++run;
            continue;
        }
        const auto end = std::find_if(
            run, points.end(), [](utf8proc_int32_t c) { return combiningClass(c) == 0; });
        std::stable_sort(run, end, [](utf8proc_int32_t a, utf8proc_int32_t b) {
            return combiningClass(a) < combiningClass(b);
        });
        run = end;
    }
    if (composed) {
        const auto length
            = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
        points.resize(static_cast<size_t>(std::max<utf8proc_ssize_t>(length, 0)));
    }
    std::string result;
    result.reserve(text.size());
    for (const utf8proc_int32_t c : points)
        appendUtf8(result, static_cast<char32_t>(c));
    return result;
}

std::string replaceInvalidUtf8(std::string_view bytes)
{
    if (!base::findInvalidUtf8(bytes))
        return std::string(bytes);
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
        const Shape shape = shapeOf(byteAt(bytes, at));
        const size_t length = pieceLength(bytes, at, shape);
        if (shape.length == length)
            text += bytes.substr(at, length);
        else
            text += kReplacement;
        at += length;
    }
    return text;
}

size_t incompleteTail(std::string_view bytes)
{
    for (size_t tail = 1; tail <= 3 && tail <= bytes.size(); ++tail) {
        const size_t at = bytes.size() - tail;
        if ((byteAt(bytes, at) & 0xC0) == 0x80)
            continue;
        const Shape shape = shapeOf(byteAt(bytes, at));
        return shape.length > tail && pieceLength(bytes, at, shape) == tail ? tail : 0;
    }
    return 0;
}

} // namespace moe::text
