// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_strings.h"

#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_lexer.h"
#include "engine/text/jinja_loop.h"
#include "engine/text/jinja_text.h"
#include "engine/text/unicode.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace moe::text::jinja {

namespace {

std::string hex(uint32_t value, size_t width)
{
    std::string text(width, '0');
    for (size_t i = width; i-- > 0; value >>= 4)
        text[i] = "0123456789abcdef"[value & 15];
    return text;
}

/// \xhh, \uXXXX, \UXXXXXXXX behind the letter at `at`; moves `at` behind the digits.
char32_t hexEscape(const std::string& text, size_t& at, size_t width, int line)
{
    uint32_t point = 0;
    const char* from = text.data() + at + 1;
    const char* to = text.data() + std::min(text.size(), at + 1 + width);
    const auto [end, problem] = std::from_chars(from, to, point, 16);
    if (problem != std::errc() || end != from + width || point > 0x10FFFF
        || (point >= 0xD800 && point < 0xE000))
        failAt(line, "an escape in a text names no character");
    at += width;
    return point;
}

} // namespace

std::string unescape(const std::string& text, int line)
{
    static const std::string_view kLetters = "abfnrtv\\'\"", kMeaning = "\a\b\f\n\r\t\v\\'\"";
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        const char c = text[++i];
        if (const size_t known = kLetters.find(c); known != std::string_view::npos) {
            out += kMeaning[known];
        } else if (c >= '0' && c <= '7') {
            uint32_t point = 0;
            size_t end = i;
            for (; end < text.size() && end < i + 3 && text[end] >= '0' && text[end] <= '7'; ++end)
                point = point * 8 + static_cast<uint32_t>(text[end] - '0');
            appendUtf8(out, point);
            i = end - 1;
        } else if (c == 'x' || c == 'u' || c == 'U') {
            appendUtf8(out, hexEscape(text, i, c == 'x' ? 2 : c == 'u' ? 4 : 8, line));
        } else if (c == 'N') {
            failAt(line, "the escape \\N is not supported");
        } else if (static_cast<unsigned char>(c) >= 0x80) { // jinja2 shows the letter's number
            const size_t size = offsetOf(std::string_view(text).substr(i), 1);
            const char32_t point = toCodePoints(std::string_view(text).substr(i, size))[0];
            out += point < 0x100  ? "\\x" + hex(point, 2)
                : point < 0x10000 ? "\\u" + hex(point, 4)
                                  : "\\U" + hex(point, 8);
            i += size - 1;
        } else if (c != '\n') {
            out.append({'\\', c});
        }
    }
    return out;
}

std::string realText(double value)
{
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value > 0 ? "inf" : "-inf";
    char buffer[400];
    const auto scientific
        = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    std::string text(buffer, scientific.ptr);
    const int power = std::stoi(text.substr(text.find('e') + 1));
    if (value != 0 && (power < -4 || power >= 16))
        return text;
    const auto fixed
        = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
    text.assign(buffer, fixed.ptr);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string reprOfText(std::string_view text)
{
    const bool twice
        = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
    const char32_t quote = twice ? U'"' : U'\'';
    std::string out(1, static_cast<char>(quote));
    for (const char32_t c : toCodePoints(text)) {
        if (c == quote || c == U'\\')
            out.append({'\\', static_cast<char>(c)});
        else if (c == U'\n')
            out += "\\n";
        else if (c == U'\r')
            out += "\\r";
        else if (c == U'\t')
            out += "\\t";
        else if (isPrintable(c))
            appendUtf8(out, c);
        else
            out += c < 0x100  ? "\\x" + hex(c, 2)
                : c < 0x10000 ? "\\u" + hex(c, 4)
                              : "\\U" + hex(c, 8);
    }
    return out + static_cast<char>(quote);
}

void appendPlain(Interpreter& in, std::string& out, const Value& value, size_t limit)
{
    if (const String* text = value.string())
        out += text->bytes;
    else if (!value.isUndefined())
        appendRepr(in, out, value, limit);
}

namespace {

void appendDict(Interpreter& in, std::string& out,
    const std::vector<std::pair<Value, Value>>& entries, size_t limit, int depth)
{
    out += '{';
    for (size_t i = 0; i < entries.size() && out.size() <= limit; ++i) {
        out += i ? ", " : "";
        appendRepr(in, out, entries[i].first, limit, depth);
        out += ": ";
        appendRepr(in, out, entries[i].second, limit, depth);
    }
    out += '}';
}

void appendList(Interpreter& in, std::string& out, const std::vector<Value>& items,
    const char* open, const char* close, size_t limit, int depth)
{
    out += open;
    for (size_t i = 0; i < items.size() && out.size() <= limit; ++i) {
        out += i ? ", " : "";
        appendRepr(in, out, items[i], limit, depth);
    }
    if (items.size() == 1 && *close == ')')
        out += ',';
    out += close;
}

void appendView(Interpreter& in, std::string& out, const View& view, size_t limit, int depth)
{
    static const char* const kNames[] = {"dict_keys([", "dict_values([", "dict_items(["};
    out += kNames[static_cast<int>(view.kind)];
    for (size_t i = 0; i < view.dict->entries.size() && out.size() <= limit; ++i) {
        const auto& [key, value] = view.dict->entries[i];
        out += i ? ", " : "";
        if (view.kind == View::Kind::Items)
            appendList(in, out, {key, value}, "(", ")", limit, depth);
        else
            appendRepr(in, out, view.kind == View::Kind::Keys ? key : value, limit, depth);
    }
    out += "])";
}

} // namespace

void appendRepr(Interpreter& in, std::string& out, const Value& value, size_t limit, int depth)
{
    if (++depth > kDeepestValue)
        throw std::invalid_argument("a value that holds itself cannot be printed");
    in.charge(1);
    if (value.isUndefined()) {
        out += "Undefined";
    } else if (value.isNone()) {
        out += "None";
    } else if (const auto* yes = value.as<bool>()) {
        out += *yes ? "True" : "False";
    } else if (const auto* whole = value.as<int64_t>()) {
        out += std::to_string(*whole);
    } else if (const auto* real = value.as<double>()) {
        out += realText(*real);
    } else if (const String* text = value.string()) {
        out += reprOfText(text->bytes);
    } else if (const Sequence* list = value.sequence()) {
        const bool square = list->kind == Sequence::Kind::List;
        appendList(in, out, list->items, square ? "[" : "(", square ? "]" : ")", limit, depth);
    } else if (const Dict* dict = value.dict()) {
        appendDict(in, out, dict->entries, limit, depth);
    } else if (const auto* view = value.as<View>()) {
        appendView(in, out, *view, limit, depth);
    } else if (const auto* range = value.as<Range>()) {
        out += "range(" + std::to_string(range->start) + ", " + std::to_string(range->stop)
            + (range->step == 1 ? "" : ", " + std::to_string(range->step)) + ")";
    } else if (const auto* space = value.as<NamespaceRef>()) {
        std::vector<std::pair<Value, Value>> entries;
        for (const auto& [name, held] : (*space)->attributes)
            entries.emplace_back(
                Value(std::make_shared<const String>(String{name, 0, false, {}})), held);
        out += "<Namespace ";
        appendDict(in, out, entries, limit, depth);
        out += '>';
    } else if (const auto* loop = value.as<LoopRef>()) {
        out += "<LoopContext " + std::to_string((*loop)->index0 + 1) + "/"
            + std::to_string((*loop)->length()) + ">";
    } else if (const auto* function = value.as<FunctionRef>(); function && (*function)->macro) {
        const std::string& name = (*function)->name;
        out += "<Macro " + (name.empty() ? "anonymous" : reprOfText(name)) + ">";
    } else {
        throw std::invalid_argument(
            "a " + typeName(value) + " cannot be printed (use the filter list first)");
    }
}

namespace {

void appendJsonText(std::string& out, std::string_view text, bool ascii)
{
    out += '"';
    for (const char32_t c : toCodePoints(text)) {
        static const std::u32string_view kSpecial = U"\"\\\n\r\t\b\f";
        if (const size_t known = kSpecial.find(c); known != std::u32string_view::npos)
            out.append({'\\', "\"\\nrtbf"[known]});
        else if (c < 0x20 || (ascii && c >= 0x7F && c < 0x10000))
            out += "\\u" + hex(c, 4);
        else if (ascii && c >= 0x10000)
            out += "\\u" + hex(0xD800 + ((c - 0x10000) >> 10), 4) + "\\u"
                + hex(0xDC00 + ((c - 0x10000) & 0x3FF), 4);
        else
            appendUtf8(out, c);
    }
    out += '"';
}

std::string jsonReal(double value)
{
    return std::isnan(value) ? "NaN"
        : std::isinf(value)  ? (value > 0 ? "Infinity" : "-Infinity")
                             : realText(value);
}

std::string jsonKey(const Value& key)
{
    if (const String* name = key.string())
        return name->bytes;
    if (const auto* yes = key.as<bool>())
        return *yes ? "true" : "false";
    if (key.isNone())
        return "null";
    if (const auto* real = key.as<double>())
        return jsonReal(*real);
    if (!key.integer())
        throw std::invalid_argument("a " + typeName(key) + " cannot be a key in JSON");
    return std::to_string(*key.integer());
}

void appendBreak(std::string& out, const JsonStyle& style, size_t limit, int level)
{
    if (!style.indent)
        return;
    out += '\n';
    for (int i = 0; i < level && out.size() <= limit; ++i)
        out += *style.indent;
}

void appendJsonDict(Interpreter& in, std::string& out, const Dict& dict, const JsonStyle& style,
    size_t limit, int level)
{
    std::vector<const std::pair<Value, Value>*> entries;
    entries.reserve(dict.entries.size());
    for (const auto& entry : dict.entries)
        entries.push_back(&entry);
    if (style.sorted) {
        std::stable_sort(entries.begin(), entries.end(), [&in](const auto* a, const auto* b) {
            const auto order = compare(in, a->first, b->first);
            if (!order)
                throw std::invalid_argument("keys of different kinds cannot be sorted");
            return *order < 0;
        });
    }
    out += '{';
    for (size_t i = 0; i < entries.size() && out.size() <= limit; ++i) {
        out += i ? style.itemSeparator : "";
        appendBreak(out, style, limit, level + 1);
        appendJsonText(out, jsonKey(entries[i]->first), style.ascii);
        out += style.keySeparator;
        appendJson(in, out, entries[i]->second, style, limit, level + 1);
    }
    if (!entries.empty())
        appendBreak(out, style, limit, level);
    out += '}';
}

} // namespace

void appendJson(Interpreter& in, std::string& out, const Value& value, const JsonStyle& style,
    size_t limit, int level)
{
    in.charge(1);
    if (value.isNone()) {
        out += "null";
    } else if (const auto* yes = value.as<bool>()) {
        out += *yes ? "true" : "false";
    } else if (const auto* whole = value.as<int64_t>()) {
        out += std::to_string(*whole);
    } else if (const auto* real = value.as<double>()) {
        out += jsonReal(*real);
    } else if (const String* text = value.string()) {
        appendJsonText(out, text->bytes, style.ascii);
    } else if (const Dict* dict = value.dict()) {
        appendJsonDict(in, out, *dict, style, limit, level);
    } else if (const Sequence* list = value.sequence()) {
        out += '[';
        for (size_t i = 0; i < list->items.size() && out.size() <= limit; ++i) {
            out += i ? style.itemSeparator : "";
            appendBreak(out, style, limit, level + 1);
            appendJson(in, out, list->items[i], style, limit, level + 1);
        }
        if (!list->items.empty())
            appendBreak(out, style, limit, level);
        out += ']';
    } else {
        throw std::invalid_argument(
            "a value of type " + typeName(value) + " cannot be written as JSON");
    }
}

} // namespace moe::text::jinja
