// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/folders.h"
#include "ui/shell/action_registry.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"
#include "ui/training/training_workspace.h"

#include <QApplication>
#include <QDir>
#include <QHBoxLayout>
#include <QMainWindow>
#include <QStatusBar>
#include <QTest>
#include <QToolBar>
#include <QVBoxLayout>

#include <filesystem>
#include <memory>

/// The workspace in a window like the shell's: toolbar, message bar above, status bar below.
struct WorkspaceWindow {
    explicit WorkspaceWindow(const std::filesystem::path& store)
    {
        QFont text(QStringLiteral("Noto Sans"));
        text.setPixelSize(13);
        QApplication::setFont(text);
        auto* body = new QWidget;
        auto* column = new QVBoxLayout(body);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        messages = new moe::shell::MessageBar;
        workspace = new moe::training::TrainingWorkspace({registry, *messages}, store);
        column->addWidget(messages);
        column->addWidget(workspace, 1);
        window.setCentralWidget(body);
        QToolBar* bar = window.addToolBar(QStringLiteral("tools"));
        bar->setFixedHeight(moe::shell::px(40));
        bar->setMovable(false);
        bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        bar->addActions(workspace->toolbarActions());
        auto* space = new QWidget;
        space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
        bar->addWidget(space);
        for (QWidget* widget : workspace->toolbarWidgets())
            bar->addWidget(widget);
        window.statusBar()->setSizeGripEnabled(false);
        QObject::connect(workspace, &moe::shell::Workspace::statusChanged, window.statusBar(),
            [this](const QString& left, const QString& right) {
                window.statusBar()->showMessage(left + QStringLiteral("      ") + right);
            });
    }

    void show(int width, int height)
    {
        window.resize(width, height);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }

    template <typename Widget> Widget* find(const char* name) const
    {
        return window.findChild<Widget*>(QString::fromLatin1(name));
    }

    /// Saved for people to look at; tests assert on what the widgets say.
    void save(const QString& name)
    {
        const QString folder = moe::tests::qInBuild("screenshots");
        QDir().mkpath(folder);
        window.grab().save(folder + QLatin1Char('/') + name);
    }

    moe::shell::ActionRegistry registry;
    QMainWindow window;
    moe::shell::MessageBar* messages;
    moe::training::TrainingWorkspace* workspace;
};
