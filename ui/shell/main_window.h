// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_registry.h"
#include "ui/shell/log_model.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/palette_model.h"
#include "ui/shell/settings.h"
#include "ui/shell/view_states.h"
#include "ui/shell/workspace.h"

#include <QHash>
#include <QMainWindow>

#include <array>
#include <bitset>

class QActionGroup;
class QMenu;
class QStackedWidget;

namespace moe::shell {

class CommandPalette;
class LogDock;
class MainBar;
class StartPage;
class StatusBar;

/// The window (look.md section 8): menus, tool bar, message bar, the start page and the workspaces
/// as pages of a stack, log dock, status bar. Menus are made from the registry. GUI thread.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    enum class Page { Start, Training, Chat, Partition };

    MainWindow(Settings& settings, const QString& store, LogModel& log, QWidget* parent = nullptr);
    ~MainWindow() override;

    ActionRegistry& actions() { return *m_registry; }
    MessageBar& messages() { return *m_messages; }
    ShellServices services() { return {*m_registry, *m_messages, &m_settings}; }
    StartPage& startPage() { return *m_start; }
    CommandPalette& commandPalette() { return *m_palette; }

    /// A page that is not added stays visible but disabled, and says from which version on it is
    /// there. The window owns the workspace.
    void addWorkspace(Page page, Workspace* workspace);
    /// After the last workspace: fills Begin, and puts windows, docks and tables back as they were.
    void restore();
    void save();

    Page page() const { return m_page; }
    void showPage(Page page);
    void openPalette(const QString& query = {});
    void restoreDefaultLayout();

Q_SIGNALS:
    void pageChanged();
    void aboutToSave(); ///< time to put temporary views away

protected:
    void closeEvent(QCloseEvent* event) override;
    bool event(QEvent* event) override;

private:
    void addOwnActions(); ///< main_window_actions.cpp
    void addPageActions();
    void addLayoutActions();
    void fillBegin();
    QAction* add(const char* id, const QString& text, const char* icon, const QKeySequence& key,
        ActionRegistry::Category category, std::function<void()> run, bool inMenu = true);
    QMenu* menuOf(ActionRegistry::Category category);
    void makeMenus();
    void listDocks();
    void listLayouts();
    void saveLayoutAs();
    void showLayout(const QString& name);
    void showSettings(int field);
    void showShortcuts();
    void showAbout();
    void showStatus();
    void showStoreSize();
    QList<PaletteGroup> paletteGroups() const;
    void applyStates();
    void restoreDocks(Page page);
    Workspace* workspaceOf(Page page) const;

    Settings& m_settings;
    QString m_store;
    ActionRegistry* m_registry;
    MessageBar* m_messages = nullptr;
    MainBar* m_bar = nullptr;
    StatusBar* m_status = nullptr;
    StartPage* m_start = nullptr;
    CommandPalette* m_palette = nullptr;
    LogDock* m_log = nullptr;
    QStackedWidget* m_stack = nullptr;
    QActionGroup* m_pages = nullptr;
    QHash<int, QMenu*> m_menus;
    QMenu *m_docksMenu = nullptr, *m_layoutsMenu = nullptr;
    Page m_page = Page::Start;
    std::array<Workspace*, 4> m_workspaces = {};
    std::array<std::pair<QString, QString>, 4> m_statusTexts; ///< left, right
    QString m_machine, m_liveRun;
    ViewStates m_defaultViews;
    std::bitset<4> m_toRestore; ///< workspaces whose docks are not yet back as they were saved
};

} // namespace moe::shell
