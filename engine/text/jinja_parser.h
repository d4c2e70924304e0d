// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/jinja_ast.h"
#include "engine/text/jinja_lexer.h"

#include <algorithm>

#include <string_view>
#include <vector>

namespace moe::text::jinja {

/// The grammar of jinja2 3.1, less what a chat template has no use for (blocks, extends, include,
/// import, autoescape, recursive loops), which is refused by name. Throws moe::Error with the line.
class Parser {
public:
    explicit Parser(std::string_view source)
        : m_tokens(tokenize(source))
    {
    }
    Body parse();

private:
    using Kind = Token::Kind;

    // tokens
    const Token& current() const { return m_tokens[m_at]; }
    const Token& look() const { return m_tokens[std::min(m_at + 1, m_tokens.size() - 1)]; }
    Token next();
    bool skipName(std::string_view name);
    bool skipSign(std::string_view sign);
    void expectSign(std::string_view sign);
    void expectName(std::string_view name);
    std::string expectAnyName();
    std::string expectPlainName();
    [[noreturn]] void fail(const std::string& what) const;
    [[noreturn]] void unexpected() const;

    // statements (jinja_parser.cpp)
    void parseUntil(Body& body, const std::vector<std::string_view>& ends);
    Body block(const std::vector<std::string_view>& ends);
    Body closedBlock(std::string_view end);
    void statement(Body& body);
    void parseFor(Statement& made);
    void parseIf(Statement& made);
    void parseSet(Statement& made);
    void parseWith(Statement& made);
    void parseMacro(Statement& made);
    void parseCall(Statement& made);
    void parseSignature(MacroBody& macro);
    void parseMacroBody(MacroBody& macro, std::string_view end);

    // expressions (jinja_parse_expression.cpp)
    ExpressionRef node(Expression::Kind kind, int line) const;
    ExpressionRef finish(ExpressionRef made) const;
    ExpressionRef expression(bool conditional = true);
    ExpressionRef conditional();
    ExpressionRef either();
    ExpressionRef both();
    ExpressionRef negation();
    ExpressionRef comparison();
    ExpressionRef sum();
    ExpressionRef concatenation();
    ExpressionRef product();
    ExpressionRef power();
    ExpressionRef unary(bool filters = true);
    ExpressionRef primary(bool target = false);
    ExpressionRef nameOrConstant(bool target);
    ExpressionRef list();
    ExpressionRef dict();
    ExpressionRef postfix(ExpressionRef made);
    ExpressionRef filtered(ExpressionRef made);
    ExpressionRef subscript(ExpressionRef object);
    ExpressionRef call(ExpressionRef callee);
    ExpressionRef filter(ExpressionRef input, bool inlineStart = false);
    ExpressionRef test(ExpressionRef input);
    CallArguments callArguments();
    enum class TupleEnd { Tag, In };
    ExpressionRef tuple(bool target, bool conditional, TupleEnd end, bool parentheses);
    ExpressionRef assignTarget(bool attributes, TupleEnd end = TupleEnd::Tag);
    void checkTarget(const Expression& target) const;

    /// Counts how deep the grammar has gone, so that "((((…" does not exhaust the stack.
    class Level {
    public:
        explicit Level(Parser& parser);
        ~Level() { --m_parser.m_level; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

    private:
        Parser& m_parser;
    };

    std::vector<Token> m_tokens;
    size_t m_at = 0;
    int m_level = 0, m_loops = 0;
    std::vector<MacroBody*> m_macros; ///< those that are being read, outermost first
};

} // namespace moe::text::jinja
