// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/serve/traffic.h"

#include <QAbstractTableModel>

#include <vector>

namespace moe::models {

/// The requests that an endpoint serves now, oldest first.
class RequestTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Client, State, Prompt, Generated, Time, Columns };

    using QAbstractTableModel::QAbstractTableModel;
    void setRequests(std::vector<serve::ServedRequest> requests);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<serve::ServedRequest> m_requests;
};

} // namespace moe::models
