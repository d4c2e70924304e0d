// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/text/regex.h"

#include <set>
#include <string>
#include <vector>

namespace moe::checkpoint {

/// A list of modules as quantised checkpoints name them, in the manners of the programs that write
/// them: "lm_head" and "model.layers.3.mlp.gate" mean the module, what is in it, and whatever ends
/// in ".lm_head"; "*" and "?" stand for any text and any character ("model.layers.*.gate*");
/// "re:…" is a regular expression that matches from the name's start on.
class ModulePatterns {
public:
    /// `where` is file and key. Throws moe::Error for a regular expression that is not understood.
    void add(const std::string& pattern, const std::string& where);
    /// A JSON list of texts; null adds none.
    void addAll(const base::Json* list, const std::string& where);
    bool matches(const std::string& module) const;

private:
    std::set<std::string, std::less<>> m_names;
    std::vector<std::string> m_globs;
    std::vector<text::Regex> m_regexes;
};

} // namespace moe::checkpoint
