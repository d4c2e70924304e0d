// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/axis_ticks.h"
#include "ui/plots/heatmap_plot.h"

#include <cmath>

namespace moe::plots {

QString cellNumber(HeatmapScale scale, float value)
{
    if (scale == HeatmapScale::Utilisation || std::isnan(value))
        return numberText(value, 2);
    return (value > 0 ? QStringLiteral("+") : QString()) + numberText(100 * value, 1)
        + QChar(0x202f) + QLatin1Char('%');
}

void HeatmapTableModel::setData(const HeatmapData& data, const QString& rowName)
{
    const bool sameShape = data.rows == m_data.rows && data.columns == m_data.columns
        && data.rowIds == m_data.rowIds && rowName == m_rowName
        && data.firstColumn == m_data.firstColumn && data.columnStep == m_data.columnStep;
    if (!sameShape)
        beginResetModel();
    m_data = data;
    m_rowName = rowName;
    m_data.values.resize(size_t(data.rows) * size_t(data.columns), NAN);
    if (!sameShape)
        endResetModel();
    else if (data.rows > 0 && data.columns > 0)
        Q_EMIT dataChanged(index(0, 0), index(data.rows - 1, data.columns - 1));
}

int HeatmapTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : m_data.rows;
}

int HeatmapTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : m_data.columns;
}

QVariant HeatmapTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const size_t cell = size_t(index.row()) * size_t(m_data.columns) + size_t(index.column());
    const float value = m_data.values[cell];
    const bool dead = cell < m_data.dead.size() && m_data.dead[cell] != 0;
    const QString number = cellNumber(m_data.scale, value);
    const QString text = dead ? tr("%1, dead").arg(number) : number;
    switch (role) {
    case Qt::DisplayRole:
        return text;
    case Qt::UserRole:
        return value;
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    case Qt::AccessibleTextRole:
        return tr("%1 %2, column %3: %4")
            .arg(m_rowName)
            .arg(m_data.rowId(index.row()))
            .arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(), text);
    default:
        return {};
    }
}

QVariant HeatmapTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role != Qt::DisplayRole)
        return {};
    if (orientation == Qt::Vertical)
        return m_rowName.isEmpty()
            ? QString::number(m_data.rowId(section))
            : QStringLiteral("%1 %2").arg(m_rowName).arg(m_data.rowId(section));
    return numberText(m_data.firstColumn + section * m_data.columnStep, 0);
}

} // namespace moe::plots
