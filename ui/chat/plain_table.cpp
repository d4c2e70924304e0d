// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/plain_table.h"

#include "ui/shell/theme.h"

#include <QHeaderView>
#include <QTableView>

namespace moe::chat {

using shell::px;

QTableView* makePlainTable(
    const char* object, const QString& accessibleName, QAbstractItemModel* model, QWidget* parent)
{
    auto* table = new QTableView(parent);
    table->setObjectName(QString::fromLatin1(object));
    table->setAccessibleName(accessibleName);
    table->setModel(model);
    table->setFont(shell::numberFont(shell::TextRole::Secondary));
    table->setFrameShape(QFrame::NoFrame);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setTabKeyNavigation(false);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->verticalHeader()->hide();
    table->verticalHeader()->setMinimumSectionSize(px(16));
    table->verticalHeader()->setDefaultSectionSize(px(21));
    table->horizontalHeader()->setMinimumSectionSize(px(20));
    table->horizontalHeader()->setFixedHeight(px(24));
    return table;
}

} // namespace moe::chat
