// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace moe::cli {

/// Progress of long work on standard error: a bar that redraws itself on a terminal, a plain line
/// now and then otherwise, nothing when quiet. The time left is told from the pace so far.
class ProgressLine {
public:
    explicit ProgressLine(bool quiet);
    ~ProgressLine(); ///< ends an open bar's line
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    /// `what`: "step 120 of 1,000"; `detail`: "loss 4.108, 2,940 tokens/s". Redraws at most ten
    /// times a second (a plain line every ten seconds); the last (done == total) always.
    void show(const std::string& what, int64_t done, int64_t total, const std::string& detail = "");
    /// A line of its own above the bar.
    void note(const std::string& text);

private:
    using Clock = std::chrono::steady_clock;
    void clearBar();

    bool m_quiet, m_terminal;
    bool m_barOpen = false;
    Clock::time_point m_start = Clock::now(), m_shown{};
    int64_t m_firstDone = -1;
};

/// "4 d 5 h", "3 min 20 s", "12 s": the largest two units.
std::string durationText(double seconds);
/// 1234567 as "1,234,567".
std::string groupedText(int64_t number);

} // namespace moe::cli
