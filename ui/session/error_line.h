// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/error.h"

#include <QCoreApplication>
#include <QString>

#include <exception>
#include <new>

namespace moe::session {

/// Runs `work` and returns the one line for people when it throws, else an empty string. The top
/// frame of every worker thread: errors become values here. A stop that was asked for is no error.
template <typename Work> QString errorLineOf(Work&& work)
{
    try {
        work();
    } catch (const Cancelled&) {
        return {};
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    } catch (const std::bad_alloc&) {
        return QCoreApplication::translate("session",
            "out of memory: this machine: close other programs or choose a smaller model");
    } catch (const std::exception&) {
        // Never a library's own words.
        return QCoreApplication::translate("session",
            "the engine met an unexpected condition: this run: see the log and report it");
    }
    return {};
}

} // namespace moe::session
