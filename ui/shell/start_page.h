// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_registry.h"
#include "ui/shell/machine_panel.h"
#include "ui/shell/recent.h"

#include <QPointer>
#include <QScrollArea>

class QBoxLayout;
class QGridLayout;
class QLabel;
class QLineEdit;
class QSortFilterProxyModel;
class QTableView;
class QVBoxLayout;

namespace moe::shell {

class LinkButton;

/// The first page (look.md section 8, start.png): Begin, Recent, This machine and the keys. Below
/// 1400 px the third column goes under the first. Object name "startPage". GUI thread.
class StartPage : public QScrollArea {
    Q_OBJECT
public:
    /// One row of Begin; the registry has the action.
    struct Begin {
        QString actionId, icon, title, detail;
    };

    explicit StartPage(const ActionRegistry& actions, QWidget* parent = nullptr);

    void setBegin(const QList<Begin>& rows);
    void addRecentSource(RecentSource* source); ///< its rows join those that are there, by time
    MachinePanel& machine() { return *m_machine; }

Q_SIGNALS:
    void allRunsWanted();
    void liveRunChanged(const QString& run); ///< "demo, training, 30.4 %"; empty: none

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeBegin();
    QWidget* makeRecent();
    QWidget* makeMachine();
    QWidget* makeKeys();
    void showRecent();
    void fitRecent();
    void arrange();

    const ActionRegistry& m_actions;
    QList<QPointer<RecentSource>> m_sources;
    RecentModel* m_model;
    QSortFilterProxyModel* m_filtered;
    MachinePanel* m_machine = nullptr;
    QVBoxLayout* m_begin = nullptr;
    QLineEdit* m_filter = nullptr;
    QTableView* m_table = nullptr;
    QLabel* m_empty = nullptr;
    LinkButton* m_allRuns = nullptr;
    QWidget *m_left = nullptr, *m_middle = nullptr, *m_right = nullptr, *m_block = nullptr;
    QWidget *m_machineColumn = nullptr, *m_keys = nullptr;
    QGridLayout* m_columns = nullptr;
    QVBoxLayout* m_page = nullptr;
};

} // namespace moe::shell
