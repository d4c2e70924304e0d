// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/jinja_value.h"

#include <string>

/// From values to text and back, as Python writes them.
namespace moe::text::jinja {

/// The escapes of a string literal; `line` for errors.
std::string unescape(const std::string& text, int line);
std::string realText(double value); ///< repr of a float: the shortest that reads back
std::string reprOfText(std::string_view text); ///< repr of a str
/// Appends str(value) or repr(value), charging each part, stopping once `out` is longer than
/// `limit`. Throws std::invalid_argument with our words for what Python prints with a memory
/// address.
void appendPlain(Interpreter& in, std::string& out, const Value& value, size_t limit);
void appendRepr(Interpreter& in, std::string& out, const Value& value, size_t limit, int depth = 0);

struct JsonStyle {
    bool ascii = false, sorted = false;
    std::optional<std::string> indent;
    std::string itemSeparator = ", ", keySeparator = ": ";
};
/// json.dumps. Throws std::invalid_argument with our words for what JSON cannot say.
void appendJson(Interpreter& in, std::string& out, const Value& value, const JsonStyle& style,
    size_t limit, int level = 0);

} // namespace moe::text::jinja
