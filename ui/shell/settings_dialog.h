// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_registry.h"
#include "ui/shell/settings.h"

#include <QDialog>

class QComboBox;
class QLabel;
class QTableWidget;
class QTableWidgetItem;

namespace moe::shell {

/// Language, theme, display, store and every shortcut. What is changed holds at once. GUI thread.
class SettingsDialog : public QDialog {
    Q_OBJECT
public:
    enum class Field { Language, Theme, Store, Shortcuts };

    SettingsDialog(Settings& settings, const ActionRegistry& actions, const QString& store,
        QWidget* parent = nullptr);

    /// What the palette offers under Settings.
    static QList<std::pair<Field, QString>> entries();
    void showField(Field field);

    /// Gives an action a key; refuses one that another action has and says whose it is.
    static QString assignShortcut(Settings& settings, const ActionRegistry& actions,
        QAction* action, const QKeySequence& key);

private:
    QWidget* makeForm(const QString& store);
    void fillShortcuts();
    void shortcutEdited(QTableWidgetItem* item);

    Settings& m_settings;
    const ActionRegistry& m_actions;
    QComboBox *m_language = nullptr, *m_theme = nullptr;
    QLabel *m_store = nullptr, *m_problem = nullptr;
    QTableWidget* m_shortcuts = nullptr;
    bool m_filling = false;
};

} // namespace moe::shell
