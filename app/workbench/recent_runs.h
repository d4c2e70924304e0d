// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/recent.h"
#include "ui/training/training_workspace.h"

namespace moe::workbench {

/// The Training workspace's runs as rows of the start page. GUI thread.
class RecentRuns : public shell::RecentSource {
    Q_OBJECT
public:
    /// `open` is called with a run's id.
    RecentRuns(training::TrainingWorkspace& training, std::function<void(qint64)> open,
        QObject* parent = nullptr);
    QList<shell::RecentItem> items() const override;
    int allRuns() const override;

private:
    training::TrainingWorkspace& m_training;
    std::function<void(qint64)> m_open;
};

} // namespace moe::workbench
