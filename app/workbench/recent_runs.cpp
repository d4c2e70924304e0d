// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/recent_runs.h"

#include "ui/models/format.h"
#include "ui/shell/machine.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace moe::workbench {

using telemetry::RunInfo;
using telemetry::RunState;
using Tone = shell::RecentItem::Tone;

namespace {

constexpr size_t kShown = 10;

QString whatOf(const RunInfo& run)
{
    if (run.layers > 0 && run.experts > 0)
        return RecentRuns::tr("Run, %1 layers × %2 experts").arg(run.layers).arg(run.experts);
    return run.state == RunState::Imported
        ? RecentRuns::tr("Run, from %1").arg(QString::fromStdString(run.source))
        : RecentRuns::tr("Run, dense");
}

/// "training, 30.4 %": what runs says how far it is.
QString withProgress(const QString& state, const RunInfo& run)
{
    if (run.trainSteps <= 0)
        return state;
    const double share = static_cast<double>(run.steps) / static_cast<double>(run.trainSteps);
    return RecentRuns::tr("%1, %2", "state, progress")
        .arg(state, models::formatFixed(100 * share, 1) + QChar(0x202F) + QLatin1Char('%'));
}

QString withValidation(const QString& state, const RunInfo& run)
{
    if (!run.bestValidLoss)
        return state;
    return RecentRuns::tr("%1, valid %2", "state, best validation loss")
        .arg(state, models::formatLoss(*run.bestValidLoss));
}

QString stateOf(const RunInfo& run)
{
    switch (run.state) {
    case RunState::Running:
        return withProgress(RecentRuns::tr("training"), run);
    case RunState::Paused:
        return withProgress(RecentRuns::tr("paused"), run);
    case RunState::Done:
        return withValidation(RecentRuns::tr("done"), run);
    case RunState::Imported:
        return withValidation(RecentRuns::tr("imported"), run);
    case RunState::Stopped:
        return RecentRuns::tr("stopped at %1", "step").arg(models::formatCount(run.steps));
    case RunState::Failed:
        return RecentRuns::tr("failed at %1", "step").arg(models::formatCount(run.steps));
    }
    return {};
}

} // namespace

shell::RecentItem recentItemOf(const RunInfo& run)
{
    const bool live = run.state == RunState::Running || run.state == RunState::Paused;
    const Tone tone = live ? Tone::Live : run.state == RunState::Failed ? Tone::Error : Tone::Plain;
    return {QStringLiteral("training"), QString::fromStdString(run.name), whatOf(run), stateOf(run),
        tone, QDateTime::fromMSecsSinceEpoch(std::llround(run.updated * 1000)), {}};
}

RecentRuns::RecentRuns(
    std::filesystem::path store, std::function<void(qint64)> open, QObject* parent)
    : RecentSource(parent)
    , m_store(std::move(store))
    , m_open(std::move(open))
{
    read();
}

void RecentRuns::read()
{
    if (m_reading) {
        m_stale = true;
        return;
    }
    m_reading = true;
    const auto runs = std::make_shared<std::vector<RunInfo>>();
    shell::runAside(
        this,
        [store = m_store, runs] {
            *runs = telemetry::RunStore(store, telemetry::RunStore::Mode::ReadOnly).runs();
            std::sort(runs->begin(), runs->end(),
                [](const RunInfo& a, const RunInfo& b) { return a.updated > b.updated; });
            return QString();
        },
        [this, runs](const QString&) { // a store that cannot be read is the workspace's to report
            m_reading = false;
            m_runs = std::move(*runs);
            Q_EMIT changed();
            if (std::exchange(m_stale, false))
                read();
        });
}

QList<shell::RecentItem> RecentRuns::items() const
{
    QList<shell::RecentItem> items;
    for (size_t i = 0; i < std::min(kShown, m_runs.size()); ++i) {
        items.append(recentItemOf(m_runs[i]));
        items.last().activate = [open = m_open, id = m_runs[i].id] {
            open(id);
        };
    }
    return items;
}

int RecentRuns::allRuns() const
{
    return static_cast<int>(m_runs.size());
}

} // namespace moe::workbench
