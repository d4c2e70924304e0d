// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/terminal.h"

#include "kernels/error.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace moe::cli {

namespace {

sigset_t ourSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/// Waits for input on one of the two.
std::array<pollfd, 2> waitFor(int first, int second)
{
    std::array<pollfd, 2> files{pollfd{first, POLLIN, 0}, pollfd{second, POLLIN, 0}};
    while (poll(files.data(), files.size(), -1) < 0) {
        if (errno != EINTR)
            throw Error("cannot wait for input", "the terminal", "start moe chat again");
    }
    return files;
}

} // namespace

Terminal::Terminal()
    : m_terminal(isatty(STDIN_FILENO) != 0)
{
    const sigset_t signals = ourSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr); // later threads inherit it
    m_signals = signalfd(-1, &signals, SFD_CLOEXEC);
    m_notified = eventfd(0, EFD_CLOEXEC);
    if (m_signals < 0 || m_notified < 0)
        throw Error("no file is left to listen with", "the terminal", "close other programs");
}

Terminal::~Terminal()
{
    close(m_signals);
    close(m_notified);
}

bool Terminal::takeSignal()
{
    signalfd_siginfo info{};
    if (read(m_signals, &info, sizeof info) != sizeof info)
        return false;
    m_signal = static_cast<int>(info.ssi_signo);
    return true;
}

std::optional<std::string> Terminal::readLine(const std::string& prompt)
{
    m_signal = 0;
    if (m_terminal) {
        std::fputs(prompt.c_str(), stdout);
        std::fflush(stdout);
    }
    for (;;) {
        const size_t end = m_waiting.find('\n');
        if (end != std::string::npos || (m_ended && !m_waiting.empty())) {
            std::string line = m_waiting.substr(0, end);
            m_waiting.erase(0, end == std::string::npos ? end : end + 1);
            return line;
        }
        if (m_ended)
            return std::nullopt;
        const auto files = waitFor(m_signals, STDIN_FILENO);
        if (files[0].revents && takeSignal())
            return std::nullopt;
        if (!files[1].revents)
            continue;
        std::array<char, 4096> bytes{};
        const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
        m_ended = count == 0 || (count < 0 && errno != EINTR);
        m_waiting.append(bytes.data(), static_cast<size_t>(count > 0 ? count : 0));
    }
}

void Terminal::wait(const std::function<void()>& onSignal)
{
    for (;;) {
        const auto files = waitFor(m_signals, m_notified);
        if (files[0].revents && takeSignal())
            onSignal();
        uint64_t count = 0;
        if (files[1].revents && read(m_notified, &count, sizeof count) == sizeof count)
            return;
    }
}

void Terminal::notify()
{
    const uint64_t one = 1;
    if (write(m_notified, &one, sizeof one) != sizeof one)
        return; // it is full of notes that nobody has read: one of them will wake
}

} // namespace moe::cli
