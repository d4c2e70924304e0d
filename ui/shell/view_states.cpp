// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/view_states.h"

#include <QHeaderView>
#include <QSplitter>
#include <QTableView>

namespace moe::shell {

namespace {

template <typename View> QString keyOf(const char* kind, const View* view)
{
    return view->objectName().isEmpty() || view->objectName().startsWith(QLatin1String("qt_"))
        ? QString()
        : QLatin1String(kind) + view->objectName();
}

/// Calls `each` with the key and the thing that has saveState() and restoreState().
template <typename Each> void forEachView(const QWidget* page, Each each)
{
    for (const auto* table : page->findChildren<QTableView*>()) {
        const QString key = keyOf("table/", table);
        if (!key.isEmpty())
            each(key, table->horizontalHeader());
    }
    for (auto* splitter : page->findChildren<QSplitter*>()) {
        const QString key = keyOf("splitter/", splitter);
        if (!key.isEmpty())
            each(key, splitter);
    }
}

} // namespace

ViewStates collectViewStates(const QWidget* page)
{
    ViewStates states;
    forEachView(page,
        [&states](const QString& key, const auto* view) { states.insert(key, view->saveState()); });
    return states;
}

void applyViewStates(const QWidget* page, const ViewStates& states)
{
    forEachView(page, [&states](const QString& key, auto* view) {
        const QByteArray state = states.value(key);
        if (!state.isEmpty())
            view->restoreState(state);
    });
}

} // namespace moe::shell
