// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/regex.h"

#include "kernels/error.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace moe::text {

namespace {

/// The insides of a bracketed class.
constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";

struct Renamed {
    std::string_view theirs, ours;
};
constexpr std::array kCategories = {Renamed{"letter", "L"}, Renamed{"mark", "M"},
    Renamed{"number", "N"}, Renamed{"punctuation", "P"}, Renamed{"symbol", "S"},
    Renamed{"separator", "Z"}, Renamed{"other", "C"}, Renamed{"alphabetic", "Alphabetic"},
    Renamed{"whitespace", "White_Space"}, Renamed{"any", "Any"}};

class Translation {
public:
    Translation(std::string_view pattern, const std::string& where)
        : m_pattern(pattern)
        , m_where(where)
    {
    }
    std::string run();

private:
    [[noreturn]] void refuse(const std::string& what) const;
    bool ahead(std::string_view text) const { return m_pattern.substr(m_at).starts_with(text); }
    char take();
    std::string hexDigits(size_t least, size_t most);
    void escape(bool inClass);
    void property(bool negated);
    void bracket();
    void group();
    void interval();

    std::string_view m_pattern;
    std::string m_where, m_out;
    size_t m_at = 0;
};

void Translation::refuse(const std::string& what) const
{
    throw Error("the pattern's " + what + " is not implemented", m_where,
        "in " + std::string(m_pattern.substr(0, 200)));
}

char Translation::take()
{
    if (m_at >= m_pattern.size())
        throw Error("the pattern is cut off: " + std::string(m_pattern.substr(0, 200)), m_where,
            "write it to its end, or fetch the file again");
    return m_pattern[m_at++];
}

std::string Translation::hexDigits(size_t least, size_t most)
{
    const size_t first = m_at;
    while (m_at < m_pattern.size() && m_at - first < most
        && std::isxdigit(static_cast<unsigned char>(m_pattern[m_at])))
        ++m_at;
    if (m_at - first < least)
        refuse("\"" + std::string(m_pattern.substr(first, 4)) + "\" for hexadecimal digits");
    return std::string(m_pattern.substr(first, m_at - first));
}

/// \p{Name}: general categories by their short and long names, else a script. PCRE2 would take a
/// script's extensions, too.
void Translation::property(bool negated)
{
    if (take() != '{')
        refuse("property without braces");
    const size_t end = m_pattern.find('}', m_at);
    if (end == std::string_view::npos)
        refuse("open property");
    std::string name(m_pattern.substr(m_at, end - m_at));
    m_at = end + 1;
    if (name.starts_with('^')) {
        negated = !negated;
        name.erase(0, 1);
    }
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](unsigned char c) {
            return std::isalnum(c) || c == '_';
        }))
        refuse("property \"" + name + "\"");
    std::string plain;
    for (const char c : name) {
        if (c != '_')
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    const auto* known = std::find_if(kCategories.begin(), kCategories.end(),
        [&](const Renamed& renamed) { return renamed.theirs == plain; });
    if (known != kCategories.end())
        name = known->ours;
    else if (name.size() > 2)
        name = "sc:" + name;
    m_out += (negated ? "\\P{" : "\\p{") + name + "}";
}

void Translation::escape(bool inClass)
{
    const char c = take();
    const std::string word(kWord);
    switch (c) {
    case 's':
        m_out += "\\p{White_Space}";
        return;
    case 'S':
        m_out += "\\P{White_Space}";
        return;
    case 'w':
        m_out += inClass ? word : "[" + word + "]";
        return;
    case 'W':
        if (inClass)
            refuse("\\W in a class");
        m_out += "[^" + word + "]";
        return;
    case 'h':
        m_out += inClass ? "0-9A-Fa-f" : "[0-9A-Fa-f]";
        return;
    case 'p':
    case 'P':
        property(c == 'P');
        return;
    case 'b':
        if (inClass)
            m_out += "\\x08";
        else
            m_out += "(?:(?<=[" + word + "])(?![" + word + "])|(?<![" + word + "])(?=[" + word
                + "]))";
        return;
    case 'v':
        m_out += "\\x0B";
        return;
    case 'u':
        m_out += "\\x{" + hexDigits(4, 4) + "}";
        return;
    case 'x':
        if (ahead("{")) {
            ++m_at;
            m_out += "\\x{" + hexDigits(1, 8) + "}";
            if (take() != '}')
                refuse("list of code points");
        } else {
            const std::string digits = hexDigits(1, 2);
            if (std::stoi(digits, nullptr, 16) >= 0x80)
                refuse("\\x" + digits + ", a byte of no character,");
            m_out += "\\x{" + digits + "}";
        }
        return;
    default:
        break;
    }
    constexpr std::string_view kSame = "dDtnrfae", kAnchors = "AzZ";
    const bool sign = static_cast<unsigned char>(c) >= 0x80
        || std::ispunct(static_cast<unsigned char>(c)) || c == ' ';
    if (!sign && kSame.find(c) == std::string_view::npos
        && (inClass || kAnchors.find(c) == std::string_view::npos))
        refuse(std::string("\\") + c);
    if (static_cast<unsigned char>(c) < 0x80)
        m_out += '\\';
    m_out += c;
}

void Translation::bracket()
{
    m_out += '[';
    if (ahead("^"))
        m_out += take();
    if (ahead("]"))
        refuse("empty class");
    while (true) {
        const char c = take();
        if (c == ']')
            break;
        if (c == '\\')
            escape(true);
        else if (c == '[')
            refuse(ahead(":") ? "POSIX bracket" : "class within a class");
        else if (c == '&' && ahead("&"))
            refuse("intersection of classes (&&)");
        else
            m_out += c;
    }
    m_out += ']';
}

void Translation::group()
{
    m_out += '(';
    if (!ahead("?"))
        return;
    for (const std::string_view kind :
        {"?:", "?=", "?!", "?>", "?<=", "?<!", "?i:", "?-i:", "?i)"}) {
        // Inside a pattern, (?i) would hold for other alternatives than it does in PCRE2.
        if (ahead(kind) && (kind != "?i)" || m_at == 1)) {
            m_out += kind;
            m_at += kind.size();
            return;
        }
    }
    refuse("group (" + std::string(m_pattern.substr(m_at, 3)));
}

/// {n}, {n,}, {n,m}, {,m}. Other braces stand for themselves.
void Translation::interval()
{
    size_t at = m_at;
    const auto digits = [&] {
        const size_t first = at;
        while (at < m_pattern.size() && std::isdigit(static_cast<unsigned char>(m_pattern[at])))
            ++at;
        return std::string(m_pattern.substr(first, at - first));
    };
    const std::string least = digits();
    const bool range = at < m_pattern.size() && m_pattern[at] == ',';
    if (range)
        ++at;
    const std::string most = range ? digits() : least;
    if (at >= m_pattern.size() || m_pattern[at] != '}' || (least.empty() && most.empty())) {
        m_out += "\\{";
        return;
    }
    m_at = at + 1;
    // Oniguruma reads {n,m}+ as a repeated interval, PCRE2 as a possessive one.
    if (ahead("+") || (ahead("?") && !range))
        refuse(std::string("quantifier after an interval, ") + m_pattern[m_at] + ",");
    m_out += "{" + (least.empty() ? "0" : least) + (range ? "," + most : "") + "}";
}

std::string Translation::run()
{
    while (m_at < m_pattern.size()) {
        const char c = take();
        if (c == '\\')
            escape(false);
        else if (c == '[')
            bracket();
        else if (c == '(')
            group();
        else if (c == '{')
            interval();
        else if (c == '}')
            m_out += "\\}";
        else
            m_out += c;
    }
    return std::move(m_out);
}

} // namespace

std::string translateOniguruma(std::string_view pattern, const std::string& where)
{
    return Translation(pattern, where).run();
}

} // namespace moe::text
