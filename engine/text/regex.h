// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct pcre2_real_code_8;

namespace moe::text {

/// A pattern of a tokenizer file, written for the Oniguruma library, run by PCRE2 with UTF and UCP.
/// Const after construction: any thread. What cannot be said in PCRE2's words with the same meaning
/// is refused by name (translateOniguruma).
class Regex {
public:
    /// `where` is the file and key for messages. Throws when the pattern is wrong or unknown.
    Regex(const std::string& pattern, const std::string& where);
    /// One that matches this text and nothing else.
    static Regex literal(std::string_view text, const std::string& where);

private:
    friend class RegexScan;
    Regex() = default;
    void compile(const std::string& translated);

    std::string m_pattern, m_where;
    std::shared_ptr<const pcre2_real_code_8> m_code;
};

/// What looking for one pattern needs, in one thread, for any number of texts.
class RegexScan {
public:
    explicit RegexScan(const Regex& regex);
    ~RegexScan();
    RegexScan(const RegexScan&) = delete;
    RegexScan& operator=(const RegexScan&) = delete;

    /// Begin and end of each match in `text` (valid UTF-8) from left to right, without overlap; an
    /// empty match that follows a match directly is left out. Throws when it takes too long.
    void forEachMatch(
        std::string_view text, const std::function<void(size_t begin, size_t end)>& match);

private:
    struct Work;
    const Regex& m_regex;
    std::unique_ptr<Work> m_work;
};

/// The same pattern in PCRE2's syntax: \s is White_Space, \w letters, marks, decimal digits and
/// connectors, $ the end of a line. Throws for syntax whose meaning differs or is not known.
std::string translateOniguruma(std::string_view pattern, const std::string& where);

} // namespace moe::text
