// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/arguments.h"
#include "app/moe/command.h"
#include "app/moe/signals.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "kernels/error.h"

#include <cstdio>
#include <filesystem>
#include <new>
#include <system_error>

namespace moe::cli {

namespace {

const Command& choose(
    const std::vector<Command>& commands, const std::string& name, const std::string& path)
{
    const std::string program = path.empty() ? "moe" : "moe " + path;
    std::vector<std::string> names;
    for (const Command& command : commands) {
        if (command.name == name)
            return command;
        names.push_back(command.name);
    }
    const std::string near = base::nearestWord(name, names);
    throw UsageError("unknown command \"" + name.substr(0, 80) + "\"", program,
        near.empty() ? program + " --help lists them" : "did you mean " + near + "?");
}

/// Prints on standard output; what cannot be written is a failure like any other.
void finishOutput()
{
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
        throw Error("cannot write", "standard output", "check where it leads, or free some space");
}

int print(const std::string& text)
{
    std::fputs(text.c_str(), stdout);
    finishOutput();
    return 0;
}

int runCommand(
    const Command& command, const std::string& path, const std::vector<std::string>& words)
{
    const Arguments arguments = parseArguments(command, path, words);
    if (arguments.has("--help"))
        return print(helpOf(command, path));
    if (arguments.has("--quiet"))
        base::setLogSink([](base::LogLevel, const std::string&) {});
    const int status = command.run(arguments);
    finishOutput();
    return status;
}

int runTable(
    const std::vector<Command>& commands, const std::string& path, std::vector<std::string> words)
{
    const std::string program = path.empty() ? "moe" : "moe " + path;
    if (words.empty())
        throw UsageError("no command", program, program + " --help lists them");
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help")
        return print(helpOf(commands, path));
    if (path.empty() && (words[0] == "--version" || words[0] == "version"))
        return print("moe " MOE_VERSION "\n");
    const Command& command = choose(commands, words[0], path);
    words.erase(words.begin());
    const std::string deeper = path.empty() ? command.name : path + " " + command.name;
    if (!command.subcommands.empty())
        return runTable(command.subcommands, deeper, std::move(words));
    return runCommand(command, deeper, words);
}

/// Long paths and values are cut in the middle: what is wrong stands at the line's beginning, and
/// what would be right at its end.
std::string readable(const std::string& line)
{
    constexpr size_t kHead = 600, kTail = 300;
    if (line.size() <= kHead + kTail)
        return line;
    const auto continues = [&](size_t at) { // inside a character of UTF-8
        return (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80;
    };
    size_t head = kHead, tail = line.size() - kTail;
    while (head > 0 && continues(head))
        --head;
    while (tail < line.size() && continues(tail))
        ++tail;
    return line.substr(0, head) + " … " + line.substr(tail);
}

int fail(int status, const std::string& line)
{
    std::fprintf(stderr, "moe: error: %s\n", readable(line).c_str());
    return status;
}

} // namespace

int runCommandLine(const std::vector<Command>& commands, const std::vector<std::string>& words)
{
    try {
        return runTable(commands, "", words);
    } catch (const UsageError& error) {
        return fail(2, error.what());
    } catch (const Cancelled& error) {
        return fail(caughtSignal() ? 128 + caughtSignal() : 1, error.what());
    } catch (const Error& error) {
        return fail(1, error.what());
    } catch (const std::bad_alloc&) {
        return fail(1, "out of memory: this machine: a smaller model or batch, or close programs");
    } catch (const std::filesystem::filesystem_error& error) {
        const Error ours("cannot be used", error.path1().string(),
            error.code() == std::errc::no_space_on_device ? "the disk is full, free some space"
                                                          : "check the path and its permissions");
        return fail(1, ours.what());
    } catch (const std::exception&) {
        return fail(1, "an error that we did not foresee: moe: please report what you did");
    }
}

} // namespace moe::cli
