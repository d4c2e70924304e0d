// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_parser.h"

#include <algorithm>

namespace moe::text::jinja {

using K = Expression::Kind;

ExpressionRef Parser::node(K kind, int line) const
{
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->line = line;
    return made;
}

/// Long chains (a + b + c …) make deep trees without deep grammar.
ExpressionRef Parser::finish(ExpressionRef made) const
{
    int deepest = 0;
    const auto see = [&](const ExpressionRef& part) {
        if (part)
            deepest = std::max(deepest, part->depth);
    };
    for (const ExpressionRef& part : made->parts)
        see(part);
    for (const ExpressionRef& part : made->arguments.positional)
        see(part);
    for (const auto& [name, part] : made->arguments.named)
        see(part);
    see(made->arguments.star);
    see(made->arguments.doubleStar);
    made->depth = deepest + 1;
    if (made->depth > 200)
        failAt(made->line, "an expression is nested more than 200 levels deep");
    return made;
}

namespace {

ExpressionRef joined(ExpressionRef made, ExpressionRef left, ExpressionRef right)
{
    made->parts.push_back(std::move(left));
    made->parts.push_back(std::move(right));
    return made;
}

} // namespace

ExpressionRef Parser::expression(bool withConditional)
{
    const Level level(*this);
    return withConditional ? conditional() : either();
}

ExpressionRef Parser::conditional()
{
    int line = current().line;
    ExpressionRef first = either();
    while (skipName("if")) {
        ExpressionRef made = node(K::Conditional, line);
        made->parts.push_back(either());
        made->parts.push_back(std::move(first));
        made->parts.push_back(skipName("else") ? expression() : nullptr);
        first = finish(std::move(made));
        line = current().line;
    }
    return first;
}

ExpressionRef Parser::either()
{
    ExpressionRef left = both();
    while (current().isName("or")) {
        ExpressionRef made = node(K::Or, next().line);
        left = finish(joined(std::move(made), std::move(left), both()));
    }
    return left;
}

ExpressionRef Parser::both()
{
    ExpressionRef left = negation();
    while (current().isName("and")) {
        ExpressionRef made = node(K::And, next().line);
        left = finish(joined(std::move(made), std::move(left), negation()));
    }
    return left;
}

ExpressionRef Parser::negation()
{
    const Level level(*this);
    if (!current().isName("not"))
        return comparison();
    ExpressionRef made = node(K::Not, next().line);
    made->parts.push_back(negation());
    return finish(std::move(made));
}

ExpressionRef Parser::comparison()
{
    static const std::string_view kSigns[] = {"==", "!=", "<", "<=", ">", ">="};
    const int line = current().line;
    ExpressionRef first = sum();
    ExpressionRef made = node(K::Compare, line);
    for (;;) {
        std::string sign;
        if (current().kind == Kind::Sign
            && std::find(std::begin(kSigns), std::end(kSigns), current().text)
                != std::end(kSigns)) {
            sign = next().text;
        } else if (skipName("in")) {
            sign = "in";
        } else if (current().isName("not") && look().isName("in")) {
            m_at += 2;
            sign = "not in";
        } else {
            break;
        }
        if (made->parts.empty())
            made->parts.push_back(std::move(first));
        made->operators.push_back(sign);
        made->parts.push_back(sum());
    }
    return made->parts.empty() ? std::move(first) : finish(std::move(made));
}

ExpressionRef Parser::sum()
{
    ExpressionRef left = concatenation();
    while (current().isSign("+") || current().isSign("-")) {
        ExpressionRef made = node(K::Binary, current().line);
        made->text = next().text;
        left = finish(joined(std::move(made), std::move(left), concatenation()));
    }
    return left;
}

ExpressionRef Parser::concatenation()
{
    ExpressionRef first = product();
    if (!current().isSign("~"))
        return first;
    ExpressionRef made = node(K::Concat, current().line);
    made->parts.push_back(std::move(first));
    while (skipSign("~"))
        made->parts.push_back(product());
    return finish(std::move(made));
}

ExpressionRef Parser::product()
{
    ExpressionRef left = power();
    while (current().isSign("*") || current().isSign("/") || current().isSign("//")
        || current().isSign("%")) {
        ExpressionRef made = node(K::Binary, current().line);
        made->text = next().text;
        left = finish(joined(std::move(made), std::move(left), power()));
    }
    return left;
}

ExpressionRef Parser::power()
{
    ExpressionRef left = unary();
    while (current().isSign("**")) {
        ExpressionRef made = node(K::Binary, current().line);
        made->text = next().text;
        left = finish(joined(std::move(made), std::move(left), unary()));
    }
    return left;
}

ExpressionRef Parser::unary(bool filters)
{
    const Level level(*this);
    ExpressionRef made;
    if (current().isSign("-") || current().isSign("+")) {
        made = node(current().isSign("-") ? K::Negate : K::Plus, current().line);
        ++m_at;
        made->parts.push_back(unary(false));
        made = finish(std::move(made));
    } else {
        made = primary();
    }
    made = postfix(std::move(made));
    return filters ? filtered(std::move(made)) : std::move(made);
}

ExpressionRef Parser::nameOrConstant(bool target)
{
    const Token token = next();
    ExpressionRef made = node(K::Constant, token.line);
    if (token.text == "true" || token.text == "True" || token.text == "false"
        || token.text == "False") {
        made->value = token.text == "true" || token.text == "True";
    } else if (token.text != "none" && token.text != "None") {
        made->kind = K::Name;
        made->text = token.text;
        for (MacroBody* macro : m_macros) {
            macro->usesCaller |= token.text == "caller";
            macro->usesKwargs |= token.text == "kwargs";
            macro->usesVarargs |= token.text == "varargs";
        }
        if (target && skipSign(".")) {
            made->kind = K::NamespaceAttribute;
            made->attribute = expectAnyName();
        }
    }
    return made;
}

ExpressionRef Parser::primary(bool target)
{
    const int line = current().line;
    switch (current().kind) {
    case Kind::Name:
        return nameOrConstant(target);
    case Kind::Text: {
        std::string text;
        while (current().kind == Kind::Text)
            text += next().text;
        ExpressionRef made = node(K::Constant, line);
        auto held = std::make_shared<String>();
        held->length
            = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
        held->bytes = std::move(text);
        made->value = Value(StringRef(std::move(held)));
        return made;
    }
    case Kind::Whole:
    case Kind::Real: {
        ExpressionRef made = node(K::Constant, line);
        made->value = next().number;
        return made;
    }
    default:
        break;
    }
    if (skipSign("(")) {
        ExpressionRef made = tuple(false, true, TupleEnd::Tag, true);
        expectSign(")");
        return made;
    }
    if (current().isSign("["))
        return list();
    if (current().isSign("{"))
        return dict();
    unexpected();
}

ExpressionRef Parser::list()
{
    ExpressionRef made = node(K::List, next().line);
    while (!current().isSign("]")) {
        if (!made->parts.empty())
            expectSign(",");
        if (current().isSign("]"))
            break;
        made->parts.push_back(expression());
    }
    expectSign("]");
    return finish(std::move(made));
}

ExpressionRef Parser::dict()
{
    ExpressionRef made = node(K::Dict, next().line);
    while (!current().isSign("}")) {
        if (!made->parts.empty())
            expectSign(",");
        if (current().isSign("}"))
            break;
        made->parts.push_back(expression());
        expectSign(":");
        made->parts.push_back(expression());
    }
    expectSign("}");
    return finish(std::move(made));
}

ExpressionRef Parser::tuple(bool target, bool withConditional, TupleEnd end, bool parentheses)
{
    const Level level(*this);
    ExpressionRef made = node(K::Tuple, current().line);
    const auto atEnd = [&] {
        return current().kind == Kind::VariableEnd || current().kind == Kind::BlockEnd
            || current().isSign(")") || (end == TupleEnd::In && current().isName("in"));
    };
    bool comma = false;
    while (true) {
        if (!made->parts.empty())
            expectSign(",");
        if (atEnd())
            break;
        made->parts.push_back(target ? primary(end == TupleEnd::Tag) : expression(withConditional));
        if (!current().isSign(","))
            break;
        comma = true;
    }
    if (!comma && !made->parts.empty())
        return std::move(made->parts[0]);
    if (!comma && !parentheses)
        unexpected();
    return finish(std::move(made));
}

ExpressionRef Parser::postfix(ExpressionRef made)
{
    while (true) {
        if (current().isSign(".") || current().isSign("["))
            made = subscript(std::move(made));
        else if (current().isSign("("))
            made = call(std::move(made));
        else
            return made;
    }
}

ExpressionRef Parser::filtered(ExpressionRef made)
{
    while (true) {
        if (current().isSign("|"))
            made = filter(std::move(made));
        else if (current().isName("is"))
            made = test(std::move(made));
        else if (current().isSign("("))
            made = call(std::move(made));
        else
            return made;
    }
}

ExpressionRef Parser::subscript(ExpressionRef object)
{
    ExpressionRef made = node(K::Attribute, current().line);
    made->parts.push_back(std::move(object));
    if (next().text == ".") {
        if (current().kind == Kind::Name) {
            made->text = next().text;
        } else if (current().kind == Kind::Whole) {
            made->kind = K::Item;
            made->parts.push_back(node(K::Constant, current().line));
            made->parts[1]->value = next().number;
        } else {
            fail("expected a name or a number behind the dot");
        }
        return finish(std::move(made));
    }
    made->kind = K::Item;
    const auto ends = [&] {
        return current().isSign("]") || current().isSign(":");
    };
    if (!current().isSign(":"))
        made->parts.push_back(expression());
    if (current().isSign(":")) {
        made->kind = K::Slice;
        if (made->parts.size() == 1)
            made->parts.push_back(nullptr);
        ++m_at;
        made->parts.push_back(ends() ? nullptr : expression());
        made->parts.push_back(skipSign(":") && !ends() ? expression() : nullptr);
    }
    if (current().isSign(","))
        fail("a subscript with a comma is not supported");
    expectSign("]");
    return finish(std::move(made));
}

CallArguments Parser::callArguments()
{
    CallArguments made;
    expectSign("(");
    bool first = true;
    while (!current().isSign(")")) {
        if (!first)
            expectSign(",");
        first = false;
        if (current().isSign(")"))
            break;
        if (skipSign("**")) {
            if (made.doubleStar)
                fail("a second ** in a call");
            made.doubleStar = expression();
        } else if (made.doubleStar) {
            fail("an argument behind ** in a call");
        } else if (skipSign("*")) {
            if (made.star)
                fail("a second * in a call");
            made.star = expression();
        } else if (current().kind == Kind::Name && look().isSign("=")) {
            std::string name = next().text;
            ++m_at;
            for (const auto& [known, value] : made.named) {
                if (known == name)
                    fail("the argument " + name + " is given twice");
            }
            made.named.emplace_back(std::move(name), expression());
        } else if (made.star || !made.named.empty()) {
            fail("a positional argument behind a named one");
        } else {
            made.positional.push_back(expression());
        }
    }
    expectSign(")");
    return made;
}

ExpressionRef Parser::call(ExpressionRef callee)
{
    ExpressionRef made = node(K::Call, current().line);
    made->parts.push_back(std::move(callee));
    made->arguments = callArguments();
    return finish(std::move(made));
}

/// The name of a filter or test. jinja2 reads points as parts of it, but has no name with any.
std::string Parser::expectPlainName()
{
    std::string name = expectAnyName();
    if (current().isSign("."))
        fail("the name " + name + ".… is not supported");
    return name;
}

ExpressionRef Parser::filter(ExpressionRef input, bool inlineStart)
{
    while (inlineStart || skipSign("|")) {
        inlineStart = false;
        ExpressionRef made = node(K::Filter, current().line);
        made->text = expectPlainName();
        made->parts.push_back(std::move(input));
        if (current().isSign("("))
            made->arguments = callArguments();
        input = finish(std::move(made));
    }
    return input;
}

ExpressionRef Parser::test(ExpressionRef input)
{
    const int line = next().line;
    const bool negated = skipName("not");
    ExpressionRef made = node(K::Test, line);
    made->text = expectPlainName();
    made->parts.push_back(std::move(input));
    const bool word = current().kind == Kind::Name && !current().isName("else")
        && !current().isName("or") && !current().isName("and");
    if (current().isSign("(")) {
        made->arguments = callArguments();
    } else if (word || current().kind == Kind::Text || current().kind == Kind::Whole
        || current().kind == Kind::Real || current().isSign("[") || current().isSign("{")) {
        if (current().isName("is"))
            fail("tests cannot be chained with is");
        made->arguments.positional.push_back(postfix(primary()));
    }
    made = finish(std::move(made));
    if (!negated)
        return made;
    ExpressionRef reversed = node(K::Not, line);
    reversed->parts.push_back(std::move(made));
    return finish(std::move(reversed));
}

void Parser::checkTarget(const Expression& target) const
{
    if (target.kind == K::Tuple) {
        for (const ExpressionRef& part : target.parts)
            checkTarget(*part);
    } else if (target.kind != K::Name && target.kind != K::NamespaceAttribute) {
        failAt(target.line, "only names can be assigned to");
    } else if (target.kind == K::Name && target.text == "loop" && m_loops > 0) {
        failAt(target.line, "the name loop cannot be assigned to inside a loop");
    }
}

ExpressionRef Parser::assignTarget(bool attributes, TupleEnd end)
{
    ExpressionRef made = tuple(true, false, end, false);
    checkTarget(*made);
    if (!attributes && made->kind == K::NamespaceAttribute)
        failAt(made->line, "a namespace's attribute can only be assigned to by set");
    return made;
}

} // namespace moe::text::jinja
