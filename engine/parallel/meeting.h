// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace moe::parallel {

/// A barrier of threads that can be called off: after abort() everybody who waits, and everybody
/// who comes, gets a moe::Error. Any thread.
class Meeting {
public:
    explicit Meeting(int size);

    void wait(int rank); ///< returns when all `size` threads have come
    void abort() noexcept;
    void throwIfAborted(int rank) const;

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_size;
    int m_waiting = 0;
    uint64_t m_round = 0;
    std::atomic<bool> m_aborted = false;
};

} // namespace moe::parallel
