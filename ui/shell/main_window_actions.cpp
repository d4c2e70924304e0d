// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
// The window's own actions, and the menus made from the registry.
#include "ui/shell/log_dock.h"
#include "ui/shell/main_window.h"
#include "ui/shell/settings_dialog.h"
#include "ui/shell/shortcut_sheet.h"
#include "ui/shell/start_page.h"
#include "ui/shell/table_copy.h"

#include <QActionGroup>
#include <QApplication>
#include <QInputDialog>
#include <QMenu>
#include <QMenuBar>

namespace moe::shell {

using Category = ActionRegistry::Category;

QAction* MainWindow::add(const char* id, const QString& text, const char* icon,
    const QKeySequence& key, Category category, std::function<void()> run, bool inMenu)
{
    return m_registry->add(
        {QLatin1String(id), text, QLatin1String(icon), key, category, inMenu}, std::move(run));
}

QMenu* MainWindow::menuOf(Category category)
{
    // Training's actions steer runs: they stand in Run
    return m_menus.value(
        static_cast<int>(category == Category::Training ? Category::Run : category));
}

void MainWindow::makeMenus()
{
    for (const Category category : {Category::File, Category::Edit, Category::View, Category::Run,
             Category::Chat, Category::Plan, Category::Help}) {
        m_menus.insert(
            static_cast<int>(category), menuBar()->addMenu(ActionRegistry::categoryName(category)));
    }
    for (QMenu* menu : m_menus)
        menu->setToolTipsVisible(true);
    connect(m_registry, &ActionRegistry::added, this, [this](QAction* action) {
        addAction(action); // its key works in the whole window
        if (ActionRegistry::isInMenu(action))
            menuOf(ActionRegistry::categoryOf(action))->addAction(action);
    });
}

void MainWindow::addOwnActions()
{
    add("edit.copy", tr("Copy"), "copy", QKeySequence::Copy, Category::Edit, copyFromFocus);
    add("edit.palette", tr("Find any action…"), "search", QKeySequence(Qt::CTRL | Qt::Key_K),
        Category::Edit, [this] { openPalette(); });
    menuOf(Category::Edit)->addSeparator();
    add("edit.settings", tr("Settings…"), "settings", QKeySequence(Qt::CTRL | Qt::Key_Comma),
        Category::Edit, [this] { showSettings(0); });
    addPageActions();
    menuOf(Category::View)->addSeparator();
    addLayoutActions();
    menuOf(Category::View)->addSeparator();
    QAction* full = add("view.fullScreen", tr("Full screen"), "", QKeySequence(Qt::Key_F11),
        Category::View, [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
    full->setCheckable(true);
    const auto theme = [this](const char* id, const QString& text, ThemeChoice choice) {
        add(
            id, text, "", {}, Category::View,
            [this, choice] {
                m_settings.setTheme(choice);
                ThemeSource::instance().choose(choice);
            },
            false);
    };
    theme("view.themeLight", tr("Theme: light"), ThemeChoice::Light);
    theme("view.themeDark", tr("Theme: dark"), ThemeChoice::Dark);
    theme("view.themeSystem", tr("Theme: as the desktop"), ThemeChoice::System);
    add("help.shortcuts", tr("All shortcuts"), "keyboard", QKeySequence(Qt::CTRL | Qt::Key_Slash),
        Category::Help, [this] { showShortcuts(); });
    add("help.about", tr("About MoE Workbench"), "info", {}, Category::Help,
        [this] { showAbout(); });
}

void MainWindow::addPageActions()
{
    m_pages = new QActionGroup(this);
    const auto page = [this](const char* id, const QString& text, const char* iconName, Qt::Key key,
                          Page which, const QString& reason) {
        QAction* action = add(id, text, iconName, QKeySequence(Qt::CTRL | key), Category::View,
            [this, which] { showPage(which); });
        action->setIcon(icon(QLatin1String(iconName))); // quieter than actions that do something
        action->setCheckable(true);
        m_pages->addAction(action);
        ActionRegistry::setDisabledReason(action, reason);
    };
    page("view.start", tr("Start"), "home", Qt::Key_1, Page::Start, {});
    page("view.training", tr("Training"), "training", Qt::Key_2, Page::Training,
        tr("This build has no training engine"));
    page("view.chat", tr("Chat"), "chat", Qt::Key_3, Page::Chat,
        tr("Chat comes with version 0.2, which runs models"));
    page("view.partition", tr("Partition"), "partition", Qt::Key_4, Page::Partition,
        tr("Partition comes with version 0.4, which plans layouts"));
    m_pages->actions().first()->setChecked(true);
}

void MainWindow::addLayoutActions()
{
    QMenu* view = menuOf(Category::View);
    m_docksMenu = view->addMenu(tr("Docks"));
    connect(m_docksMenu, &QMenu::aboutToShow, this, &MainWindow::listDocks);
    QAction* log = add("view.log", tr("Log"), "log", QKeySequence(Qt::CTRL | Qt::Key_QuoteLeft),
        Category::View, [this] { m_log->setVisible(!m_log->isVisible()); });
    log->setCheckable(true);
    connect(m_log, &QDockWidget::visibilityChanged, log, [this, log] {
        // a minimised window hides its docks without anybody having closed them
        log->setChecked(!m_log->isHidden());
    });
    view->addSeparator();
    m_layoutsMenu = view->addMenu(tr("Layouts"));
    connect(m_layoutsMenu, &QMenu::aboutToShow, this, &MainWindow::listLayouts);
    add("view.saveLayout", tr("Layout: save as…"), "table", {}, Category::View,
        [this] { saveLayoutAs(); });
    add("view.defaultLayout", tr("Layout: restore default"), "table", {}, Category::View,
        [this] { restoreDefaultLayout(); });
}

/// What the start page offers; what no workspace has registered is there but says why it is not.
void MainWindow::fillBegin()
{
    const auto missing = [this](const char* id, const QString& text, const char* iconName,
                             const QKeySequence& key, Category category, const QString& reason) {
        if (!m_registry->find(QLatin1String(id)))
            ActionRegistry::setDisabledReason(add(id, text, iconName, key, category, {}), reason);
    };
    const QString noEngine = tr("This build has no training engine");
    missing("run.demo", tr("Watch the demo train"), "play", {}, Category::Run, noEngine);
    missing("run.new", tr("New run…"), "plus", QKeySequence(Qt::CTRL | Qt::Key_N), Category::Run,
        noEngine);
    missing("file.openModel", tr("Open a model…"), "model", QKeySequence(Qt::CTRL | Qt::Key_O),
        Category::File, tr("Models can be opened from version 0.2 on"));
    missing("run.import", tr("Import runs…"), "folder", {}, Category::File, noEngine);
    missing("chat.new", tr("New conversation"), "chat", {}, Category::Chat,
        tr("Chat comes with version 0.2, which runs models"));
    missing("plan.new", tr("New plan…"), "partition", {}, Category::Plan,
        tr("Plans can be made from version 0.4 on"));
    menuOf(Category::File)->addSeparator();
    add("file.quit", tr("Quit"), "", QKeySequence(Qt::CTRL | Qt::Key_Q), Category::File,
        [this] { close(); });
    m_start->setBegin({
        {QStringLiteral("run.demo"), QStringLiteral("play"), tr("Watch the demo train"),
            tr("44 M parameters, 16 experts, real text")},
        {QStringLiteral("run.new"), QStringLiteral("plus"), tr("New run…"),
            tr("Model, corpus, run file")},
        {QStringLiteral("file.openModel"), QStringLiteral("model"), tr("Open a model…"),
            tr("A folder or a checkpoint of a run")},
        {QStringLiteral("plan.new"), QStringLiteral("partition"), tr("New plan…"),
            tr("Pipeline stages or tensor shares")},
        {QStringLiteral("run.import"), QStringLiteral("folder"), tr("Import runs…"),
            tr("TensorBoard, JSONL, Megatron, trackio")},
    });
}

void MainWindow::listDocks()
{
    m_docksMenu->clear();
    if (const Workspace* workspace = workspaceOf(m_page)) {
        for (const auto* dock :
            workspace->findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly))
            m_docksMenu->addAction(dock->toggleViewAction());
    }
    m_docksMenu->addAction(m_registry->find(QStringLiteral("view.log")));
}

void MainWindow::listLayouts()
{
    m_layoutsMenu->clear();
    const QStringList names = m_settings.layouts();
    for (const QString& name : names)
        m_layoutsMenu->addAction(name, this, [this, name] { showLayout(name); });
    if (names.isEmpty())
        m_layoutsMenu->addAction(tr("None saved yet"))->setEnabled(false);
}

void MainWindow::saveLayoutAs()
{
    const QString name
        = QInputDialog::getText(this, tr("Save the layout"), tr("Name of the layout")).trimmed();
    if (name.isEmpty())
        return;
    save();
    m_settings.saveLayout(name);
}

void MainWindow::showSettings(int field)
{
    SettingsDialog dialog(m_settings, *m_registry, m_store, this);
    dialog.showField(static_cast<SettingsDialog::Field>(field));
    dialog.exec();
}

void MainWindow::showShortcuts()
{
    ShortcutSheet(*m_registry, this).exec();
}

void MainWindow::showAbout()
{
    m_messages->show({QStringLiteral("about"), MessageBar::Level::Info,
        tr("MoE Workbench %1.").arg(QApplication::applicationVersion()),
        tr("The window is GPL-3.0-or-later, the engine Apache-2.0. Qt %1, QCustomPlot, oneDNN, "
           "SQLite, sentencepiece.")
            .arg(QLatin1String(qVersion())),
        {}, {}, true});
}

} // namespace moe::shell
