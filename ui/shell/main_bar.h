// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QToolBar>

namespace moe::shell {

class Workspace;

/// The tool bar: the workspaces at the left, the active one underlined; right of the separator the
/// actions of that workspace, its widgets at the far end. What does not fit goes into the bar's own
/// extension. GUI thread.
class MainBar : public QToolBar {
    Q_OBJECT
public:
    explicit MainBar(QWidget* parent = nullptr);

    void addPages(const QList<QAction*>& pages); ///< exclusive, checkable
    void addWorkspace(Workspace* workspace); ///< its widgets move here, hidden until shown
    void showWorkspace(Workspace* workspace); ///< null: the start page

private:
    QAction *m_spacer = nullptr, *m_end = nullptr;
    QHash<Workspace*, QList<QAction*>> m_items; ///< tool bar items of each
};

} // namespace moe::shell
