// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The values that a chat template works with: Python's, as jinja2 shows them. Text is UTF-8 and
/// counts code points; whole numbers are 64 bits wide and never wrap. A value that holds others
/// knows its depth, so that walking and freeing it never exhausts the stack.
namespace moe::text::jinja {

class Interpreter;
struct Arguments;
struct Value;

/// Bytes that the values of one rendering hold at this moment.
struct MemoryUse {
    int64_t bytes = 0;
};

/// One value's share of a rendering's memory, given back with the value.
class MemoryShare {
public:
    MemoryShare() = default;
    MemoryShare(MemoryUse* use, int64_t bytes)
        : m_use(use)
        , m_bytes(bytes)
    {
        if (m_use)
            m_use->bytes += bytes;
    }
    ~MemoryShare()
    {
        if (m_use)
            m_use->bytes -= m_bytes;
    }
    MemoryShare(MemoryShare&& other) noexcept
        : m_use(std::exchange(other.m_use, nullptr))
        , m_bytes(other.m_bytes)
    {
    }
    MemoryShare& operator=(MemoryShare&&) = delete;

private:
    MemoryUse* m_use = nullptr;
    int64_t m_bytes = 0;
};

/// What is not there: prints as nothing, is false, and anything else done with it fails with `why`.
struct Undefined {
    std::shared_ptr<const std::string> why;
};
struct None { };

struct String {
    std::string bytes;
    int64_t length = 0; ///< code points
    bool safe = false; ///< went through the filter `safe`: adding to it would escape in jinja2
    MemoryShare share;
};

struct Sequence {
    enum class Kind { List, Tuple, Group }; ///< a group is groupby's pair (grouper, list)
    std::vector<Value> items;
    Kind kind = Kind::List;
    int depth = 1;
    MemoryShare share;
};

struct Dict {
    std::vector<std::pair<Value, Value>> entries; ///< in order of insertion
    int depth = 1;
    MemoryShare share;
};

/// What dict.keys(), values() and items() return.
struct View {
    enum class Kind { Keys, Values, Items };
    std::shared_ptr<const Dict> dict;
    Kind kind = Kind::Keys;
};

/// Whole numbers have 64 bits: reals from here on have none.
inline constexpr double kTwoTo63 = 9223372036854775808.0;

struct Range {
    int64_t start = 0, stop = 0, step = 1;
    int64_t length() const;
};

/// Python's iterators and generators: run once, each item made when it is asked for.
struct Generator {
    std::function<bool(Value&)> next; ///< false at the end
    int depth = 1;
};

/// The one value that a template can change; the interpreter empties it at the end, since it may
/// hold itself.
struct Namespace {
    std::vector<std::pair<std::string, Value>> attributes;
    MemoryShare share;
};

struct Function {
    std::string name; ///< for messages; empty: a call block's
    std::function<Value(Interpreter&, Arguments&)> call;
    int depth = 1;
    bool macro = false;
};

struct Loop;
struct Cycler;

using StringRef = std::shared_ptr<const String>;
using SequenceRef = std::shared_ptr<const Sequence>;
using DictRef = std::shared_ptr<const Dict>;
using GeneratorRef = std::shared_ptr<Generator>;
using NamespaceRef = std::shared_ptr<Namespace>;
using FunctionRef = std::shared_ptr<const Function>;
using LoopRef = std::shared_ptr<Loop>;
using CyclerRef = std::shared_ptr<Cycler>;

struct Value {
    std::variant<Undefined, None, bool, int64_t, double, StringRef, SequenceRef, DictRef, View,
        Range, GeneratorRef, NamespaceRef, FunctionRef, LoopRef, CyclerRef>
        data = None{};

    Value() = default;
    Value(bool value)
        : data(value)
    {
    }
    Value(int64_t value)
        : data(value)
    {
    }
    Value(double value)
        : data(value)
    {
    }
    Value(const char*) = delete; // would become a boolean
    template <typename T>
    explicit Value(T value) requires(!std::is_arithmetic_v<T>)
        : data(std::move(value))
    {
    }

    template <typename T> const T* as() const { return std::get_if<T>(&data); }
    const String* string() const;
    const Sequence* sequence() const;
    const Dict* dict() const;
    bool isUndefined() const { return as<Undefined>() != nullptr; }
    bool isNone() const { return as<None>() != nullptr; }
    /// A whole number; Python counts booleans among them.
    std::optional<int64_t> integer() const;
    std::optional<double> number() const; ///< whole or not
};

struct Cycler {
    Value items; ///< a tuple
    size_t position = 0;
};

/// A call's arguments, already evaluated.
struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;
};

/// Nothing that holds values may be deeper; jinja2 has no such limit, its users do.
constexpr int kDeepestValue = 300;

int depthOf(const Value& value);
bool truth(const Value& value);
// Values share their parts, so that a small one can take for ever to walk: what walks them charges
// each step to the interpreter, which stops a rendering that takes too many.
bool equal(Interpreter& in, const Value& a, const Value& b);
bool same(Interpreter& in, const Value& a, const Value& b); ///< Python's `is`
/// Of numbers, texts, lists and tuples; none when Python would refuse.
std::optional<int> compare(Interpreter& in, const Value& a, const Value& b);
/// Null when there is no such key; unhashable keys are simply never found.
const Value* find(Interpreter& in, const Dict& dict, const Value& key);
const Value* find(Interpreter& in, const Dict& dict, std::string_view key);
bool hashable(Interpreter& in, const Value& value);
std::string typeName(const Value& value); ///< as Python's type(x).__name__
/// len(x), or none where Python has none.
std::optional<int64_t> lengthOf(const Value& value);

} // namespace moe::text::jinja
