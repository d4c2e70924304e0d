// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// moe bench kernels: the products that inference is made of, beside the machine's roofs.
#include "app/moe/bench_commands.h"
#include "engine/base/json.h"
#include "kernels/devices.h"
#include "kernels/peak.h"
#include "kernels/stored_bench.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace moe::cli {

namespace {

int benchKernels(const Arguments& arguments)
{
    const auto backend = kernels::makeBackend(arguments.device(), arguments.threads());
    const auto readRate = [&] {
        return kernels::measureReadBandwidth(arguments.threads(), kernels::kStoredBenchBytes);
    };
    double read = readRate();
    double multiply = kernels::measureMatmulPeak(*backend, kernels::DType::BFloat16);
    const auto results = kernels::benchStoredProducts(*backend);
    read = std::max(read, readRate());
    multiply = std::max(multiply, kernels::measureMatmulPeak(*backend, kernels::DType::BFloat16));
    base::Json list = base::Json::array();
    if (!arguments.has("--json"))
        std::printf("read %.1f GB/s, bfloat16 products %.0f GFLOP/s\n"
                    "weights  tokens     in    out    GB/s  share  GFLOP/s  share\n",
            read * 1e-9, multiply * 1e-9);
    for (const kernels::StoredBenchResult& result : results) {
        const double bytes = result.bytes / result.seconds;
        const double operations = result.operations() / result.seconds;
        if (!arguments.has("--json"))
            std::printf("%-8s %6ld %6ld %6ld  %6.1f  %4.0f%%  %7.0f  %4.0f%%\n",
                result.format.c_str(), static_cast<long>(result.tokens),
                static_cast<long>(result.in), static_cast<long>(result.out), bytes * 1e-9,
                100 * bytes / read, operations * 1e-9, 100 * operations / multiply);
        list.push_back({{"weights", result.format}, {"tokens", result.tokens}, {"in", result.in},
            {"out", result.out}, {"seconds", result.seconds},
            {"read_bandwidth_fraction", bytes / read}, {"matmul_fraction", operations / multiply}});
    }
    if (arguments.has("--json")) {
        const base::Json json{{"read_bytes_per_second", read},
            {"matmul_operations_per_second", multiply}, {"products", list}};
        std::puts(json.dump().c_str());
    }
    return 0;
}

} // namespace

Command benchKernelsCommand()
{
    Command command;
    command.name = "kernels";
    command.summary = "Measures products with stored weights";
    command.options = {deviceOption(), threadsOption(), jsonOption()};
    command.description = "Multiplies 1 to 512 tokens by FP8, BF16 and MXFP4 matrices of an "
                          "expert's shapes. The shares are of the read rate and the bfloat16 "
                          "product rate that the machine shows in the same run: few tokens wait "
                          "for memory, many for arithmetic.";
    command.run = benchKernels;
    return command;
}

} // namespace moe::cli
