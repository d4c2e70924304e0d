// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/run_owner.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace moe::telemetry {

namespace {

constexpr double kSilenceSeconds = 120;

std::string machine()
{
    std::string boot;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
    // Containers share the boot but not the process ids.
    std::error_code ignored;
    return boot + " " + std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
}

/// Start time in clock ticks since boot: the 22nd field of /proc/PID/stat. The second one, the
/// program's name in parentheses, may hold spaces.
std::string startTime(const std::string& process)
{
    std::ifstream file("/proc/" + process + "/stat");
    std::stringstream text;
    text << file.rdbuf();
    const std::string line = text.str();
    const size_t name = line.rfind(')');
    if (name == std::string::npos)
        return "";
    std::istringstream fields(line.substr(name + 1));
    std::string field;
    std::string state;
    fields >> state; // field 3
    for (int i = 4; i <= 22; ++i)
        fields >> field;
    return state == "Z" || state == "X" ? "" : field;
}

} // namespace

std::string thisProcess()
{
    const std::string process = std::to_string(::getpid());
    return machine() + " " + process + " " + startTime(process);
}

bool isAlive(const std::string& owner, double secondsSinceUpdate)
{
    std::istringstream fields(owner);
    std::string boot;
    std::string space;
    std::string process;
    std::string start;
    fields >> boot >> space >> process >> start;
    if (boot + " " + space != machine())
        return secondsSinceUpdate < kSilenceSeconds;
    return !start.empty() && startTime(process) == start;
}

} // namespace moe::telemetry
