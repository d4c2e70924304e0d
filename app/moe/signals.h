// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

namespace moe::cli {

/// From now on Ctrl-C (SIGINT), SIGTERM and, unless nohup ignores it, SIGHUP ask the work to stop
/// through the returned token instead of ending the process; a second one ends it at once. Call
/// once, before other threads start.
std::stop_token stopOnSignals();

/// The signal that came, 0 when none did.
int caughtSignal();

} // namespace moe::cli
