// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// kernel_bench [THREADS [REPEATS]]: every operation of a training step at the two shapes of the
// speed table, and the step that their best times add up to.
#include "kernels/bench.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/error.h"
#include "kernels/peak.h"

#include <cstdio>
#include <cstdlib>

using namespace moe::kernels;

namespace {

void print(const BenchResult& result, double peak, double step)
{
    const double seconds = result.seconds * static_cast<double>(result.callsPerStep);
    std::printf("  %-28s %9.3f ms  %5.1f %% of the step", result.operation.c_str(),
        result.seconds * 1e3, 100 * seconds / step);
    if (result.operations > 0)
        std::printf("  %7.1f GFLOP/s  %5.1f %% of peak\n",
            result.operations / result.seconds * 1e-9,
            100 * result.operations / result.seconds / peak);
    else
        std::printf("  %7.1f GB/s\n", result.bytes / result.seconds * 1e-9);
}

void benchShape(Backend& backend, const BenchShape& shape, DType act, int repeats)
{
    const double peak = measureMatmulPeak(backend, act);
    const std::vector<BenchResult> results = benchKernels(backend, shape, act, repeats);
    const double step = stepSeconds(results);
    double operations = 0;
    for (const BenchResult& result : results)
        operations += result.operations * static_cast<double>(result.callsPerStep);
    std::printf("%s, %s: peak %.1f GFLOP/s\n", shape.name.c_str(), nameOf(act), peak * 1e-9);
    for (const BenchResult& result : results)
        print(result, peak, step);
    std::printf("  a step of %ld tokens: %.3f s, %.0f tokens/s, %.1f %% of peak\n\n",
        static_cast<long>(shape.tokens()), step, static_cast<double>(shape.tokens()) / step,
        100 * operations / step / peak);
}

} // namespace

int main(int argc, char** argv)
{
    try {
        const auto backend = makeCpuBackend(argc > 1 ? std::atoi(argv[1]) : 0);
        const int repeats = argc > 2 ? std::atoi(argv[2]) : 5;
        for (const BenchShape& shape : {smallBenchShape(), midBenchShape()})
            for (const DType act : {DType::Float32, DType::BFloat16})
                benchShape(*backend, shape, act, repeats);
        return 0;
    } catch (const moe::Error& error) {
        std::fprintf(stderr, "kernel_bench: error: %s\n", error.what());
        return 1;
    }
}
