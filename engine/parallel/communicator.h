// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <functional>
#include <memory>
#include <vector>

namespace moe::parallel {

/// How ranks talk; a rank is a thread (local), a process (MPI) or a GPU (NCCL), and model code
/// cannot tell. Buffers are views of the rank's own backend. All ranks of a communicator call the
/// same collective in the same order. Sums are made in rank order, so that results are the same
/// every time. After abort() every call on every rank throws.
class Communicator {
public:
    virtual ~Communicator() = default;
    virtual int rank() const = 0;
    virtual int size() const = 0;

    virtual void allReduceSum(const kernels::TensorView& data) = 0; ///< float32, float64 or int64
    /// The flat memory of `data` is cut in size() pieces (the first ones longer by one when it does
    /// not divide); piece r is left summed on rank r only, the rest is undefined.
    virtual void reduceScatterSum(const kernels::TensorView& data) = 0;
    /// The same cut: every rank has its own piece in place and receives the others.
    virtual void allGather(const kernels::TensorView& data) = 0;
    virtual void broadcast(const kernels::TensorView& data, int root) = 0;
    virtual void barrier() = 0;
    virtual void abort() noexcept = 0;
};

/// Piece `rank` of `elements` cut as above: [first, first + count).
struct Piece {
    int64_t first, count;
};
Piece pieceOf(int64_t elements, int rank, int size);

/// One rank alone: every collective is a no-op.
std::unique_ptr<Communicator> makeSingleRank();

/// Runs `body(communicator)` on `ranks` threads of this process, the calling thread being rank 0;
/// returns when all have ended. The first exception of any rank aborts the others and is rethrown.
/// `backendOf(rank)` must give the backend whose memory the rank's views name.
void runLocalRanks(int ranks, const std::function<kernels::Backend&(int rank)>& backendOf,
    const std::function<void(Communicator&)>& body);

} // namespace moe::parallel
