// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"

#include <csignal>

int main(int count, char** words)
{
    using namespace moe::cli;
    // A file that reaches the process's size limit is then an error like a full disk.
    std::signal(SIGXFSZ, SIG_IGN);
    // A reader of our progress that goes away must not take the training with it.
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<Command> commands{
        corpusCommand(),
        trainCommand(),
        upcycleCommand(),
        quantizeCommand(),
        tokenizeCommand(),
        generateCommand(),
        chatCommand(),
        serveCommand(),
        logitsCommand(),
        evalCommand(),
        runsCommand(),
        benchCommand(),
        devicesCommand(),
        selftestCommand(),
    };
    return runCommandLine(commands, std::vector<std::string>(words + (count > 0), words + count));
}
