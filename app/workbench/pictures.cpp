// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/pictures.h"

#include "kernels/error.h"

#include <QCoreApplication>
#include <QDir>
#include <QPixmap>
#include <QTemporaryFile>
#include <QWidget>

namespace moe::workbench {

void takePicture(QWidget& window, const QString& folder, const QString& name)
{
    // what is laid out and painted later (queued replots, palettes) has to have happened
    for (int i = 0; i < 3; ++i)
        QCoreApplication::processEvents(QEventLoop::ExcludeUserInputEvents, 50);
    const QString path = QDir(folder).filePath(name + QStringLiteral(".png"));
    if (!QDir().mkpath(folder) || !window.grab().save(path))
        throw Error("the picture cannot be written", path.toStdString(),
            "name a folder on a disk with room that you may write to");
}

void requirePictureFolder(const QString& folder)
{
    const bool made = QDir().mkpath(folder);
    QTemporaryFile trial(QDir(folder).filePath(QStringLiteral(".trial-XXXXXX")));
    if (!made || !trial.open())
        throw Error("no pictures can be written", folder.toStdString(),
            "name a folder on a disk with room that you may write to");
}

} // namespace moe::workbench
