// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace moe::cli {

namespace {

constexpr int kBarWidth = 24;

std::string bar(double share)
{
    const int full = static_cast<int>(share * kBarWidth);
    std::string text;
    for (int i = 0; i < kBarWidth; ++i)
        text += i < full ? "█" : "░";
    return text;
}

} // namespace

std::string durationText(double seconds)
{
    struct Unit {
        int64_t seconds;
        const char* name;
    };
    static constexpr std::array<Unit, 4> kUnits{
        Unit{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    int64_t left = std::llround(std::max(0.0, seconds));
    for (size_t i = 0; i < kUnits.size(); ++i) {
        if (left < kUnits[i].seconds && i + 1 < kUnits.size())
            continue;
        std::string text = std::to_string(left / kUnits[i].seconds) + " " + kUnits[i].name;
        left %= kUnits[i].seconds;
        if (i + 1 < kUnits.size() && left / kUnits[i + 1].seconds > 0)
            text += " " + std::to_string(left / kUnits[i + 1].seconds) + " " + kUnits[i + 1].name;
        return text;
    }
    return "0 s";
}

std::string groupedText(int64_t number)
{
    std::string text = std::to_string(number);
    const size_t sign = number < 0 ? 1 : 0;
    for (size_t at = text.size(); at > 3 + sign; at -= 3)
        text.insert(at - 3, ",");
    return text;
}

ProgressLine::ProgressLine(bool quiet)
    : m_quiet(quiet)
    , m_terminal(isatty(STDERR_FILENO) != 0)
{
}

ProgressLine::~ProgressLine()
{
    if (m_barOpen)
        std::fputc('\n', stderr);
}

void ProgressLine::clearBar()
{
    if (m_barOpen)
        std::fputs("\r\033[K", stderr);
    m_barOpen = false;
}

void ProgressLine::show(
    const std::string& what, int64_t done, int64_t total, const std::string& detail)
{
    if (m_quiet)
        return;
    const Clock::time_point now = Clock::now();
    if (m_firstDone < 0) {
        m_firstDone = done;
        m_start = now;
    }
    const double pause = m_terminal ? 0.1 : 10;
    if (done < total && m_shown != Clock::time_point{}
        && std::chrono::duration<double>(now - m_shown).count() < pause)
        return;
    m_shown = now;

    const double share = total > 0
        ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0)
        : 0;
    std::string line = what;
    if (!detail.empty())
        line += "  " + detail;
    if (done > m_firstDone && done < total) {
        const double pace = std::chrono::duration<double>(now - m_start).count()
            / static_cast<double>(done - m_firstDone);
        line += "  " + durationText(pace * static_cast<double>(total - done)) + " left";
    }
    if (m_terminal) {
        clearBar();
        std::fprintf(stderr, "%s %3.0f %%  %s", bar(share).c_str(), share * 100, line.c_str());
        std::fflush(stderr);
        m_barOpen = true;
    } else {
        std::fprintf(stderr, "%s\n", line.c_str());
    }
}

void ProgressLine::note(const std::string& text)
{
    if (m_quiet)
        return;
    clearBar();
    std::fprintf(stderr, "%s\n", text.c_str());
}

} // namespace moe::cli
