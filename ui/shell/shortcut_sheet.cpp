// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/shortcut_sheet.h"

#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <array>

namespace moe::shell {

namespace {

using Key = std::pair<QString, QString>; ///< what, key

QList<std::pair<QString, QList<Key>>> groupsOf(const ActionRegistry& actions)
{
    using Category = ActionRegistry::Category;
    QList<std::pair<QString, QList<Key>>> groups;
    for (const Category category : {Category::File, Category::Edit, Category::View, Category::Run,
             Category::Training, Category::Chat, Category::Plan, Category::Help}) {
        QList<Key> keys;
        for (const QAction* action : actions.all()) {
            if (ActionRegistry::categoryOf(action) == category && !action->shortcut().isEmpty())
                keys.append({ActionRegistry::plainText(action),
                    action->shortcut().toString(QKeySequence::NativeText)});
        }
        if (!keys.isEmpty())
            groups.append({ActionRegistry::categoryName(category), keys});
    }
    return groups;
}

QWidget* groupWidget(const QString& heading, const QList<Key>& keys, QWidget* parent)
{
    auto* group = new QWidget(parent);
    auto* rows = new QVBoxLayout(group);
    rows->setContentsMargins(0, 0, 0, px(12));
    rows->setSpacing(0);
    rows->addWidget(makeLabel(heading, TextRole::Body, &Theme::text, true, group));
    for (const auto& [what, key] : keys) {
        auto* line = new QHBoxLayout;
        QLabel* left = makeLabel(what, TextRole::Secondary, &Theme::text2, false, group);
        left->setFixedHeight(px(22));
        line->addWidget(left, 1);
        line->addSpacing(px(24));
        line->addWidget(makeLabel(key, TextRole::Caption, &Theme::text3, false, group));
        rows->addLayout(line);
    }
    return group;
}

} // namespace

ShortcutSheet::ShortcutSheet(const ActionRegistry& actions, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("shortcutSheet"));
    setWindowTitle(tr("All shortcuts"));
    auto groups = groupsOf(actions);
    groups.append({tr("In plots and maps"),
        {{tr("Pan"), tr("Drag")}, {tr("Zoom"), tr("Ctrl+wheel")},
            {tr("Zoom to a box"), tr("Shift+drag")}, {tr("Fit"), tr("Home")},
            {tr("Back"), tr("Backspace")}, {tr("Move the cell or the crosshair"), tr("Arrow keys")},
            {tr("Open the layer"), tr("Enter")}}});
    std::array<QVBoxLayout*, 3> columns;
    std::array<qsizetype, 3> used = {};
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(px(24), px(20), px(24), px(12));
    row->setSpacing(px(40));
    for (auto& column : columns) {
        column = new QVBoxLayout;
        column->setSpacing(0);
        row->addLayout(column);
    }
    for (const auto& [heading, keys] : groups) {
        const auto shortest = std::min_element(used.begin(), used.end()) - used.begin();
        columns.at(static_cast<size_t>(shortest))->addWidget(groupWidget(heading, keys, this));
        used.at(static_cast<size_t>(shortest)) += keys.size() + 2;
    }
    for (auto* column : columns)
        column->addStretch(1);
}

} // namespace moe::shell
