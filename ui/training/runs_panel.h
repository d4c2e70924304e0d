// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_table_model.h"
#include "ui/shell/title_bar.h"

#include <QStringList>
#include <QWidget>

class QLabel;
class QLineEdit;
class QStackedWidget;
class QTableView;

namespace moe::training {

/// The runs of the store ("runTable"): filter, selection, overlays, the pinned baseline, and what
/// can be done to a run.
class RunsPanel : public QWidget {
    Q_OBJECT
public:
    RunsPanel(models::RunTableModel& model, shell::TitleBar& title, QWidget* parent = nullptr);

    void setFront(qint64 run); ///< the run in front: first row, selected
    void setShortWords(bool shortWords); ///< the last column goes
    void focusFilter();
    QTableView& table() { return *m_table; }

    // For the selected run; also in the context menu
    void renameSelected();
    void deleteSelected();
    void editTagsOfSelected();
    void editNotesOfSelected();
    qint64 selected() const; ///< 0: none

Q_SIGNALS:
    void chosen(qint64 run); ///< click or Enter: brings it to the front
    void overlayToggled(qint64 run);
    void pinToggled(qint64 run);
    void renamed(qint64 run, const QString& name);
    void removed(qint64 run);
    void tagsChanged(qint64 run, const QStringList& tags);
    void notesChanged(qint64 run, const QString& notes);
    void resumeRequested(qint64 run);
    void newRunRequested();
    void importRequested();
    void demoRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    void buildTable();
    void fitColumns();
    int cellWidth(const QString& text) const;
    void buildMenu(shell::TitleBar& title);
    void showContextMenu(const QPoint& at);
    void updateEmpty();

    models::RunTableModel& m_model;
    models::RunFilterModel m_proxy;
    QLineEdit* m_filter;
    QStackedWidget* m_pages;
    QTableView* m_table;
    QLabel* m_none;
};

} // namespace moe::training
