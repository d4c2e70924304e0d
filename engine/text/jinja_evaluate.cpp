// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_lexer.h"
#include "engine/text/jinja_loop.h"
#include "engine/text/jinja_text.h"

#include <algorithm>
#include <cmath>

namespace moe::text::jinja {

using K = Expression::Kind;

namespace {

bool isNaN(const Value& value)
{
    const auto* real = value.as<double>();
    return real && std::isnan(*real);
}

} // namespace

std::vector<Value> Interpreter::evaluateAll(const std::vector<ExpressionRef>& parts)
{
    std::vector<Value> values;
    values.reserve(parts.size());
    for (const ExpressionRef& part : parts)
        values.push_back(evaluate(*part));
    return values;
}

Arguments Interpreter::evaluateArguments(const CallArguments& given)
{
    Arguments made{evaluateAll(given.positional), {}};
    for (const auto& [name, part] : given.named)
        made.named.emplace_back(name, evaluate(*part));
    if (given.star) {
        for (const Value& value : items(evaluate(*given.star)))
            made.positional.push_back(value);
    }
    if (!given.doubleStar)
        return made;
    const Value more = evaluate(*given.doubleStar);
    if (!more.dict())
        fail("** needs a dict, not " + typeName(more));
    for (const auto& [key, value] : more.dict()->entries) {
        charge(1 + static_cast<int64_t>(made.named.size()) / 8);
        if (!key.string())
            fail("the keys behind ** must be texts");
        for (const auto& [name, held] : made.named) {
            if (name == key.string()->bytes)
                fail("the argument " + name + " is given twice");
        }
        made.named.emplace_back(key.string()->bytes, value);
    }
    return made;
}

Value Interpreter::evaluateName(const std::string& name)
{
    for (const Frame* frame = m_frame.get(); frame; frame = frame->parent.get()) {
        for (const auto& [known, value] : frame->names) {
            if (known == name)
                return value ? *value : undefined("\"" + name + "\" is undefined");
        }
    }
    if (const Value* value = find(*this, *m_variables.dict(), std::string_view(name)))
        return *value;
    if (const auto global = globalFunction(*this, name))
        return *global;
    return undefined("\"" + name + "\" is undefined");
}

Value Interpreter::evaluateDict(const Expression& expression)
{
    std::vector<std::pair<Value, Value>> entries;
    for (size_t i = 0; i < expression.parts.size(); i += 2) {
        Value key = evaluate(*expression.parts[i]);
        entries.emplace_back(std::move(key), evaluate(*expression.parts[i + 1]));
    }
    return dict(std::move(entries));
}

Value Interpreter::evaluateCompare(const Expression& expression)
{
    Value left = evaluate(*expression.parts[0]);
    for (size_t i = 0; i < expression.operators.size(); ++i) {
        Value right = evaluate(*expression.parts[i + 1]);
        const std::string& sign = expression.operators[i];
        bool holds = false;
        if (sign == "==" || sign == "!=")
            holds = equal(*this, left, right) == (sign == "==");
        else if (sign == "in" || sign == "not in")
            holds = contains(right, left) == (sign == "in");
        else if (const int way = order(left, right); !isNaN(left) && !isNaN(right))
            holds = sign == "<" ? way < 0
                : sign == "<="  ? way <= 0
                : sign == ">"   ? way > 0
                                : way >= 0;
        if (!holds)
            return false;
        left = std::move(right);
    }
    return true;
}

/// Python's slice.indices().
namespace {

/// The numbers of `range` at the places of `chosen`.
Range slicedRange(Interpreter& in, const Range& range, const Range& chosen)
{
    Range made;
    int64_t start = 0, stop = 0;
    if (__builtin_mul_overflow(chosen.start, range.step, &start)
        || __builtin_mul_overflow(chosen.stop, range.step, &stop)
        || __builtin_mul_overflow(chosen.step, range.step, &made.step)
        || __builtin_add_overflow(range.start, start, &made.start)
        || __builtin_add_overflow(range.start, stop, &made.stop))
        in.fail("a whole number is wider than 64 bits");
    return made;
}

} // namespace

Value Interpreter::evaluateSlice(const Expression& expression)
{
    const Value object = evaluate(*expression.parts[0]);
    std::optional<int64_t> bounds[3];
    for (size_t i = 0; i < 3; ++i) {
        if (!expression.parts[i + 1])
            continue;
        const Value bound = evaluate(*expression.parts[i + 1]);
        if (bound.isNone())
            continue;
        bounds[i] = bound.integer();
        if (!bounds[i])
            fail("a slice needs whole numbers, not " + typeName(bound));
    }
    if (object.isUndefined())
        failUndefined(object);
    const auto* range = object.as<Range>();
    if (!object.string() && !object.sequence() && !range)
        fail("a " + typeName(object) + " cannot be sliced");
    const int64_t step = bounds[2].value_or(1), length = *lengthOf(object);
    if (step == 0)
        fail("a slice's step cannot be 0");
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? length : length - 1;
    const auto clamped = [&](std::optional<int64_t> bound, int64_t otherwise) {
        if (!bound)
            return otherwise;
        return std::clamp(*bound < 0 ? *bound + length : *bound, low, high);
    };
    const Range chosen{
        clamped(bounds[0], step > 0 ? low : high), clamped(bounds[1], step > 0 ? high : low), step};
    const int64_t count = chosen.length();
    chargeSize(static_cast<size_t>(count));
    if (range)
        return Value(slicedRange(*this, *range, chosen));
    if (const Sequence* list = object.sequence()) {
        std::vector<Value> picked;
        picked.reserve(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; ++i)
            picked.push_back(list->items[static_cast<size_t>(chosen.start + i * step)]);
        return this->list(std::move(picked),
            list->kind == Sequence::Kind::List ? list->kind : Sequence::Kind::Tuple);
    }
    const std::string& bytes = object.string()->bytes;
    chargeSize(bytes.size());
    if (step == 1) {
        const size_t from = offsetOf(bytes, chosen.start);
        return text(bytes.substr(from, offsetOf(std::string_view(bytes).substr(from), count)));
    }
    chargePoints(bytes.size());
    const std::u32string points = toCodePoints(bytes);
    std::u32string picked;
    for (int64_t i = 0; i < count; ++i)
        picked += points[static_cast<size_t>(chosen.start + i * step)];
    return text(toUtf8(picked));
}

Value Interpreter::evaluateFilter(const Expression& expression, const Value* input)
{
    Value from;
    if (expression.parts[0])
        from = expression.parts[0]->kind == K::Filter ? evaluateFilter(*expression.parts[0], input)
                                                      : evaluate(*expression.parts[0]);
    else if (input)
        from = *input;
    Arguments arguments = evaluateArguments(expression.arguments);
    m_line = expression.line;
    charge(1);
    return filter(expression.text, from, arguments);
}

Value Interpreter::negated(const Value& value)
{
    if (value.isUndefined())
        failUndefined(value);
    if (const auto whole = value.integer()) {
        int64_t result = 0;
        if (__builtin_sub_overflow(int64_t{0}, *whole, &result))
            fail("a whole number is wider than 64 bits");
        return result;
    }
    if (const auto* real = value.as<double>())
        return -*real;
    fail("a " + typeName(value) + " has no negative");
}

Value Interpreter::evaluate(const Expression& expression)
{
    if (++m_depth > kDeepestCalls) {
        --m_depth;
        fail("the template recurses more than " + std::to_string(kDeepestCalls) + " levels deep");
    }
    struct Leave {
        int& depth;
        ~Leave() { --depth; }
    } const leave{m_depth};
    charge(1);
    m_line = expression.line;
    const auto part = [&](size_t i) {
        return evaluate(*expression.parts[i]);
    };
    switch (expression.kind) {
    case K::Constant:
        return expression.value;
    case K::Name:
    case K::NamespaceAttribute:
        return evaluateName(expression.text);
    case K::Tuple:
        return tuple(evaluateAll(expression.parts));
    case K::List:
        return list(evaluateAll(expression.parts));
    case K::Dict:
        return evaluateDict(expression);
    case K::Conditional:
        if (truth(part(0)))
            return part(1);
        return expression.parts[2] ? part(2) : undefined("the inline if has no else");
    case K::Or: {
        Value left = part(0);
        return truth(left) ? left : part(1);
    }
    case K::And: {
        Value left = part(0);
        return truth(left) ? part(1) : left;
    }
    case K::Not:
        return !truth(part(0));
    case K::Negate:
        return negated(part(0));
    case K::Plus: {
        const Value value = part(0);
        if (value.isUndefined())
            failUndefined(value);
        if (!value.number())
            fail("a " + typeName(value) + " takes no sign +");
        return value.as<bool>() ? Value(*value.integer()) : value;
    }
    case K::Binary: {
        const Value left = part(0), right = part(1);
        m_line = expression.line;
        return binary(expression.text, left, right);
    }
    case K::Concat: {
        std::string joined;
        for (const ExpressionRef& one : expression.parts) {
            joined += plain(evaluate(*one));
            if (joined.size() > kLongestText)
                fail("a text grows beyond " + std::to_string(kLongestText >> 20) + " MiB");
        }
        return text(std::move(joined));
    }
    case K::Compare:
        return evaluateCompare(expression);
    case K::Attribute:
        return attribute(part(0), expression.text);
    case K::Item: {
        const Value object = part(0);
        return item(object, part(1));
    }
    case K::Slice:
        return evaluateSlice(expression);
    case K::Call: {
        const Value callee = part(0);
        Arguments arguments = evaluateArguments(expression.arguments);
        m_line = expression.line;
        return call(callee, arguments);
    }
    case K::Filter:
        return evaluateFilter(expression, nullptr);
    case K::Test: {
        const Value input = part(0);
        Arguments arguments = evaluateArguments(expression.arguments);
        m_line = expression.line;
        return test(expression.text, input, arguments);
    }
    }
    return Value();
}

} // namespace moe::text::jinja
