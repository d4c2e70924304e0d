// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/jinja_value.h"

#include <string>
#include <string_view>
#include <vector>

namespace moe::text::jinja {

struct Token {
    enum class Kind {
        Data,
        BlockBegin,
        BlockEnd,
        VariableBegin,
        VariableEnd,
        Name,
        Text,
        Whole,
        Real,
        Sign,
        End
    };
    Kind kind = Kind::End;
    int line = 1;
    std::string text; ///< data, name, string, or the sign itself
    Value number;

    bool isName(std::string_view name) const { return kind == Kind::Name && text == name; }
    bool isSign(std::string_view sign) const { return kind == Kind::Sign && text == sign; }
};

/// As jinja2 does with trim_blocks and lstrip_blocks and no line statements; comments and raw
/// blocks are already dealt with. The last token is End. Throws moe::Error with the line.
std::vector<Token> tokenize(std::string_view source);

/// The one form of an error in a template: "what: chat template, line N: remedy".
[[noreturn]] void failAt(
    int line, const std::string& what, const std::string& remedy = "mend the chat template");

} // namespace moe::text::jinja
