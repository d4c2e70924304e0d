// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_loop.h"
#include "engine/text/jinja_text.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace moe::text::jinja {

namespace {

/// Looks up "a.b.0" in an item; `fallback` stands for what is undefined on the way.
Value along(Interpreter& in, Value item, const std::optional<Value>& path,
    const std::optional<Value>& fallback = {})
{
    if (!path || path->isNone())
        return item;
    std::vector<Value> keys{*path};
    if (const String* text = path->string()) {
        const std::string_view dot = ".";
        keys.clear();
        in.chargeSize(text->bytes.size());
        for (const std::string& part : split(text->bytes, &dot, -1, false)) {
            int64_t index = 0;
            const auto [end, problem]
                = std::from_chars(part.data(), part.data() + part.size(), index);
            const bool whole
                = problem == std::errc() && end == part.data() + part.size() && part[0] != '-';
            keys.push_back(whole ? Value(index) : in.text(part));
        }
    }
    for (const Value& key : keys) {
        item = in.item(item, key);
        if (item.isUndefined() && fallback && !fallback->isNone())
            item = *fallback;
    }
    return item;
}

Value folded(Interpreter& in, const Value& value, const std::optional<Value>& caseSensitive)
{
    if (value.string() && !(caseSensitive && truth(*caseSensitive))) {
        in.chargePoints(value.string()->bytes.size());
        return in.text(lower(value.string()->bytes));
    }
    return value;
}

/// Stable, and in reverse keeps equal ones in order, as Python sorts.
std::vector<Value> sorted(Interpreter& in, std::vector<std::pair<Value, Value>> keyed, bool reverse)
{
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        in.charge(1);
        return reverse ? in.order(b.first, a.first) < 0 : in.order(a.first, b.first) < 0;
    });
    std::vector<Value> out;
    out.reserve(keyed.size());
    for (auto& [key, value] : keyed)
        out.push_back(std::move(value));
    return out;
}

Value joinFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "join", arguments, {"d", "attribute"}, 0);
    const std::string between = bound[0] ? in.plain(*bound[0]) : "";
    std::string out;
    bool first = true;
    for (const Value& item : in.items(input)) {
        out += first ? "" : between;
        out += in.plain(along(in, item, bound[1]));
        first = false;
        if (out.size() > kLongestText)
            break;
    }
    return in.text(std::move(out));
}

Value firstFilter(Interpreter& in, const Value& input, Arguments&)
{
    Value item;
    return in.iterate(input)(item) ? item : in.undefined("there is no first item");
}

Value lastFilter(Interpreter& in, const Value& input, Arguments&)
{
    if (input.as<GeneratorRef>() || input.as<LoopRef>())
        in.fail("last needs a list, not a " + typeName(input));
    const auto length = lengthOf(input);
    if (length && *length > 0 && (input.string() || input.sequence() || input.as<Range>()))
        return in.item(input, Value(int64_t{-1}));
    const std::vector<Value> all = in.items(input);
    return all.empty() ? in.undefined("there is no last item") : all.back();
}

Value listFilter(Interpreter& in, const Value& input, Arguments&)
{
    return in.list(in.items(input));
}

Value reverseFilter(Interpreter& in, const Value& input, Arguments&)
{
    if (input.string()) {
        in.chargePoints(input.string()->bytes.size());
        std::u32string points = toCodePoints(input.string()->bytes);
        std::reverse(points.begin(), points.end());
        return in.text(toUtf8(points));
    }
    std::vector<Value> all = in.items(input);
    std::reverse(all.begin(), all.end());
    const Value list = in.list(std::move(all));
    return input.as<GeneratorRef>() ? list : in.generator(in.iterate(list), {list});
}

Value sortFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "sort", arguments, {"reverse", "case_sensitive", "attribute"}, 0);
    std::vector<std::pair<Value, Value>> keyed;
    for (const Value& item : in.items(input)) {
        std::vector<Value> key;
        if (bound[2] && bound[2]->string()) {
            const std::string_view comma = ",";
            in.chargeSize(bound[2]->string()->bytes.size());
            for (const std::string& path : split(bound[2]->string()->bytes, &comma, -1, false))
                key.push_back(folded(in, along(in, item, in.text(path)), bound[1]));
        } else {
            key.push_back(folded(in, along(in, item, bound[2]), bound[1]));
        }
        keyed.emplace_back(in.list(std::move(key)), item);
    }
    return in.list(sorted(in, std::move(keyed), bound[0] && truth(*bound[0])));
}

Value dictsortFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "dictsort", arguments, {"case_sensitive", "by", "reverse"}, 0);
    const std::string by = bound[1] ? in.plain(*bound[1]) : "key";
    if (!input.dict() || (by != "key" && by != "value"))
        in.fail("dictsort needs a dict, and sorts by key or value");
    std::vector<std::pair<Value, Value>> keyed;
    for (const auto& [key, value] : input.dict()->entries)
        keyed.emplace_back(folded(in, by == "key" ? key : value, bound[0]), in.tuple({key, value}));
    return in.list(sorted(in, std::move(keyed), bound[2] && truth(*bound[2])));
}

Value uniqueFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "unique", arguments, {"case_sensitive", "attribute"}, 0);
    return in.generator(
        [&in, next = in.iterate(input), bound, seen = std::vector<Value>()](Value& item) mutable {
            while (next(item)) {
                const Value key = folded(in, along(in, item, bound[1]), bound[0]);
                in.charge(1 + static_cast<int64_t>(seen.size()) / 8);
                if (!hashable(in, key))
                    in.fail("unique needs items that can be keys");
                if (std::none_of(seen.begin(), seen.end(),
                        [&](const Value& one) { return equal(in, one, key); })) {
                    seen.push_back(key);
                    return true;
                }
            }
            return false;
        },
        {input});
}

Value itemsFilter(Interpreter& in, const Value& input, Arguments&)
{
    const auto* dict = input.as<DictRef>();
    if (!dict && !input.isUndefined())
        in.fail("items needs a dict");
    const Value pairs = dict ? Value(View{*dict, View::Kind::Items}) : input;
    return in.generator(in.iterate(pairs), {pairs});
}

template <int way> Value extreme(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound
        = bind(in, way < 0 ? "min" : "max", arguments, {"case_sensitive", "attribute"}, 0);
    std::optional<std::pair<Value, Value>> best;
    for (const Value& item : in.items(input)) {
        const Value key = folded(in, along(in, item, bound[1]), bound[0]);
        if (!best || in.order(key, best->first) * way > 0)
            best = {key, item};
    }
    return best ? best->second : in.undefined("there is no item to choose from");
}

Value sumFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "sum", arguments, {"attribute", "start"}, 0);
    Value total = bound[1].value_or(Value(int64_t{0}));
    if (total.string())
        in.fail("sum does not add texts");
    for (const Value& item : in.items(input))
        total = in.binary("+", total, along(in, item, bound[0]));
    return total;
}

Value batchFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "batch", arguments, {"linecount", "fill_with"}, 1);
    if (!bound[0]->integer() || *bound[0]->integer() < 1 || *bound[0]->integer() > 100000)
        in.fail("batch needs a count from 1 to 100000");
    const auto size = static_cast<size_t>(*bound[0]->integer());
    std::vector<Value> rows, row;
    for (const Value& item : in.items(input)) {
        row.push_back(item);
        if (row.size() == size)
            rows.push_back(in.list(std::exchange(row, {})));
    }
    if (!row.empty()) {
        if (bound[1] && !bound[1]->isNone())
            row.resize(size, *bound[1]);
        rows.push_back(in.list(std::move(row)));
    }
    const Value all = in.list(std::move(rows));
    return in.generator(in.iterate(all), {all});
}

/// So many lists in all, the first ones longer where they cannot be equal.
Value sliceFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound = bind(in, "slice", arguments, {"slices", "fill_with"}, 1);
    if (!bound[0]->integer() || *bound[0]->integer() < 1 || *bound[0]->integer() > 100000)
        in.fail("slice needs a count from 1 to 100000");
    const auto slices = static_cast<size_t>(*bound[0]->integer());
    const std::vector<Value> items = in.items(input);
    std::vector<Value> lists;
    size_t begin = 0;
    for (size_t i = 0; i < slices; ++i) {
        const bool longer = i < items.size() % slices;
        const size_t end = begin + items.size() / slices + (longer ? 1 : 0);
        std::vector<Value> part(items.begin() + static_cast<std::ptrdiff_t>(begin),
            items.begin() + static_cast<std::ptrdiff_t>(end));
        if (!longer && bound[1] && !bound[1]->isNone())
            part.push_back(*bound[1]);
        lists.push_back(in.list(std::move(part)));
        begin = end;
    }
    const Value all = in.list(std::move(lists));
    return in.generator(in.iterate(all), {all});
}

Value groupbyFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    const auto bound
        = bind(in, "groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
    const auto keyOf = [&](const Value& item) {
        return along(in, item, bound[0], bound[1]);
    };
    std::vector<std::pair<Value, Value>> keyed;
    for (const Value& item : in.items(input))
        keyed.emplace_back(folded(in, keyOf(item), bound[2]), item);
    std::vector<Value> groups, group;
    const std::vector<Value> all = sorted(in, std::move(keyed), false);
    for (size_t i = 0; i < all.size(); ++i) {
        group.push_back(all[i]);
        if (i + 1 < all.size()
            && equal(
                in, folded(in, keyOf(all[i]), bound[2]), folded(in, keyOf(all[i + 1]), bound[2])))
            continue;
        const Value key = keyOf(group[0]);
        groups.push_back(in.list({key, in.list(std::exchange(group, {}))}, Sequence::Kind::Group));
    }
    return in.list(std::move(groups));
}

/// A map of nothing is nothing, even where nothing cannot be iterated over.
std::function<bool(Value&)> iterateIfAny(Interpreter& in, const Value& input)
{
    if (truth(input))
        return in.iterate(input);
    return [](Value&) {
        return false;
    };
}

Value mapFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    auto next = iterateIfAny(in, input);
    const Value held = in.list(arguments.positional);
    return in.generator(
        [&in, next, arguments](Value& item) {
            if (!next(item))
                return false;
            Arguments rest{
                {arguments.positional.begin() + 1, arguments.positional.end()}, arguments.named};
            item = in.filter(in.plain(arguments.positional[0]), item, rest);
            return true;
        },
        {input, held});
}

Value mapOrAttribute(Interpreter& in, const Value& input, Arguments& arguments)
{
    if (!arguments.positional.empty())
        return mapFilter(in, input, arguments);
    std::optional<Value> path, fallback;
    for (const auto& [name, value] : arguments.named) {
        if (name != "attribute" && name != "default")
            in.fail("map has no parameter " + name);
        (name == "attribute" ? path : fallback) = value;
    }
    if (!path)
        in.fail("map needs a filter or an attribute");
    auto next = iterateIfAny(in, input);
    return in.generator(
        [&in, next, path, fallback](Value& item) {
            if (!next(item))
                return false;
            item = along(in, item, path, fallback);
            return true;
        },
        {input, fallback.value_or(Value())});
}

template <bool wanted, bool attribute>
Value selectFilter(Interpreter& in, const Value& input, Arguments& arguments)
{
    if (attribute && arguments.positional.empty())
        in.fail("selectattr needs an attribute");
    constexpr size_t at = attribute ? 1 : 0;
    auto next = iterateIfAny(in, input);
    const Value held = in.list(arguments.positional);
    return in.generator(
        [&in, next, arguments](Value& item) {
            const auto& given = arguments.positional;
            while (next(item)) {
                in.charge(1);
                const Value seen = attribute ? along(in, item, given[0]) : item;
                bool holds = truth(seen);
                if (given.size() > at) {
                    Arguments rest{
                        {given.begin() + static_cast<long>(at) + 1, given.end()}, arguments.named};
                    holds = in.test(in.plain(given[at]), seen, rest);
                }
                if (holds == wanted)
                    return true;
            }
            return false;
        },
        {input, held});
}

} // namespace

FilterFunction findListFilter(const std::string& name)
{
    static const std::unordered_map<std::string, FilterFunction> kFilters{{"join", joinFilter},
        {"first", firstFilter}, {"last", lastFilter}, {"list", listFilter},
        {"reverse", reverseFilter}, {"sort", sortFilter}, {"dictsort", dictsortFilter},
        {"unique", uniqueFilter}, {"items", itemsFilter}, {"min", extreme<-1>}, {"max", extreme<1>},
        {"sum", sumFilter}, {"batch", batchFilter}, {"slice", sliceFilter},
        {"groupby", groupbyFilter}, {"map", mapOrAttribute}, {"select", selectFilter<true, false>},
        {"reject", selectFilter<false, false>}, {"selectattr", selectFilter<true, true>},
        {"rejectattr", selectFilter<false, true>}};
    const auto found = kFilters.find(name);
    return found == kFilters.end() ? nullptr : found->second;
}

} // namespace moe::text::jinja
