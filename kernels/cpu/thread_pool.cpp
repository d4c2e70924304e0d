// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/thread_pool.h"

#include "kernels/error.h"

#include <string>
#include <system_error>

namespace moe::kernels::cpu {

namespace {

/// About 20 µs on today's cores: longer than the gap between two operations of a step, too short
/// to be seen by anything else that wants the core.
constexpr int kSpins = 2000;

void pause()
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
}

} // namespace

ThreadPool::ThreadPool(int threads)
{
    m_workers.reserve(static_cast<size_t>(threads > 1 ? threads - 1 : 0));
    try {
        for (int thread = 1; thread < threads; ++thread)
            m_workers.emplace_back([this, thread] { work(thread); });
    } catch (const std::system_error&) {
        joinWorkers();
        throw Error("cannot start a thread", "--threads " + std::to_string(threads),
            "fewer threads, or a higher limit of them");
    }
}

ThreadPool::~ThreadPool()
{
    joinWorkers();
}

void ThreadPool::joinWorkers()
{
    m_stop = true;
    ++m_generation;
    m_generation.notify_all();
    for (std::thread& worker : m_workers)
        worker.join();
}

int ThreadPool::threads() const
{
    return static_cast<int>(m_workers.size()) + 1;
}

void ThreadPool::takeJobs(int thread)
{
    try {
        for (int64_t job = m_next++; job < m_jobs; job = m_next++)
            m_function(m_body, job, thread);
    } catch (...) {
        const std::lock_guard lock(m_errorMutex);
        if (!m_error)
            m_error = std::current_exception();
        m_next = m_jobs;
    }
}

// A worker counts itself in before it looks whether a run is open, and run() closes before it
// looks whether anybody is in: so either the worker finds the run closed, or run() waits for it.
void ThreadPool::work(int thread)
{
    uint32_t seen = 0;
    while (!m_stop) {
        ++m_inside;
        if (m_open)
            takeJobs(thread);
        if (--m_inside == 0)
            m_inside.notify_one();
        int spins = 0;
        while (m_generation == seen && ++spins < kSpins)
            pause();
        if (m_generation == seen)
            m_generation.wait(seen);
        seen = m_generation;
    }
}

void ThreadPool::run(int64_t jobs, Function function, const void* body)
{
    if (m_workers.empty() || jobs <= 1) {
        for (int64_t job = 0; job < jobs; ++job)
            function(body, job, 0);
        return;
    }
    m_jobs = jobs;
    m_function = function;
    m_body = body;
    m_next = 0;
    m_open = true;
    ++m_generation;
    m_generation.notify_all();
    takeJobs(0);
    m_open = false;
    int spins = 0;
    for (int32_t inside = m_inside; inside != 0; inside = m_inside) {
        if (++spins < kSpins)
            pause();
        else
            m_inside.wait(inside);
    }
    if (m_error) {
        const std::exception_ptr error = m_error;
        m_error = nullptr;
        std::rethrow_exception(error);
    }
}

} // namespace moe::kernels::cpu
