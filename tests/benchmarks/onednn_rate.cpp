// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// oneDNN's matmul beside the CPU backend's projection, both on all cores: y [M, N] = x [M, K] · Wᵀ,
// weights packed beforehand by each. The shapes are those of the speed table's models; the first is
// the machine's ceiling.
#include "kernels/cpu/cpu_backend.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

using namespace moe::kernels;

namespace {

struct Product {
    const char* name;
    int64_t m, k, n;

    double operations() const
    {
        return 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
    }
};

constexpr Product kProducts[] = {
    {"ceiling", 1024, 1024, 1024},
    {"small qkv", 2048, 256, 768},
    {"small expert gate and up", 320, 256, 1024},
    {"small expert down", 320, 512, 256},
    {"mid qkv", 2048, 512, 1536},
    {"mid expert gate and up", 320, 512, 2816},
    {"mid expert down", 320, 1408, 512},
    {"mid head", 512, 512, 16384},
};

/// Operations a second, the best of several short rounds.
double bestRate(double operations, const std::function<void()>& product)
{
    using Clock = std::chrono::steady_clock;
    const int calls = std::max(1, static_cast<int>(2e9 / operations));
    double best = 0;
    for (int round = 0; round < 10; ++round) {
        const auto start = Clock::now();
        for (int call = 0; call < calls; ++call)
            product();
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        best = std::max(best, calls * operations / seconds);
    }
    return best;
}

double rateOfOneDnn(const Product& p, DType type)
{
    using namespace dnnl;
    const auto dataType = type == DType::Float32 ? memory::data_type::f32 : memory::data_type::bf16;
    engine engine(engine::kind::cpu, 0);
    stream stream(engine);
    const memory::desc x({p.m, p.k}, dataType, memory::format_tag::ab);
    const memory::desc weights({p.k, p.n}, dataType, memory::format_tag::any);
    const memory::desc y({p.m, p.n}, dataType, memory::format_tag::ab);
    const matmul::primitive_desc description(matmul::desc(x, weights, y), engine);
    memory xMemory(x, engine), yMemory(y, engine), weightMemory(description.weights_desc(), engine);
    for (const memory& buffer : {xMemory, yMemory, weightMemory})
        std::memset(buffer.get_data_handle(), 0, buffer.get_desc().get_size());
    const matmul primitive(description);
    return bestRate(p.operations(), [&] {
        primitive.execute(stream,
            {{DNNL_ARG_SRC, xMemory}, {DNNL_ARG_WEIGHTS, weightMemory}, {DNNL_ARG_DST, yMemory}});
        stream.wait();
    });
}

double rateOfOurs(Backend& backend, const Product& p, DType type)
{
    const Tensor x = backend.allocate({p.m, p.k}, type, MemoryKind::Activations);
    const Tensor master = backend.allocate({1, p.n, p.k}, DType::Float32, MemoryKind::Weights);
    const Tensor y = backend.allocate({p.m, p.n}, type, MemoryKind::Activations);
    backend.zero(x);
    backend.zero(master);
    const auto weights = backend.createPacked({1, p.n, p.k}, type);
    backend.pack(*weights, master);
    return bestRate(p.operations(), [&] {
        backend.projectionForward(x, *weights, {}, y);
        backend.synchronize();
    });
}

} // namespace

int main(int count, char** words)
{
    const bool json = count > 1 && std::strcmp(words[1], "--json") == 0;
    const auto backend = makeCpuBackend();
    if (!json)
        std::printf("%-26s %-9s %14s %14s %6s\n", "product", "type", "oneDNN GFLOP/s",
            "ours GFLOP/s", "ratio");
    for (const DType type : {DType::Float32, DType::BFloat16}) {
        for (const Product& product : kProducts) {
            const double theirs = rateOfOneDnn(product, type);
            const double ours = rateOfOurs(*backend, product, type);
            if (json) {
                std::printf("%s\"%s\": {\"onednn\": %.6g, \"ours\": %.6g}%s",
                    type == DType::Float32 ? "{" : ", ", nameOf(type), theirs, ours,
                    type == DType::Float32 ? "" : "}\n");
                break; // the ceiling alone
            }
            std::printf("%-26s %-9s %14.1f %14.1f %6.2f\n", product.name, nameOf(type),
                theirs / 1e9, ours / 1e9, ours / theirs);
        }
    }
    return 0;
}
