// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/recent_runs.h"

namespace moe::workbench {

namespace {

constexpr qsizetype kShown = 10;

shell::RecentItem::Tone toneOf(const QString& state)
{
    if (state == QLatin1String("running") || state == QLatin1String("paused"))
        return shell::RecentItem::Tone::Live;
    return state == QLatin1String("failed") ? shell::RecentItem::Tone::Error
                                            : shell::RecentItem::Tone::Plain;
}

/// The store's word for a state, in the window's language.
QString stateText(const QString& state)
{
    if (state == QLatin1String("running"))
        return RecentRuns::tr("training");
    if (state == QLatin1String("paused"))
        return RecentRuns::tr("paused");
    if (state == QLatin1String("done"))
        return RecentRuns::tr("done");
    if (state == QLatin1String("stopped"))
        return RecentRuns::tr("stopped");
    if (state == QLatin1String("failed"))
        return RecentRuns::tr("failed");
    if (state == QLatin1String("imported"))
        return RecentRuns::tr("imported");
    return state;
}

} // namespace

RecentRuns::RecentRuns(
    training::TrainingWorkspace& training, std::function<void(qint64)> open, QObject* parent)
    : RecentSource(parent)
    , m_training(training)
    , m_open(std::move(open))
{
    connect(&training, &training::TrainingWorkspace::recentChanged, this, &RecentSource::changed);
}

QList<shell::RecentItem> RecentRuns::items() const
{
    QList<shell::RecentItem> items;
    const QList<training::RecentRun> runs = m_training.recentRuns();
    for (const training::RecentRun& run : runs.first(std::min(kShown, runs.size()))) {
        items.append({QStringLiteral("training"), run.name, tr("Run, %1").arg(run.detail),
            stateText(run.state), toneOf(run.state), run.updated, [open = m_open, id = run.id] {
                open(id);
            }});
    }
    return items;
}

int RecentRuns::allRuns() const
{
    return static_cast<int>(m_training.recentRuns().size());
}

} // namespace moe::workbench
