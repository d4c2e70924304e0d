// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_text.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace moe::text::jinja {

namespace {

using Alone = bool (*)(Interpreter&, const Value&);
using WithOther = bool (*)(Interpreter&, const Value&, const Value&);

/// value % divisor == rest
bool leaves(Interpreter& in, const Value& value, const Value& divisor, int64_t rest)
{
    return equal(in, in.binary("%", value, divisor), Value(rest));
}

bool cased(Interpreter& in, const Value& value, bool (*is)(char32_t), bool (*other)(char32_t))
{
    const std::string text = in.plain(value);
    in.chargePoints(text.size());
    const std::u32string points = toCodePoints(text);
    return std::any_of(points.begin(), points.end(), is)
        && std::none_of(points.begin(), points.end(), other);
}

bool isIterable(const Value& value)
{
    return lengthOf(value) || value.as<GeneratorRef>();
}

bool isSequence(const Value& value)
{
    return lengthOf(value) && !value.as<View>() && !value.as<LoopRef>();
}

bool ordered(Interpreter& in, const Value& a, const Value& b, bool (*fits)(int))
{
    for (const Value* side : {&a, &b}) {
        if (side->as<double>() && std::isnan(*side->as<double>()))
            return false;
    }
    return fits(in.order(a, b));
}

/// `value in` a dict of names, as Python has it.
bool isName(Interpreter& in, const Value& value, bool (*known)(const std::string&))
{
    if (!hashable(in, value))
        in.fail("a " + typeName(value) + " cannot be a key");
    return value.string() && known(value.string()->bytes);
}

const std::unordered_map<std::string, Alone>& alone()
{
    static const std::unordered_map<std::string, Alone> kTests{
        {"defined",
            [](Interpreter&, const Value& v) {
                return !v.isUndefined();
            }},
        {"undefined",
            [](Interpreter&, const Value& v) {
                return v.isUndefined();
            }},
        {"none",
            [](Interpreter&, const Value& v) {
                return v.isNone();
            }},
        {"string",
            [](Interpreter&, const Value& v) {
                return v.string() != nullptr;
            }},
        {"number",
            [](Interpreter&, const Value& v) {
                return v.number().has_value();
            }},
        {"integer",
            [](Interpreter&, const Value& v) {
                return v.as<int64_t>() != nullptr;
            }},
        {"float",
            [](Interpreter&, const Value& v) {
                return v.as<double>() != nullptr;
            }},
        {"boolean",
            [](Interpreter&, const Value& v) {
                return v.as<bool>() != nullptr;
            }},
        {"true",
            [](Interpreter&, const Value& v) {
                return v.as<bool>() && *v.as<bool>();
            }},
        {"false",
            [](Interpreter&, const Value& v) {
                return v.as<bool>() && !*v.as<bool>();
            }},
        {"mapping",
            [](Interpreter&, const Value& v) {
                return v.dict() != nullptr;
            }},
        {"iterable",
            [](Interpreter&, const Value& v) {
                return isIterable(v);
            }},
        {"sequence",
            [](Interpreter&, const Value& v) {
                return isSequence(v);
            }},
        {"callable",
            [](Interpreter&, const Value& v) {
                return v.as<FunctionRef>() || v.isUndefined() || v.as<LoopRef>();
            }},
        {"escaped",
            [](Interpreter&, const Value& v) {
                return v.string() && v.string()->safe;
            }},
        {"odd",
            [](Interpreter& in, const Value& v) {
                return leaves(in, v, Value(int64_t{2}), 1);
            }},
        {"even",
            [](Interpreter& in, const Value& v) {
                return leaves(in, v, Value(int64_t{2}), 0);
            }},
        {"upper",
            [](Interpreter& in, const Value& v) {
                return cased(in, v, isUpper, isLower);
            }},
        {"lower",
            [](Interpreter& in, const Value& v) {
                return cased(in, v, isLower, isUpper);
            }},
        {"filter", [](Interpreter& in, const Value& v) {
             return isName(in, v, isFilter);
         }}};
    return kTests;
}

const std::unordered_map<std::string, WithOther>& withOther()
{
    static const WithOther kEqual = [](Interpreter& in, const Value& a, const Value& b) {
        return equal(in, a, b);
    };
    static const WithOther kUnequal = [](Interpreter& in, const Value& a, const Value& b) {
        return !equal(in, a, b);
    };
    static const WithOther kLess = [](Interpreter& in, const Value& a, const Value& b) {
        return ordered(in, a, b, [](int w) { return w < 0; });
    };
    static const WithOther kLessEqual = [](Interpreter& in, const Value& a, const Value& b) {
        return ordered(in, a, b, [](int w) { return w <= 0; });
    };
    static const WithOther kMore = [](Interpreter& in, const Value& a, const Value& b) {
        return ordered(in, a, b, [](int w) { return w > 0; });
    };
    static const WithOther kMoreEqual = [](Interpreter& in, const Value& a, const Value& b) {
        return ordered(in, a, b, [](int w) { return w >= 0; });
    };
    static const std::unordered_map<std::string, WithOther> kTests{{"==", kEqual}, {"eq", kEqual},
        {"equalto", kEqual}, {"!=", kUnequal}, {"ne", kUnequal}, {"<", kLess}, {"lt", kLess},
        {"lessthan", kLess}, {"<=", kLessEqual}, {"le", kLessEqual}, {">", kMore}, {"gt", kMore},
        {"greaterthan", kMore}, {">=", kMoreEqual}, {"ge", kMoreEqual},
        {"in",
            [](Interpreter& in, const Value& a, const Value& b) {
                return in.contains(b, a);
            }},
        {"sameas",
            [](Interpreter& in, const Value& a, const Value& b) {
                return same(in, a, b);
            }},
        {"divisibleby", [](Interpreter& in, const Value& a, const Value& b) {
             return leaves(in, a, b, 0);
         }}};
    return kTests;
}

bool isTest(const std::string& name)
{
    return name == "test" || alone().contains(name) || withOther().contains(name);
}

} // namespace

bool Interpreter::test(const std::string& name, const Value& input, Arguments& arguments)
{
    charge(1);
    if (const auto found = alone().find(name); found != alone().end()) {
        bind(*this, "the test " + name, arguments, {}, 0);
        return found->second(*this, input);
    }
    if (const auto found = withOther().find(name); found != withOther().end()) {
        const auto bound = bind(*this, "the test " + name, arguments, {"other"}, 1);
        return found->second(*this, input, *bound[0]);
    }
    if (name == "test") {
        bind(*this, "the test test", arguments, {}, 0);
        return isName(*this, input, isTest);
    }
    fail("unknown test " + name.substr(0, 40));
}

} // namespace moe::text::jinja
