// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/arguments.h"

#include "engine/base/json.h"
#include "kernels/devices.h"
#include "kernels/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace moe::cli {

namespace {

std::string where(const std::string& path)
{
    return "moe " + path;
}

std::string moreHelp(const std::string& path)
{
    return "moe " + path + " --help lists the options";
}

const Option* find(const Command& command, const std::string& name)
{
    const auto found = std::find_if(command.options.begin(), command.options.end(),
        [&](const Option& option) { return option.name == name; });
    return found == command.options.end() ? nullptr : &*found;
}

const Option& known(const Command& command, const std::string& name, const std::string& path)
{
    if (const Option* option = find(command, name))
        return *option;
    std::vector<std::string> names{"--help"};
    for (const Option& option : command.options)
        names.push_back(option.name);
    const std::string near = base::nearestWord(name, names);
    throw UsageError("unknown option " + name.substr(0, 80), where(path),
        near.empty() ? moreHelp(path) : "did you mean " + near + "?");
}

void checkCounts(const Command& command, const Arguments& arguments, const std::string& path)
{
    for (const Option& option : command.options) {
        if (option.required && !arguments.has(option.name))
            throw UsageError("missing option " + option.name, where(path),
                "add " + option.name + " " + option.value);
    }
    const auto count = static_cast<int>(arguments.positionals.size());
    if (count < command.leastPositionals)
        throw UsageError("missing argument", where(path), "name " + command.positionals);
    if (command.mostPositionals >= 0 && count > command.mostPositionals) {
        const std::string& first
            = arguments.positionals[static_cast<size_t>(command.mostPositionals)];
        throw UsageError(
            "unexpected argument \"" + first.substr(0, 80) + "\"", where(path), moreHelp(path));
    }
}

/// Reads the whole of `text` as a number, or throws.
template <typename T>
T parseNumber(const std::string& text, const std::string& option, const std::string& command,
    T least, T most, const std::string& range)
{
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
    if (!whole || !(value >= least && value <= most))
        throw UsageError(option + " " + text.substr(0, 80), where(command), "a number " + range);
    return value;
}

std::string shortText(double value)
{
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

} // namespace

Option jsonOption()
{
    return {"--json", "", "print one JSON object on standard output, and nothing else"};
}

Option quietOption()
{
    return {"--quiet", "", "no progress and no warnings on standard error"};
}

Option threadsOption()
{
    return {"--threads", "N", "threads in all (default: as many as there are cores)"};
}

Option deviceOption()
{
    return {"--device", "D", "what computes: cpu (default)"};
}

Option storeOption()
{
    return {"--store", "FILE",
        "the run store (default: $MOE_STORE, else $XDG_DATA_HOME/moe-workbench/store.sqlite)"};
}

bool Arguments::has(const std::string& option) const
{
    return options.contains(option);
}

std::vector<std::string> Arguments::all(const std::string& option) const
{
    const auto found = options.find(option);
    return found == options.end() ? std::vector<std::string>{} : found->second;
}

std::string Arguments::text(const std::string& option, const std::string& fallback) const
{
    const std::vector<std::string> values = all(option);
    return values.empty() ? fallback : values.back();
}

std::string Arguments::filledText(const std::string& option, const std::string& fallback) const
{
    if (has(option) && text(option).empty())
        throw UsageError(option + " is empty", where(command), "write something after it");
    return text(option, fallback);
}

int64_t Arguments::integer(
    const std::string& option, int64_t least, int64_t most, int64_t fallback) const
{
    if (!has(option))
        return fallback;
    return parseNumber<int64_t>(text(option), option, command, least, most,
        "from " + std::to_string(least) + " to " + std::to_string(most) + ", without a fraction");
}

double Arguments::number(
    const std::string& option, double least, double most, double fallback) const
{
    if (!has(option))
        return fallback;
    return parseNumber<double>(text(option), option, command, least, most,
        "from " + shortText(least) + " to " + shortText(most));
}

std::vector<int32_t> Arguments::ids(const std::string& option) const
{
    const std::string list = text(option);
    std::vector<int32_t> ids;
    const char* at = list.data();
    const char* const end = at + list.size();
    while (at < end) {
        int32_t id = 0;
        const auto [behind, error] = std::from_chars(at, end, id);
        if (error != std::errc() || (behind < end && *behind != ',') || behind + 1 == end)
            throw UsageError("\"" + list.substr(0, 80) + "\" is no list of token ids",
                where(command), option + " 1,2,3");
        ids.push_back(id);
        at = behind + (behind < end);
    }
    return ids;
}

int Arguments::threads() const
{
    return static_cast<int>(integer("--threads", 0, kernels::kMostThreads, 0));
}

std::string Arguments::device() const
{
    const std::string name = filledText("--device", "cpu");
    kernels::checkDevice(name);
    return name;
}

Arguments parseArguments(
    const Command& command, const std::string& path, const std::vector<std::string>& words)
{
    Arguments arguments;
    arguments.command = path;
    if (std::find(words.begin(), std::find(words.begin(), words.end(), "--"), "--help")
        != std::find(words.begin(), words.end(), "--")) {
        arguments.options["--help"];
        return arguments;
    }
    bool optionsEnded = false;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (optionsEnded || word.size() < 2 || word[0] != '-') {
            arguments.positionals.push_back(word);
            continue;
        }
        if (word == "--") {
            optionsEnded = true;
            continue;
        }
        const size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const Option& option = known(command, name, path);
        if (arguments.has(name) && !option.repeats)
            throw UsageError(name + " is given twice", where(path), "give it once");
        std::vector<std::string>& values = arguments.options[name];
        if (option.value.empty()) {
            if (equals != std::string::npos)
                throw UsageError(name + " takes no value", where(path), "write " + name);
        } else if (equals != std::string::npos) {
            values.push_back(word.substr(equals + 1));
        } else if (i + 1 < words.size() && !find(command, words[i + 1])) {
            values.push_back(words[++i]);
        } else {
            throw UsageError(
                name + " wants a value", where(path), "write " + name + " " + option.value);
        }
    }
    checkCounts(command, arguments, path);
    return arguments;
}

} // namespace moe::cli
