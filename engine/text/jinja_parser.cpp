// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_parser.h"

#include <algorithm>

namespace moe::text::jinja {

namespace {

constexpr int kDeepestNesting = 150;

std::string shown(const Token& token)
{
    switch (token.kind) {
    case Token::Kind::End:
        return "the end of the template";
    case Token::Kind::BlockEnd:
        return "the end of the block";
    case Token::Kind::VariableEnd:
        return "the end of the expression";
    case Token::Kind::Whole:
    case Token::Kind::Real:
        return "a number";
    case Token::Kind::Text:
        return "a text";
    default:
        return "\"" + token.text.substr(0, 40) + "\"";
    }
}

} // namespace

Parser::Level::Level(Parser& parser)
    : m_parser(parser)
{
    if (++m_parser.m_level > kDeepestNesting) {
        --m_parser.m_level;
        m_parser.fail("nested more than " + std::to_string(kDeepestNesting) + " levels deep");
    }
}

Token Parser::next()
{
    Token token = current();
    if (token.kind != Kind::End)
        ++m_at;
    return token;
}

void Parser::fail(const std::string& what) const
{
    failAt(current().line, what);
}

void Parser::unexpected() const
{
    fail("unexpected " + shown(current()));
}

bool Parser::skipName(std::string_view name)
{
    const bool there = current().isName(name);
    if (there)
        ++m_at;
    return there;
}

bool Parser::skipSign(std::string_view sign)
{
    const bool there = current().isSign(sign);
    if (there)
        ++m_at;
    return there;
}

void Parser::expectSign(std::string_view sign)
{
    if (!skipSign(sign))
        fail("expected \"" + std::string(sign) + "\", found " + shown(current()));
}

void Parser::expectName(std::string_view name)
{
    if (!skipName(name))
        fail("expected \"" + std::string(name) + "\", found " + shown(current()));
}

std::string Parser::expectAnyName()
{
    if (current().kind != Kind::Name)
        fail("expected a name, found " + shown(current()));
    return next().text;
}

Body Parser::parse()
{
    Body body;
    parseUntil(body, {});
    return body;
}

void Parser::parseUntil(Body& body, const std::vector<std::string_view>& ends)
{
    const Level level(*this);
    while (current().kind != Kind::End) {
        const int line = current().line;
        if (current().kind == Kind::Data) {
            body.push_back({.kind = Statement::Kind::Text, .line = line, .text = next().text});
        } else if (current().kind == Kind::VariableBegin) {
            ++m_at;
            Statement print{.kind = Statement::Kind::Print, .line = line};
            print.expressions.push_back(tuple(false, true, TupleEnd::Tag, false));
            if (current().kind != Kind::VariableEnd)
                unexpected();
            ++m_at;
            body.push_back(std::move(print));
        } else {
            ++m_at; // a block begins
            if (current().kind == Kind::Name
                && std::find(ends.begin(), ends.end(), current().text) != ends.end())
                return;
            statement(body);
            if (current().kind != Kind::BlockEnd)
                unexpected();
            ++m_at;
        }
    }
    if (!ends.empty())
        fail("the template ends where " + std::string(ends.back()) + " is missing");
}

/// The body behind a block's head; stands at the name that ends it.
Body Parser::block(const std::vector<std::string_view>& ends)
{
    skipSign(":");
    if (current().kind != Kind::BlockEnd)
        unexpected();
    ++m_at;
    Body body;
    parseUntil(body, ends);
    return body;
}

Body Parser::closedBlock(std::string_view end)
{
    Body body = block({end});
    ++m_at;
    return body;
}

void Parser::statement(Body& body)
{
    if (current().kind != Kind::Name)
        fail("expected the name of a statement, found " + shown(current()));
    const std::string name = current().text;
    Statement made{.line = current().line};
    ++m_at;
    if (name == "for") {
        parseFor(made);
    } else if (name == "if") {
        parseIf(made);
    } else if (name == "set") {
        parseSet(made);
    } else if (name == "with") {
        parseWith(made);
    } else if (name == "macro") {
        parseMacro(made);
    } else if (name == "call") {
        parseCall(made);
    } else if (name == "filter") {
        made.kind = Statement::Kind::Filter;
        made.expressions.push_back(filter(nullptr, true));
        made.bodies.push_back(closedBlock("endfilter"));
    } else if (name == "generation") {
        made.kind = Statement::Kind::Generation;
        made.macro = std::make_shared<MacroBody>();
        parseMacroBody(*made.macro, "endgeneration");
    } else if (name == "print") {
        made.kind = Statement::Kind::Print;
        while (current().kind != Kind::BlockEnd) {
            if (!made.expressions.empty())
                expectSign(",");
            made.expressions.push_back(expression());
        }
    } else if (name == "break" || name == "continue") {
        made.kind = name == "break" ? Statement::Kind::Break : Statement::Kind::Continue;
        if (m_loops == 0)
            failAt(made.line, name + " outside a loop");
    } else {
        static const std::string_view kRefused[]
            = {"block", "extends", "include", "import", "from", "autoescape", "do"};
        if (std::find(std::begin(kRefused), std::end(kRefused), name) != std::end(kRefused))
            failAt(made.line, "the statement \"" + name + "\" is not supported");
        failAt(made.line, "unknown statement \"" + name.substr(0, 40) + "\"");
    }
    body.push_back(std::move(made));
}

void Parser::parseFor(Statement& made)
{
    made.kind = Statement::Kind::For;
    made.targets.push_back(assignTarget(false, TupleEnd::In));
    expectName("in");
    made.expressions.push_back(tuple(false, false, TupleEnd::Tag, false));
    made.expressions.push_back(skipName("if") ? expression() : nullptr);
    if (current().isName("recursive"))
        fail("a recursive loop is not supported");
    ++m_loops;
    made.bodies.push_back(block({"else", "endfor"}));
    --m_loops;
    if (next().text == "else")
        made.bodies.push_back(closedBlock("endfor"));
    else
        made.bodies.emplace_back();
}

void Parser::parseIf(Statement& made)
{
    made.kind = Statement::Kind::If;
    do {
        made.expressions.push_back(tuple(false, false, TupleEnd::Tag, false));
        made.bodies.push_back(block({"elif", "else", "endif"}));
    } while (skipName("elif"));
    if (next().text == "else")
        made.bodies.push_back(closedBlock("endif"));
}

void Parser::parseSet(Statement& made)
{
    made.targets.push_back(assignTarget(true));
    if (skipSign("=")) {
        made.kind = Statement::Kind::Set;
        made.expressions.push_back(tuple(false, true, TupleEnd::Tag, false));
        return;
    }
    made.kind = Statement::Kind::SetBlock;
    made.expressions.push_back(current().isSign("|") ? filter(nullptr) : nullptr);
    made.bodies.push_back(closedBlock("endset"));
}

void Parser::parseWith(Statement& made)
{
    made.kind = Statement::Kind::With;
    while (current().kind != Kind::BlockEnd) {
        if (!made.targets.empty())
            expectSign(",");
        made.targets.push_back(assignTarget(false));
        expectSign("=");
        made.expressions.push_back(expression());
    }
    made.bodies.push_back(closedBlock("endwith"));
}

void Parser::parseSignature(MacroBody& macro)
{
    expectSign("(");
    while (!current().isSign(")")) {
        if (!macro.parameters.empty())
            expectSign(",");
        Parameter parameter{expectAnyName(), nullptr};
        if (skipSign("="))
            parameter.fallback = expression();
        else if (!macro.parameters.empty() && macro.parameters.back().fallback)
            fail("a parameter without a default follows one that has a default");
        macro.parameters.push_back(std::move(parameter));
    }
    expectSign(")");
}

void Parser::parseMacroBody(MacroBody& macro, std::string_view end)
{
    const int loops = std::exchange(m_loops, 0); // no break out of a macro
    m_macros.push_back(&macro);
    macro.body = std::make_shared<Body>(closedBlock(end));
    m_macros.pop_back();
    m_loops = loops;
}

void Parser::parseMacro(Statement& made)
{
    made.kind = Statement::Kind::Macro;
    made.macro = std::make_shared<MacroBody>();
    made.macro->name = expectAnyName();
    parseSignature(*made.macro);
    parseMacroBody(*made.macro, "endmacro");
}

void Parser::parseCall(Statement& made)
{
    made.kind = Statement::Kind::Call;
    made.macro = std::make_shared<MacroBody>();
    if (current().isSign("("))
        parseSignature(*made.macro);
    made.expressions.push_back(expression());
    if (made.expressions[0]->kind != Expression::Kind::Call)
        failAt(made.line, "a call block needs a call");
    parseMacroBody(*made.macro, "endcall");
}

} // namespace moe::text::jinja
