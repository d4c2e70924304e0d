// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QDateTime>
#include <QList>
#include <QString>

#include <functional>

namespace moe::shell {

/// One row of the start page's Recent table: a run, a model, a conversation or a plan.
struct RecentItem {
    enum class Tone { Plain, Live, Warning, Error };
    QString icon; ///< name in resources/icons
    QString name, what, state; ///< "sky52-adaptive", "Run, 52 layers × 16 experts", "done"
    Tone stateTone = Tone::Plain;
    QDateTime opened;
    std::function<void()> activate;
};

/// What a workspace has for the start page, newest first. It says changed() when it differs; all
/// reading of files happens elsewhere. GUI thread.
class RecentSource : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual QList<RecentItem> items() const = 0;
    virtual int allRuns() const { return 0; } ///< how many runs there are in all

Q_SIGNALS:
    void changed();
};

/// "15:20" today, "yesterday", else "19 Nov" (with the year when it is not this one).
QString openedText(const QDateTime& opened, const QDateTime& now);

class RecentModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, What, State, Opened, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;
    void setItems(QList<RecentItem> items);
    void activate(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QList<RecentItem> m_items;
};

} // namespace moe::shell
