// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/run_store.h"

#include <QAbstractTableModel>
#include <QMap>
#include <QSortFilterProxyModel>
#include <QString>

#include <vector>

namespace moe::models {

/// The runs of the store, one a row. A shown run has a colour (an index into Theme::series) that it
/// keeps while it is shown; one run may be pinned as the baseline.
class RunTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Step, Loss, BestValid, Columns };
    enum Role {
        RunId = Qt::UserRole,
        State, ///< "running", …
        SeriesColour, ///< int, −1: not shown
        Pinned, ///< bool
        Tags, ///< QStringList
        SortValue,
    };

    using QAbstractTableModel::QAbstractTableModel;
    void setRuns(std::vector<telemetry::RunInfo> runs);
    void update(const telemetry::RunInfo& run); ///< live figures of one run; adds it when new
    void setShown(qint64 run, int seriesColour); ///< −1: not shown any more
    int seriesColour(qint64 run) const;
    int freeColour() const; ///< the first of colours 0 … 4 that no run has; −1: all are taken
    void setPinned(qint64 run); ///< 0: none
    qint64 pinned() const { return m_pinned; }

    const std::vector<telemetry::RunInfo>& runs() const { return m_runs; }
    const telemetry::RunInfo* find(qint64 run) const;
    int rowOf(qint64 run) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    void rowChanged(int row);
    std::vector<telemetry::RunInfo> m_runs;
    QMap<qint64, int> m_colours;
    qint64 m_pinned = 0;
};

/// Filter by name or tag, sorting by any column; the run in front first (the selected one), then
/// the pinned baseline, when nothing else is asked for.
class RunFilterModel : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit RunFilterModel(QObject* parent = nullptr);
    void setText(const QString& text);
    void setFront(qint64 run);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    int rank(const QModelIndex& index) const;
    QString m_text;
    qint64 m_front = 0;
};

} // namespace moe::models
