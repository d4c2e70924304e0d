// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>
#include <functional>

class QObject;

namespace moe::shell {

/// What this process may use. Bytes; 0 where the system does not say.
struct MachineFacts {
    int cores = 0;
    int64_t memoryBytes = 0, freeBytes = 0;
};

/// MemTotal and MemAvailable out of the text of /proc/meminfo, in bytes (it counts KiB).
MachineFacts parseMeminfo(const QString& meminfo);

/// Reads the facts on a thread of its own and hands them to `done` on `receiver`'s thread, unless
/// the receiver is gone by then.
void readMachine(QObject* receiver, std::function<void(MachineFacts)> done);

/// Runs `work` on a thread of its own and hands its line to `done` on `receiver`'s thread. An
/// exception becomes its own line.
void runAside(QObject* receiver, std::function<QString()> work, std::function<void(QString)> done);

QString gigabytes(int64_t bytes); ///< "25.2" (10⁹ bytes), in the locale

} // namespace moe::shell
