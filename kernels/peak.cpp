// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/peak.h"

#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

namespace moe::kernels {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The fastest of repeated size × size products: at least `least`, then until `budget` seconds are
/// spent. The first one also touches pages and generates code.
double fastestProduct(Backend& backend, DType dtype, int64_t size, int least, double budget)
{
    const Tensor master = backend.allocate({size, size}, DType::Float32, MemoryKind::Workspace);
    const Tensor x = backend.allocate({size, size}, dtype, MemoryKind::Workspace);
    const Tensor y = backend.allocate({size, size}, dtype, MemoryKind::Workspace);
    std::vector<float> values(static_cast<size_t>(size * size));
    for (size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i % 251) / 251.0F - 0.5F;
    backend.upload(master, values.data());
    backend.copy(x, master);
    const auto weight = backend.createPacked({1, size, size}, dtype);
    backend.pack(*weight, master);
    backend.synchronize();

    double fastest = std::numeric_limits<double>::infinity();
    const Clock::time_point start = Clock::now();
    for (int run = 0; run < least || secondsSince(start) < budget; ++run) {
        const Clock::time_point begin = Clock::now();
        backend.projectionForward(x, *weight, {}, y);
        backend.synchronize();
        fastest = std::min(fastest, std::max(secondsSince(begin), 1e-9));
    }
    return fastest;
}

} // namespace

double measureMatmulPeak(Backend& backend, DType dtype)
{
    // Below this size products are slower than those of training, and a busy machine makes them
    // seem long enough.
    constexpr int64_t kSmallest = 512;
    constexpr int64_t kLargest = 8192;
    constexpr double kProductSeconds = 0.005; // long enough to be measured and to fill the caches
    // Others use the machine too: the best run counts, of a size and then of the chosen one.
    constexpr double kSizeSeconds = 0.03, kBudgetSeconds = 0.15;
    int64_t size = kSmallest;
    double seconds = fastestProduct(backend, dtype, size, 2, kSizeSeconds);
    while (size < kLargest && seconds < kProductSeconds) {
        size *= 2;
        seconds = fastestProduct(backend, dtype, size, 2, kSizeSeconds);
    }
    seconds = std::min(seconds, fastestProduct(backend, dtype, size, 1, kBudgetSeconds));
    const auto side = static_cast<double>(size);
    return 2 * side * side * side / seconds;
}

double measureReadBandwidth(int threads, int64_t bytes)
{
    constexpr int64_t kMostPiece = int64_t{256} << 10, kLeastPiece = int64_t{4} << 10;
    constexpr int64_t kStride = 64 / sizeof(uint64_t);
    constexpr int kRuns = 6;
    cpu::ThreadPool pool(threads > 0 ? threads : availableCores());
    const int64_t piece = std::clamp(bytes / pool.threads(), kLeastPiece, kMostPiece) / 64 * 64;
    const int64_t pieces = std::max<int64_t>(1, bytes / piece);
    const int64_t words = piece / int64_t{sizeof(uint64_t)};
    const int64_t passes = std::max<int64_t>(1, kBeyondCaches / (pieces * piece)); // in one run
    const auto size = static_cast<size_t>(pieces * words);
    const auto buffer = std::make_unique_for_overwrite<uint64_t[]>(size);
    std::memset(buffer.get(), 1, size * sizeof(uint64_t));
    double fastest = std::numeric_limits<double>::infinity();
    for (int run = 0; run < kRuns; ++run) {
        const Clock::time_point begin = Clock::now();
        cpu::parallel(pool, passes * pieces, [&](int64_t job, int) {
            const uint64_t* from = buffer.get() + job % pieces * words;
            uint64_t sum = 0;
            for (int64_t i = 0; i < words; i += kStride)
                sum += from[i];
            const volatile uint64_t used = sum; // so that the loads are made
            static_cast<void>(used);
        });
        fastest = std::min(fastest, std::max(secondsSince(begin), 1e-9));
    }
    return static_cast<double>(passes * pieces * piece) / fastest;
}

} // namespace moe::kernels
