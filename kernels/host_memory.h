// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <cstdint>
#include <mutex>

namespace moe::kernels {

inline constexpr int64_t kHostAlignment = 64; ///< a cache line, and the widest vector register

/// Host memory that is counted by kind, as Backend::memory() tells it: bytes as asked for, without
/// the allocator's own. Any thread may call.
class HostMemory {
public:
    HostMemory() = default;
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;

    /// Uninitialised, kHostAlignment-aligned; never null, also for 0 bytes. Throws OutOfMemory
    /// when there is none left.
    void* allocate(int64_t bytes, MemoryKind kind);
    /// `bytes` and `kind` as they were given to allocate().
    void release(void* data, int64_t bytes, MemoryKind kind) noexcept;

    MemoryUse use() const;
    void resetPeak(); ///< peaks start again at what is held now

private:
    mutable std::mutex m_mutex;
    MemoryUse m_use;
};

/// Owns one piece of a HostMemory, which must outlive it (packed weights, workspaces).
class HostBlock {
public:
    HostBlock(HostMemory& memory, int64_t bytes, MemoryKind kind)
        : m_memory(memory)
        , m_data(memory.allocate(bytes, kind))
        , m_bytes(bytes)
        , m_kind(kind)
    {
    }
    HostBlock(const HostBlock&) = delete;
    HostBlock& operator=(const HostBlock&) = delete;
    ~HostBlock() { m_memory.release(m_data, m_bytes, m_kind); }

    void* data() const { return m_data; }
    int64_t bytes() const { return m_bytes; }

private:
    HostMemory& m_memory;
    void* m_data;
    int64_t m_bytes;
    MemoryKind m_kind;
};

} // namespace moe::kernels
