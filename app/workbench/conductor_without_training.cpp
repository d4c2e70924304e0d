// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
// Chosen by CMake while ui/training has no workspace yet.
#include "app/workbench/conductor.h"

#include "app/workbench/pictures.h"
#include "ui/shell/main_window.h"

#include <QApplication>

namespace moe::workbench {

struct Conductor::Impl {
    shell::MainWindow& window;
    Options options;
    bool pictures;
};

Conductor::Conductor(
    shell::MainWindow& window, const Options& options, const QString&, bool pictures)
    : m_impl(new Impl{window, options, pictures})
{
}

Conductor::~Conductor() = default;

void Conductor::begin()
{
    if (!m_impl->pictures)
        return;
    const QString folder = m_impl->options.screenshots.isEmpty()
        ? QStringLiteral("demo-screenshots")
        : m_impl->options.screenshots;
    takePicture(m_impl->window, folder, QStringLiteral("start"));
    m_impl->window.openPalette(QStringLiteral("lay"));
    takePicture(m_impl->window, folder, QStringLiteral("palette"));
    QApplication::exit(0);
}

void Conductor::stopAndQuit()
{
    QApplication::quit();
}

} // namespace moe::workbench
