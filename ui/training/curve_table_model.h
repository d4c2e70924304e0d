// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QString>

#include <vector>

namespace moe::training {

/// The table twin of a line plot: one row a step of the first curve, one column a named curve.
class CurveTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    struct Column {
        QString name;
        std::vector<double> x, y; ///< as drawn; x rising
    };
    using QAbstractTableModel::QAbstractTableModel;
    void setColumns(std::vector<Column> columns);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<Column> m_columns;
};

} // namespace moe::training
