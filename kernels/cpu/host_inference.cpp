// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/bfloat16.h"
#include "kernels/cpu/host_backend.h"
#include "kernels/stored_matrix.h"

#include <algorithm>

namespace moe::kernels::cpu {

std::unique_ptr<PlacedMatrix> HostBackend::place(const StoredMatrix& matrix)
{
    return std::make_unique<HostPlaced>(matrix);
}

void HostBackend::embeddingRows(
    const TensorView& ids, const PlacedMatrix& table, const TensorView& out)
{
    checkIndices(ids, table.out(), "token id");
    const StoredMatrix& stored = static_cast<const HostPlaced&>(table).stored();
    const int64_t hidden = table.in();
    constexpr int64_t kGrain = 32; // rows that one thread takes: some tens of microseconds
    parallel(pool(), (ids.elements() + kGrain - 1) / kGrain, [&](int64_t job, int thread) {
        auto* wide = static_cast<float*>(threadScratch(thread, hidden * 4));
        const int64_t end = std::min(ids.elements(), (job + 1) * kGrain);
        for (int64_t t = job * kGrain; t < end; ++t) {
            widenRow(stored, ids.host<int32_t>()[t], wide);
            if (out.dtype == DType::BFloat16)
                std::copy_n(wide, hidden, out.host<BFloat16>() + t * hidden);
            else
                std::copy_n(wide, hidden, out.host<float>() + t * hidden);
        }
    });
}

} // namespace moe::kernels::cpu
