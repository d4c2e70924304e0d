// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/signals.h"

#include <atomic>
#include <csignal>
#include <thread>

namespace moe::cli {

namespace {

std::atomic<int> caught = 0;

} // namespace

std::stop_token stopOnSignals()
{
    std::stop_source source;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    // A terminal that closes ends nothing that nohup has started: blocked, its signal would wait.
    struct sigaction hangUp = {};
    if (sigaction(SIGHUP, nullptr, &hangUp) == 0 && hangUp.sa_handler != SIG_IGN)
        sigaddset(&signals, SIGHUP);
    // Blocked here and, by inheritance, in all later threads, so that the one below receives them:
    // unlike a handler it may take locks, which request_stop() does.
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([source, signals]() mutable {
        int signal = 0;
        sigwait(&signals, &signal);
        caught = signal;
        pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
        source.request_stop();
        for (;;)
            std::this_thread::sleep_for(std::chrono::hours(24));
    }).detach();
    return source.get_token();
}

int caughtSignal()
{
    return caught;
}

} // namespace moe::cli
