// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/record.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace moe::telemetry {

enum class RunState : uint8_t { Running, Paused, Done, Stopped, Failed, Imported };
const char* nameOf(RunState state); ///< "running", …

struct StateChange {
    RunState state;
    std::string message; ///< the error line of a failed run
};

/// Progress inside long work (loading, validation): `done` of `total` of `unit`.
struct Progress {
    std::string what, unit;
    int64_t done = 0, total = 0;
};

using Message
    = std::variant<StepRecord, RunEvent, ProbeRecord, StateChange, Progress, GenerationRecord>;
using MessagePtr = std::shared_ptr<const Message>;

/// One reader of a bus. Any thread may read, one at a time.
class Subscription {
public:
    enum class Loss : uint8_t { Never, OldestFirst };
    Subscription(Loss loss, size_t capacity);

    /// All that came since the last call, oldest first; does not wait.
    std::vector<MessagePtr> drain();
    /// The same, but waits up to `seconds` for the first one (or until wake()).
    std::vector<MessagePtr> waitAndDrain(double seconds);
    void wake();
    int64_t lost() const; ///< messages overwritten before they were read

private:
    friend class Bus;
    void push(MessagePtr message);

    mutable std::mutex m_mutex;
    std::condition_variable m_arrived;
    std::deque<MessagePtr> m_queue;
    size_t m_capacity;
    Loss m_loss;
    bool m_woken = false;
    int64_t m_lost = 0;
};

/// Producers publish plain values and never wait for readers. A display subscribes with a bounded
/// ring whose oldest messages go first; the run store subscribes without loss. Everything published
/// is reduced over all ranks unless the message says otherwise. Without subscribers publish() costs
/// one atomic load.
class Bus {
public:
    std::shared_ptr<Subscription> subscribe(Subscription::Loss loss, size_t capacity = 4096);
    bool hasReaders() const;
    void publish(Message message);

private:
    std::mutex m_mutex;
    std::vector<std::weak_ptr<Subscription>> m_subscriptions;
    /// Size of m_subscriptions; readers that are gone are noticed at the next publish().
    std::atomic<size_t> m_readers = 0;
};

} // namespace moe::telemetry
