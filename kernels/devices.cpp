// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/devices.h"

#include "kernels/cpu/cpu_backend.h"
#include "kernels/error.h"

#include <algorithm>

namespace moe::kernels {

namespace {

bool isCuda(const std::string& name)
{
    if (!name.starts_with("cuda"))
        return false;
    return name.size() == 4
        || (name.size() > 5 && name[4] == ':'
            && std::all_of(
                name.begin() + 5, name.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

} // namespace

void checkDevice(const std::string& name)
{
    if (name == "cpu")
        return;
    if (isCuda(name))
        throw Error("there is no device " + name.substr(0, 40) + " here", "--device",
            "cpu, which moe devices describes");
    throw UsageError("no device is called \"" + name.substr(0, 40) + "\"", "--device",
        "cpu, the device that is here");
}

std::unique_ptr<Backend> makeBackend(const std::string& device, int threads)
{
    checkDevice(device);
    return makeCpuBackend(threads);
}

} // namespace moe::kernels
