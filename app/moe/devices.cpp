// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "app/moe/machine.h"
#include "engine/base/json.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/peak.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace moe::cli {

namespace {

using base::Json;

Json deviceJson(const Arguments& arguments)
{
    const Machine machine = describeMachine();
    const int cores = kernels::availableCores();
    const int threads = arguments.threads() ? arguments.threads() : cores;
    Json device{{"device", "cpu"}, {"name", machine.processor}, {"cores", cores},
        {"instruction_sets", machine.instructionSets}, {"memory_bytes", machine.memoryBytes},
        {"free_memory_bytes", machine.freeMemoryBytes}};
    if (arguments.has("--measure")) {
        device["read_bandwidth"] = kernels::measureReadBandwidth(threads);
        const auto backend = kernels::makeCpuBackend(threads);
        for (const kernels::DType dtype : {kernels::DType::Float32, kernels::DType::BFloat16})
            device["matmul_peak"][kernels::nameOf(dtype)]
                = kernels::measureMatmulPeak(*backend, dtype);
    }
    return device;
}

void printForPeople(const Json& device)
{
    std::string sets;
    for (const Json& set : device["instruction_sets"])
        sets += (sets.empty() ? "" : ", ") + set.get<std::string>();
    std::printf("cpu\n  name             %s\n  cores            %d\n  instruction sets %s\n",
        device["name"].get<std::string>().c_str(), device["cores"].get<int>(),
        sets.empty() ? "none of those we use" : sets.c_str());
    std::printf("  memory           %.1f GB, %.1f GB free\n",
        device["memory_bytes"].get<double>() / 1e9,
        device["free_memory_bytes"].get<double>() / 1e9);
    if (!device.contains("read_bandwidth"))
        return;
    for (const auto& [dtype, rate] : device["matmul_peak"].items())
        std::printf("  matmul %-9s %.1f GFLOP/s\n", dtype.c_str(), rate.get<double>() / 1e9);
    std::printf("  read bandwidth   %.1f GB/s\n", device["read_bandwidth"].get<double>() / 1e9);
}

int run(const Arguments& arguments)
{
    const Json device = deviceJson(arguments);
    if (arguments.has("--json"))
        std::puts(Json{{"devices", Json::array({device})}}.dump().c_str());
    else
        printForPeople(device);
    return 0;
}

} // namespace

Command devicesCommand()
{
    Command command;
    command.name = "devices";
    command.summary = "Shows what this machine computes with";
    command.options = {{"--measure", "", "also measure, for some seconds, what it can do"},
        threadsOption(), jsonOption()};
    command.description = "Names the processor, its cores, the instruction sets that our kernels "
                          "have paths for, and its memory. With --measure also the bytes a second "
                          "that all threads read from memory together, and the operations a second "
                          "of a large matrix product, of which MFU is a share.";
    command.run = run;
    return command;
}

} // namespace moe::cli
