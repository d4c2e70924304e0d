// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_bar.h"

#include "ui/shell/action_registry.h"
#include "ui/shell/style.h"
#include "ui/shell/theme.h"
#include "ui/shell/workspace.h"

#include <QLayout>
#include <QToolButton>

namespace moe::shell {

namespace {

/// The button that a tool bar makes for an action takes its words from the action.
void nameButton(QToolBar* bar, QAction* action)
{
    if (auto* button = qobject_cast<QToolButton*>(bar->widgetForAction(action))) {
        button->setAccessibleName(ActionRegistry::plainText(action));
        button->setFocusPolicy(Qt::TabFocus);
    }
}

} // namespace

MainBar::MainBar(QWidget* parent)
    : QToolBar(tr("Tool bar"), parent)
{
    setObjectName(QStringLiteral("mainBar"));
    setProperty(kUnderlinedProperty, true);
    setMovable(false);
    setFloatable(false);
    setContextMenuPolicy(Qt::PreventContextMenu);
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setIconSize(QSize(px(16), px(16)));
    setFixedHeight(px(40));
    layout()->setSpacing(0); // buttons and boxes bring half of the gap each: no dead ground
}

void MainBar::addPages(const QList<QAction*>& pages)
{
    // a tool bar takes its margins from the style, the same on all sides: none; these are its
    // insets
    const auto addInset = [this](double width) {
        auto* inset = new QWidget(this);
        inset->setFixedWidth(px(width));
        return addWidget(inset);
    };
    addInset(8);
    for (QAction* page : pages) {
        addAction(page);
        nameButton(this, page);
    }
    addSeparator();
    auto* spacer = new QWidget(this);
    spacer->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_spacer = addWidget(spacer);
    m_end = addInset(4);
}

void MainBar::addWorkspace(Workspace* workspace)
{
    QList<QAction*>& items = m_items[workspace];
    for (QAction* action : workspace->toolbarActions()) {
        insertAction(m_spacer, action);
        nameButton(this, action);
        items.append(action);
    }
    for (QWidget* widget : workspace->toolbarWidgets()) {
        widget->setContentsMargins(px(7), 0, px(7), 0); // half of the gap to its neighbours
        widget->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred); // a slider in it expands
        items.append(insertWidget(m_end, widget));
    }
    showWorkspace(nullptr);
}

void MainBar::showWorkspace(Workspace* workspace)
{
    // Actions are shared with menus: they leave the bar instead of being made invisible.
    for (auto it = m_items.cbegin(); it != m_items.cend(); ++it) {
        for (QAction* item : it.value())
            removeAction(item);
    }
    if (!workspace)
        return;
    const QList<QAction*> own = workspace->toolbarActions();
    for (QAction* item : m_items.value(workspace)) {
        if (own.contains(item)) {
            insertAction(m_spacer, item);
            nameButton(this, item);
        } else {
            insertAction(m_end, item);
        }
    }
}

} // namespace moe::shell
