// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/arguments.h"

#include <algorithm>

namespace moe::cli {

namespace {

constexpr size_t kWidth = 90;

/// Columns that UTF-8 text takes (our texts use no wide characters).
size_t columns(const std::string& text)
{
    return static_cast<size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, size_t width)
{
    return text + std::string(width > columns(text) ? width - columns(text) : 0, ' ');
}

/// Wraps at kWidth; following lines begin `indent` columns in. Line breaks in the text are kept.
std::string wrapped(const std::string& text, size_t indent)
{
    std::string out;
    size_t column = indent;
    for (size_t at = 0; at < text.size();) {
        if (text[at] == '\n') {
            out += '\n' + std::string(indent, ' ');
            column = indent;
            ++at;
            continue;
        }
        const size_t end = std::min(text.find_first_of(" \n", at), text.size());
        const std::string word = text.substr(at, end - at);
        const bool first = column == indent;
        if (!first && column + 1 + columns(word) > kWidth) {
            out += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (!first) {
            out += ' ';
            ++column;
        }
        out += word;
        column += columns(word);
        at = end < text.size() && text[end] == ' ' ? end + 1 : end;
    }
    return out;
}

std::string shown(const Option& option)
{
    return option.value.empty() ? option.name : option.name + " " + option.value;
}

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string table(const Rows& rows)
{
    size_t width = 0;
    for (const auto& row : rows)
        width = std::max(width, columns(row.first));
    std::string text;
    for (const auto& [left, right] : rows)
        text += "  " + padded(left, width) + "  " + wrapped(right, width + 4) + "\n";
    return text;
}

std::string usage(const Command& command, const std::string& path)
{
    std::string line = "Usage: moe " + path;
    if (!command.positionals.empty())
        line += " " + command.positionals;
    for (const Option& option : command.options) {
        const std::string repeated = option.repeats ? "…" : "";
        line += option.required ? " " + shown(option) + repeated
                                : " [" + shown(option) + "]" + repeated;
    }
    return wrapped(line, 0);
}

} // namespace

std::string helpOf(const Command& command, const std::string& path)
{
    if (!command.subcommands.empty())
        return helpOf(command.subcommands, path);
    Rows rows;
    for (const Option& option : command.options)
        rows.emplace_back(shown(option), option.meaning);
    rows.emplace_back("--help", "show this");
    std::string text = command.summary + ".\n\n" + usage(command, path) + "\n\n";
    if (!command.description.empty())
        text += wrapped(command.description, 0) + "\n\n";
    return text + "Options:\n" + table(rows);
}

std::string helpOf(const std::vector<Command>& commands, const std::string& path)
{
    Rows rows;
    for (const Command& command : commands)
        rows.emplace_back(command.name, command.summary);
    const std::string name = path.empty() ? "moe" : "moe " + path;
    std::string text;
    if (path.empty())
        text = "Trains, inspects and converts sparse mixture-of-experts language models.\n\n";
    text += "Usage: " + name + " COMMAND [options]\n\nCommands:\n" + table(rows) + "\n";
    text += name + " COMMAND --help explains one.";
    if (path.empty())
        text += " moe --version names this version.";
    return text + "\n";
}

} // namespace moe::cli
