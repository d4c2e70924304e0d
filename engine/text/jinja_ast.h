// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/jinja_value.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace moe::text::jinja {

struct Expression;
using ExpressionRef = std::unique_ptr<Expression>;

struct CallArguments {
    std::vector<ExpressionRef> positional;
    std::vector<std::pair<std::string, ExpressionRef>> named;
    ExpressionRef star, doubleStar;
};

struct Expression {
    enum class Kind {
        Constant, ///< value
        Name, ///< text
        NamespaceAttribute, ///< as a target: text.attribute
        Tuple, ///< parts
        List, ///< parts
        Dict, ///< parts: key, value, key, value, …
        Conditional, ///< parts: test, then, else or null
        Or, ///< parts: left, right
        And,
        Not, ///< parts: one
        Negate,
        Plus,
        Binary, ///< text is the operator; parts: left, right
        Concat, ///< parts
        Compare, ///< parts: first, then one for each of operators
        Attribute, ///< parts: object; text
        Item, ///< parts: object, key
        Slice, ///< parts: object, start, stop, step (each of the last three may be null)
        Call, ///< parts: callee; arguments
        Filter, ///< parts: input (null in a filter block); text; arguments
        Test, ///< parts: input; text; arguments
    };
    Kind kind = Kind::Constant;
    int line = 1;
    int depth = 1;
    std::string text, attribute;
    Value value;
    std::vector<ExpressionRef> parts;
    std::vector<std::string> operators;
    CallArguments arguments;
};

struct Statement;
using Body = std::vector<Statement>;

struct Parameter {
    std::string name;
    ExpressionRef fallback; ///< null: none
};

/// What a macro and a call block share.
struct MacroBody {
    std::string name; ///< empty: a call block's
    std::vector<Parameter> parameters;
    std::shared_ptr<Body> body;
    bool usesCaller = false, usesKwargs = false, usesVarargs = false;
};

struct Statement {
    enum class Kind {
        Text, ///< text
        Print, ///< expressions
        If, ///< expressions: tests; bodies: one for each test, and one more for else
        For, ///< target; expressions: iterable, condition or null; bodies: body, else
        Set, ///< target; expressions: value
        SetBlock, ///< target; expressions: filter or null; bodies
        With, ///< targets and expressions in pairs; bodies
        Filter, ///< expressions: filter; bodies
        Macro, ///< macro
        Call, ///< macro; expressions: the call
        Generation, ///< macro
        Break,
        Continue,
    };
    Kind kind = Kind::Text;
    int line = 1;
    std::string text{};
    std::vector<ExpressionRef> targets{}, expressions{};
    std::vector<Body> bodies{};
    std::shared_ptr<MacroBody> macro{};
};

} // namespace moe::text::jinja
