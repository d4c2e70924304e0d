// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/text/regex.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::text {

/// The "decoder" of a tokenizer.json: tokens to text, in steps over the list of tokens.
class TokenDecoder {
public:
    /// Null: tokens joined by spaces. Throws for a kind or key that is not implemented, by name.
    TokenDecoder(const base::Json& json, const std::string& where);

    std::string decode(std::vector<std::string> tokens) const;
    /// The bytes that `token` adds to a text: behind others, or as the `first` of all.
    std::string bytesOf(std::string_view token, bool first) const;

private:
    enum class Kind { ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip };
    struct Step {
        Kind kind;
        std::optional<Regex> pattern; ///< Replace
        std::string text; ///< what replaces it; Metaspace: the mark; Strip: the character
        bool dropsFirst = false; ///< Metaspace: no space for the marks of the first token
        int64_t start = 0, stop = 0; ///< Strip: how many at most from each end
    };

    void add(const base::Json& json, const std::string& where);
    static void apply(const Step& step, std::vector<std::string>& tokens);

    std::vector<Step> m_steps;
    bool m_joinsWithSpaces = false;
};

} // namespace moe::text
