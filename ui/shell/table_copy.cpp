// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/table_copy.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QClipboard>
#include <QTableView>

#include <algorithm>

namespace moe::shell {

bool copySelection(const QAbstractItemView* view)
{
    if (!view->selectionModel())
        return false;
    QModelIndexList cells = view->selectionModel()->selectedIndexes();
    if (const auto* table = qobject_cast<const QTableView*>(view))
        cells.removeIf(
            [table](const QModelIndex& cell) { return table->isColumnHidden(cell.column()); });
    if (cells.isEmpty())
        return false;
    std::sort(cells.begin(), cells.end());
    QString text;
    int row = cells.first().row();
    bool first = true;
    for (const QModelIndex& cell : cells) {
        if (cell.row() != row)
            text += QLatin1Char('\n');
        else if (!first)
            text += QLatin1Char('\t');
        text += cell.data().toString();
        row = cell.row();
        first = false;
    }
    QApplication::clipboard()->setText(text);
    return true;
}

void copyFromFocus()
{
    QWidget* focus = QApplication::focusWidget();
    if (!focus)
        return;
    if (const auto* view = qobject_cast<const QAbstractItemView*>(focus))
        copySelection(view);
    else if (focus->metaObject()->indexOfSlot("copy()") >= 0)
        QMetaObject::invokeMethod(focus, "copy");
}

} // namespace moe::shell
