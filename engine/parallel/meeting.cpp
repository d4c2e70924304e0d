// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/parallel/meeting.h"

#include "kernels/error.h"

namespace moe::parallel {

Meeting::Meeting(int size)
    : m_size(size)
{
}

void Meeting::throwIfAborted(int rank) const
{
    if (m_aborted)
        throw Error("the ranks were stopped",
            "rank " + std::to_string(rank) + " of " + std::to_string(m_size),
            "see what stopped them");
}

void Meeting::wait(int rank)
{
    std::unique_lock lock(m_mutex);
    throwIfAborted(rank);
    const uint64_t round = m_round;
    if (++m_waiting == m_size) {
        m_waiting = 0;
        ++m_round;
        m_changed.notify_all();
        return;
    }
    m_changed.wait(lock, [&] { return m_round != round || m_aborted; });
    if (m_round == round)
        throwIfAborted(rank);
}

void Meeting::abort() noexcept
{
    {
        const std::lock_guard lock(m_mutex);
        m_aborted = true;
    }
    m_changed.notify_all();
}

} // namespace moe::parallel
