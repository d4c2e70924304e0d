// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/control.h"

#include <chrono>
#include <utility>

namespace moe::train {

void Control::steer(const std::string& key, const std::string& valueJson, const std::string& by)
{
    const std::lock_guard lock(m_mutex);
    applySteering(m_file, key, valueJson);
    m_queue.push_back({key, valueJson, by});
}

std::vector<Control::Assignment> Control::takeSteering()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_queue, {});
}

void Control::setPaused(bool paused)
{
    {
        const std::lock_guard lock(m_mutex);
        m_paused = paused;
    }
    m_changed.notify_all();
}

bool Control::isPaused() const
{
    const std::lock_guard lock(m_mutex);
    return m_paused;
}

void Control::waitWhilePaused(double seconds, const std::stop_token& stop)
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(
        lock, stop, std::chrono::duration<double>(seconds), [this] { return !m_paused; });
}

} // namespace moe::train
