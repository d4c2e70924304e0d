// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_lexer.h"

#include "engine/base/files.h"

#include "engine/text/jinja_strings.h"
#include "engine/text/jinja_text.h"
#include "kernels/error.h"

#include <algorithm>
#include <charconv>

namespace moe::text::jinja {

void failAt(int line, const std::string& what, const std::string& remedy)
{
    throw Error(what, "chat template, line " + std::to_string(line), remedy);
}

namespace {

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isNameByte(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
        || static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
public:
    explicit Lexer(std::string_view source)
    {
        for (size_t i = 0; i < source.size(); ++i) { // every line end becomes \n, the last one goes
            if (source[i] == '\r') {
                m_source += '\n';
                if (i + 1 < source.size() && source[i + 1] == '\n')
                    ++i;
            } else {
                m_source += source[i];
            }
        }
        if (m_source.ends_with('\n'))
            m_source.pop_back();
    }

    std::vector<Token> run()
    {
        while (m_at < m_source.size())
            root();
        m_tokens.push_back({Token::Kind::End, m_line, "", {}});
        return std::move(m_tokens);
    }

private:
    using Kind = Token::Kind;

    char peek(size_t ahead = 0) const
    {
        return m_at + ahead < m_source.size() ? m_source[m_at + ahead] : '\0';
    }
    std::string_view rest() const { return std::string_view(m_source).substr(m_at); }
    void advance(size_t to)
    {
        m_line += static_cast<int>(std::count(m_source.begin() + static_cast<long>(m_at),
            m_source.begin() + static_cast<long>(to), '\n'));
        m_lineStarting = to > 0 && m_source[to - 1] == '\n';
        m_at = to;
    }
    size_t skipSpace(size_t at) const
    {
        while (at < m_source.size()) {
            const size_t next = at + offsetOf(std::string_view(m_source).substr(at), 1);
            if (!isSpace(toCodePoints(std::string_view(m_source).substr(at, next - at))[0]))
                break;
            at = next;
        }
        return at;
    }
    static bool allSpace(std::string_view text)
    {
        const std::u32string points = toCodePoints(text);
        return std::all_of(points.begin(), points.end(), isSpace);
    }
    void add(Kind kind, std::string text)
    {
        m_tokens.push_back({kind, m_line, std::move(text), {}});
    }

    /// The text before a tag, less what the tag's sign and lstrip_blocks take away.
    void data(size_t to, char sign, bool variable)
    {
        const bool lineStarting = m_lineStarting;
        std::string text = m_source.substr(m_at, to - m_at);
        if (sign == '-') {
            text = strip(text, nullptr, 2);
        } else if (sign != '+' && !variable) {
            const size_t line = text.rfind('\n') + 1; // 0 when there is none
            if ((line > 0 || lineStarting) && line < text.size()
                && allSpace(std::string_view(text).substr(line)))
                text.resize(line);
        }
        if (!text.empty())
            add(Kind::Data, std::move(text));
        advance(to);
    }

    /// Behind "-%}" and white space, "+%}", or "%}" and one line end; npos when not there.
    size_t blockEnd(size_t at) const
    {
        const std::string_view here = std::string_view(m_source).substr(at);
        if (here.starts_with("-%}"))
            return skipSpace(at + 3);
        if (here.starts_with("+%}"))
            return at + 3;
        if (here.starts_with("%}"))
            return at + 2 + (here.size() > 2 && here[2] == '\n' ? 1 : 0);
        return std::string::npos;
    }

    void root()
    {
        size_t at = m_at;
        for (; at + 1 < m_source.size(); ++at) {
            if (m_source[at] == '{' && std::string_view("%{#").find(m_source[at + 1]) < 3)
                break;
        }
        if (at + 1 >= m_source.size()) {
            add(Kind::Data, m_source.substr(m_at));
            advance(m_source.size());
            return;
        }
        const char tag = m_source[at + 1];
        char sign = at + 2 < m_source.size() ? m_source[at + 2] : '\0';
        if (sign != '-' && sign != '+')
            sign = '\0';
        data(at, sign, tag == '{');
        const size_t inside = at + (sign ? 3 : 2);
        if (tag == '#') {
            comment(inside);
        } else if (tag == '%' && rawBegin(inside)) {
            raw();
        } else {
            add(tag == '%' ? Kind::BlockBegin : Kind::VariableBegin, "");
            advance(inside);
            tagTokens(tag == '%');
        }
    }

    void comment(size_t inside)
    {
        if (inside == m_source.size()) // nothing follows: jinja2 lets it pass
            return advance(inside);
        const size_t end = m_source.find("#}", inside);
        if (end == std::string::npos)
            failAt(m_line, "a comment has no end");
        const char before = end > inside ? m_source[end - 1] : '\0';
        size_t next = end + 2;
        if (before == '-')
            next = skipSpace(next);
        else if (before != '+' && next < m_source.size() && m_source[next] == '\n')
            ++next;
        advance(next);
    }

    bool rawBegin(size_t inside)
    {
        const std::string_view source = m_source;
        size_t at = skipSpace(inside);
        if (!source.substr(at).starts_with("raw"))
            return false;
        at = skipSpace(at + 3);
        if (source.substr(at).starts_with("-%}"))
            advance(skipSpace(at + 3));
        else if (source.substr(at).starts_with("%}"))
            advance(at + 2);
        else
            return false;
        return true;
    }

    void raw()
    {
        for (size_t at = m_source.find("{%", m_at); at != std::string::npos;
             at = m_source.find("{%", at + 1)) {
            size_t inside = at + 2;
            char sign = inside < m_source.size() ? m_source[inside] : '\0';
            if (sign != '-' && sign != '+')
                sign = '\0';
            inside = skipSpace(inside + (sign ? 1 : 0));
            if (!std::string_view(m_source).substr(inside).starts_with("endraw"))
                continue;
            const size_t end = blockEnd(skipSpace(inside + 6));
            if (end == std::string::npos)
                continue;
            data(at, sign, false);
            advance(end);
            return;
        }
        failAt(m_line, "a raw block has no end");
    }

    bool tagEnd(bool block)
    {
        if (!m_open.empty())
            return false;
        if (block) {
            const size_t end = blockEnd(m_at);
            if (end == std::string::npos)
                return false;
            add(Kind::BlockEnd, "");
            advance(end);
            return true;
        }
        const bool minus = rest().starts_with("-}}");
        if (!minus && !rest().starts_with("}}"))
            return false;
        add(Kind::VariableEnd, "");
        advance(minus ? skipSpace(m_at + 3) : m_at + 2);
        return true;
    }

    void tagTokens(bool block)
    {
        while (m_at < m_source.size()) {
            if (tagEnd(block))
                return;
            const size_t behind = skipSpace(m_at);
            if (behind > m_at) {
                advance(behind);
            } else if (isDigit(peek())) {
                number();
            } else if (isNameByte(peek())) {
                name();
            } else if (peek() == '"' || peek() == '\'') {
                string();
            } else {
                sign();
            }
        }
    }

    void name()
    {
        size_t end = m_at;
        while (end < m_source.size() && isNameByte(m_source[end]))
            ++end;
        const std::string text = m_source.substr(m_at, end - m_at);
        const std::u32string points = toCodePoints(text);
        if (!std::all_of(points.begin(), points.end(),
                [](char32_t c) { return c == U'_' || isLetter(c) || isDecimal(c); }))
            failAt(
                m_line, "a sign that belongs in no name stands in \"" + text.substr(0, 40) + "\"");
        add(Kind::Name, text);
        advance(end);
    }

    /// Digits with single underscores between them.
    size_t digits(size_t at, const char* allowed) const
    {
        const auto fits = [&](size_t i) {
            return i < m_source.size() && m_source[i] != '\0'
                && std::string_view(allowed).find(m_source[i]) != std::string_view::npos;
        };
        if (!fits(at))
            return at;
        for (++at; fits(at) || (at < m_source.size() && m_source[at] == '_' && fits(at + 1));
             ++at) { }
        return at;
    }

    void number()
    {
        const char* const kTen = "0123456789";
        const size_t whole = digits(m_at, kTen);
        size_t end = whole;
        if (m_at == 0 || m_source[m_at - 1] != '.') {
            if (end < m_source.size() && m_source[end] == '.' && digits(end + 1, kTen) > end + 1)
                end = digits(end + 1, kTen);
            if (end < m_source.size() && (m_source[end] | 32) == 'e') {
                size_t power = end + 1;
                if (power < m_source.size() && (m_source[power] == '+' || m_source[power] == '-'))
                    ++power;
                if (digits(power, kTen) > power)
                    end = digits(power, kTen);
            }
        }
        int base = 10;
        if (end == whole && peek() == '0') {
            const char kind = static_cast<char>(peek(1) | 32);
            const char* set = kind == 'x' ? "0123456789abcdefABCDEF"
                : kind == 'o'             ? "01234567"
                                          : "01";
            const size_t from = m_at + 2 + (peek(2) == '_' ? 1 : 0);
            if ((kind == 'x' || kind == 'o' || kind == 'b') && digits(from, set) > from) {
                base = kind == 'x' ? 16 : kind == 'o' ? 8 : 2;
                end = digits(from, set);
            } else {
                end = digits(m_at, "0");
            }
        }
        std::string text
            = m_source.substr(m_at + (base == 10 ? 0 : 2), end - m_at - (base == 10 ? 0 : 2));
        std::erase(text, '_');
        Token token{end > whole && base == 10 ? Kind::Real : Kind::Whole, m_line, "", {}};
        if (token.kind == Kind::Real) {
            double value = 0;
            if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
                failAt(m_line, "a number is out of range");
            token.number = value;
        } else {
            int64_t value = 0;
            if (std::from_chars(text.data(), text.data() + text.size(), value, base).ec
                != std::errc())
                failAt(m_line, "a whole number is wider than 64 bits");
            token.number = value;
        }
        m_tokens.push_back(std::move(token));
        advance(end);
    }

    void string()
    {
        const char quote = peek();
        size_t end = m_at + 1;
        while (end < m_source.size() && m_source[end] != quote)
            end += m_source[end] == '\\' ? 2 : 1;
        if (end >= m_source.size())
            failAt(m_line, "a text has no closing quote");
        add(Kind::Text, unescape(m_source.substr(m_at + 1, end - m_at - 1), m_line));
        advance(end + 1);
    }

    void sign()
    {
        std::string text(rest().substr(0, 2));
        static const std::string_view kTwo[] = {"//", "**", "==", "!=", ">=", "<="};
        if (std::find(std::begin(kTwo), std::end(kTwo), text) == std::end(kTwo))
            text.resize(1);
        if (text.size() == 1
            && std::string_view("+-/*%~[](){}><=.:|,;").find(text[0]) == std::string_view::npos)
            failAt(m_line, "unexpected sign \"" + text + "\"");
        if (text == "(" || text == "[" || text == "{") {
            m_open += text == "(" ? ')' : text == "[" ? ']' : '}';
        } else if (text == ")" || text == "]" || text == "}") {
            if (m_open.empty() || m_open.back() != text[0])
                failAt(m_line, "unexpected \"" + text + "\"");
            m_open.pop_back();
        }
        add(Kind::Sign, text);
        advance(m_at + text.size());
    }

    std::string m_source;
    size_t m_at = 0;
    int m_line = 1;
    bool m_lineStarting = true;
    std::string m_open; ///< the brackets still to be closed
    std::vector<Token> m_tokens;
};

} // namespace

std::vector<Token> tokenize(std::string_view source)
{
    if (base::findInvalidUtf8(source))
        failAt(1, "the template is not valid UTF-8");
    return Lexer(source).run();
}

} // namespace moe::text::jinja
