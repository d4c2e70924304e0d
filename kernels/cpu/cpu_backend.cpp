// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/cpu_backend.h"
#include "kernels/devices.h"

#include "kernels/cpu/instruction_set.h"
#include "kernels/error.h"

#include <sched.h>
#include <string>
#include <thread>

namespace moe::kernels {

namespace cpu {

#if defined(__x86_64__)
namespace avx512bf16 {
Backend* makeBackend(int threads);
}
namespace avx512 {
Backend* makeBackend(int threads);
}
namespace avx2 {
Backend* makeBackend(int threads);
}
#endif
namespace portable {
Backend* makeBackend(int threads);
}

const char* nameOf(InstructionSet set)
{
    switch (set) {
    case InstructionSet::Avx512Bf16:
        return "avx512bf16";
    case InstructionSet::Avx512:
        return "avx512";
    case InstructionSet::Avx2:
        return "avx2";
    case InstructionSet::Portable:
        break;
    }
    return "portable";
}

std::vector<InstructionSet> availableSets()
{
    std::vector<InstructionSet> sets;
#if defined(__x86_64__)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("fma");
    if (avx512 && __builtin_cpu_supports("avx512bf16")
        && __builtin_cpu_supports("avx512vbmi")) // all that has the first but Cooper Lake
        sets.push_back(InstructionSet::Avx512Bf16);
    if (avx512)
        sets.push_back(InstructionSet::Avx512);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("f16c"))
        sets.push_back(InstructionSet::Avx2);
#endif
    sets.push_back(InstructionSet::Portable);
    return sets;
}

std::unique_ptr<Backend> makeBackend(InstructionSet set, int threads)
{
    switch (set) {
#if defined(__x86_64__)
    case InstructionSet::Avx512Bf16:
        return std::unique_ptr<Backend>(avx512bf16::makeBackend(threads));
    case InstructionSet::Avx512:
        return std::unique_ptr<Backend>(avx512::makeBackend(threads));
    case InstructionSet::Avx2:
        return std::unique_ptr<Backend>(avx2::makeBackend(threads));
#endif
    default:
        return std::unique_ptr<Backend>(portable::makeBackend(threads));
    }
}

} // namespace cpu

std::unique_ptr<Backend> makeCpuBackend(int threads)
{
    if (threads < 0 || threads > kMostThreads)
        throw Error("wrong number of threads", std::to_string(threads),
            "1 to " + std::to_string(kMostThreads) + ", or 0 for all cores");
    return cpu::makeBackend(
        cpu::availableSets().front(), threads == 0 ? availableCores() : threads);
}

int availableCores()
{
#if defined(__linux__)
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
        return CPU_COUNT(&cores);
#endif
    const unsigned known = std::thread::hardware_concurrency();
    return known > 0 ? static_cast<int>(known) : 1;
}

} // namespace moe::kernels
