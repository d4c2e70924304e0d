// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_lexer.h"
#include "engine/text/jinja_loop.h"
#include "engine/text/jinja_strings.h"
#include "engine/text/jinja_text.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace moe::text::jinja {

void Interpreter::fail(const std::string& what) const
{
    failAt(m_line, what);
}

void Interpreter::refuse(const std::string& words) const
{
    failAt(m_line, "the chat template refuses: " + words, "send what the template takes");
}

void Interpreter::failUndefined(const Value& value) const
{
    fail(*value.as<Undefined>()->why);
}

void Interpreter::charge(int64_t steps)
{
    m_steps += steps;
    if (m_steps > kMostSteps)
        fail("the template takes more than " + std::to_string(kMostSteps) + " steps");
    if (++m_untimed < kUntimedCharges && steps < kUntimedCharges)
        return;
    m_untimed = 0;
    if (std::chrono::steady_clock::now() > m_deadline)
        fail("the template takes too long");
}

void Interpreter::checkMemory() const
{
    if (m_memory.bytes > kMostMemory)
        fail(
            "the template holds more than " + std::to_string(kMostMemory >> 20) + " MiB of values");
}

int Interpreter::checkedDepth(int depth) const
{
    if (depth > kDeepestValue)
        fail("a value is nested more than " + std::to_string(kDeepestValue) + " levels deep");
    return depth;
}

namespace {

StringRef makeText(std::string bytes, bool safe, MemoryUse& use)
{
    const int64_t size = static_cast<int64_t>(sizeof(String) + bytes.capacity());
    const int64_t length = countCodePoints(bytes);
    return std::make_shared<const String>(
        String{std::move(bytes), length, safe, MemoryShare(&use, size)});
}

} // namespace

Value Interpreter::text(std::string bytes)
{
    chargeSize(bytes.size());
    if (bytes.size() > kLongestText)
        fail("a text grows beyond " + std::to_string(kLongestText >> 20) + " MiB");
    Value made(makeText(std::move(bytes), false, m_memory));
    checkMemory();
    return made;
}

Value Interpreter::safeText(std::string bytes)
{
    return Value(makeText(std::move(bytes), true, m_memory));
}

Value Interpreter::list(std::vector<Value> items, Sequence::Kind kind)
{
    charge(static_cast<int64_t>(items.size()) / 4 + 1);
    int depth = 0;
    for (const Value& item : items)
        depth = std::max(depth, depthOf(item));
    const auto size = static_cast<int64_t>(sizeof(Sequence) + items.capacity() * sizeof(Value));
    Value made(SequenceRef(std::make_shared<const Sequence>(
        Sequence{std::move(items), kind, checkedDepth(depth + 1), MemoryShare(&m_memory, size)})));
    checkMemory();
    return made;
}

Value Interpreter::dict(std::vector<std::pair<Value, Value>> entries)
{
    Dict unique;
    int depth = 0;
    for (auto& [key, value] : entries) {
        if (!hashable(*this, key))
            fail("a " + typeName(key) + " cannot be a key");
        charge(1);
        depth = std::max({depth, depthOf(key), depthOf(value)});
        if (const Value* known = find(*this, unique, key))
            const_cast<Value&>(*known) = std::move(value); // it lies in `unique`, which is ours
        else
            unique.entries.emplace_back(std::move(key), std::move(value));
    }
    const auto size
        = static_cast<int64_t>(sizeof(Dict) + unique.entries.capacity() * 2 * sizeof(Value));
    Value made(DictRef(std::make_shared<const Dict>(
        Dict{std::move(unique.entries), checkedDepth(depth + 1), MemoryShare(&m_memory, size)})));
    checkMemory();
    return made;
}

Value Interpreter::generator(std::function<bool(Value&)> next, std::initializer_list<Value> from)
{
    int depth = 0;
    for (const Value& value : from)
        depth = std::max(depth, depthOf(value));
    return Value(std::make_shared<Generator>(Generator{std::move(next), checkedDepth(depth + 1)}));
}

Value Interpreter::undefined(const std::string& why) const
{
    return Value(Undefined{std::make_shared<const std::string>(why)});
}

Value Interpreter::function(
    std::string name, std::function<Value(Interpreter&, Arguments&)> call, int depth)
{
    return Value(FunctionRef(std::make_shared<const Function>(
        Function{std::move(name), std::move(call), checkedDepth(depth), false})));
}

Value Interpreter::makeNamespace(const Value& attributes)
{
    auto space = std::make_shared<Namespace>(
        Namespace{{}, MemoryShare(&m_memory, int64_t{sizeof(Namespace)} + 64)});
    for (const auto& [key, value] : attributes.dict()->entries) {
        if (!key.string() || key.string()->bytes.starts_with('_'))
            fail("a namespace's attribute must be a text that does not begin with an underscore");
        space->attributes.emplace_back(key.string()->bytes, value);
    }
    m_namespaces.push_back(space);
    checkMemory();
    return Value(std::move(space));
}

std::string Interpreter::plain(const Value& value)
{
    std::string out;
    try {
        appendPlain(*this, out, value, kLongestText);
    } catch (const std::invalid_argument& problem) {
        fail(problem.what());
    }
    chargeSize(out.size());
    return out;
}

std::string Interpreter::repr(const Value& value)
{
    std::string out;
    try {
        appendRepr(*this, out, value, kLongestText);
    } catch (const std::invalid_argument& problem) {
        fail(problem.what());
    }
    chargeSize(out.size());
    return out;
}

std::function<bool(Value&)> Interpreter::iterate(const Value& value)
{
    if (value.isUndefined())
        return [](Value&) {
            return false;
        };
    if (const auto* list = value.as<SequenceRef>())
        return [list = *list, i = size_t{0}](Value& item) mutable {
            if (i >= list->items.size())
                return false;
            item = list->items[i++];
            return true;
        };
    if (const auto* text = value.as<StringRef>())
        return [this, text = *text, at = size_t{0}](Value& item) mutable {
            if (at >= text->bytes.size())
                return false;
            const size_t size = offsetOf(std::string_view(text->bytes).substr(at), 1);
            item = this->text(text->bytes.substr(at, size));
            at += size;
            return true;
        };
    if (const auto* range = value.as<Range>())
        return [range = *range, i = int64_t{0}](Value& item) mutable {
            if (i >= range.length())
                return false;
            item = range.start + i++ * range.step;
            return true;
        };
    if (const auto* generator = value.as<GeneratorRef>())
        return [generator = *generator](Value& item) {
            return generator->next(item);
        };
    if (const auto* loop = value.as<LoopRef>())
        return [this, loop = *loop](Value& item) {
            Value one;
            return loop->next(one) && (item = tuple({one, Value(loop)}), true);
        };
    View view;
    if (const auto* dict = value.as<DictRef>())
        view.dict = *dict;
    else if (const auto* shown = value.as<View>())
        view = *shown;
    else
        fail("a " + typeName(value) + " cannot be iterated over");
    return [this, view, i = size_t{0}](Value& item) mutable {
        if (i == view.dict->entries.size())
            return false;
        const auto& [key, held] = view.dict->entries[i++];
        item = view.kind == View::Kind::Keys  ? key
            : view.kind == View::Kind::Values ? held
                                              : tuple({key, held});
        return true;
    };
}

std::vector<Value> Interpreter::items(const Value& value)
{
    std::vector<Value> all;
    const auto next = iterate(value);
    for (Value item; next(item);) {
        charge(1);
        all.push_back(std::move(item));
        if (static_cast<int64_t>(all.size() * sizeof(Value)) > kMostMemory)
            fail("a list grows beyond the memory that a template may use");
    }
    return all;
}

Value Interpreter::attribute(const Value& object, const std::string& name)
{
    if (object.isUndefined())
        failUndefined(object);
    if (const auto* space = object.as<NamespaceRef>()) {
        chargeSize((*space)->attributes.size() * 16);
        for (const auto& [known, value] : (*space)->attributes) {
            if (known == name)
                return value;
        }
    } else if (const auto bound = method(*this, object, name)) {
        return *bound;
    }
    if (const Dict* dict = object.dict()) {
        if (const Value* value = find(*this, *dict, std::string_view(name)))
            return *value;
    }
    return undefined("a " + typeName(object) + " has no attribute \"" + name + "\"");
}

Value Interpreter::item(const Value& object, const Value& key)
{
    if (object.isUndefined())
        failUndefined(object);
    const auto index = key.integer();
    const auto within = [&](int64_t length) {
        return *index < 0 ? *index + length : *index;
    };
    if (const Dict* dict = object.dict()) {
        if (const Value* value = find(*this, *dict, key))
            return *value;
    } else if (index && (object.string() || object.sequence() || object.as<Range>())) {
        const int64_t length = *lengthOf(object), at = within(length);
        if (at >= 0 && at < length) {
            if (const Sequence* list = object.sequence())
                return list->items[static_cast<size_t>(at)];
            if (const auto* range = object.as<Range>())
                return range->start + at * range->step;
            const std::string_view bytes = object.string()->bytes;
            chargeSize(bytes.size());
            const bool narrow = object.string()->length == static_cast<int64_t>(bytes.size());
            const size_t from = narrow ? static_cast<size_t>(at) : offsetOf(bytes, at);
            return text(std::string(bytes.substr(from, offsetOf(bytes.substr(from), 1))));
        }
    }
    if (key.string()) {
        if (const auto* space = object.as<NamespaceRef>()) {
            (void)space;
            return attribute(object, key.string()->bytes);
        }
        if (const auto bound = method(*this, object, key.string()->bytes))
            return *bound;
    }
    return undefined("a " + typeName(object) + " has no element " + repr(key).substr(0, 80));
}

Value Interpreter::call(const Value& callee, Arguments& arguments)
{
    if (callee.isUndefined())
        failUndefined(callee);
    const auto* function = callee.as<FunctionRef>();
    if (!function)
        fail("a " + typeName(callee) + " cannot be called");
    charge(1);
    const FunctionRef held = *function; // it may be overwritten while it runs
    return held->call(*this, arguments);
}

bool Interpreter::contains(const Value& container, const Value& wanted)
{
    if (const String* text = container.string()) {
        if (!wanted.string())
            fail("a " + typeName(wanted) + " cannot be looked for in a text");
        chargeSize(text->bytes.size());
        return findText(text->bytes, wanted.string()->bytes) != std::string::npos;
    }
    const auto* view = container.as<View>();
    if (const Dict* dict
        = view && view->kind == View::Kind::Keys ? view->dict.get() : container.dict()) {
        if (!hashable(*this, wanted))
            fail("a " + typeName(wanted) + " cannot be a key");
        return find(*this, *dict, wanted) != nullptr;
    }
    const auto next = iterate(container);
    for (Value item; next(item);) {
        charge(1);
        if (same(*this, item, wanted) || equal(*this, item, wanted))
            return true;
    }
    return false;
}

int Interpreter::order(const Value& a, const Value& b)
{
    for (const Value* side : {&a, &b}) {
        if (side->isUndefined())
            failUndefined(*side);
    }
    const auto way = compare(*this, a, b);
    if (!way)
        fail("a " + typeName(a) + " and a " + typeName(b) + " have no order");
    return *way;
}

namespace {

[[noreturn]] void failWide(Interpreter& in)
{
    in.fail("a whole number is wider than 64 bits");
}

Value powerOf(Interpreter& in, int64_t base, int64_t power)
{
    if (power < 0) {
        if (base == 0)
            in.fail("0 has no negative power");
        return std::pow(static_cast<double>(base), static_cast<double>(power));
    }
    int64_t result = 1;
    if (base == 0 || base == 1 || base == -1)
        return power == 0 ? int64_t{1} : base == -1 && power % 2 == 0 ? int64_t{1} : base;
    for (int64_t i = 0; i < power; ++i) {
        if (__builtin_mul_overflow(result, base, &result))
            failWide(in);
    }
    return result;
}

Value wholeArithmetic(Interpreter& in, const std::string& sign, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool wide = false;
    if (sign == "**")
        return powerOf(in, a, b);
    if (sign == "+")
        wide = __builtin_add_overflow(a, b, &result);
    else if (sign == "-")
        wide = __builtin_sub_overflow(a, b, &result);
    else if (sign == "*")
        wide = __builtin_mul_overflow(a, b, &result);
    else if (b == 0)
        in.fail("division by zero");
    else if (sign == "/")
        return static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b));
    else if (b == -1) // the one quotient that overflows
        wide = sign == "//" && __builtin_sub_overflow(int64_t{0}, a, &result);
    else if (sign == "//")
        result = a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
    else
        result = a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
    if (wide)
        failWide(in);
    return result;
}

Value realArithmetic(Interpreter& in, const std::string& sign, double a, double b)
{
    if (sign == "+")
        return a + b;
    if (sign == "-")
        return a - b;
    if (sign == "*")
        return a * b;
    if (sign == "**") {
        const double power = std::pow(a, b);
        if ((a == 0 && b < 0) || (std::isinf(power) && std::isfinite(a) && std::isfinite(b)))
            in.fail("a power is out of range");
        if (std::isnan(power) && !std::isnan(a) && !std::isnan(b))
            in.fail("a power of a negative number is complex");
        return power;
    }
    if (b == 0)
        in.fail("division by zero");
    if (sign == "/")
        return a / b;
    double rest = std::fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) {
        rest += b;
        quotient -= 1;
    } else if (rest == 0) {
        rest = std::copysign(0.0, b);
    }
    if (sign == "%")
        return rest;
    if (quotient == 0)
        return std::copysign(0.0, a / b);
    const double floor = std::floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
}

/// A text or a list `times` over.
Value repeated(Interpreter& in, const Value& value, int64_t times)
{
    const int64_t length
        = value.string() ? static_cast<int64_t>(value.string()->bytes.size()) : *lengthOf(value);
    times = length == 0 ? 0 : std::max<int64_t>(times, 0);
    if (times > 0 && length > static_cast<int64_t>(kLongestText) / times)
        in.fail("a repeated value grows beyond " + std::to_string(kLongestText >> 20) + " MiB");
    if (const String* text = value.string()) {
        std::string out;
        for (int64_t i = 0; i < times; ++i)
            out += text->bytes;
        return in.text(std::move(out));
    }
    if (times * length * static_cast<int64_t>(sizeof(Value)) > kMostMemory)
        in.fail("a repeated list grows beyond the memory that a template may use");
    in.charge(times * length);
    std::vector<Value> out;
    for (int64_t i = 0; i < times; ++i)
        out.insert(out.end(), value.sequence()->items.begin(), value.sequence()->items.end());
    return in.list(std::move(out), value.sequence()->kind);
}

} // namespace

Value Interpreter::binary(const std::string& sign, const Value& a, const Value& b)
{
    const String *textA = a.string(), *textB = b.string();
    if ((textA && textA->safe) || (textB && textB->safe))
        fail("the operator " + sign
            + " on a text that went through the filter safe is not supported");
    if (sign == "%" && textA)
        return text(percentFormat(*this, textA->bytes, b));
    for (const Value* side : {&a, &b}) {
        if (side->isUndefined())
            failUndefined(*side);
    }
    const Sequence *listA = a.sequence(), *listB = b.sequence();
    if (sign == "+" && textA && textB)
        return text(textA->bytes + textB->bytes);
    if (sign == "+" && listA && listB
        && (listA->kind == Sequence::Kind::List) == (listB->kind == Sequence::Kind::List)) {
        std::vector<Value> joined = listA->items;
        joined.insert(joined.end(), listB->items.begin(), listB->items.end());
        return list(std::move(joined),
            listA->kind == Sequence::Kind::List ? listA->kind : Sequence::Kind::Tuple);
    }
    if (sign == "*" && (textA || listA) && b.integer())
        return repeated(*this, a, *b.integer());
    if (sign == "*" && (textB || listB) && a.integer())
        return repeated(*this, b, *a.integer());
    if (a.integer() && b.integer())
        return wholeArithmetic(*this, sign, *a.integer(), *b.integer());
    if (a.number() && b.number())
        return realArithmetic(*this, sign, *a.number(), *b.number());
    fail("the operator " + sign + " does not go with a " + typeName(a) + " and a " + typeName(b));
}

} // namespace moe::text::jinja
