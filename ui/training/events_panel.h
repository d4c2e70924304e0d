// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/event_table_model.h"
#include "ui/shell/title_bar.h"

#include <QSortFilterProxyModel>
#include <QWidget>

class QLabel;
class QLineEdit;
class QStackedWidget;
class QTableView;

namespace moe::training {

/// What happened in the run, newest first; the numbers of the flags in the plots.
class EventsPanel : public QWidget {
    Q_OBJECT
public:
    EventsPanel(models::EventTableModel& model, shell::TitleBar& title, QWidget* parent = nullptr);
    void selectFlag(int number); ///< a flag was clicked in a plot
    QTableView& table() { return *m_table; }

Q_SIGNALS:
    void stepChosen(qint64 step); ///< the crosshair goes there

private:
    void updateEmpty();
    models::EventTableModel& m_model;
    QSortFilterProxyModel m_proxy;
    QLineEdit* m_filter;
    QStackedWidget* m_pages;
    QTableView* m_table;
    QLabel* m_none;
};

} // namespace moe::training
