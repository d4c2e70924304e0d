// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_strings.h"
#include "engine/text/jinja_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace moe::text::jinja {

namespace {

/// How one value is laid out: what % and {} have in common.
struct Layout {
    std::string fill = " ";
    char align = '\0'; ///< < > ^ =, or none given
    char sign = '\0'; ///< + or a space, or none
    bool alternate = false;
    int64_t width = 0, precision = -1;
    char type = '\0';
};

int64_t readNumber(Interpreter& in, const std::string& format, size_t& at)
{
    int64_t value = 0;
    for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at) {
        value = value * 10 + (format[at] - '0');
        if (value > 100000)
            in.fail("a width or precision in a format is above 100000");
    }
    return value;
}

std::string pad(
    const std::string& sign, const std::string& body, const Layout& layout, char standard)
{
    const int64_t room = layout.width - countCodePoints(sign) - countCodePoints(body);
    const char align = layout.align ? layout.align : standard;
    const int64_t left = room <= 0 || align == '<' ? 0 : align == '^' ? room / 2 : room;
    std::string before, after;
    for (int64_t i = 0; i < room; ++i)
        (i < left ? before : after) += layout.fill;
    return align == '=' ? sign + before + body : before + sign + body + after;
}

std::string wholeDigits(uint64_t value, char type, bool alternate)
{
    const int base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
    char buffer[80];
    std::string digits(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, base).ptr);
    if (alternate && base != 10)
        digits.insert(0, base == 16 ? "0x" : base == 8 ? "0o" : "0b");
    return type == 'X' ? upper(digits) : digits;
}

/// e, f, g and % of a number that is not negative.
std::string realDigits(double value, char type, int64_t precision, bool alternate)
{
    const char kind = static_cast<char>(type | 32);
    if (!std::isfinite(value))
        return type == kind || type == '%' ? realText(value) : upper(realText(value));
    const int digits = precision < 0 ? 6 : static_cast<int>(precision);
    const auto style = kind == 'e' ? std::chars_format::scientific
        : kind == 'g'              ? std::chars_format::general
                                   : std::chars_format::fixed;
    std::string buffer(static_cast<size_t>(digits) + 400, '\0');
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, style,
        kind == 'g' ? std::max(digits, 1) : digits);
    buffer.resize(static_cast<size_t>(end.ptr - buffer.data()));
    if (alternate && kind != 'g' && digits == 0)
        buffer += '.';
    return type >= 'A' && type <= 'Z' ? upper(buffer) : buffer;
}

std::string signOf(bool negative, const Layout& layout)
{
    return negative ? "-" : layout.sign ? std::string(1, layout.sign) : "";
}

std::string layWhole(int64_t value, const Layout& layout)
{
    const uint64_t size
        = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    std::string digits = wholeDigits(size, layout.type, layout.alternate);
    if (layout.precision > static_cast<int64_t>(digits.size()))
        digits.insert(0, static_cast<size_t>(layout.precision) - digits.size(), '0');
    return pad(signOf(value < 0, layout), digits, layout, '>');
}

std::string layReal(double value, const Layout& layout)
{
    const bool negative = std::signbit(value) && !std::isnan(value);
    std::string digits = realDigits(std::abs(value) * (layout.type == '%' ? 100 : 1), layout.type,
        layout.precision, layout.alternate);
    if (layout.type == '%')
        digits += '%';
    return pad(signOf(negative, layout), digits, layout, '>');
}

std::string layText(const std::string& text, const Layout& layout, char standard)
{
    const bool cut = layout.precision >= 0 && layout.precision < countCodePoints(text);
    return pad("", cut ? text.substr(0, offsetOf(text, layout.precision)) : text, layout, standard);
}

std::string percentOne(Interpreter& in, const Value& value, const Layout& layout)
{
    const char type = layout.type;
    if (type == 's')
        return layText(in.plain(value), layout, '>');
    if (type == 'r')
        return layText(in.repr(value), layout, '>');
    if (value.isUndefined())
        in.failUndefined(value);
    if (type == 'd' || type == 'i' || type == 'u') {
        if (!value.number())
            in.fail("%d needs a number, not a " + typeName(value));
        if (const auto* real = value.as<double>(); real != nullptr) {
            if (!(std::abs(*real) < kTwoTo63))
                in.fail("a whole number is wider than 64 bits");
            return layWhole(static_cast<int64_t>(*real), layout);
        }
        return layWhole(*value.integer(), layout);
    }
    if (type == 'x' || type == 'X' || type == 'o') {
        if (!value.integer())
            in.fail("%x and %o need a whole number, not a " + typeName(value));
        return layWhole(*value.integer(), layout);
    }
    if (std::string_view("eEfFgG").find(type) != std::string_view::npos) {
        if (!value.number())
            in.fail("%f needs a number, not a " + typeName(value));
        return layReal(*value.number(), layout);
    }
    if (type == 'c' && value.string() && value.string()->length == 1)
        return layText(value.string()->bytes, layout, '>');
    in.fail(std::string("the format %") + type + " is not supported here");
}

} // namespace

std::string percentFormat(Interpreter& in, const std::string& format, const Value& value)
{
    const Sequence* list = value.sequence();
    const bool several = list && list->kind != Sequence::Kind::List;
    size_t used = 0;
    bool named = false;
    const auto take = [&]() -> Value {
        const size_t have = several ? list->items.size() : 1;
        if (used >= have)
            in.fail("a format has more places than values");
        return several ? list->items[used++] : (++used, value);
    };
    std::string out;
    for (size_t at = 0; at < format.size();) {
        if (out.size() > kLongestText)
            break;
        const char c = format[at++];
        if (c != '%') {
            out += c;
            continue;
        }
        std::optional<Value> chosen;
        Layout layout;
        if (at < format.size() && format[at] == '(') {
            const size_t end = format.find(')', at);
            if (end == std::string::npos || !value.dict())
                in.fail("a named place in a format needs a dict");
            const Value* found
                = find(in, *value.dict(), std::string_view(format).substr(at + 1, end - at - 1));
            if (!found)
                in.fail("a format names a key that is not there");
            chosen = *found;
            named = true;
            at = end + 1;
        }
        for (; at < format.size()
             && std::string_view("-+ #0").find(format[at]) != std::string_view::npos;
             ++at) {
            if (format[at] == '-')
                layout.align = '<';
            else if (format[at] == '0' && layout.align != '<')
                layout.align = '=', layout.fill = "0";
            else if (format[at] == '+' || (format[at] == ' ' && layout.sign != '+'))
                layout.sign = format[at];
            else if (format[at] == '#')
                layout.alternate = true;
        }
        if (layout.align == '<')
            layout.fill = " ";
        layout.width = readNumber(in, format, at);
        if (at < format.size() && format[at] == '.')
            layout.precision = readNumber(in, format, ++at);
        if (at >= format.size())
            in.fail("a format ends within a place");
        layout.type = format[at++];
        if (layout.type == '%') {
            out += '%';
            continue;
        }
        if (std::string_view("src").find(layout.type) != std::string_view::npos
            && layout.align == '=')
            layout.align = '>', layout.fill = " ";
        out += percentOne(in, chosen ? *chosen : take(), layout);
    }
    const bool rest = several
        ? used < list->items.size()
        : used == 0 && !value.dict() && !value.isUndefined() && !(list != nullptr);
    if (rest && !named)
        in.fail("a format has fewer places than values");
    return out;
}

namespace {

Layout readSpecification(Interpreter& in, const std::string& spec)
{
    Layout layout;
    size_t at = 0;
    const std::string_view aligns = "<>^=";
    const size_t first = offsetOf(spec, 1);
    if (first < spec.size() && aligns.find(spec[first]) != std::string_view::npos) {
        layout.fill = spec.substr(0, first);
        layout.align = spec[first];
        at = first + 1;
    } else if (!spec.empty() && aligns.find(spec[0]) != std::string_view::npos) {
        layout.align = spec[at++];
    }
    if (at < spec.size() && std::string_view("+- ").find(spec[at]) != std::string_view::npos) {
        layout.sign = spec[at] == '-' ? '\0' : spec[at];
        ++at;
    }
    if (at < spec.size() && spec[at] == '#')
        layout.alternate = spec[at++] == '#';
    if (at < spec.size() && spec[at] == '0') {
        if (!layout.align)
            layout.align = '=', layout.fill = "0";
        ++at;
    }
    layout.width = readNumber(in, spec, at);
    if (at < spec.size() && spec[at] == '.')
        layout.precision = readNumber(in, spec, ++at);
    if (at < spec.size())
        layout.type = spec[at++];
    if (at < spec.size())
        in.fail("the format \"" + spec.substr(0, 40) + "\" is not supported");
    return layout;
}

std::string braceOne(Interpreter& in, const Value& value, const std::string& spec)
{
    if (spec.empty())
        return in.plain(value);
    const Layout layout = readSpecification(in, spec);
    const auto is = [&](const char* types) {
        return std::string_view(types).find(layout.type) != std::string_view::npos && layout.type;
    };
    if (value.string() && (!layout.type || layout.type == 's') && layout.align != '='
        && !layout.sign)
        return layText(value.string()->bytes, layout, '<');
    if (value.as<int64_t>() && (!layout.type || is("dxXob")) && layout.precision < 0)
        return layWhole(*value.integer(), layout);
    if (value.number() && is("eEfFgG%"))
        return layReal(*value.number(), layout);
    in.fail("the format \"" + spec.substr(0, 40) + "\" is not supported for a " + typeName(value));
}

/// In the place of the count of places without a number: there are numbered ones.
constexpr size_t kNumbered = SIZE_MAX;

/// A field's value: a number, a name or nothing, then .name and [key].
Value braceField(Interpreter& in, const std::string& field, Arguments& arguments, size_t& automatic)
{
    const size_t end = std::min(field.find_first_of(".["), field.size());
    const std::string first = field.substr(0, end);
    std::optional<Value> value;
    if (first.empty() || parseWhole(first, 10)) {
        if (first.empty() ? automatic == kNumbered : automatic > 0 && automatic != kNumbered)
            in.fail("a format mixes numbered places with ones that are not");
        if (!first.empty())
            automatic = kNumbered;
        const int64_t index
            = first.empty() ? static_cast<int64_t>(automatic++) : *parseWhole(first, 10);
        if (index < 0 || index >= static_cast<int64_t>(arguments.positional.size()))
            in.fail("a format has more places than values");
        value = arguments.positional[static_cast<size_t>(index)];
    }
    for (const auto& [name, held] : arguments.named) {
        if (!value && name == first)
            value = held;
    }
    if (!value)
        in.fail("a format names \"" + first.substr(0, 40) + "\", which is not given");
    for (size_t at = end; at < field.size();) {
        const bool dot = field[at] == '.';
        const size_t stop
            = dot ? std::min(field.find_first_of(".[", at + 1), field.size()) : field.find(']', at);
        if (stop == std::string::npos || stop == at + 1 || (field[at] != '.' && field[at] != '['))
            in.fail("a format's field is not well formed");
        const std::string key = field.substr(at + 1, stop - at - 1);
        const auto index = parseWhole(key, 10);
        value = dot ? in.attribute(*value, key)
                    : in.item(*value, index && *index >= 0 ? Value(*index) : in.text(key));
        at = dot ? stop : stop + 1;
    }
    return *value;
}

} // namespace

std::string braceFormat(Interpreter& in, const std::string& format, Arguments& arguments)
{
    std::string out;
    size_t automatic = 0;
    for (size_t at = 0; at < format.size() && out.size() <= kLongestText;) {
        const char c = format[at++];
        if (c != '{' && c != '}') {
            out += c;
            continue;
        }
        if (at < format.size() && format[at] == c) {
            out += c;
            ++at;
            continue;
        }
        const size_t end = format.find('}', at);
        if (c == '}' || end == std::string::npos)
            in.fail("a brace in a format stands alone");
        std::string field = format.substr(at, end - at), spec, conversion;
        if (field.find('{') != std::string::npos)
            in.fail("fields within fields of a format are not supported");
        at = end + 1;
        if (const size_t colon = field.find(':'); colon != std::string::npos) {
            spec = field.substr(colon + 1);
            field.resize(colon);
        }
        if (const size_t mark = field.find('!'); mark != std::string::npos) {
            conversion = field.substr(mark + 1);
            field.resize(mark);
        }
        Value value = braceField(in, field, arguments, automatic);
        if (conversion == "r")
            value = in.text(in.repr(value));
        else if (conversion == "s")
            value = in.text(in.plain(value));
        else if (!conversion.empty())
            in.fail("the conversion !" + conversion.substr(0, 10) + " is not supported");
        out += braceOne(in, value, spec);
    }
    return out;
}

} // namespace moe::text::jinja
