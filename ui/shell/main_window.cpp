// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include "ui/shell/command_palette.h"
#include "ui/shell/log_dock.h"
#include "ui/shell/main_bar.h"
#include "ui/shell/settings_dialog.h"
#include "ui/shell/start_page.h"
#include "ui/shell/start_parts.h"
#include "ui/shell/status_bar.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenuBar>
#include <QScreen>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

namespace moe::shell {

namespace {

constexpr std::array<const char*, 4> kPageNames = {"start", "training", "chat", "partition"};
constexpr int kStoreSizeMilliseconds = 5000;

QString stateName(const Workspace* workspace)
{
    return QStringLiteral("workspace/") + workspace->objectName();
}

} // namespace

MainWindow::MainWindow(Settings& settings, const QString& store, LogModel& log, QWidget* parent)
    : QMainWindow(parent)
    , m_settings(settings)
    , m_store(store)
    , m_registry(new ActionRegistry(this))
{
    setObjectName(QStringLiteral("mainWindow"));
    setWindowTitle(QStringLiteral("MoE Workbench"));
    setWindowIcon(QIcon(QStringLiteral(":/moe/icons/app.svg")));
    setMinimumSize(px(1024), px(680));
    setContextMenuPolicy(Qt::NoContextMenu);

    m_log = new LogDock(log, this);
    addDockWidget(Qt::BottomDockWidgetArea, m_log);
    m_log->hide();
    makeMenus();
    addOwnActions();

    auto* corner = new QWidget(this);
    auto* cornerRow = new QHBoxLayout(corner);
    cornerRow->setContentsMargins(0, px(3), 0, px(3)); // the menu bar has a margin of its own
    cornerRow->addWidget(new SearchField(m_registry->find(QStringLiteral("edit.palette")), corner));
    menuBar()->setCornerWidget(corner);
    menuBar()->setFixedHeight(px(28));

    m_bar = new MainBar(this);
    m_bar->addPages(m_pages->actions());
    addToolBar(Qt::TopToolBarArea, m_bar);

    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_messages = new MessageBar(centre);
    m_stack = new QStackedWidget(centre);
    m_start = new StartPage(*m_registry, m_stack);
    m_stack->addWidget(m_start);
    column->addWidget(m_messages);
    column->addWidget(m_stack, 1);
    setCentralWidget(centre);
    m_palette = new CommandPalette(this);

    m_status = new StatusBar(m_registry->find(QStringLiteral("view.log")), this);
    setStatusBar(m_status);
    connect(m_status, &StatusBar::warningsClicked, m_log, &QWidget::show);
    connect(m_messages, &MessageBar::countChanged, this,
        [this] { m_status->setWarnings(m_messages->warnings()); });
    connect(&m_start->machine(), &MachinePanel::factsRead, this, [this](const MachineFacts& facts) {
        m_machine = tr("%n CPU core(s)", nullptr, facts.cores);
        showStatus();
    });
    connect(m_start, &StartPage::liveRunChanged, this, [this](const QString& run) {
        m_liveRun = run;
        showStatus();
    });
    connect(m_log, &LogDock::saveFailed, this, [this](const QString& line) {
        m_messages->show(
            {QStringLiteral("log.save"), MessageBar::Level::Error, line, {}, {}, {}, true});
    });
    auto* timer = new QTimer(this);
    timer->callOnTimeout(this, &MainWindow::showStoreSize);
    timer->start(kStoreSizeMilliseconds);
    showStoreSize();
    showStatus();
}

MainWindow::~MainWindow()
{
    // While everything that they reach is whole: their widgets stand in the tool bar, their
    // services are this window's.
    for (Workspace* workspace : m_workspaces) {
        if (workspace)
            workspace->disconnect(this);
        delete workspace;
    }
}

Workspace* MainWindow::workspaceOf(Page page) const
{
    return m_workspaces.at(static_cast<size_t>(page));
}

void MainWindow::addWorkspace(Page page, Workspace* workspace)
{
    const auto index = static_cast<size_t>(page);
    m_workspaces.at(index) = workspace;
    m_stack->addWidget(workspace);
    m_bar->addWorkspace(workspace);
    ActionRegistry::setDisabledReason(m_pages->actions().at(static_cast<int>(index)), {});
    connect(workspace, &Workspace::statusChanged, this,
        [this, index](const QString& left, const QString& right) {
            m_statusTexts.at(index) = {left, right};
            showStatus();
        });
    if (page == m_page)
        showPage(page);
}

void MainWindow::showPage(Page page)
{
    Workspace* workspace = workspaceOf(page);
    if (page != Page::Start && !workspace)
        return;
    m_page = page;
    m_pages->actions().at(static_cast<int>(page))->setChecked(true);
    m_bar->showWorkspace(workspace);
    m_messages->setBesideWorkspace(page != Page::Start);
    m_stack->setCurrentWidget(workspace ? static_cast<QWidget*>(workspace) : m_start);
    if (page == Page::Start)
        m_start->setFocus();
    restoreDocks(page);
    showStatus();
    Q_EMIT pageChanged();
}

void MainWindow::openPalette(const QString& query)
{
    m_palette->open(paletteGroups(), m_bar->geometry().bottom() + 1 + px(24), query);
}

QList<PaletteGroup> MainWindow::paletteGroups() const
{
    PaletteGroup actions{tr("Actions"), QLatin1Char('>'), {}};
    for (QAction* action : m_registry->all()) {
        if (!action->isEnabled() || action->text().isEmpty())
            continue;
        actions.entries.append({ActionRegistry::plainText(action),
            ActionRegistry::categoryName(ActionRegistry::categoryOf(action)),
            ActionRegistry::iconNameOf(action),
            action->shortcut().toString(QKeySequence::NativeText), [action = QPointer(action)] {
                if (action)
                    action->trigger();
            }});
    }
    QList<PaletteGroup> groups{actions};
    for (Workspace* workspace : m_workspaces) {
        if (!workspace)
            continue;
        for (const PaletteSource& source : workspace->paletteSources()) {
            PaletteGroup group{source.heading, source.prefix, {}};
            for (const PaletteItem& item : source.items())
                group.entries.append({item.text, item.detail, item.icon, {}, item.activate});
            groups.append(group);
        }
    }
    PaletteGroup settings{tr("Settings"), QChar(), {}};
    for (const auto& [field, text] : SettingsDialog::entries()) {
        settings.entries.append({text, {}, QStringLiteral("more"), {},
            [self = QPointer(const_cast<MainWindow*>(this)), field = field] {
                if (self)
                    self->showSettings(static_cast<int>(field));
            }});
    }
    groups.append(settings);
    return groups;
}

void MainWindow::showStatus()
{
    const auto& [left, right] = m_statusTexts.at(static_cast<size_t>(m_page));
    m_status->setDevice(left.isEmpty() ? m_machine : left);
    const bool live = m_page == Page::Start && !m_liveRun.isEmpty();
    m_status->setRun(live ? m_liveRun : right, live);
}

void MainWindow::showStoreSize()
{
    runAside(
        this,
        [path = m_store] {
            const QFileInfo file(path);
            const QFileInfo log(path + QStringLiteral("-wal"));
            return QString::number(
                file.exists() ? file.size() + (log.exists() ? log.size() : 0) : -1);
        },
        [this](const QString& bytes) { m_status->setStore(m_store, bytes.toLongLong()); });
}

void MainWindow::restore()
{
    fillBegin();
    for (QAction* action : m_registry->all()) {
        if (const auto key = m_settings.shortcut(action->objectName()))
            action->setShortcut(*key);
    }
    m_defaultViews = collectViewStates(this);
    const QByteArray geometry = m_settings.state(QStringLiteral("main/geometry"));
    if (geometry.isEmpty() || !restoreGeometry(geometry)) {
        const QSize room = screen() ? screen()->availableSize() : QSize(px(1600), px(1000));
        resize(QSize(px(1600), px(1000)).boundedTo(room));
    }
    applyStates();
    for (size_t i = 0; i < kPageNames.size(); ++i) {
        if (m_settings.page() == QLatin1String(kPageNames.at(i)))
            showPage(static_cast<Page>(i));
    }
}

void MainWindow::applyStates()
{
    restoreState(m_settings.state(QStringLiteral("main/state")), Settings::kVersion);
    m_toRestore.set();
    restoreDocks(m_page);
    ViewStates views;
    for (const QString& name : m_defaultViews.keys())
        views.insert(name, m_settings.state(name));
    applyViewStates(this, views);
}

/// Docks fit the size that their workspace has on the screen, and a workspace arranges them anew
/// when it first gets one: what was saved goes back when that has happened.
void MainWindow::restoreDocks(Page page)
{
    const auto index = static_cast<size_t>(page);
    Workspace* workspace = workspaceOf(page);
    if (!workspace || !workspace->isVisible() || !m_toRestore.test(index))
        return;
    m_toRestore.reset(index);
    const QByteArray state = m_settings.state(stateName(workspace));
    if (!state.isEmpty())
        workspace->restoreState(state, Settings::kVersion);
}

void MainWindow::save()
{
    Q_EMIT aboutToSave();
    m_settings.setState(QStringLiteral("main/geometry"), saveGeometry());
    m_settings.setState(QStringLiteral("main/state"), saveState(Settings::kVersion));
    for (size_t i = 0; i < m_workspaces.size(); ++i) {
        Workspace* workspace = m_workspaces.at(i);
        if (workspace && !m_toRestore.test(i)) // else the saved state is still the newest
            m_settings.setState(stateName(workspace), workspace->layoutToKeep());
    }
    const ViewStates views = collectViewStates(this);
    for (auto it = views.cbegin(); it != views.cend(); ++it)
        m_settings.setState(it.key(), it.value());
    m_settings.setPage(QLatin1String(kPageNames.at(static_cast<size_t>(m_page))));
    m_settings.sync();
}

void MainWindow::restoreDefaultLayout()
{
    m_settings.removeStates({});
    m_log->hide();
    for (Workspace* workspace : m_workspaces) {
        if (workspace)
            workspace->restoreDefaultLayout();
    }
    applyViewStates(this, m_defaultViews);
}

void MainWindow::showLayout(const QString& name)
{
    if (m_settings.loadLayout(name))
        applyStates();
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    save();
    event->accept();
}

bool MainWindow::event(QEvent* event)
{
    const bool handled = QMainWindow::event(event);
    if (event->type() == QEvent::Polish)
        m_start->setFocus();
    if (event->type() == QEvent::Show)
        restoreDocks(m_page);
    return handled;
}

} // namespace moe::shell
