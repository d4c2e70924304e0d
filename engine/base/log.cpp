// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"

#include <cstdio>
#include <mutex>

namespace moe::base {

namespace {

std::mutex& sinkMutex()
{
    static std::mutex mutex;
    return mutex;
}

LogSink& sink()
{
    static LogSink current;
    return current;
}

} // namespace

void log(LogLevel level, const std::string& text)
{
    const std::lock_guard lock(sinkMutex());
    if (sink())
        sink()(level, text);
    else if (level != LogLevel::Debug)
        std::fprintf(stderr, "%s: %s\n", nameOf(level), text.c_str());
}

void setLogSink(LogSink newSink)
{
    const std::lock_guard lock(sinkMutex());
    sink() = std::move(newSink);
}

const char* nameOf(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return "debug";
    case LogLevel::Info:
        return "info";
    case LogLevel::Warning:
        return "warning";
    case LogLevel::Error:
        return "error";
    }
    return "?";
}

} // namespace moe::base
