// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_value.h"

#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_loop.h"

#include <algorithm>
#include <cmath>

namespace moe::text::jinja {

const String* Value::string() const
{
    const auto* held = as<StringRef>();
    return held ? held->get() : nullptr;
}

const Sequence* Value::sequence() const
{
    const auto* held = as<SequenceRef>();
    return held ? held->get() : nullptr;
}

const Dict* Value::dict() const
{
    const auto* held = as<DictRef>();
    return held ? held->get() : nullptr;
}

std::optional<int64_t> Value::integer() const
{
    if (const auto* whole = as<int64_t>())
        return *whole;
    if (const auto* yes = as<bool>())
        return *yes ? 1 : 0;
    return std::nullopt;
}

std::optional<double> Value::number() const
{
    if (const auto* real = as<double>())
        return *real;
    if (const auto whole = integer())
        return static_cast<double>(*whole);
    return std::nullopt;
}

int64_t Range::length() const
{
    if (step > 0 ? start >= stop : start <= stop)
        return 0;
    const auto from = static_cast<uint64_t>(start), to = static_cast<uint64_t>(stop);
    const auto by = static_cast<uint64_t>(step);
    const uint64_t whole = step > 0 ? (to - from - 1) / by : (from - to - 1) / (0 - by);
    return static_cast<int64_t>(std::min<uint64_t>(whole, INT64_MAX - 1)) + 1;
}

int depthOf(const Value& value)
{
    if (const Sequence* list = value.sequence())
        return list->depth;
    if (const Dict* dict = value.dict())
        return dict->depth;
    if (const auto* view = value.as<View>())
        return view->dict->depth;
    if (const auto* generator = value.as<GeneratorRef>())
        return (*generator)->depth;
    if (const auto* function = value.as<FunctionRef>())
        return (*function)->depth;
    if (const auto* loop = value.as<LoopRef>())
        return (*loop)->depth;
    if (const auto* cycler = value.as<CyclerRef>())
        return depthOf((*cycler)->items) + 1;
    return 0;
}

bool truth(const Value& value)
{
    if (value.isUndefined() || value.isNone())
        return false;
    if (const auto* yes = value.as<bool>())
        return *yes;
    if (const auto* whole = value.as<int64_t>())
        return *whole != 0;
    if (const auto* real = value.as<double>())
        return *real != 0;
    const auto length = lengthOf(value);
    return !length || *length > 0;
}

std::optional<int64_t> lengthOf(const Value& value)
{
    if (value.isUndefined())
        return 0;
    if (const String* text = value.string())
        return text->length;
    if (const Sequence* list = value.sequence())
        return static_cast<int64_t>(list->items.size());
    if (const Dict* dict = value.dict())
        return static_cast<int64_t>(dict->entries.size());
    if (const auto* view = value.as<View>())
        return static_cast<int64_t>(view->dict->entries.size());
    if (const auto* range = value.as<Range>())
        return range->length();
    if (const auto* loop = value.as<LoopRef>())
        return (*loop)->length();
    return std::nullopt;
}

namespace {

int order(double a, double b)
{
    return a < b ? -1 : a > b ? 1 : 0;
}

/// Whole numbers are compared exactly with real ones: a long double holds both.
std::optional<int> compareNumbers(const Value& a, const Value& b)
{
    const auto wholeA = a.integer(), wholeB = b.integer();
    if (wholeA && wholeB)
        return *wholeA < *wholeB ? -1 : *wholeA > *wholeB ? 1 : 0;
    if (!a.number() || !b.number())
        return std::nullopt;
    const long double x = wholeA ? static_cast<long double>(*wholeA) : *a.as<double>();
    const long double y = wholeB ? static_cast<long double>(*wholeB) : *b.as<double>();
    return x < y ? -1 : x > y ? 1 : 0;
}

bool isNan(const Value& value)
{
    const auto* real = value.as<double>();
    return real && std::isnan(*real);
}

bool equalDicts(Interpreter& in, const Dict& a, const Dict& b)
{
    if (a.entries.size() != b.entries.size())
        return false;
    return std::all_of(a.entries.begin(), a.entries.end(), [&](const auto& entry) {
        const Value* other = find(in, b, entry.first);
        return other && equal(in, entry.second, *other);
    });
}

bool equalSequences(Interpreter& in, const Sequence& a, const Sequence& b)
{
    if ((a.kind == Sequence::Kind::List) != (b.kind == Sequence::Kind::List))
        return false;
    return a.items.size() == b.items.size()
        && std::equal(a.items.begin(), a.items.end(), b.items.begin(),
            [&in](const Value& x, const Value& y) { return same(in, x, y) || equal(in, x, y); });
}

bool equalRanges(const Range& a, const Range& b)
{
    const int64_t length = a.length();
    return length == b.length()
        && (length == 0 || (a.start == b.start && (length == 1 || a.step == b.step)));
}

bool equalTexts(Interpreter& in, std::string_view a, std::string_view b)
{
    if (a.size() != b.size())
        return false;
    in.chargeSize(a.size());
    return a == b;
}

} // namespace

bool equal(Interpreter& in, const Value& a, const Value& b)
{
    in.charge(1);
    if (a.number() && b.number())
        return !isNan(a) && !isNan(b) && compareNumbers(a, b) == 0;
    if (a.data.index() != b.data.index())
        return false;
    if (const String* text = a.string())
        return equalTexts(in, text->bytes, b.string()->bytes);
    if (const Sequence* list = a.sequence())
        return equalSequences(in, *list, *b.sequence());
    if (const Dict* dict = a.dict())
        return equalDicts(in, *dict, *b.dict());
    if (const auto* range = a.as<Range>())
        return equalRanges(*range, *b.as<Range>());
    return a.isUndefined() || same(in, a, b);
}

bool same(Interpreter& in, const Value& a, const Value& b)
{
    if (a.data.index() != b.data.index())
        return false;
    return std::visit(
        [&](const auto& held) {
            using T = std::decay_t<decltype(held)>;
            const T& other = *b.as<T>();
            if constexpr (std::is_same_v<T, Undefined>)
                return held.why == other.why;
            else if constexpr (std::is_same_v<T, None>)
                return true;
            else if constexpr (std::is_same_v<T, StringRef>)
                return held == other || equalTexts(in, held->bytes, other->bytes); // interned
            else if constexpr (std::is_same_v<T, View> || std::is_same_v<T, Range>)
                return false;
            else
                return held == other;
        },
        a.data);
}

std::optional<int> compare(Interpreter& in, const Value& a, const Value& b)
{
    in.charge(1);
    if (a.number() && b.number())
        return compareNumbers(a, b);
    if (a.string() && b.string()) { // UTF-8 sorts as its code points do
        in.chargeSize(std::min(a.string()->bytes.size(), b.string()->bytes.size()));
        return a.string()->bytes.compare(b.string()->bytes);
    }
    const Sequence *left = a.sequence(), *right = b.sequence();
    if (!left || !right
        || (left->kind == Sequence::Kind::List) != (right->kind == Sequence::Kind::List))
        return std::nullopt;
    for (size_t i = 0; i < std::min(left->items.size(), right->items.size()); ++i) {
        const Value &x = left->items[i], &y = right->items[i];
        if (!same(in, x, y) && !equal(in, x, y))
            return compare(in, x, y);
    }
    return order(static_cast<double>(left->items.size()), static_cast<double>(right->items.size()));
}

const Value* find(Interpreter& in, const Dict& dict, std::string_view key)
{
    in.chargeSize(dict.entries.size() * 16);
    for (const auto& [name, value] : dict.entries) {
        const String* text = name.string();
        if (text && equalTexts(in, text->bytes, key))
            return &value;
    }
    return nullptr;
}

const Value* find(Interpreter& in, const Dict& dict, const Value& key)
{
    if (const String* text = key.string())
        return find(in, dict, text->bytes);
    in.chargeSize(dict.entries.size() * 16);
    for (const auto& [name, value] : dict.entries) {
        if (!name.string() && (same(in, name, key) || equal(in, name, key)))
            return &value;
    }
    return nullptr;
}

bool hashable(Interpreter& in, const Value& value)
{
    in.charge(1);
    const Sequence* list = value.sequence();
    if (list && list->kind != Sequence::Kind::List)
        return std::all_of(list->items.begin(), list->items.end(),
            [&in](const Value& item) { return hashable(in, item); });
    return !list && !value.dict() && !value.as<View>();
}

std::string typeName(const Value& value)
{
    static const char* const kNames[]
        = {"Undefined", "NoneType", "bool", "int", "float", "str", "list", "dict", "dict_keys",
            "range", "generator", "Namespace", "function", "LoopContext", "Cycler"};
    const Sequence* list = value.sequence();
    if (list && list->kind != Sequence::Kind::List)
        return "tuple";
    if (const auto* view = value.as<View>(); view && view->kind != View::Kind::Keys)
        return view->kind == View::Kind::Items ? "dict_items" : "dict_values";
    return kNames[value.data.index()];
}

} // namespace moe::text::jinja
