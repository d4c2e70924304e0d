// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"

int main(int count, char** words)
{
    using namespace moe::cli;
    const std::vector<Command> commands{
        corpusCommand(),
        runsCommand(),
        devicesCommand(),
    };
    return runCommandLine(commands, std::vector<std::string>(words + (count > 0), words + count));
}
