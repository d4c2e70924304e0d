// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_text.h"

#include "engine/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>

namespace moe::text::jinja {

std::u32string toCodePoints(std::string_view text)
{
    std::u32string points;
    points.reserve(text.size());
    for (size_t at = 0; at < text.size();)
        points.push_back(nextCodePoint(text, at));
    return points;
}

std::string toUtf8(std::u32string_view points)
{
    std::string text;
    text.reserve(points.size());
    for (const char32_t point : points)
        appendUtf8(text, point);
    return text;
}

int64_t countCodePoints(std::string_view text)
{
    return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

size_t offsetOf(std::string_view text, int64_t index)
{
    size_t at = 0;
    for (; index > 0 && at < text.size(); --index) {
        for (++at; at < text.size() && (text[at] & 0xC0) == 0x80; ++at) { }
    }
    return at;
}

namespace {

utf8proc_category_t category(char32_t point)
{
    return utf8proc_category(static_cast<utf8proc_int32_t>(point));
}

char32_t mapped(utf8proc_int32_t (*map)(utf8proc_int32_t), char32_t point)
{
    return static_cast<char32_t>(map(static_cast<utf8proc_int32_t>(point)));
}

/// The capitals that are longer than one code point and occur in writing.
void appendUpper(std::u32string& out, char32_t point, bool title)
{
    switch (point) {
    case U'ß':
        out += title ? U"Ss" : U"SS";
        return;
    case U'ŉ':
        out += U"ʼN";
        return;
    case U'\ufb00':
        out += title ? U"Ff" : U"FF";
        return;
    case U'\ufb01':
        out += title ? U"Fi" : U"FI";
        return;
    case U'\ufb02':
        out += title ? U"Fl" : U"FL";
        return;
    default:
        out += mapped(title ? utf8proc_totitle : utf8proc_toupper, point);
    }
}

bool isCased(char32_t point)
{
    return isUpper(point) || isLower(point) || category(point) == UTF8PROC_CATEGORY_LT;
}

/// A capital sigma at the end of a word has its own small form.
void appendLower(std::u32string& out, std::u32string_view text, size_t at)
{
    if (text[at] == U'İ') {
        out += U"i̇";
        return;
    }
    if (text[at] == U'Σ') {
        const bool before = at > 0 && isCased(text[at - 1]);
        const bool after = at + 1 < text.size() && isCased(text[at + 1]);
        out += before && !after ? U'ς' : U'σ';
        return;
    }
    out += mapped(utf8proc_tolower, text[at]);
}

} // namespace

bool isSpace(char32_t point)
{
    return (point >= 9 && point <= 13) || (point >= 0x1C && point <= 0x20) || point == 0x85
        || point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200A)
        || point == 0x2028 || point == 0x2029 || point == 0x202F || point == 0x205F
        || point == 0x3000;
}

bool isLetter(char32_t point)
{
    const auto kind = category(point);
    return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

bool isDecimal(char32_t point)
{
    return category(point) == UTF8PROC_CATEGORY_ND;
}

bool isUpper(char32_t point)
{
    return utf8proc_isupper(static_cast<utf8proc_int32_t>(point)) != 0;
}

bool isLower(char32_t point)
{
    return utf8proc_islower(static_cast<utf8proc_int32_t>(point)) != 0;
}

bool isPrintable(char32_t point)
{
    if (point == U' ')
        return true;
    const auto kind = category(point);
    return kind != UTF8PROC_CATEGORY_CN
        && !(kind >= UTF8PROC_CATEGORY_ZS && kind <= UTF8PROC_CATEGORY_CO);
}

namespace {

std::string reversed(std::string_view text)
{
    return {text.rbegin(), text.rend()};
}

enum class Case : uint8_t { Upper, Lower, Title };

/// Every code point in the case that caseOf(points, its index) names.
template <typename CaseOf> std::string recased(std::string_view text, const CaseOf& caseOf)
{
    const std::u32string points = toCodePoints(text);
    std::u32string out;
    for (size_t i = 0; i < points.size(); ++i) {
        const Case wanted = caseOf(points, i);
        if (wanted == Case::Lower)
            appendLower(out, points, i);
        else
            appendUpper(out, points[i], wanted == Case::Title);
    }
    return toUtf8(out);
}

} // namespace

std::string upper(std::string_view text)
{
    return recased(text, [](const auto&, size_t) { return Case::Upper; });
}

std::string lower(std::string_view text)
{
    return recased(text, [](const auto&, size_t) { return Case::Lower; });
}

std::string capitalize(std::string_view text)
{
    return recased(text, [](const auto&, size_t i) { return i == 0 ? Case::Title : Case::Lower; });
}

std::string titleMethod(std::string_view text)
{
    return recased(text, [](const std::u32string& points, size_t i) {
        return i == 0 || !isCased(points[i - 1]) ? Case::Title : Case::Lower;
    });
}

std::string titleFilter(std::string_view text)
{
    const auto breaks = [](char32_t c) {
        return isSpace(c) || std::u32string_view(U"-({[<").find(c) != std::u32string_view::npos;
    };
    return recased(text, [&](const std::u32string& points, size_t i) {
        return i == 0 || breaks(points[i - 1]) ? Case::Upper : Case::Lower;
    });
}

std::string swapCase(std::string_view text)
{
    return recased(text, [](const std::u32string& points, size_t i) {
        return isUpper(points[i]) ? Case::Lower : Case::Upper;
    });
}

size_t findText(std::string_view text, std::string_view wanted)
{
    const void* at = memmem(text.data(), text.size(), wanted.data(), wanted.size());
    return at ? static_cast<size_t>(static_cast<const char*>(at) - text.data())
              : std::string_view::npos;
}

size_t findLastText(std::string_view text, std::string_view wanted)
{
    const size_t at = findText(reversed(text), reversed(wanted));
    return at == std::string_view::npos ? at : text.size() - at - wanted.size();
}

std::string strip(std::string_view text, const std::string_view* chars, int sides)
{
    const std::u32string points = toCodePoints(text);
    const std::u32string set = chars ? toCodePoints(*chars) : std::u32string();
    const auto goes = [&](char32_t c) {
        return chars ? set.find(c) != std::u32string::npos : isSpace(c);
    };
    size_t first = 0, last = points.size();
    while ((sides & 1) && first < last && goes(points[first]))
        ++first;
    while ((sides & 2) && last > first && goes(points[last - 1]))
        --last;
    return toUtf8(std::u32string_view(points).substr(first, last - first));
}

namespace {

std::vector<std::string> splitSpaces(std::string_view text, int64_t most, bool fromRight)
{
    std::u32string points = toCodePoints(text);
    if (fromRight)
        std::reverse(points.begin(), points.end());
    std::vector<std::string> parts;
    const auto add = [&](size_t from, size_t to) {
        std::u32string part = points.substr(from, to - from);
        if (fromRight)
            std::reverse(part.begin(), part.end());
        parts.push_back(toUtf8(part));
    };
    for (size_t at = 0;;) {
        while (at < points.size() && isSpace(points[at]))
            ++at;
        if (at == points.size())
            break;
        if (most >= 0 && static_cast<int64_t>(parts.size()) == most) {
            add(at, points.size()); // as it is: Python strips nothing at the other end
            break;
        }
        const size_t from = at;
        while (at < points.size() && !isSpace(points[at]))
            ++at;
        add(from, at);
    }
    if (fromRight)
        std::reverse(parts.begin(), parts.end());
    return parts;
}

} // namespace

std::vector<std::string> split(
    std::string_view text, const std::string_view* separator, int64_t most, bool fromRight)
{
    if (!separator)
        return splitSpaces(text, most, fromRight);
    if (fromRight) {
        const std::string backwards = reversed(*separator);
        const std::string_view view = backwards;
        std::vector<std::string> parts = split(reversed(text), &view, most, false);
        std::reverse(parts.begin(), parts.end());
        for (std::string& part : parts)
            std::reverse(part.begin(), part.end());
        return parts;
    }
    std::vector<std::string> parts;
    std::string_view rest = text;
    while (most < 0 || static_cast<int64_t>(parts.size()) < most) {
        const size_t at = findText(rest, *separator);
        if (at == std::string_view::npos)
            break;
        parts.emplace_back(rest.substr(0, at));
        rest.remove_prefix(at + separator->size());
    }
    parts.emplace_back(rest);
    return parts;
}

std::vector<std::string> splitLines(std::string_view text, bool keepEnds)
{
    const auto ends = [](char32_t c) {
        return (c >= 10 && c <= 13) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028
            || c == 0x2029;
    };
    const std::u32string points = toCodePoints(text);
    std::vector<std::string> lines;
    for (size_t at = 0; at < points.size();) {
        size_t end = at;
        while (end < points.size() && !ends(points[end]))
            ++end;
        size_t next = end < points.size() ? end + 1 : end;
        if (end + 1 < points.size() && points[end] == U'\r' && points[end + 1] == U'\n')
            ++next;
        lines.push_back(
            toUtf8(std::u32string_view(points).substr(at, (keepEnds ? next : end) - at)));
        at = next;
    }
    return lines;
}

std::string replace(
    std::string_view text, std::string_view from, std::string_view to, int64_t most, size_t limit)
{
    std::string out;
    size_t at = 0;
    for (int64_t done = 0; (most < 0 || done < most) && out.size() <= limit; ++done) {
        if (from.empty()) { // before each character, and at the end
            out += to;
            if (at == text.size())
                return out;
            const size_t next = at + offsetOf(text.substr(at), 1);
            out += text.substr(at, next - at);
            at = next;
            continue;
        }
        const size_t found = findText(text.substr(at), from);
        if (found == std::string_view::npos)
            break;
        out.append(text.substr(at, found)).append(to);
        at += found + from.size();
    }
    return out.append(text.substr(at));
}

} // namespace moe::text::jinja
