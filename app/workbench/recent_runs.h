// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/run_store.h"
#include "ui/shell/recent.h"

#include <filesystem>
#include <vector>

namespace moe::workbench {

/// The store's runs as rows of the start page, newest first; read on a thread of its own. GUI
/// thread.
class RecentRuns : public shell::RecentSource {
    Q_OBJECT
public:
    /// `open` is called with a run's id.
    RecentRuns(
        std::filesystem::path store, std::function<void(qint64)> open, QObject* parent = nullptr);
    QList<shell::RecentItem> items() const override;
    int allRuns() const override;

    void read(); ///< changed() follows; many calls while one reads are one more reading

private:
    std::filesystem::path m_store;
    std::function<void(qint64)> m_open;
    std::vector<telemetry::RunInfo> m_runs;
    bool m_reading = false, m_stale = false;
};

/// The row of one run but for what opens it: "Run, 6 layers × 16 experts", "done, valid 2.104".
shell::RecentItem recentItemOf(const telemetry::RunInfo& run);

} // namespace moe::workbench
