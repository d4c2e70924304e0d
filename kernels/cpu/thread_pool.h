// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace moe::kernels::cpu {

/// A few threads that share lists of jobs; the calling thread takes part. Which thread runs a job
/// is left open, so a job must give the same result on any of them: split what is written, never a
/// sum. Idle threads spin for a few microseconds, then sleep. One thread calls run().
class ThreadPool {
public:
    using Function = void (*)(const void* body, int64_t job, int thread);

    /// Counts the calling thread, so threads − 1 are started. Throws moe::Error when they cannot
    /// be.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const;
    /// function(body, job, thread) for each job in [0, jobs), 0 ≤ thread < threads(). The first
    /// exception is thrown again here; jobs that had not begun are left out then.
    void run(int64_t jobs, Function function, const void* body);

private:
    void joinWorkers();
    void work(int thread);
    void takeJobs(int thread);

    std::vector<std::thread> m_workers;
    std::atomic<uint32_t> m_generation = 0; ///< raised for each run; the workers sleep on it
    std::atomic<bool> m_open = false; ///< there is a run that workers may join
    std::atomic<bool> m_stop = false;
    std::atomic<int32_t> m_inside = 0; ///< workers that may be using the fields below
    std::atomic<int64_t> m_next = 0;
    int64_t m_jobs = 0;
    Function m_function = nullptr;
    const void* m_body = nullptr;
    std::mutex m_errorMutex;
    std::exception_ptr m_error;
};

/// body(job, thread) for each job in [0, jobs).
template <typename Body> void parallel(ThreadPool& pool, int64_t jobs, const Body& body)
{
    pool.run(
        jobs,
        [](const void* opaque, int64_t job, int thread) {
            (*static_cast<const Body*>(opaque))(job, thread);
        },
        &body);
}

} // namespace moe::kernels::cpu
