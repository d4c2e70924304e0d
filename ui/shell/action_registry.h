// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QString>

#include <functional>

namespace moe::shell {

/// Every action stands here once; menus, toolbars, shortcuts, the palette and the shortcut sheet
/// are made from it. GUI thread.
class ActionRegistry : public QObject {
    Q_OBJECT
public:
    enum class Category { File, Edit, View, Run, Chat, Plan, Help, Training };

    struct Spec {
        QString id; ///< stable, "run.pause"
        QString text; ///< "Pause run"
        QString icon; ///< name in resources/icons, may be empty
        QKeySequence key;
        Category category = Category::View;
        bool inMenu = true;
    };

    explicit ActionRegistry(QObject* parent = nullptr);
    QAction* add(const Spec& spec, std::function<void()> triggered);
    QAction* find(const QString& id) const; ///< null when there is none
    QList<QAction*> all() const { return m_actions; }
    static Category categoryOf(const QAction* action);
    static QString categoryName(Category category);
    static bool isInMenu(const QAction* action);
    static QString iconNameOf(const QAction* action);
    static QKeySequence defaultKeyOf(const QAction* action); ///< before the user changed it
    static QString plainText(const QAction* action); ///< without the mnemonic's &
    /// Disables and says why in the tooltip; an empty reason enables.
    static void setDisabledReason(QAction* action, const QString& reason);

Q_SIGNALS:
    void added(QAction* action);

private:
    QList<QAction*> m_actions;
};

/// What the palette finds beside actions: layers ("@"), runs ("#"). A workspace registers one for
/// each group.
struct PaletteItem {
    QString text, detail, icon;
    std::function<void()> activate;
};
struct PaletteSource {
    QString heading; ///< "Layers of demo"
    QChar prefix; ///< '@', '#' or null
    std::function<QList<PaletteItem>()> items;
};

} // namespace moe::shell
