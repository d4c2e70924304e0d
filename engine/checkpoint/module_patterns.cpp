// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/module_patterns.h"

#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace moe::checkpoint {

namespace {

/// Whole text against whole pattern. On a mismatch the last star takes one character more.
bool globMatches(std::string_view pattern, std::string_view text)
{
    size_t p = 0, t = 0, star = std::string_view::npos, starText = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            starText = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++starText;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool matchesFromStart(const text::Regex& regex, const std::string& module)
{
    bool found = false;
    text::RegexScan(regex).forEachMatch(
        module, [&](size_t begin, size_t) { found = found || begin == 0; });
    return found;
}

} // namespace

void ModulePatterns::addAll(const base::Json* list, const std::string& where)
{
    if (!list || list->is_null())
        return;
    if (!list->is_array())
        throw Error("expected a list of module names", where, "as in [\"lm_head\"]");
    for (const base::Json& entry : *list) {
        if (!entry.is_string())
            throw Error("expected a list of module names", where, "as in [\"lm_head\"]");
        add(entry.get<std::string>(), where);
    }
}

void ModulePatterns::add(const std::string& pattern, const std::string& where)
{
    if (pattern.starts_with("re:"))
        m_regexes.emplace_back(pattern.substr(3), where);
    else if (pattern.find_first_of("*?") != std::string::npos)
        m_globs.push_back(pattern);
    else
        m_names.insert(pattern);
}

bool ModulePatterns::matches(const std::string& module) const
{
    const std::string_view name = module;
    if (m_names.contains(name))
        return true;
    for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1))
        if (m_names.contains(name.substr(0, dot)) || m_names.contains(name.substr(dot + 1)))
            return true;
    const auto glob = [&](const std::string& pattern) {
        return globMatches(pattern, name) || globMatches(pattern + ".*", name)
            || globMatches("*." + pattern, name);
    };
    return std::any_of(m_globs.begin(), m_globs.end(), glob)
        || std::any_of(m_regexes.begin(), m_regexes.end(),
            [&](const text::Regex& regex) { return matchesFromStart(regex, module); });
}

} // namespace moe::checkpoint
