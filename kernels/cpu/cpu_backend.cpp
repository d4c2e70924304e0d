// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/cpu_backend.h"
#include "kernels/devices.h"

#include "kernels/cpu/instruction_set.h"
#include "kernels/error.h"

#include <algorithm>
#include <sched.h>
#include <string>
#include <thread>

namespace moe::kernels {

namespace cpu {

namespace avx512bf16 {
Backend* makeBackend(int threads);
}
namespace avx512 {
Backend* makeBackend(int threads);
}
namespace avx2 {
Backend* makeBackend(int threads);
}
namespace portable {
Backend* makeBackend(int threads);
}

namespace {

struct CompiledSet {
    InstructionSet set;
    const char* name;
    bool runsHere;
    Backend* (*makeBackend)(int threads);
};

#if defined(MOE_WITH_AVX512) || defined(MOE_WITH_AVX512BF16)
bool hasAvx512()
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("fma");
}
#endif

/// What this build has (kernels/CMakeLists.txt, MOE_INSTRUCTION_SETS), best first.
std::vector<CompiledSet> compiledSets()
{
    std::vector<CompiledSet> sets;
#if defined(MOE_WITH_AVX512BF16)
    sets.push_back({InstructionSet::Avx512Bf16, "avx512bf16",
        hasAvx512() && __builtin_cpu_supports("avx512bf16")
            && __builtin_cpu_supports("avx512vbmi"), // all that has the first but Cooper Lake
        avx512bf16::makeBackend});
#endif
#if defined(MOE_WITH_AVX512)
    sets.push_back({InstructionSet::Avx512, "avx512", hasAvx512(), avx512::makeBackend});
#endif
#if defined(MOE_WITH_AVX2)
    sets.push_back({InstructionSet::Avx2, "avx2",
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
            && __builtin_cpu_supports("f16c"),
        avx2::makeBackend});
#endif
    sets.push_back({InstructionSet::Portable, "portable", true, portable::makeBackend});
    return sets;
}

const CompiledSet& compiled(InstructionSet set)
{
    static const std::vector<CompiledSet> sets = compiledSets();
    const auto found = std::find_if(
        sets.begin(), sets.end(), [set](const CompiledSet& one) { return one.set == set; });
    return found == sets.end() ? sets.back() : *found;
}

} // namespace

const char* nameOf(InstructionSet set)
{
    return compiled(set).name;
}

std::vector<InstructionSet> availableSets()
{
    std::vector<InstructionSet> available;
    for (const CompiledSet& one : compiledSets())
        if (one.runsHere)
            available.push_back(one.set);
    return available;
}

std::unique_ptr<Backend> makeBackend(InstructionSet set, int threads)
{
    return std::unique_ptr<Backend>(compiled(set).makeBackend(threads));
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
