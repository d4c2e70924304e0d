// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/host_backend.h"

#include "kernels/error.h"

#include <cstring>
#include <string>

namespace moe::kernels::cpu {

namespace {

int64_t roundUp(int64_t value, int64_t step)
{
    return (value + step - 1) / step * step;
}

void* grown(HostMemory& memory, std::unique_ptr<HostBlock>& block, int64_t bytes)
{
    if (!block || block->bytes() < bytes) {
        block.reset();
        block = std::make_unique<HostBlock>(memory, bytes, MemoryKind::Workspace);
    }
    return block->data();
}

} // namespace

CpuPacked::CpuPacked(HostMemory& memory, Shape groupsOutIn, DType dtype, int64_t panel)
    : PackedMatrix(groupsOutIn, dtype)
    , forwardWords(roundUp(out(), panel) * ((in() + 1) / 2))
    , backwardWords(roundUp(in(), panel) * ((out() + 1) / 2))
{
    if (dtype != DType::BFloat16)
        return;
    constexpr int64_t kWordBytes = 4; // and one panel row more: columns are read by whole vectors
    forward = std::make_unique<HostBlock>(
        memory, (groups() * forwardWords + panel) * kWordBytes, MemoryKind::PackedWeights);
    backward = std::make_unique<HostBlock>(
        memory, (groups() * backwardWords + panel) * kWordBytes, MemoryKind::PackedWeights);
}

HostBackend::HostBackend(int threads, int64_t panel)
    : m_pool(std::make_unique<ThreadPool>(threads))
    , m_threadScratch(static_cast<size_t>(threads))
    , m_scratch(kSlots)
    , m_panel(panel)
{
}

HostBackend::~HostBackend() = default;

std::string_view HostBackend::name() const
{
    return "cpu";
}

void HostBackend::upload(const TensorView& to, const void* from)
{
    if (to.bytes() > 0)
        std::memcpy(to.data, from, static_cast<size_t>(to.bytes()));
}

void HostBackend::download(void* to, const TensorView& from)
{
    if (from.bytes() > 0)
        std::memcpy(to, from.data, static_cast<size_t>(from.bytes()));
}

void HostBackend::synchronize() { } // every operation has finished when it returns

MemoryUse HostBackend::memory() const
{
    return m_memory.use();
}

void HostBackend::resetPeak()
{
    m_memory.resetPeak();
}

std::unique_ptr<PackedMatrix> HostBackend::createPacked(Shape groupsOutIn, DType dtype)
{
    return std::make_unique<CpuPacked>(m_memory, groupsOutIn, dtype, m_panel);
}

void* HostBackend::allocateBytes(int64_t bytes, MemoryKind kind)
{
    return m_memory.allocate(bytes, kind);
}

void HostBackend::freeBytes(void* data, int64_t bytes, MemoryKind kind) noexcept
{
    m_memory.release(data, bytes, kind);
}

void HostBackend::checkIndices(const TensorView& ids, int64_t size, const char* what)
{
    const auto* id = ids.host<int32_t>();
    for (int64_t i = 0; i < ids.elements(); ++i)
        if (id[i] < 0 || id[i] >= size)
            throw Error(std::string(what) + " is out of range", std::to_string(id[i]),
                "ids from 0 to " + std::to_string(size - 1));
}

void* HostBackend::threadScratch(int thread, int64_t bytes)
{
    return grown(m_memory, m_threadScratch[static_cast<size_t>(thread)], bytes);
}

void* HostBackend::scratch(Slot slot, int64_t bytes)
{
    return grown(m_memory, m_scratch[static_cast<size_t>(slot)], bytes);
}

} // namespace moe::kernels::cpu
