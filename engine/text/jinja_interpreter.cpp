// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_interpreter.h"

#include "engine/text/jinja_loop.h"
#include "engine/text/jinja_strings.h"
#include "engine/text/jinja_text.h"

#include <algorithm>

namespace moe::text::jinja {

/// One level further in, for as long as it lives; also what restores the scope behind a body.
class Interpreter::Deeper {
public:
    explicit Deeper(Interpreter& in)
        : m_in(in)
        , m_frame(in.m_frame)
        , m_out(in.m_out)
    {
        if (++m_in.m_depth > kDeepestCalls) {
            --m_in.m_depth;
            m_in.fail("the template recurses more than " + std::to_string(kDeepestCalls)
                + " levels deep");
        }
    }
    ~Deeper()
    {
        --m_in.m_depth;
        m_in.m_frame = m_frame;
        m_in.m_out = m_out;
    }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

private:
    Interpreter& m_in;
    std::shared_ptr<Frame> m_frame;
    std::string* m_out;
};

Interpreter::Interpreter(Value variables, std::time_t now, std::chrono::milliseconds most)
    : m_variables(std::move(variables))
    , m_now(now)
    , m_deadline(std::chrono::steady_clock::now() + most)
{
}

Interpreter::~Interpreter()
{
    for (const NamespaceRef& space : m_namespaces)
        space->attributes.clear();
    for (const auto& frame : m_closures)
        frame->names.clear();
}

std::string Interpreter::run(const Body& body)
{
    std::string out;
    m_out = &out;
    m_frame = newFrame(nullptr);
    execute(body);
    return out;
}

void Interpreter::write(std::string_view bytes)
{
    chargeSize(bytes.size());
    if (m_out->size() + bytes.size() > kLongestText)
        fail("the template writes more than " + std::to_string(kLongestText >> 20) + " MiB");
    m_out->append(bytes);
}

std::shared_ptr<Frame> Interpreter::newFrame(std::shared_ptr<Frame> parent)
{
    auto frame = std::make_shared<Frame>(
        Frame{std::move(parent), {}, MemoryShare(&m_memory, int64_t{sizeof(Frame)} + 64)});
    checkMemory();
    return frame;
}

void Interpreter::set(const std::string& name, std::optional<Value> value)
{
    for (auto& [known, held] : m_frame->names) {
        if (known == name) {
            held = std::move(value);
            return;
        }
    }
    m_frame->names.emplace_back(name, std::move(value));
}

void Interpreter::assign(const Expression& target, const Value& value)
{
    if (target.kind == Expression::Kind::Name) {
        set(target.text, value);
    } else if (target.kind == Expression::Kind::Tuple) {
        const std::vector<Value> parts = items(value);
        if (parts.size() != target.parts.size())
            fail("cannot spread " + std::to_string(parts.size()) + " values over "
                + std::to_string(target.parts.size()) + " names");
        for (size_t i = 0; i < parts.size(); ++i)
            assign(*target.parts[i], parts[i]);
    } else {
        const Value object = evaluateName(target.text);
        const auto* space = object.as<NamespaceRef>();
        if (!space)
            fail("an attribute can be set on a namespace alone, and " + target.text + " is none");
        if (target.attribute.starts_with('_'))
            fail("a namespace's attribute cannot begin with an underscore");
        auto& attributes = (*space)->attributes;
        const auto known = std::find_if(attributes.begin(), attributes.end(),
            [&](const auto& held) { return held.first == target.attribute; });
        if (known == attributes.end())
            attributes.emplace_back(target.attribute, value);
        else
            known->second = value;
    }
}

Interpreter::Flow Interpreter::execute(const Body& body)
{
    for (const Statement& statement : body) {
        const Flow flow = execute(statement);
        if (flow != Flow::On)
            return flow;
    }
    return Flow::On;
}

Interpreter::Flow Interpreter::execute(const Statement& statement)
{
    const Deeper deeper(*this);
    charge(1);
    m_line = statement.line;
    switch (statement.kind) {
    case Statement::Kind::Text:
        write(statement.text);
        return Flow::On;
    case Statement::Kind::Print:
        for (const ExpressionRef& part : statement.expressions)
            write(plain(evaluate(*part)));
        return Flow::On;
    case Statement::Kind::If:
        return executeIf(statement);
    case Statement::Kind::For:
        return executeFor(statement);
    case Statement::Kind::Set:
        assign(*statement.targets[0], evaluate(*statement.expressions[0]));
        return Flow::On;
    case Statement::Kind::SetBlock:
    case Statement::Kind::Filter:
        return executeCaptured(statement);
    case Statement::Kind::With:
        return executeWith(statement);
    case Statement::Kind::Macro:
        set(statement.macro->name, macro(statement.macro));
        return Flow::On;
    case Statement::Kind::Call:
        executeCall(statement);
        return Flow::On;
    case Statement::Kind::Generation: {
        Arguments none;
        write(plain(callMacro(*statement.macro, m_frame, none)));
        return Flow::On;
    }
    case Statement::Kind::Break:
        return Flow::Break;
    case Statement::Kind::Continue:
        return Flow::Continue;
    }
    return Flow::On;
}

Interpreter::Flow Interpreter::executeIf(const Statement& statement)
{
    for (size_t i = 0; i < statement.bodies.size(); ++i) {
        if (i == statement.expressions.size() || truth(evaluate(*statement.expressions[i])))
            return execute(statement.bodies[i]);
    }
    return Flow::On;
}

Interpreter::Flow Interpreter::executeInside(const Body& body, std::string* out)
{
    const Deeper deeper(*this);
    m_frame = newFrame(m_frame);
    m_out = out;
    return execute(body);
}

Interpreter::Flow Interpreter::executeFor(const Statement& statement)
{
    const Deeper deeper(*this);
    const std::shared_ptr<Frame> outside = m_frame;
    const Value iterable = evaluate(*statement.expressions[0]);
    auto loop = std::make_shared<Loop>();
    loop->source = iterate(iterable);
    loop->depth = checkedDepth(depthOf(iterable) + 1);
    const Expression* condition = statement.expressions[1].get();
    const Expression& target = *statement.targets[0];
    if (condition) {
        // Each item is tested when its turn comes, so that a namespace set by the body counts.
        loop->source
            = [this, &target, condition, outside, all = std::move(loop->source)](Value& item) {
                  while (all(item)) {
                      const Deeper inner(*this);
                      m_frame = newFrame(outside);
                      assign(target, item);
                      if (truth(evaluate(*condition)))
                          return true;
                  }
                  return false;
              };
    } else {
        loop->known = lengthOf(iterable);
    }
    // What jinja2 takes for a loop that ran: one whose body came to its end, for an item at least.
    bool ran = false;
    for (Value item; loop->next(item);) {
        charge(1);
        m_frame = newFrame(outside);
        set("loop", Value(loop));
        assign(target, item);
        const Flow flow = execute(statement.bodies[0]);
        ran = ran || flow == Flow::On;
        if (flow == Flow::Break)
            break;
    }
    // An escaped loop must not walk on with a scope that is gone.
    loop->source = [](Value&) {
        return false;
    };
    m_frame = outside;
    return ran ? Flow::On : executeInside(statement.bodies[1], m_out);
}

Interpreter::Flow Interpreter::executeWith(const Statement& statement)
{
    const Deeper deeper(*this);
    const std::vector<Value> values = evaluateAll(statement.expressions);
    m_frame = newFrame(m_frame);
    for (size_t i = 0; i < values.size(); ++i)
        assign(*statement.targets[i], values[i]);
    return execute(statement.bodies[0]);
}

/// A set block and a filter block: what the body writes, filtered, is assigned or written.
Interpreter::Flow Interpreter::executeCaptured(const Statement& statement)
{
    std::string out;
    const Flow flow = executeInside(statement.bodies[0], &out);
    if (flow != Flow::On)
        return flow;
    Value captured = text(std::move(out));
    if (statement.expressions[0])
        captured = evaluateFilter(*statement.expressions[0], &captured);
    if (statement.kind == Statement::Kind::Filter)
        write(plain(captured));
    else
        assign(*statement.targets[0], captured);
    return Flow::On;
}

void Interpreter::executeCall(const Statement& statement)
{
    const Expression& expression = *statement.expressions[0];
    const Value callee = evaluate(*expression.parts[0]);
    Arguments arguments = evaluateArguments(expression.arguments);
    arguments.named.emplace_back("caller", macro(statement.macro));
    write(plain(call(callee, arguments)));
}

namespace {

std::string titleOf(const MacroBody& macro)
{
    return macro.name.empty() ? "the call block" : "the macro " + macro.name;
}

} // namespace

Value Interpreter::macro(const std::shared_ptr<MacroBody>& body)
{
    auto function = std::make_shared<Function>();
    function->name = body->name;
    function->macro = true;
    function->call = [body, scope = m_frame](Interpreter& in, Arguments& arguments) {
        return in.callMacro(*body, scope, arguments);
    };
    m_closures.push_back(m_frame);
    return Value(FunctionRef(std::move(function)));
}

Value Interpreter::callMacro(
    const MacroBody& macro, const std::shared_ptr<Frame>& scope, Arguments& arguments)
{
    const Deeper deeper(*this);
    m_frame = newFrame(scope);
    bindMacro(macro, arguments);
    std::string out;
    m_out = &out;
    const int line = m_line;
    execute(*macro.body);
    m_line = line;
    return text(std::move(out));
}

void Interpreter::bindMacro(const MacroBody& macro, Arguments& arguments)
{
    const auto take = [&](const std::string& name) -> std::optional<Value> {
        auto& named = arguments.named;
        charge(1 + static_cast<int64_t>(named.size()) / 8);
        const auto found = std::find_if(
            named.begin(), named.end(), [&](const auto& one) { return one.first == name; });
        if (found == named.end())
            return std::nullopt;
        std::optional<Value> value = std::move(found->second);
        named.erase(found);
        return value;
    };
    auto& given = arguments.positional;
    bool callerIsParameter = false;
    for (size_t i = 0; i < macro.parameters.size(); ++i) {
        const std::string& name = macro.parameters[i].name;
        callerIsParameter |= name == "caller";
        set(name, i < given.size() ? std::optional(given[i]) : take(name));
    }
    if (macro.usesCaller && !callerIsParameter) {
        const auto caller = take("caller");
        set("caller",
            caller ? *caller
                   : undefined("no caller: " + titleOf(macro) + " was not called by a call block"));
    }
    if (macro.usesKwargs) {
        std::vector<std::pair<Value, Value>> rest;
        rest.reserve(arguments.named.size());
        for (const auto& [name, value] : arguments.named)
            rest.emplace_back(text(name), value);
        set("kwargs", dict(std::move(rest)));
    } else if (!arguments.named.empty()) {
        fail(titleOf(macro) + " has no parameter " + arguments.named[0].first);
    }
    const size_t count = std::min(given.size(), macro.parameters.size());
    if (macro.usesVarargs)
        set("varargs",
            tuple(std::vector<Value>(given.begin() + static_cast<long>(count), given.end())));
    else if (given.size() > count)
        fail(titleOf(macro) + " takes at most " + std::to_string(count) + " arguments");
    for (const Parameter& parameter : macro.parameters) {
        const auto slot = std::find_if(m_frame->names.begin(), m_frame->names.end(),
            [&](const auto& held) { return held.first == parameter.name; });
        if (slot->second)
            continue;
        Value value = parameter.fallback
            ? evaluate(*parameter.fallback)
            : undefined("the parameter " + parameter.name + " was not given");
        set(parameter.name, std::move(value));
    }
}

} // namespace moe::text::jinja
