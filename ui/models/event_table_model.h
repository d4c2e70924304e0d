// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_data.h"

#include <QAbstractTableModel>

#include <vector>

namespace moe::models {

/// What happened in a run, newest first.
class EventTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Step, What, Flag, Columns };
    enum Role { StepNumber = Qt::UserRole, FlagNumber, FoundByEngine, IsError };

    using QAbstractTableModel::QAbstractTableModel;
    /// By step. New ones at the end are inserted; anything else resets the model.
    void setEvents(const std::vector<NumberedEvent>& events);
    int rowOfFlag(int number) const; ///< −1: none

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<NumberedEvent> m_events; ///< newest first
};

} // namespace moe::models
