// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>
#include <QString>

class QWidget;

namespace moe::shell {

using ViewStates = QHash<QString, QByteArray>;

/// The state of every table's header and every splitter below `page` that has an object name:
/// columns, widths, order, sorting. Keys are "table/NAME" and "splitter/NAME".
ViewStates collectViewStates(const QWidget* page);
/// Puts back what is there; a state that does not fit (another number of columns) is left out.
void applyViewStates(const QWidget* page, const ViewStates& states);

} // namespace moe::shell
