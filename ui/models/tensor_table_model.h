// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/model_facts.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

#include <vector>

namespace moe::models {

/// The tensors of a checkpoint as they are stored.
class TensorTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Shape, Dtype, Size, Columns };
    enum Role { SortKey = Qt::UserRole }; ///< numbers by value, texts as they are

    using QAbstractTableModel::QAbstractTableModel;
    void setTensors(std::vector<session::TensorFact> tensors);
    const session::TensorFact& tensor(int row) const { return m_tensors[static_cast<size_t>(row)]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<session::TensorFact> m_tensors;
};

/// Keeps the tensors whose name, shape or dtype holds every word of a text, and adds them up.
class TensorFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit TensorFilter(TensorTableModel& tensors, QObject* parent = nullptr);
    void setWords(const QString& text);
    /// "12 of 340 tensors, 1,234,560 values, 2.5 MB": of those that are shown.
    QString sum() const;

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    TensorTableModel& m_tensors;
    QStringList m_words;
};

} // namespace moe::models
