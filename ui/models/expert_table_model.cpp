// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/expert_table_model.h"

#include "ui/models/format.h"

#include <cmath>

namespace moe::models {

namespace {

constexpr double kCold = 0.75;

QString count(double value)
{
    return std::isfinite(value) ? formatCount(std::llround(value)) : unknownText();
}

} // namespace

void ExpertTableModel::setRows(std::vector<ExpertRow> rows, std::optional<double> capacityFactor)
{
    m_capacityFactor = capacityFactor;
    if (rows.size() != m_rows.size()) {
        beginResetModel();
        m_rows = std::move(rows);
        endResetModel();
        return;
    }
    m_rows = std::move(rows);
    if (!m_rows.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Columns - 1));
}

int ExpertTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int ExpertTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QString ExpertTableModel::verdict(const ExpertRow& row) const
{
    if (row.dead)
        return tr("dead");
    if (m_capacityFactor && row.utilisation > *m_capacityFactor)
        return tr("hot");
    return row.utilisation < kCold ? tr("cold") : QString();
}

QVariant ExpertTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const ExpertRow& row = m_rows[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Expert:
            return QString::number(index.row());
        case Utilisation:
            return formatUtilisation(row.utilisation);
        case Assignments:
            return count(row.assignments);
        case Dropped:
            return count(row.dropped);
        case Verdict:
            return verdict(row);
        default:
            return {};
        }
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(
            (index.column() == Verdict ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Value:
        return row.utilisation;
    case IsDead:
        return row.dead;
    default:
        return {};
    }
}

QVariant ExpertTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (section == Verdict || section == Expert ? Qt::AlignLeft : Qt::AlignRight)
            | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Expert:
        return tr("Expert");
    case Utilisation:
        return tr("Utilisation");
    case Assignments:
        return tr("Assignments");
    case Dropped:
        return tr("Dropped");
    default:
        return {};
    }
}

} // namespace moe::models
