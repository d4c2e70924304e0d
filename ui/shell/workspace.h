// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_registry.h"
#include "ui/shell/settings.h"

#include <QList>
#include <QMainWindow>
#include <QString>
#include <QWidget>

namespace moe::shell {

class MessageBar;

/// What the shell hands every workspace.
struct ShellServices {
    ActionRegistry& actions;
    MessageBar& messages;
    Settings* settings = nullptr; ///< null: nothing is remembered
};

/// One workspace page: an inner main window with docks of its own. The shell saves and restores its
/// dock state (saveState/restoreState by objectName), lists its docks in the View menu, and shows
/// its toolbar widgets.
class Workspace : public QMainWindow {
    Q_OBJECT
public:
    explicit Workspace(QWidget* parent = nullptr)
        : QMainWindow(parent, Qt::Widget)
    {
    }
    virtual QString title() const = 0; ///< "Training"
    virtual QString iconName() const = 0;
    /// Actions and widgets right of the toolbar's separator: `left` follow it, `right` stand at the
    /// far end.
    virtual QList<QAction*> toolbarActions() const { return {}; }
    virtual QList<QWidget*> toolbarWidgets()
    {
        return {};
    } ///< right end, in order; owned by the workspace
    virtual QList<PaletteSource> paletteSources() { return {}; }
    virtual void restoreDefaultLayout() { }
    /// The docks as the next start finds them (of Settings::kVersion), without passing views (a
    /// form) that are open now.
    virtual QByteArray layoutToKeep() const { return saveState(Settings::kVersion); }

Q_SIGNALS:
    /// For the status bar: what runs on which device (left), run or checkpoint (right).
    void statusChanged(const QString& left, const QString& right);
};

} // namespace moe::shell
