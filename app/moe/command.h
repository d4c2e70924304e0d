// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace moe::cli {

/// An option as --help shows it and as the parser takes it.
struct Option {
    std::string name; ///< "--threads"
    std::string value; ///< what stands for its value in the help ("N"); empty: a switch
    std::string meaning; ///< a sentence without a full stop
    bool required = false;
    bool repeats = false; ///< may be given several times
};

/// Those that mean the same in every command.
Option jsonOption();
Option quietOption();
Option threadsOption();
Option deviceOption();
Option storeOption();

/// A checked command line: every option is known, every required one there.
class Arguments {
public:
    std::string command; ///< "upcycle", "runs show"
    std::vector<std::string> positionals;
    std::map<std::string, std::vector<std::string>> options; ///< by name; a switch has no values

    bool has(const std::string& option) const;
    std::string text(const std::string& option, const std::string& fallback = "") const;
    /// The same; throws UsageError when it is given and empty.
    std::string filledText(const std::string& option, const std::string& fallback = "") const;
    std::vector<std::string> all(const std::string& option) const;
    /// Throw UsageError for what is no number or out of range.
    int64_t integer(const std::string& option, int64_t least, int64_t most, int64_t fallback) const;
    double number(const std::string& option, double least, double most, double fallback) const;
    /// Token ids, "1,2,3"; none when the option is absent or empty. Throws UsageError.
    std::vector<int32_t> ids(const std::string& option) const;
    /// --threads, 0 (all cores) when absent.
    int threads() const;
    /// --device, "cpu" when absent. Throws for one that is not there.
    std::string device() const;
};

/// One command of the table. Either `run` or `subcommands` is set.
struct Command {
    std::string name;
    std::string summary; ///< one line of `moe --help`, without a full stop
    std::string positionals; ///< as the usage line shows them: "RUN.json", "SRC…"
    int leastPositionals = 0, mostPositionals = 0; ///< most −1: any number
    std::vector<Option> options; ///< --help is added to all
    std::string description; ///< paragraphs of --help, below the usage line
    /// Returns the exit status. Throws moe::Error. Writes standard output only when all went well.
    std::function<int(const Arguments&)> run;
    std::vector<Command> subcommands;
};

/// Finds the command, answers --help and --version, checks the options and runs it. Any failure
/// ends standard error with one line "moe: error: WHAT: WHERE: REMEDY"; returns the exit status
/// (0, 1 failed, 2 wrong usage, 128 + signal when cancelled).
int runCommandLine(const std::vector<Command>& commands, const std::vector<std::string>& words);

} // namespace moe::cli
