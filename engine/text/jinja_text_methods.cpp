// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_text.h"

#include <algorithm>
#include <unordered_map>

namespace moe::text::jinja {

namespace {

using Bound = std::vector<std::optional<Value>>;

const std::string& textOf(Interpreter& in, const Value& value)
{
    if (!value.string())
        in.fail("expected a text, found a " + typeName(value));
    return value.string()->bytes;
}

int64_t wholeOf(Interpreter& in, const std::optional<Value>& value, int64_t fallback)
{
    if (!value || value->isNone())
        return fallback;
    if (!value->integer())
        in.fail("expected a whole number, found a " + typeName(*value));
    return *value->integer();
}

template <std::string (*map)(std::string_view)>
Value mapped(Interpreter& in, const String& self, Arguments& arguments)
{
    bind(in, "a text's method", arguments, {}, 0);
    in.chargePoints(self.bytes.size());
    return in.text(map(self.bytes));
}

template <int sides> Value stripped(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "strip", arguments, {"chars"}, 0);
    if (!bound[0] || bound[0]->isNone())
        return in.text(strip(self.bytes, nullptr, sides));
    const std::string_view chars = textOf(in, *bound[0]);
    in.chargeSize(self.bytes.size() * (1 + chars.size() / 16));
    return in.text(strip(self.bytes, &chars, sides));
}

Value listOfTexts(Interpreter& in, const std::vector<std::string>& parts)
{
    std::vector<Value> values;
    values.reserve(parts.size());
    for (const std::string& part : parts)
        values.push_back(in.text(part));
    return in.list(std::move(values));
}

template <bool fromRight> Value splitted(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "split", arguments, {"sep", "maxsplit"}, 0);
    const int64_t most = wholeOf(in, bound[1], -1);
    if (!bound[0] || bound[0]->isNone())
        return listOfTexts(in, split(self.bytes, nullptr, most, fromRight));
    const std::string_view separator = textOf(in, *bound[0]);
    if (separator.empty())
        in.fail("split needs a separator that is not empty");
    return listOfTexts(in, split(self.bytes, &separator, most, fromRight));
}

template <bool fromRight>
Value partitioned(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "partition", arguments, {"sep"}, 1);
    const std::string& separator = textOf(in, *bound[0]);
    if (separator.empty())
        in.fail("partition needs a separator that is not empty");
    const size_t at
        = fromRight ? findLastText(self.bytes, separator) : findText(self.bytes, separator);
    if (at == std::string::npos) {
        const Value whole = in.text(self.bytes), none = in.text("");
        return fromRight ? in.tuple({none, none, whole}) : in.tuple({whole, none, none});
    }
    return in.tuple({in.text(self.bytes.substr(0, at)), in.text(separator),
        in.text(self.bytes.substr(at + separator.size()))});
}

/// The part that find, count, startswith and their like look at; `from` in code points.
std::string_view window(Interpreter& in, const String& self, const Bound& bound, int64_t& from)
{
    from = wholeOf(in, bound[1], 0);
    int64_t to = wholeOf(in, bound[2], self.length);
    from = std::max<int64_t>(from < 0 ? from + self.length : from, 0);
    to = std::clamp<int64_t>(to < 0 ? to + self.length : to, 0, self.length);
    in.chargeSize(self.bytes.size());
    if (from > to)
        return {};
    const size_t begin = offsetOf(self.bytes, from);
    return std::string_view(self.bytes).substr(begin, offsetOf(self.bytes, to) - begin);
}

template <bool atStart> Value begins(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound
        = bind(in, atStart ? "startswith" : "endswith", arguments, {"prefix", "start", "end"}, 1);
    int64_t from = 0;
    const std::string_view part = window(in, self, bound, from);
    const bool outside = from > self.length || (part.data() == nullptr);
    const auto fits = [&](const Value& wanted) {
        const std::string& edge = textOf(in, wanted);
        in.chargeSize(edge.size());
        return !outside && (atStart ? part.starts_with(edge) : part.ends_with(edge));
    };
    const Sequence* several = bound[0]->sequence();
    if (several && several->kind != Sequence::Kind::List)
        return std::any_of(several->items.begin(), several->items.end(), fits);
    return fits(*bound[0]);
}

/// find, rfind, index, rindex.
template <bool fromRight, bool must>
Value found(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "find", arguments, {"sub", "start", "end"}, 1);
    const std::string& wanted = textOf(in, *bound[0]);
    int64_t from = 0;
    const std::string_view part = window(in, self, bound, from);
    const size_t at = part.data() == nullptr ? std::string_view::npos
        : fromRight                          ? findLastText(part, wanted)
                                             : findText(part, wanted);
    if (at != std::string_view::npos)
        return from + countCodePoints(part.substr(0, at));
    if (must)
        in.fail("the text that index looks for is not there");
    return int64_t{-1};
}

Value counted(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "count", arguments, {"sub", "start", "end"}, 1);
    const std::string& wanted = textOf(in, *bound[0]);
    int64_t from = 0;
    const std::string_view part = window(in, self, bound, from);
    if (part.data() == nullptr)
        return int64_t{0};
    if (wanted.empty())
        return countCodePoints(part) + 1;
    int64_t count = 0;
    std::string_view rest = part;
    for (size_t at = findText(rest, wanted); at != std::string_view::npos;
         at = findText(rest, wanted)) {
        ++count;
        rest.remove_prefix(at + wanted.size());
    }
    return count;
}

Value replaced(Interpreter& in, const String& self, Arguments& arguments)
{
    if (!arguments.named.empty())
        in.fail("replace takes no named arguments");
    const Bound bound = bind(in, "replace", arguments, {"old", "new", "count"}, 2);
    return in.text(replace(self.bytes, textOf(in, *bound[0]), textOf(in, *bound[1]),
        wholeOf(in, bound[2], -1), kLongestText));
}

Value joined(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "join", arguments, {"iterable"}, 1);
    std::string out;
    bool first = true;
    for (const Value& item : in.items(*bound[0])) {
        out += first ? "" : self.bytes;
        out += textOf(in, item);
        first = false;
        if (out.size() > kLongestText)
            break;
    }
    return in.text(std::move(out));
}

Value linesOf(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "splitlines", arguments, {"keepends"}, 0);
    if (bound[0] && !bound[0]->integer())
        in.fail("splitlines needs true or false");
    return listOfTexts(in, splitLines(self.bytes, bound[0] && truth(*bound[0])));
}

template <bool prefix> Value without(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "removeprefix", arguments, {"edge"}, 1);
    const std::string& edge = textOf(in, *bound[0]);
    if (prefix && self.bytes.starts_with(edge))
        return in.text(self.bytes.substr(edge.size()));
    if (!prefix && self.bytes.ends_with(edge))
        return in.text(self.bytes.substr(0, self.bytes.size() - edge.size()));
    return in.text(self.bytes);
}

template <bool (*is)(char32_t)> Value all(Interpreter& in, const String& self, Arguments&)
{
    in.chargeSize(self.bytes.size());
    const std::u32string points = toCodePoints(self.bytes);
    return !points.empty() && std::all_of(points.begin(), points.end(), is);
}

/// isupper, islower: at least one cased letter, and none of the other case.
template <bool (*is)(char32_t), bool (*other)(char32_t)>
Value cased(Interpreter& in, const String& self, Arguments&)
{
    in.chargeSize(self.bytes.size());
    const std::u32string points = toCodePoints(self.bytes);
    return std::any_of(points.begin(), points.end(), is)
        && std::none_of(points.begin(), points.end(), other);
}

bool isLetterOrDigit(char32_t point)
{
    return isLetter(point) || isDecimal(point);
}

/// ljust, rjust, center, zfill.
template <int side> Value padded(Interpreter& in, const String& self, Arguments& arguments)
{
    const Bound bound = bind(in, "a padding method", arguments, {"width", "fillchar"}, 1);
    if (!bound[0]->integer())
        in.fail("the width must be a whole number");
    const int64_t room = *bound[0]->integer() - self.length;
    const std::string fill = bound[1] ? textOf(in, *bound[1]) : " ";
    if (countCodePoints(fill) != 1)
        in.fail("the fill must be one character");
    if (room <= 0)
        return in.text(self.bytes);
    if (room > static_cast<int64_t>(kLongestText))
        in.fail("the width is too large");
    const int64_t width = room + self.length;
    const int64_t left = side == 0 ? 0 : side == 1 ? room : room / 2 + (room & width & 1);
    std::string out;
    for (int64_t i = 0; i < left; ++i)
        out += fill;
    out += self.bytes;
    for (int64_t i = left; i < room; ++i)
        out += fill;
    return in.text(std::move(out));
}

Value formatted(Interpreter& in, const String& self, Arguments& arguments)
{
    return in.text(braceFormat(in, self.bytes, arguments));
}

using TextMethod = Value (*)(Interpreter&, const String&, Arguments&);

const std::unordered_map<std::string, TextMethod>& textMethods()
{
    static const std::unordered_map<std::string, TextMethod> kMethods{{"upper", mapped<upper>},
        {"lower", mapped<lower>}, {"title", mapped<titleMethod>},
        {"capitalize", mapped<capitalize>}, {"swapcase", mapped<swapCase>}, {"strip", stripped<3>},
        {"lstrip", stripped<1>}, {"rstrip", stripped<2>}, {"split", splitted<false>},
        {"rsplit", splitted<true>}, {"partition", partitioned<false>},
        {"rpartition", partitioned<true>}, {"startswith", begins<true>},
        {"endswith", begins<false>}, {"find", found<false, false>}, {"rfind", found<true, false>},
        {"index", found<false, true>}, {"rindex", found<true, true>}, {"count", counted},
        {"replace", replaced}, {"join", joined}, {"splitlines", linesOf},
        {"removeprefix", without<true>}, {"removesuffix", without<false>},
        {"isspace", all<isSpace>}, {"isalpha", all<isLetter>}, {"isdigit", all<isDecimal>},
        {"isdecimal", all<isDecimal>}, {"isnumeric", all<isDecimal>},
        {"isalnum", all<isLetterOrDigit>}, {"isupper", cased<isUpper, isLower>},
        {"islower", cased<isLower, isUpper>}, {"ljust", padded<0>}, {"rjust", padded<1>},
        {"center", padded<2>}, {"format", formatted}};
    return kMethods;
}

} // namespace

std::optional<Value> textMethod(Interpreter& in, const Value& object, const std::string& name)
{
    static const char* const kRefused[] = {"encode", "expandtabs", "format_map", "maketrans",
        "translate", "zfill", "casefold", "isascii", "isidentifier", "isprintable", "istitle"};
    const auto found = textMethods().find(name);
    if (found == textMethods().end()) {
        if (std::find(std::begin(kRefused), std::end(kRefused), name) != std::end(kRefused))
            in.fail("the text method " + name + " is not supported");
        return std::nullopt;
    }
    if (object.string()->safe)
        in.fail("methods of a text that went through the filter safe are not supported");
    return in.function(name,
        [self = *object.as<StringRef>(), call = found->second](
            Interpreter& inside, Arguments& arguments) {
            inside.chargeSize(self->bytes.size());
            return call(inside, *self, arguments);
        });
}

} // namespace moe::text::jinja
