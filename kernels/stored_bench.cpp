// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/stored_bench.h"

#include "kernels/stored_matrix.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace moe::kernels {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 3;
constexpr double kRoundOperations = 2e10; // then a round is long enough

struct Format {
    WeightFormat format;
    const char* name;
};
constexpr Format kFormats[] = {{WeightFormat::Float8E4M3, "e4m3"}, {WeightFormat::BFloat16, "bf16"},
    {WeightFormat::MxFloat4, "mxfp4"}};

/// Matrices one behind the other in one piece of memory.
std::vector<std::unique_ptr<PlacedMatrix>> placeAll(Backend& backend, WeightFormat format,
    int64_t out, int64_t in, const std::vector<std::byte>& codes,
    const std::vector<uint8_t>& exponents)
{
    StoredMatrix matrix;
    matrix.format = format;
    matrix.out = out;
    matrix.in = in;
    matrix.rowBytes = codeBytes(format, in);
    matrix.exponents = exponents.data();
    matrix.exponentRowBytes = in / kMxBlock;
    std::vector<std::unique_ptr<PlacedMatrix>> placed;
    for (int64_t at = 0; at + out * matrix.rowBytes <= kStoredBenchBytes;
         at += out * matrix.rowBytes) {
        matrix.codes = codes.data() + at;
        placed.push_back(backend.place(matrix));
    }
    return placed;
}

} // namespace

std::vector<StoredBenchResult> benchStoredProducts(Backend& backend)
{
    constexpr int64_t kHidden = 1024, kFfn = 2816;
    std::vector<std::byte> codes(static_cast<size_t>(kStoredBenchBytes));
    for (size_t i = 0; i < codes.size(); ++i) // normal numbers in every format
        codes[i] = static_cast<std::byte>(((i * 2654435761U >> 13U) & 0x17U) | 0x20U);
    const std::vector<uint8_t> exponents(static_cast<size_t>(kHidden * kFfn / kMxBlock), 120);
    std::vector<StoredBenchResult> results;
    for (const Format& format : kFormats) {
        for (const auto& [in, out] : {std::pair{kHidden, kFfn}, std::pair{kFfn, kHidden}}) {
            const auto matrices = placeAll(backend, format.format, out, in, codes, exponents);
            for (const int64_t tokens : {1, 2, 4, 8, 16, 64, 512}) {
                const Tensor x
                    = backend.allocate({tokens, in}, DType::BFloat16, MemoryKind::Activations);
                const Tensor y
                    = backend.allocate({tokens, out}, DType::BFloat16, MemoryKind::Activations);
                backend.zero(x);
                StoredBenchResult result{format.name, tokens, in, out,
                    std::numeric_limits<double>::infinity(),
                    static_cast<double>(out * codeBytes(format.format, in))};
                const auto count = std::clamp<size_t>(
                    static_cast<size_t>(kRoundOperations / result.operations()), 1,
                    matrices.size());
                for (int round = 0; round < kRounds; ++round) {
                    const Clock::time_point begin = Clock::now();
                    for (size_t i = 0; i < count; ++i)
                        backend.linear(x, {matrices[i].get(), {}}, {}, y);
                    backend.synchronize();
                    const std::chrono::duration<double> spent = Clock::now() - begin;
                    result.seconds
                        = std::min(result.seconds, spent.count() / static_cast<double>(count));
                }
                results.push_back(result);
            }
        }
    }
    return results;
}

} // namespace moe::kernels
