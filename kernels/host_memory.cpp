// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/host_memory.h"

#include "kernels/out_of_memory.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace moe::kernels {
namespace {

/// Far more than a machine has; what asks for it has miscounted.
constexpr int64_t kLargestBlock = int64_t{1} << 40;

} // namespace

void* HostMemory::allocate(int64_t bytes, MemoryKind kind)
{
    void* data = nullptr;
    if (bytes >= 0 && bytes <= kLargestBlock) {
        const auto blocks = std::max<int64_t>(1, (bytes + kHostAlignment - 1) / kHostAlignment);
        data = std::aligned_alloc(kHostAlignment, static_cast<size_t>(blocks * kHostAlignment));
    }
    if (!data)
        throw OutOfMemory("memory is used up", "asked for " + std::to_string(bytes) + " bytes more",
            "a smaller model or batch, or a machine with more memory");
    const std::lock_guard lock(m_mutex);
    const auto index = static_cast<size_t>(kind);
    m_use.bytes[index] += bytes;
    m_use.totalBytes += bytes;
    m_use.peakBytes[index] = std::max(m_use.peakBytes[index], m_use.bytes[index]);
    m_use.totalPeakBytes = std::max(m_use.totalPeakBytes, m_use.totalBytes);
    return data;
}

void HostMemory::release(void* data, int64_t bytes, MemoryKind kind) noexcept
{
    std::free(data);
    const std::lock_guard lock(m_mutex);
    m_use.bytes[static_cast<size_t>(kind)] -= bytes;
    m_use.totalBytes -= bytes;
}

MemoryUse HostMemory::use() const
{
    const std::lock_guard lock(m_mutex);
    return m_use;
}

void HostMemory::resetPeak()
{
    const std::lock_guard lock(m_mutex);
    m_use.peakBytes = m_use.bytes;
    m_use.totalPeakBytes = m_use.totalBytes;
}

} // namespace moe::kernels
