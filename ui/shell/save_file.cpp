// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/save_file.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QMenu>

namespace moe::shell {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("moe::shell", text);
}

} // namespace

void saveFile(QWidget* parent, const QString& title, const QString& suggestion,
    const QString& filter, std::function<void(const QString& path)> write)
{
    auto* dialog = new QFileDialog(parent, title, suggestion, filter);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(suggestion);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, std::move(write));
    dialog->open();
}

void addExportActions(QMenu* menu, QWidget* parent, std::function<PlotExports()> exports,
    std::function<void(const QString& line)> failed)
{
    const auto add = [&](const QString& text, const QString& suffix, const QString& filter,
                         std::function<bool(const QString&)> PlotExports::*writer) {
        QObject::connect(menu->addAction(text), &QAction::triggered, parent,
            [parent, text, suffix, filter, writer, exports, failed] {
                saveFile(parent, text, exports().name + suffix, filter,
                    [writer, exports, failed](const QString& path) {
                        if (!(exports().*writer)(path))
                            failed(tr("cannot write: %1: choose a folder that you may write to")
                                       .arg(path));
                    });
            });
    };
    add(tr("Export PNG…"), QStringLiteral(".png"), tr("PNG picture (*.png)"), &PlotExports::png);
    add(tr("Export SVG…"), QStringLiteral(".svg"), tr("SVG drawing (*.svg)"), &PlotExports::svg);
    add(tr("Export CSV…"), QStringLiteral(".csv"), tr("CSV table (*.csv)"), &PlotExports::csv);
}

} // namespace moe::shell
