// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QAbstractItemModel;
class QTableView;
class QWidget;

namespace moe::chat {

/// A dense table of rows to read and to copy. The object name keeps its columns over a restart.
QTableView* makePlainTable(
    const char* object, const QString& accessibleName, QAbstractItemModel* model, QWidget* parent);

} // namespace moe::chat
