// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/jinja_ast.h"

#include <chrono>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::text::jinja {

// A template that goes beyond one of these is stopped with an error.
constexpr int64_t kMostSteps = 20'000'000; ///< nodes visited, and bytes and items handled / 64
constexpr int kUntimedCharges = 64; ///< the clock is read once in so many
constexpr int kDeepestCalls
    = 800; ///< expressions and statements inside one another, macros included
constexpr size_t kLongestText = size_t{16} << 20; ///< of the output and of any text, bytes
constexpr int64_t kMostMemory = int64_t{256} << 20; ///< that values hold at one time

/// The names that one scope has set.
struct Frame {
    std::shared_ptr<Frame> parent;
    std::vector<std::pair<std::string, std::optional<Value>>> names; ///< none: not given yet
    MemoryShare share;
};

/// Renders one parsed template once. Everything that fails throws moe::Error with the line.
class Interpreter {
public:
    /// `most`: in which run() ends, as measured from here.
    Interpreter(Value variables, std::time_t now, std::chrono::milliseconds most);
    ~Interpreter();
    Interpreter(const Interpreter&) = delete;
    Interpreter& operator=(const Interpreter&) = delete;

    std::string run(const Body& body);

    // What filters, tests and methods need.
    [[noreturn]] void fail(const std::string& what) const;
    [[noreturn]] void failUndefined(const Value& value) const;
    [[noreturn]] void refuse(const std::string& words) const; ///< raise_exception
    void charge(int64_t steps);
    void chargeSize(size_t size) { charge(static_cast<int64_t>(size / 64) + 1); }
    /// For what turns a text into code points and back, or folds its case.
    void chargePoints(size_t size) { charge(static_cast<int64_t>(size / 8) + 1); }
    void checkMemory() const;

    Value text(std::string bytes);
    Value safeText(std::string bytes);
    Value list(std::vector<Value> items, Sequence::Kind kind = Sequence::Kind::List);
    Value tuple(std::vector<Value> items) { return list(std::move(items), Sequence::Kind::Tuple); }
    Value dict(
        std::vector<std::pair<Value, Value>> entries); ///< a later key replaces an earlier one
    Value generator(std::function<bool(Value&)> next, std::initializer_list<Value> from);
    Value undefined(const std::string& why) const;
    Value function(
        std::string name, std::function<Value(Interpreter&, Arguments&)> call, int depth = 1);
    Value makeNamespace(const Value& attributes);
    int checkedDepth(int depth) const;

    std::string plain(const Value& value); ///< str(value)
    std::string repr(const Value& value);
    std::function<bool(Value&)> iterate(const Value& value);
    std::vector<Value> items(const Value& value);
    Value attribute(const Value& object, const std::string& name);
    Value item(const Value& object, const Value& key);
    Value call(const Value& callee, Arguments& arguments);
    Value filter(const std::string& name, const Value& input, Arguments& arguments);
    bool test(const std::string& name, const Value& input, Arguments& arguments);
    bool contains(const Value& container, const Value& wanted);
    int order(const Value& a, const Value& b); ///< fails where Python cannot compare
    Value binary(const std::string& sign, const Value& a, const Value& b);
    std::time_t now() const { return m_now; }

private:
    enum class Flow { On, Break, Continue };
    class Deeper;

    // statements (jinja_interpreter.cpp)
    Flow execute(const Body& body);
    Flow execute(const Statement& statement);
    Flow executeIf(const Statement& statement);
    Flow executeFor(const Statement& statement);
    Flow executeInside(const Body& body, std::string* out); ///< in a scope of its own
    Flow executeWith(const Statement& statement);
    Flow executeCaptured(const Statement& statement);
    void executeCall(const Statement& statement);
    Value macro(const std::shared_ptr<MacroBody>& body);
    Value callMacro(
        const MacroBody& macro, const std::shared_ptr<Frame>& scope, Arguments& arguments);
    void bindMacro(const MacroBody& macro, Arguments& arguments);
    void assign(const Expression& target, const Value& value);
    void set(const std::string& name, std::optional<Value> value);
    void write(std::string_view bytes);
    std::shared_ptr<Frame> newFrame(std::shared_ptr<Frame> parent);

    // expressions (jinja_evaluate.cpp)
    Value evaluate(const Expression& expression);
    Value evaluateName(const std::string& name);
    Value evaluateDict(const Expression& expression);
    Value evaluateCompare(const Expression& expression);
    Value evaluateSlice(const Expression& expression);
    Value evaluateFilter(const Expression& expression, const Value* input);
    Value negated(const Value& value);
    std::vector<Value> evaluateAll(const std::vector<ExpressionRef>& parts);
    Arguments evaluateArguments(const CallArguments& arguments);

    Value m_variables;
    std::time_t m_now;
    MemoryUse m_memory;
    std::vector<NamespaceRef> m_namespaces; ///< emptied at the end, they may hold themselves
    std::vector<std::shared_ptr<Frame>> m_closures; ///< likewise
    std::shared_ptr<Frame> m_frame;
    std::string* m_out = nullptr;
    int64_t m_steps = 0;
    int m_untimed = 0; ///< charges since the clock was read
    std::chrono::steady_clock::time_point m_deadline;
    int m_depth = 0;
    int m_line = 1;
};

/// Arguments by name, as Python binds them; fails for what is missing, unknown or given twice.
std::vector<std::optional<Value>> bind(Interpreter& in, const std::string& callee,
    Arguments& arguments, std::initializer_list<const char*> names, size_t required);

/// raise_exception, strftime_now, range, dict, namespace, cycler, joiner; none for other names.
std::optional<Value> globalFunction(Interpreter& in, const std::string& name);
/// A bound method of a text, list, tuple, dict, range, loop or cycler; none when there is none.
/// Fails by name for methods that Python has and we do not.
std::optional<Value> method(Interpreter& in, const Value& object, const std::string& name);
std::optional<Value> textMethod(Interpreter& in, const Value& object, const std::string& name);
/// "…" % value, and str.format.
std::string percentFormat(Interpreter& in, const std::string& format, const Value& value);
std::string braceFormat(Interpreter& in, const std::string& format, Arguments& arguments);

using FilterFunction = Value (*)(Interpreter& in, const Value& input, Arguments& arguments);
FilterFunction findFilter(const std::string& name); ///< null when there is none
bool isFilter(const std::string& name); ///< of jinja2, supported or not
FilterFunction findListFilter(const std::string& name);
/// Python's conversions: int(x), float(x) of a text; none when it is no number.
std::optional<double> parseReal(std::string_view text);
std::optional<int64_t> parseWhole(std::string_view text, int base);
double roundTo(double value, int64_t digits);

} // namespace moe::text::jinja
