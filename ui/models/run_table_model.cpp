// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_table_model.h"

#include "ui/models/format.h"

#include <QStringList>

#include <algorithm>
#include <cmath>
#include <optional>

namespace moe::models {

namespace {

QStringList tagsOf(const telemetry::RunInfo& run)
{
    QStringList tags;
    for (const std::string& tag : run.tags)
        tags += QString::fromStdString(tag);
    return tags;
}

QString lossText(const std::optional<double>& loss)
{
    return loss ? formatLoss(*loss) : unknownText();
}

bool same(const telemetry::RunInfo& a, const telemetry::RunInfo& b)
{
    return a.name == b.name && a.state == b.state && a.steps == b.steps && a.lastLoss == b.lastLoss
        && a.bestValidLoss == b.bestValidLoss && a.tags == b.tags && a.notes == b.notes
        && a.updated == b.updated;
}

} // namespace

void RunTableModel::setRuns(std::vector<telemetry::RunInfo> runs)
{
    const bool sameRuns
        = std::ranges::equal(runs, m_runs, {}, &telemetry::RunInfo::id, &telemetry::RunInfo::id);
    if (!sameRuns) {
        beginResetModel();
        m_runs = std::move(runs);
        endResetModel();
        return;
    }
    for (size_t row = 0; row < runs.size(); ++row) {
        if (same(runs[row], m_runs[row]))
            continue;
        // The bus is ahead of the store for the run of this process.
        const bool behind
            = runs[row].state == m_runs[row].state && runs[row].steps < m_runs[row].steps;
        if (behind) {
            runs[row].steps = m_runs[row].steps;
            runs[row].lastLoss = m_runs[row].lastLoss;
        }
        m_runs[row] = std::move(runs[row]);
        rowChanged(static_cast<int>(row));
    }
}

void RunTableModel::update(const telemetry::RunInfo& run)
{
    const int row = rowOf(run.id);
    if (row >= 0) {
        m_runs[static_cast<size_t>(row)] = run;
        rowChanged(row);
        return;
    }
    beginInsertRows({}, 0, 0);
    m_runs.insert(m_runs.begin(), run);
    endInsertRows();
}

void RunTableModel::rowChanged(int row)
{
    if (row >= 0)
        Q_EMIT dataChanged(index(row, 0), index(row, Columns - 1));
}

void RunTableModel::setShown(qint64 run, int seriesColour)
{
    if (seriesColour < 0)
        m_colours.remove(run);
    else
        m_colours[run] = seriesColour;
    rowChanged(rowOf(run));
}

int RunTableModel::seriesColour(qint64 run) const
{
    return m_colours.value(run, -1);
}

int RunTableModel::freeColour() const
{
    const QList<int> taken = m_colours.values();
    for (const int colour : {0, 2, 3, 4, 5}) { // 1 is validation and the chosen layer
        if (!taken.contains(colour))
            return colour;
    }
    return -1;
}

void RunTableModel::setPinned(qint64 run)
{
    const qint64 before = std::exchange(m_pinned, run);
    rowChanged(rowOf(before));
    rowChanged(rowOf(run));
}

const telemetry::RunInfo* RunTableModel::find(qint64 run) const
{
    const int row = rowOf(run);
    return row < 0 ? nullptr : &m_runs[static_cast<size_t>(row)];
}

int RunTableModel::rowOf(qint64 run) const
{
    const auto found
        = std::ranges::find(m_runs, static_cast<int64_t>(run), &telemetry::RunInfo::id);
    return found == m_runs.end() ? -1 : static_cast<int>(found - m_runs.begin());
}

int RunTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

int RunTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const telemetry::RunInfo& run = m_runs[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Name:
            return QString::fromStdString(run.name);
        case Step:
            return formatCount(run.steps);
        case Loss:
            return lossText(run.lastLoss);
        case BestValid:
            return lossText(run.bestValidLoss);
        default:
            return {};
        }
    case Qt::ToolTipRole: {
        QStringList lines{QString::fromStdString(run.name),
            tr("%1, step %2").arg(QLatin1String(nameOf(run.state)), formatCount(run.steps))};
        if (run.lastLoss)
            lines
                += tr("Loss: last %1, best %2").arg(lossText(run.lastLoss), lossText(run.bestLoss));
        if (run.lastValidLoss)
            lines += tr("Validation: last %1, best %2")
                         .arg(lossText(run.lastValidLoss), lossText(run.bestValidLoss));
        if (!run.tags.empty())
            lines += tr("Tags: %1").arg(tagsOf(run).join(QLatin1String(", ")));
        if (!run.notes.empty())
            lines += QString::fromStdString(run.notes);
        return lines.join(QLatin1Char('\n'));
    }
    case Qt::AccessibleTextRole:
        if (index.column() == Name)
            return tr("%1, %2").arg(
                QString::fromStdString(run.name), QLatin1String(nameOf(run.state)));
        return data(index, Qt::DisplayRole);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(
            (index.column() == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case RunId:
        return static_cast<qint64>(run.id);
    case State:
        return QString::fromLatin1(nameOf(run.state));
    case SeriesColour:
        return seriesColour(run.id);
    case Pinned:
        return run.id == m_pinned;
    case Tags:
        return tagsOf(run);
    case SortValue:
        switch (index.column()) {
        case Name:
            return QString::fromStdString(run.name);
        case Step:
            return static_cast<qint64>(run.steps);
        case Loss:
            return run.lastLoss.value_or(HUGE_VAL);
        default:
            return run.bestValidLoss.value_or(HUGE_VAL);
        }
    default:
        return {};
    }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (section == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return tr("Name");
    case Step:
        return tr("Step");
    case Loss:
        return tr("Loss");
    case BestValid:
        return tr("Best valid");
    default:
        return {};
    }
}

RunFilterModel::RunFilterModel(QObject* parent)
    : QSortFilterProxyModel(parent)
{
    setSortRole(RunTableModel::SortValue);
    setSortCaseSensitivity(Qt::CaseInsensitive);
    setDynamicSortFilter(true);
}

void RunFilterModel::setText(const QString& text)
{
    m_text = text.trimmed();
    invalidateFilter();
}

void RunFilterModel::setFront(qint64 run)
{
    if (m_front == run)
        return;
    m_front = run;
    invalidate();
}

bool RunFilterModel::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    if (m_text.isEmpty())
        return true;
    const QModelIndex index = sourceModel()->index(row, RunTableModel::Name, parent);
    if (index.data().toString().contains(m_text, Qt::CaseInsensitive))
        return true;
    const QStringList tags = index.data(RunTableModel::Tags).toStringList();
    return std::ranges::any_of(
        tags, [this](const QString& tag) { return tag.contains(m_text, Qt::CaseInsensitive); });
}

int RunFilterModel::rank(const QModelIndex& index) const
{
    if (m_front != 0 && index.data(RunTableModel::RunId).toLongLong() == m_front)
        return 0;
    return index.data(RunTableModel::Pinned).toBool() ? 1 : 2;
}

bool RunFilterModel::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    const int leftRank = rank(left), rightRank = rank(right);
    if (leftRank != rightRank) // stays on top in both directions
        return sortOrder() == Qt::AscendingOrder ? leftRank < rightRank : leftRank > rightRank;
    return QSortFilterProxyModel::lessThan(left, right);
}

} // namespace moe::models
