// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"
#include "engine/telemetry/run_store.h"
#include "kernels/error.h"

#include <chrono>
#include <exception>
#include <thread>

namespace moe::telemetry {

namespace {

using Clock = std::chrono::steady_clock;

/// Messages are gathered this long before they are written together: one flush of the disk for all.
constexpr auto kGather = std::chrono::milliseconds(200);
constexpr auto kRetry = std::chrono::seconds(1);
constexpr auto kHeartbeat = std::chrono::seconds(10);
constexpr double kIdleSeconds = 2;

} // namespace

struct StoreWriter::Impl {
    Impl(const std::filesystem::path& path, int64_t runId, Bus& bus)
        : store(path)
        , run(runId)
        , subscription(bus.subscribe(Subscription::Loss::Never))
    {
        store.heartbeat(run); // throws here, not later, when there is no such run
        thread = std::thread([this] { follow(); });
    }

    void follow()
    {
        for (;;) {
            take(subscription->waitAndDrain(kIdleSeconds));
            int64_t served = 0;
            bool last = false;
            {
                std::unique_lock lock(mutex);
                const auto pause = failure ? Clock::duration(kRetry) : Clock::duration(kGather);
                if (!pending.empty())
                    asked.wait_for(
                        lock, pause, [this] { return flushAsked > flushDone || stopping; });
                served = flushAsked;
                last = stopping;
            }
            take(subscription->drain()); // all that was published before the flush was asked for
            std::exception_ptr error = write();
            {
                const std::lock_guard lock(mutex);
                failure = std::move(error);
                flushDone = served;
            }
            flushed.notify_all();
            if (last)
                return;
        }
    }

    void take(std::vector<MessagePtr> messages)
    {
        pending.insert(pending.end(), std::make_move_iterator(messages.begin()),
            std::make_move_iterator(messages.end()));
    }

    std::exception_ptr write()
    {
        try {
            if (!pending.empty())
                store.append(run, pending);
            else if (Clock::now() - lastWrite > kHeartbeat)
                store.heartbeat(run);
            else
                return nullptr;
            pending.clear();
            lastWrite = Clock::now();
            return nullptr;
        } catch (const Error&) {
            return std::current_exception();
        } catch (const std::exception&) {
            return std::make_exception_ptr(Error("cannot keep the record of the run",
                store.path().string(), "out of memory: close other programs"));
        }
    }

    RunStore store; ///< the thread's own after the constructor
    int64_t run;
    std::shared_ptr<Subscription> subscription;
    std::vector<MessagePtr> pending; ///< the thread's own
    Clock::time_point lastWrite = Clock::now();

    std::mutex mutex;
    std::condition_variable asked, flushed;
    int64_t flushAsked = 0, flushDone = 0;
    bool stopping = false;
    std::exception_ptr failure; ///< of the last attempt to write
    std::thread thread;
};

StoreWriter::StoreWriter(const std::filesystem::path& store, int64_t run, Bus& bus)
    : m_impl(std::make_unique<Impl>(store, run, bus))
{
}

StoreWriter::~StoreWriter()
{
    {
        const std::lock_guard lock(m_impl->mutex);
        m_impl->stopping = true;
    }
    m_impl->asked.notify_all();
    m_impl->subscription->wake();
    m_impl->thread.join();
    try {
        check();
    } catch (const Error& error) {
        base::log(base::LogLevel::Error, error.what());
    }
}

void StoreWriter::flush()
{
    std::unique_lock lock(m_impl->mutex);
    const int64_t ticket = ++m_impl->flushAsked;
    m_impl->asked.notify_all();
    m_impl->subscription->wake();
    m_impl->flushed.wait(lock, [&] { return m_impl->flushDone >= ticket; });
    if (m_impl->failure)
        std::rethrow_exception(m_impl->failure);
}

void StoreWriter::check() const
{
    const std::lock_guard lock(m_impl->mutex);
    if (m_impl->failure)
        std::rethrow_exception(m_impl->failure);
}

} // namespace moe::telemetry
