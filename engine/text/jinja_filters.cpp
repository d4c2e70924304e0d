// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_strings.h"
#include "engine/text/jinja_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <unordered_map>

namespace moe::text::jinja {

std::optional<double> parseReal(std::string_view text)
{
    std::string bare = strip(text, nullptr, 3);
    std::string_view digits = bare;
    if (digits.starts_with('+'))
        digits.remove_prefix(1);
    if (digits.starts_with('+'))
        return std::nullopt;
    double value = 0;
    const auto [end, problem]
        = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

std::optional<int64_t> parseWhole(std::string_view text, int base)
{
    std::string bare = strip(text, nullptr, 3);
    const bool minus = bare.starts_with('-');
    if (minus || bare.starts_with('+'))
        bare.erase(0, 1);
    const std::string prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "";
    if (!prefix.empty() && lower(bare).starts_with(prefix))
        bare.erase(0, 2);
    if (bare.empty() || bare[0] == '-')
        return std::nullopt;
    if (minus)
        bare.insert(0, "-");
    int64_t value = 0;
    const auto [end, problem]
        = std::from_chars(bare.data(), bare.data() + bare.size(), value, base);
    if (problem != std::errc() || end != bare.data() + bare.size())
        return std::nullopt;
    return value;
}

/// Half to even on the exact decimal value, as Python rounds.
double roundTo(double value, int64_t digits)
{
    if (!std::isfinite(value) || digits > 300)
        return value;
    if (digits < 0) {
        const double unit = std::pow(10.0, static_cast<double>(-digits));
        return std::isfinite(unit) ? std::nearbyint(value / unit) * unit : 0.0;
    }
    char buffer[700];
    const auto end = std::to_chars(
        buffer, buffer + sizeof buffer, value, std::chars_format::fixed, static_cast<int>(digits));
    double rounded = value;
    std::from_chars(buffer, end.ptr, rounded);
    return rounded;
}

namespace {

std::string textIn(Interpreter& in, const std::optional<Value>& value, const std::string& fallback)
{
    if (!value)
        return fallback;
    if (!value->string())
        in.fail("expected a text, found a " + typeName(*value));
    return value->string()->bytes;
}

int64_t wholeIn(Interpreter& in, const std::optional<Value>& value, int64_t fallback)
{
    if (!value)
        return fallback;
    if (!value->integer())
        in.fail("expected a whole number, found a " + typeName(*value));
    return *value->integer();
}

template <std::string (*map)(std::string_view)>
Value mapText(Interpreter& in, const Value& input, Arguments& arguments)
{
    bind(in, "the filter", arguments, {}, 0);
    const std::string text = in.plain(input);
    in.chargePoints(text.size());
    return in.text(map(text));
}

Value trimFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "trim", arguments, {"chars"}, 0);
    const std::string text = in.plain(input);
    if (!bound[0] || bound[0]->isNone())
        return in.text(strip(text, nullptr, 3));
    const std::string chars = textIn(in, bound[0], "");
    const std::string_view view = chars;
    in.chargePoints(text.size() * (1 + chars.size() / 16));
    return in.text(strip(text, &view, 3));
}

Value replaceFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "replace", arguments, {"old", "new", "count"}, 2);
    const int64_t most = bound[2] && !bound[2]->isNone() ? wholeIn(in, bound[2], -1) : -1;
    return in.text(
        replace(in.plain(input), in.plain(*bound[0]), in.plain(*bound[1]), most, kLongestText));
}

Value defaultFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "default", arguments, {"default_value", "boolean"}, 0);
    const bool falseToo = bound[1] && truth(*bound[1]);
    if (input.isUndefined() || (falseToo && !truth(input)))
        return bound[0] ? *bound[0] : in.text("");
    return input;
}

Value stringFilter(Interpreter& in, const Value& input, Arguments&)
{
    return input.string() ? input : in.text(in.plain(input));
}

Value safeFilter(Interpreter& in, const Value& input, Arguments&)
{
    return in.safeText(in.plain(input));
}

Value lengthFilter(Interpreter& in, const Value& input, Arguments&)
{
    const auto length = lengthOf(input);
    if (!length)
        in.fail("a " + typeName(input) + " has no length");
    return *length;
}

Value intFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "int", arguments, {"default", "base"}, 0);
    Value fallback = bound[0].value_or(Value(int64_t{0}));
    if (input.isUndefined())
        in.failUndefined(input);
    if (input.integer())
        return *input.integer();
    std::optional<double> real = input.number();
    if (const String* text = input.string()) {
        const int64_t base = wholeIn(in, bound[1], 10);
        if (base < 2 || base > 36)
            in.fail("int knows the bases 2 to 36");
        if (const auto whole = parseWhole(text->bytes, static_cast<int>(base)))
            return *whole;
        real = parseReal(text->bytes);
    }
    if (!real || !std::isfinite(*real))
        return fallback;
    if (std::abs(*real) >= kTwoTo63)
        in.fail("a whole number is wider than 64 bits");
    return static_cast<int64_t>(*real);
}

Value floatFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "float", arguments, {"default"}, 0);
    if (input.isUndefined())
        in.failUndefined(input);
    if (const auto number = input.number())
        return *number;
    const auto parsed = input.string() ? parseReal(input.string()->bytes) : std::nullopt;
    return parsed ? Value(*parsed) : bound[0].value_or(Value(0.0));
}

Value absFilter(Interpreter& in, const Value& input, Arguments&)
{
    if (input.isUndefined())
        in.failUndefined(input);
    if (const auto* real = input.as<double>())
        return std::abs(*real);
    if (!input.integer() || *input.integer() == INT64_MIN)
        in.fail("abs needs a number");
    return std::abs(*input.integer());
}

Value roundFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "round", arguments, {"precision", "method"}, 0);
    const int64_t digits = std::clamp<int64_t>(wholeIn(in, bound[0], 0), -400, 400);
    const std::string method = textIn(in, bound[1], "common");
    if (input.isUndefined())
        in.failUndefined(input);
    if (!input.number())
        in.fail("round needs a number, not a " + typeName(input));
    if (method == "common") {
        if (input.integer() && digits >= 0)
            return *input.integer();
        const double rounded = roundTo(*input.number(), digits);
        if (!input.integer())
            return rounded;
        if (std::abs(rounded) >= kTwoTo63)
            in.fail("a whole number is wider than 64 bits");
        return static_cast<int64_t>(rounded);
    }
    if (method != "ceil" && method != "floor")
        in.fail("round knows the methods common, ceil and floor");
    const double unit = std::pow(10.0, static_cast<double>(digits));
    const double scaled = *input.number() * unit;
    if (!std::isfinite(scaled))
        in.fail("a number is out of range");
    const double whole = method == "ceil" ? std::ceil(scaled) : std::floor(scaled);
    return (whole + 0.0) / unit; // Python's are integers, which know no -0
}

Value indentFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "indent", arguments, {"width", "first", "blank"}, 0);
    if (input.isUndefined())
        in.failUndefined(input);
    const std::string text = textIn(in, input, "") + "\n";
    const int64_t width = bound[0] && bound[0]->string() ? 0 : wholeIn(in, bound[0], 4);
    if (width > 100000)
        in.fail("indent's width is too large");
    const std::string space = bound[0] && bound[0]->string()
        ? bound[0]->string()->bytes
        : std::string(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
    const bool blank = bound[2] && truth(*bound[2]);
    std::string out = bound[1] && truth(*bound[1]) ? space : "";
    const std::vector<std::string> lines = splitLines(text, false);
    for (size_t i = 0; i < lines.size() && out.size() <= kLongestText; ++i) {
        if (i > 0)
            out += "\n" + (blank || !lines[i].empty() ? space : "");
        out += lines[i];
    }
    return in.text(std::move(out));
}

Value tojsonFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound
        = bind(in, "tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}, 0);
    JsonStyle style;
    style.ascii = bound[0] && truth(*bound[0]);
    style.sorted = bound[3] && truth(*bound[3]);
    if (bound[1] && !bound[1]->isNone()) {
        const int64_t width
            = bound[1]->string() ? 0 : std::clamp<int64_t>(wholeIn(in, bound[1], 0), 0, 1000);
        style.indent = bound[1]->string() ? bound[1]->string()->bytes
                                          : std::string(static_cast<size_t>(width), ' ');
        style.itemSeparator = ",";
    }
    if (bound[2] && !bound[2]->isNone()) {
        const std::vector<Value> two = in.items(*bound[2]);
        if (two.size() != 2)
            in.fail("tojson needs two separators");
        style.itemSeparator = textIn(in, two[0], "");
        style.keySeparator = textIn(in, two[1], "");
    }
    std::string out;
    try {
        appendJson(in, out, input, style, kLongestText);
    } catch (const std::invalid_argument& problem) {
        in.fail(problem.what());
    }
    return in.text(std::move(out));
}

Value formatFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    if (!arguments.positional.empty() && !arguments.named.empty())
        in.fail("format takes positional or named arguments, not both");
    Value with = in.tuple(arguments.positional);
    if (!arguments.named.empty()) {
        std::vector<std::pair<Value, Value>> entries;
        entries.reserve(arguments.named.size());
        for (const auto& [name, value] : arguments.named)
            entries.emplace_back(in.text(name), value);
        with = in.dict(std::move(entries));
    }
    return in.text(percentFormat(in, in.plain(input), with));
}

Value attrFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "attr", arguments, {"name"}, 1);
    const std::string name = textIn(in, bound[0], "");
    if (input.isUndefined())
        in.failUndefined(input);
    if (input.as<NamespaceRef>())
        return in.attribute(input, name);
    const auto found = method(in, input, name);
    return found ? *found
                 : in.undefined("a " + typeName(input) + " has no attribute \"" + name + "\"");
}

/// Filters of jinja2 that no chat template was seen to use.
bool isRefused(const std::string& name)
{
    static const char* const kRefused[]
        = {"escape", "e", "forceescape", "urlize", "urlencode", "xmlattr", "filesizeformat",
            "pprint", "random", "striptags", "wordwrap", "wordcount", "truncate", "center"};
    return std::find(std::begin(kRefused), std::end(kRefused), name) != std::end(kRefused);
}

} // namespace

FilterFunction findFilter(const std::string& name)
{
    static const std::unordered_map<std::string, FilterFunction> kFilters{{"trim", trimFilter},
        {"upper", mapText<upper>}, {"lower", mapText<lower>}, {"capitalize", mapText<capitalize>},
        {"title", mapText<titleFilter>}, {"replace", replaceFilter}, {"default", defaultFilter},
        {"d", defaultFilter}, {"string", stringFilter}, {"safe", safeFilter},
        {"length", lengthFilter}, {"count", lengthFilter}, {"int", intFilter},
        {"float", floatFilter}, {"abs", absFilter}, {"round", roundFilter},
        {"indent", indentFilter}, {"tojson", tojsonFilter}, {"format", formatFilter},
        {"attr", attrFilter}};
    const auto found = kFilters.find(name);
    return found == kFilters.end() ? findListFilter(name) : found->second;
}

bool isFilter(const std::string& name)
{
    return findFilter(name) != nullptr || isRefused(name);
}

Value Interpreter::filter(const std::string& name, const Value& input, Arguments& arguments)
{
    chargeSize(input.string() ? input.string()->bytes.size() : 0);
    const FilterFunction known = findFilter(name);
    if (known)
        return known(*this, input, arguments);
    if (isRefused(name))
        fail("the filter " + name + " is not supported");
    fail("unknown filter " + name.substr(0, 40));
}

} // namespace moe::text::jinja
