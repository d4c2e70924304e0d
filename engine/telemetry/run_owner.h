// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace moe::telemetry {

/// Names this process so that others can tell whether it still lives: machine (boot and process
/// namespace), process id and its start time. "" where the system does not say.
std::string thisProcess();

/// Whether the process that `owner` names still lives. One of another machine is taken as living
/// while its run was updated in the last two minutes (`secondsSinceUpdate`).
bool isAlive(const std::string& owner, double secondsSinceUpdate);

} // namespace moe::telemetry
