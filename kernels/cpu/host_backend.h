// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/host_memory.h"

#include <memory>
#include <vector>

namespace moe::kernels::cpu {

/// A weight as the CPU products want it. Float32: the master itself, whose panels the products
/// gather as they go. BFloat16: two copies cut into panels of `panel` columns, word by word
/// (a word is a pair of neighbours along the reduction): `forward` [groups, out/panel, in/2, panel]
/// for x Wᵀ and `backward` [groups, in/panel, out/2, panel] for dy W, padded with zeros.
class CpuPacked final : public PackedMatrix {
public:
    CpuPacked(HostMemory& memory, Shape groupsOutIn, DType dtype, int64_t panel);

    const float* master = nullptr;
    std::unique_ptr<HostBlock> forward, backward;
    int64_t forwardWords = 0, backwardWords = 0; ///< of one group
};

/// What the CPU backends of all instruction sets share: threads, memory, packed matrices. Nothing
/// in here is compiled for more than the baseline processor.
class HostBackend : public Backend {
public:
    HostBackend(int threads, int64_t panel);
    ~HostBackend() override;
    HostBackend(const HostBackend&) = delete;
    HostBackend& operator=(const HostBackend&) = delete;

    std::string_view name() const override;
    void upload(const TensorView& to, const void* from) override;
    void download(void* to, const TensorView& from) override;
    void synchronize() override;
    MemoryUse memory() const override;
    void resetPeak() override;
    std::unique_ptr<PackedMatrix> createPacked(Shape groupsOutIn, DType dtype) override;

    std::unique_ptr<PlacedMatrix> place(const StoredMatrix& matrix) override;
    void embeddingRows(
        const TensorView& ids, const PlacedMatrix& table, const TensorView& out) override;

protected:
    void* allocateBytes(int64_t bytes, MemoryKind kind) override;
    void freeBytes(void* data, int64_t bytes, MemoryKind kind) noexcept override;

    ThreadPool& pool() { return *m_pool; }
    /// Throws when one of the int32 ids is not in [0, size).
    static void checkIndices(const TensorView& ids, int64_t size, const char* what);
    /// Workspace of one thread, uninitialised, valid until the thread asks again; kept for reuse.
    void* threadScratch(int thread, int64_t bytes);
    /// Workspace of the operation that runs, one piece for each `slot`; kept for reuse.
    enum Slot { kSlotA, kSlotB, kSlotC, kSlotD, kSlots };
    void* scratch(Slot slot, int64_t bytes);

private:
    HostMemory m_memory;
    std::unique_ptr<ThreadPool> m_pool;
    std::vector<std::unique_ptr<HostBlock>> m_threadScratch, m_scratch;
    int64_t m_panel;
};

} // namespace moe::kernels::cpu
