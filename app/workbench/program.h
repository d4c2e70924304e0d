// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace moe::workbench {

struct Options;

/// Makes the window, does what the options ask, and runs until it is closed. Returns the exit
/// status: 0 done, 1 failed, 130 and 143 after signals (what ran is saved).
int runProgram(int& argc, char** argv, const Options& options);

} // namespace moe::workbench
