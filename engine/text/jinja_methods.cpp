// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_loop.h"

#include <algorithm>
#include <string_view>

namespace moe::text::jinja {

std::vector<std::optional<Value>> bind(Interpreter& in, const std::string& callee,
    Arguments& arguments, std::initializer_list<const char*> names, size_t required)
{
    if (arguments.positional.size() > names.size())
        in.fail(callee + " takes at most " + std::to_string(names.size()) + " arguments");
    std::vector<std::optional<Value>> bound(
        arguments.positional.begin(), arguments.positional.end());
    bound.resize(names.size());
    for (auto& [name, value] : arguments.named) {
        const auto refuse = [&in, &callee, &wanted = name](std::string_view verb, const char* end) {
            in.fail(std::string(callee).append(verb).append(wanted).append(end));
        };
        const auto* known = std::find_if(names.begin(), names.end(),
            [&wanted = name](const char* one) { return wanted == one; });
        if (known == names.end())
            refuse(" has no parameter ", "");
        auto& slot = bound[static_cast<size_t>(known - names.begin())];
        if (slot)
            refuse(" is given ", " twice");
        slot = std::move(value);
    }
    for (size_t i = 0; i < required; ++i) {
        if (!bound[i])
            in.fail(callee + " misses its argument " + names.begin()[i]);
    }
    return bound;
}

namespace {

/// dict(x, **named): a copy of x with more entries.
Value dictOf(Interpreter& in, Arguments& arguments)
{
    std::vector<std::pair<Value, Value>> entries;
    if (arguments.positional.size() > 1)
        in.fail("dict takes at most one positional argument");
    for (const Value& from : arguments.positional) {
        if (from.isUndefined())
            in.failUndefined(from);
        if (from.dict()) {
            entries = from.dict()->entries;
            continue;
        }
        for (const Value& pair : in.items(from)) {
            const std::vector<Value> two = in.items(pair);
            if (two.size() != 2)
                in.fail("dict needs pairs of key and value");
            entries.emplace_back(two[0], two[1]);
        }
    }
    for (const auto& [name, value] : arguments.named)
        entries.emplace_back(in.text(name), value);
    return in.dict(std::move(entries));
}

Value rangeOf(Interpreter& in, Arguments& arguments)
{
    std::vector<int64_t> bounds;
    for (const Value& value : arguments.positional) {
        if (!value.integer())
            in.fail("range needs whole numbers, not " + typeName(value));
        bounds.push_back(*value.integer());
    }
    if (bounds.empty() || bounds.size() > 3 || !arguments.named.empty())
        in.fail("range takes one to three arguments");
    Range range{bounds.size() > 1 ? bounds[0] : 0, bounds[bounds.size() > 1 ? 1 : 0],
        bounds.size() == 3 ? bounds[2] : 1};
    if (range.step == 0)
        in.fail("range's step cannot be 0");
    if (range.length() > 100000)
        in.fail("a range is longer than 100000");
    return Value(range);
}

/// Always in English, whatever the window's language.
Value strftimeNow(Interpreter& in, Arguments& arguments)
{
    const auto bound = bind(in, "strftime_now", arguments, {"format"}, 1);
    if (!bound[0]->string())
        in.fail("strftime_now needs a text");
    std::string format = bound[0]->string()->bytes + " "; // never empty, so that 0 means too long
    const std::time_t now = in.now();
    std::tm parts{};
    localtime_r(&now, &parts);
    static const locale_t english = newlocale(LC_ALL_MASK, "C", nullptr);
    std::string out(format.size() * 8 + 256, '\0');
    out.resize(strftime_l(out.data(), out.size(), format.c_str(), &parts, english));
    if (out.empty())
        in.fail("strftime_now writes too much");
    out.pop_back();
    return in.text(out);
}

Value makeCycler(Interpreter& in, Arguments& arguments)
{
    if (arguments.positional.empty() || !arguments.named.empty())
        in.fail("cycler needs at least one item");
    auto cycler = std::make_shared<Cycler>();
    cycler->items = in.tuple(arguments.positional);
    return Value(std::move(cycler));
}

Value makeJoiner(Interpreter& in, Arguments& arguments)
{
    const auto bound = bind(in, "joiner", arguments, {"sep"}, 0);
    const Value separator = bound[0] ? *bound[0] : in.text(", ");
    return in.function(
        "joiner",
        [separator, used = std::make_shared<bool>(false)](Interpreter& inside, Arguments&) {
            return std::exchange(*used, true) ? separator : inside.text("");
        },
        depthOf(separator) + 1);
}

Value raiseException(Interpreter& in, Arguments& arguments)
{
    const auto bound = bind(in, "raise_exception", arguments, {"message"}, 1);
    in.refuse(in.plain(*bound[0]));
}

} // namespace

std::optional<Value> globalFunction(Interpreter& in, const std::string& name)
{
    if (name == "raise_exception")
        return in.function(name, raiseException);
    if (name == "strftime_now")
        return in.function(name, strftimeNow);
    if (name == "range")
        return in.function(name, rangeOf);
    if (name == "dict")
        return in.function(name, dictOf);
    if (name == "namespace")
        return in.function(name, [](Interpreter& inside, Arguments& arguments) {
            return inside.makeNamespace(dictOf(inside, arguments));
        });
    if (name == "cycler")
        return in.function(name, makeCycler);
    if (name == "joiner")
        return in.function(name, makeJoiner);
    if (name == "lipsum")
        in.fail("the function lipsum is not supported");
    return std::nullopt;
}

namespace {

bool oneOf(const std::string& name, std::initializer_list<const char*> names)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// What the sandbox keeps a template from: looks undefined, and says why when it is called.
Value unsafe(Interpreter& in, const Value& object, const std::string& name)
{
    return in.undefined("the method " + name + " would change a " + typeName(object)
        + ", which a chat template cannot");
}

std::optional<Value> dictMethod(Interpreter& in, const Value& object, const std::string& name)
{
    const DictRef dict = *object.as<DictRef>();
    const int depth = dict->depth + 1;
    if (oneOf(name, {"clear", "pop", "popitem", "setdefault", "update"}))
        return unsafe(in, object, name);
    if (oneOf(name, {"keys", "values", "items"})) {
        const auto kind = name == "keys" ? View::Kind::Keys
            : name == "values"           ? View::Kind::Values
                                         : View::Kind::Items;
        return in.function(
            name,
            [dict, kind, name](Interpreter& inside, Arguments& arguments) {
                bind(inside, name, arguments, {}, 0);
                return Value(View{dict, kind});
            },
            depth);
    }
    if (name == "get")
        return in.function(
            name,
            [dict](Interpreter& inside, Arguments& arguments) {
                if (!arguments.named.empty())
                    inside.fail("get takes no named arguments");
                const auto bound = bind(inside, "get", arguments, {"key", "default"}, 1);
                if (!hashable(inside, *bound[0]))
                    inside.fail("a " + typeName(*bound[0]) + " cannot be a key");
                const Value* found = find(inside, *dict, *bound[0]);
                return found ? *found : bound[1].value_or(Value());
            },
            depth);
    if (name == "copy")
        return in.function(
            name, [dict](Interpreter&, Arguments&) { return Value(dict); }, depth);
    if (name == "fromkeys")
        in.fail("the method fromkeys is not supported");
    return std::nullopt;
}

std::optional<Value> listMethod(Interpreter& in, const Value& object, const std::string& name)
{
    const SequenceRef list = *object.as<SequenceRef>();
    const int depth = list->depth + 1;
    const bool mutableList = list->kind == Sequence::Kind::List;
    if (mutableList
        && oneOf(name, {"append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"}))
        return unsafe(in, object, name);
    if (list->kind == Sequence::Kind::Group && oneOf(name, {"grouper", "list"}))
        return list->items[name == "list" ? 1 : 0];
    if (name == "copy" && mutableList)
        return in.function(
            name, [list](Interpreter&, Arguments&) { return Value(list); }, depth);
    if (!oneOf(name, {"count", "index"}))
        return std::nullopt;
    return in.function(
        name,
        [list, name](Interpreter& inside, Arguments& arguments) -> Value {
            const auto bound = bind(inside, name, arguments, {"value"}, 1);
            int64_t count = 0;
            inside.charge(static_cast<int64_t>(list->items.size()));
            for (size_t i = 0; i < list->items.size(); ++i) {
                if (!equal(inside, list->items[i], *bound[0]))
                    continue;
                if (name == "index")
                    return static_cast<int64_t>(i);
                ++count;
            }
            if (name == "index")
                inside.fail("index finds no such item");
            return count;
        },
        depth);
}

std::optional<Value> loopMember(Interpreter& in, const Value& object, const std::string& name)
{
    const LoopRef loop = *object.as<LoopRef>();
    const int64_t index0 = loop->index0;
    if (name == "index0" || name == "index")
        return Value(index0 + (name == "index" ? 1 : 0));
    if (name == "first")
        return Value(index0 == 0);
    if (name == "last")
        return Value(!loop->peek());
    if (name == "length")
        return Value(loop->length());
    if (name == "revindex" || name == "revindex0")
        return Value(loop->length() - index0 - (name == "revindex0" ? 1 : 0));
    if (name == "depth" || name == "depth0")
        return Value(int64_t{name == "depth" ? 1 : 0});
    if (name == "previtem")
        return index0 == 0 ? in.undefined("there is no previous item")
                           : loop->before.value_or(Value());
    if (name == "nextitem")
        return loop->peek() ? *loop->peek() : in.undefined("there is no next item");
    if (name == "cycle")
        return in.function(name, [index0](Interpreter& inside, Arguments& arguments) {
            if (arguments.positional.empty())
                inside.fail("cycle needs at least one item");
            return arguments.positional[static_cast<size_t>(index0) % arguments.positional.size()];
        });
    if (name == "changed")
        return in.function(
            name,
            [loop](Interpreter& inside, Arguments& arguments) -> Value {
                for (const Value& value : arguments.positional)
                    inside.checkedDepth(depthOf(value) + loop->depth + 1);
                const auto& seen = loop->changed;
                const auto& given = arguments.positional;
                if (loop->everChanged
                    && std::equal(seen.begin(), seen.end(), given.begin(), given.end(),
                        [&](const Value& a, const Value& b) { return equal(inside, a, b); }))
                    return false;
                loop->everChanged = true;
                loop->changed = given;
                return true;
            },
            loop->depth + 1);
    return std::nullopt;
}

std::optional<Value> cyclerMember(Interpreter& in, const Value& object, const std::string& name)
{
    const CyclerRef cycler = *object.as<CyclerRef>();
    if (name == "items")
        return cycler->items;
    if (name == "pos")
        return Value(static_cast<int64_t>(cycler->position));
    if (name == "current")
        return cycler->items.sequence()->items[cycler->position];
    if (name != "next" && name != "reset")
        return std::nullopt;
    return in.function(
        name,
        [cycler, name](Interpreter&, Arguments&) {
            const auto& items = cycler->items.sequence()->items;
            Value now = name == "next" ? items[cycler->position] : Value();
            cycler->position = name == "next" ? (cycler->position + 1) % items.size() : 0;
            return now;
        },
        depthOf(object) + 1);
}

} // namespace

std::optional<Value> method(Interpreter& in, const Value& object, const std::string& name)
{
    if (object.as<StringRef>())
        return textMethod(in, object, name);
    if (object.as<DictRef>())
        return dictMethod(in, object, name);
    if (object.as<SequenceRef>())
        return listMethod(in, object, name);
    if (object.as<LoopRef>())
        return loopMember(in, object, name);
    if (object.as<CyclerRef>())
        return cyclerMember(in, object, name);
    if (const auto* range = object.as<Range>(); range && oneOf(name, {"start", "stop", "step"}))
        return Value(name == "start" ? range->start : name == "stop" ? range->stop : range->step);
    if (const auto* function = object.as<FunctionRef>(); function && (*function)->macro) {
        if (name == "name")
            return (*function)->name.empty() ? Value() : in.text((*function)->name);
        if (oneOf(name, {"arguments", "catch_kwargs", "catch_varargs", "caller"}))
            in.fail("the attribute " + name + " of a macro is not supported");
    }
    if (object.number()
        && oneOf(name,
            {"real", "imag", "numerator", "denominator", "conjugate", "bit_length", "bit_count",
                "to_bytes", "from_bytes", "as_integer_ratio", "is_integer", "hex", "fromhex"}))
        in.fail("the attribute " + name + " of a number is not supported");
    return std::nullopt;
}

} // namespace moe::text::jinja
