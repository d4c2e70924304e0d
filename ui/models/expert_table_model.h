// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include <cstdint>
#include <optional>
#include <vector>

namespace moe::models {

struct ExpertRow {
    double utilisation = 0; ///< NaN: no data
    double assignments = 0; ///< a step, mean of the span
    double dropped = 0; ///< a step, mean of the span; NaN: not recorded by expert
    bool dead = false;
};

/// The experts of one layer now; the table twin of the experts-over-time map's last column.
class ExpertTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Expert, Bar, Utilisation, Assignments, Dropped, Verdict, Columns };
    enum Role { Value = Qt::UserRole, IsDead };

    using QAbstractTableModel::QAbstractTableModel;
    void setRows(std::vector<ExpertRow> rows, std::optional<double> capacityFactor);
    const std::vector<ExpertRow>& rows() const { return m_rows; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QString verdict(const ExpertRow& row) const;
    std::vector<ExpertRow> m_rows;
    std::optional<double> m_capacityFactor;
};

} // namespace moe::models
