// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/parallel/communicator.h"
#include "kernels/error.h"

#include <algorithm>
#include <atomic>

namespace moe::parallel {

namespace {

class SingleRank final : public Communicator {
public:
    int rank() const override { return 0; }
    int size() const override { return 1; }
    void allReduceSum(const kernels::TensorView&) override { barrier(); }
    void reduceScatterSum(const kernels::TensorView&) override { barrier(); }
    void allGather(const kernels::TensorView&) override { barrier(); }
    void broadcast(const kernels::TensorView&, int) override { barrier(); }
    void barrier() override
    {
        if (m_aborted)
            throw Error("the ranks were stopped", "rank 0 of 1", "see what stopped them");
    }
    void abort() noexcept override { m_aborted = true; }

private:
    std::atomic<bool> m_aborted = false;
};

} // namespace

Piece pieceOf(int64_t elements, int rank, int size)
{
    const int64_t least = elements / size, longer = elements % size;
    return {rank * least + std::min<int64_t>(rank, longer), least + (rank < longer ? 1 : 0)};
}

std::unique_ptr<Communicator> makeSingleRank()
{
    return std::make_unique<SingleRank>();
}

} // namespace moe::parallel
