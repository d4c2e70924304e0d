// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/bus.h"

#include <chrono>

namespace moe::telemetry {

const char* nameOf(RunState state)
{
    switch (state) {
    case RunState::Running:
        return "running";
    case RunState::Paused:
        return "paused";
    case RunState::Done:
        return "done";
    case RunState::Stopped:
        return "stopped";
    case RunState::Failed:
        return "failed";
    case RunState::Imported:
        return "imported";
    }
    return "?";
}

Subscription::Subscription(Loss loss, size_t capacity)
    : m_capacity(capacity)
    , m_loss(loss)
{
}

std::vector<MessagePtr> Subscription::drain()
{
    return waitAndDrain(0);
}

std::vector<MessagePtr> Subscription::waitAndDrain(double seconds)
{
    std::unique_lock lock(m_mutex);
    if (seconds > 0) {
        m_arrived.wait_for(lock, std::chrono::duration<double>(seconds),
            [this] { return m_woken || !m_queue.empty(); });
        m_woken = false;
    }
    std::vector<MessagePtr> messages(
        std::make_move_iterator(m_queue.begin()), std::make_move_iterator(m_queue.end()));
    m_queue.clear();
    return messages;
}

void Subscription::wake()
{
    {
        const std::lock_guard lock(m_mutex);
        m_woken = true;
    }
    m_arrived.notify_all();
}

int64_t Subscription::lost() const
{
    const std::lock_guard lock(m_mutex);
    return m_lost;
}

void Subscription::push(MessagePtr message)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_loss == Loss::OldestFirst && m_queue.size() >= m_capacity && !m_queue.empty()) {
            m_queue.pop_front();
            ++m_lost;
        }
        m_queue.push_back(std::move(message));
    }
    m_arrived.notify_one();
}

std::shared_ptr<Subscription> Bus::subscribe(Subscription::Loss loss, size_t capacity)
{
    auto subscription = std::make_shared<Subscription>(loss, capacity);
    const std::lock_guard lock(m_mutex);
    m_subscriptions.push_back(subscription);
    m_readers.store(m_subscriptions.size(), std::memory_order_release);
    return subscription;
}

bool Bus::hasReaders() const
{
    return m_readers.load(std::memory_order_acquire) > 0;
}

void Bus::publish(Message message)
{
    if (!hasReaders())
        return;
    const auto shared = std::make_shared<const Message>(std::move(message));
    // All pushes under one lock: every reader sees the messages in the same order.
    const std::lock_guard lock(m_mutex);
    bool someGone = false;
    for (const auto& weak : m_subscriptions) {
        if (const auto subscription = weak.lock())
            subscription->push(shared);
        else
            someGone = true;
    }
    if (someGone) {
        std::erase_if(m_subscriptions, [](const auto& weak) { return weak.expired(); });
        m_readers.store(m_subscriptions.size(), std::memory_order_release);
    }
}

} // namespace moe::telemetry
