// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

#include <functional>

class QMenu;

namespace moe::shell {

/// Asks where to write without blocking the window, then calls `write` with the path.
void saveFile(QWidget* parent, const QString& title, const QString& suggestion,
    const QString& filter, std::function<void(const QString& path)> write);

/// What a plot or map can write; each returns false when the file cannot be written.
struct PlotExports {
    QString name; ///< suggested file name without suffix
    std::function<bool(const QString&path)> png, svg, csv;
};

/// "Export PNG…", "Export SVG…", "Export CSV…" of one plot; failures go to `failed` as one line.
void addExportActions(QMenu* menu, QWidget* parent, std::function<PlotExports()> exports,
    std::function<void(const QString& line)> failed);

} // namespace moe::shell
