// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/moe/command.h"

namespace moe::cli {

// One file a command; main.cpp lists them in the order of moe --help.
Command corpusCommand();
Command trainCommand();
Command upcycleCommand();
Command quantizeCommand();
Command tokenizeCommand();
Command generateCommand();
Command chatCommand();
Command serveCommand();
Command logitsCommand();
Command evalCommand();
Command runsCommand();
Command benchCommand();
Command devicesCommand();
Command selftestCommand();

} // namespace moe::cli
