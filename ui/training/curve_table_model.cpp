// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/curve_table_model.h"

#include "ui/models/format.h"

#include <QLocale>

#include <algorithm>

namespace moe::training {

void CurveTableModel::setColumns(std::vector<Column> columns)
{
    beginResetModel();
    m_columns = std::move(columns);
    endResetModel();
}

int CurveTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() || m_columns.empty() ? 0 : static_cast<int>(m_columns[0].x.size());
}

int CurveTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size()) + 1;
}

QVariant CurveTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    // Newest first: the top row is what a live run just did.
    const std::vector<double>& rows = m_columns[0].x;
    const double x = rows[rows.size() - 1 - static_cast<size_t>(index.row())];
    if (index.column() == 0)
        return models::formatFixed(x, x == std::floor(x) ? 0 : 1);
    const Column& column = m_columns[static_cast<size_t>(index.column()) - 1];
    const auto at = std::ranges::lower_bound(column.x, x);
    if (at == column.x.end() || *at != x)
        return models::unknownText();
    const double value = column.y[static_cast<size_t>(at - column.x.begin())];
    return std::isfinite(value) ? QLocale().toString(value, 'g', 6) : models::unknownText();
}

QVariant CurveTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    if (section == 0)
        return tr("Step");
    return section <= static_cast<int>(m_columns.size())
        ? QVariant(m_columns[static_cast<size_t>(section) - 1].name)
        : QVariant();
}

} // namespace moe::training
