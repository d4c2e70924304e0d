// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace moe::cli {

/// Lines typed by a person, with Ctrl-C (SIGINT) and SIGTERM as events instead of ends. One at a
/// time, made before other threads start.
class Terminal {
public:
    Terminal();
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// The next line without its end, after `prompt` on a terminal; none at the end of the input,
    /// or when a signal came.
    std::optional<std::string> readLine(const std::string& prompt);
    /// Waits until notify(); `onSignal` hears of each signal that comes before.
    void wait(const std::function<void()>& onSignal);
    void notify(); ///< any thread
    int signal() const { return m_signal; } ///< the last since readLine() began, 0: none

private:
    bool takeSignal();

    int m_signals, m_notified;
    int m_signal = 0;
    bool m_terminal, m_ended = false;
    std::string m_waiting; ///< read, not yet a line
};

} // namespace moe::cli
