// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/endpoint_panel.h"
#include "ui/chat/workspace_impl.h"
#include "ui/models/format.h"
#include "ui/shell/segments.h"
#include "ui/shell/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QProgressBar>
#include <QSplitter>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace moe::chat {

using shell::px;
using Category = shell::ActionRegistry::Category;

namespace {

constexpr int kSmallBelow = 1400, kWideFrom = 2200; ///< px at 13 px text

/// A dock's title says its name where no tab does.
void nameTitles(const QMainWindow& window)
{
    for (auto* dock : window.findChildren<QDockWidget*>(Qt::FindDirectChildrenOnly)) {
        const auto tabs = window.tabifiedDockWidgets(dock);
        const bool named = std::ranges::any_of(
            tabs, [](const QDockWidget* other) { return !other->isHidden(); });
        if (auto* title = qobject_cast<shell::TitleBar*>(dock->titleBarWidget()))
            title->setNameShown(!named);
    }
}

/// Tabs say their names in full: the docks under them are as wide.
void fitTabs(QMainWindow& window)
{
    for (const auto* bar : window.findChildren<QTabBar*>(Qt::FindDirectChildrenOnly)) {
        const int wanted = bar->sizeHint().width();
        if (bar->visibleRegion().isEmpty() || wanted <= bar->width())
            continue;
        for (auto* dock : window.findChildren<QDockWidget*>(Qt::FindDirectChildrenOnly)) {
            if (!dock->visibleRegion().isEmpty() && !window.tabifiedDockWidgets(dock).isEmpty()
                && std::abs(dock->x() - bar->x()) <= 1)
                window.resizeDocks({dock}, {wanted}, Qt::Horizontal);
        }
    }
}

} // namespace

QDockWidget* ChatWorkspace::Impl::addDock(
    const char* object, QWidget* content, shell::TitleBar* title)
{
    auto* dock = new QDockWidget(title->name(), &self);
    dock->setObjectName(QString::fromLatin1(object));
    dock->setWidget(content);
    dock->setTitleBarWidget(title);
    title->addDockActions(dock);
    QObject::connect(dock, &QDockWidget::visibilityChanged, &self, [this] {
        QTimer::singleShot(0, &self, [this] { // once the tabs are there
            nameTitles(self);
            fitTabs(self);
        });
    });
    return dock;
}

void ChatWorkspace::Impl::buildDocks()
{
    self.setDockNestingEnabled(true);
    self.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    self.setDocumentMode(true);
    auto* centre = new QWidget(&self);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(maskBar);
    panes = new QSplitter(Qt::Horizontal, centre);
    panes->setObjectName(QStringLiteral("chatPanes"));
    panes->setChildrenCollapsible(false);
    panes->addWidget(left.pane);
    panes->addWidget(right.pane);
    right.pane->hide();
    right.view->setObjectName(QStringLiteral("secondChatView"));
    QObject::connect(right.head->addClose(tr("Close this side")), &QToolButton::clicked,
        closeAction, &QAction::trigger);
    column->addWidget(panes, 1);
    column->addWidget(composer);
    self.setCentralWidget(centre);
    QToolButton* fresh = listTitle->addButton(QStringLiteral("plus"), tr("New conversation"));
    QObject::connect(fresh, &QToolButton::clicked, newAction, &QAction::trigger);
    listDock = addDock("conversationsDock", list, listTitle);
    routingDock = addDock("routingDock", routing, routingTitle);
    maskDock = addDock("masksDock", masks, maskTitle);
    list->setMinimumSize(px(200), px(160));
    routing->setMinimumSize(px(240), px(200));
    masks->setMinimumSize(px(200), px(60));
    buildModelDocks();
    arrangeDocks();
}

void ChatWorkspace::Impl::arrangeDocks()
{
    const QList<QDockWidget*> docks{listDock, routingDock, maskDock};
    const bool mapInSight = comparing || !routing->visibleRegion().isEmpty();
    QDockWidget* front = nullptr; // what was asked for and stands before the map stays there
    QList<QDockWidget*> asked; // those that are shown when they are asked for
    for (QDockWidget* dock : {factsDock, endpointDock}) {
        if (!dock->isHidden())
            asked += dock;
        if (!dock->widget()->visibleRegion().isEmpty())
            front = dock;
        self.removeDockWidget(dock);
    }
    for (QDockWidget* dock : docks)
        self.removeDockWidget(dock);
    const bool oneColumn = size == Size::Small; // the transcripts take the rest
    QDockWidget* above = oneColumn ? listDock : routingDock; // the masks
    self.addDockWidget(Qt::LeftDockWidgetArea, listDock);
    if (!oneColumn)
        self.addDockWidget(Qt::RightDockWidgetArea, routingDock);
    self.splitDockWidget(above, maskDock, Qt::Vertical); // before tabs: it would be one of them
    if (oneColumn)
        self.tabifyDockWidget(listDock, routingDock);
    self.tabifyDockWidget(routingDock, factsDock);
    self.tabifyDockWidget(factsDock, endpointDock);
    for (QDockWidget* dock : docks + asked)
        dock->show();
    for (QDockWidget* dock : {factsDock, endpointDock})
        dock->setVisible(asked.contains(dock));
    if (front == nullptr)
        front = oneColumn && !mapInSight ? listDock : routingDock;
    front->raise();
    nameTitles(self);
    const int wide = px(size == Size::Wide ? 300 : size == Size::Small ? 240 : 264);
    const int map = px(size == Size::Wide ? 420 : size == Size::Small ? 252 : 345);
    if (oneColumn)
        self.resizeDocks({listDock}, {map}, Qt::Horizontal);
    else
        self.resizeDocks({listDock, routingDock}, {wide, map}, Qt::Horizontal);
    self.resizeDocks({above, maskDock}, {self.height() - px(140), px(140)}, Qt::Vertical);
}

/// Hides it, or brings it into sight: also where another tab covers it.
void ChatWorkspace::Impl::toggleDock(QDockWidget* dock)
{
    if (!dock->visibleRegion().isEmpty()) {
        if (dock->isAncestorOf(QApplication::focusWidget()))
            composer->input().setFocus();
        dock->hide();
        return;
    }
    dock->show();
    dock->raise();
}

void ChatWorkspace::Impl::toggleDocks()
{
    QList<QDockWidget*> shown;
    for (QDockWidget* dock : {listDock, routingDock, maskDock, factsDock, endpointDock}) {
        if (!dock->isHidden() && !dock->isFloating())
            shown += dock;
    }
    if (shown.isEmpty()) {
        for (QDockWidget* dock : std::exchange(foldedDocks, {}))
            dock->show();
        return;
    }
    for (QDockWidget* dock : shown) {
        if (dock->isAncestorOf(QApplication::focusWidget()))
            composer->input().setFocus();
        dock->hide();
    }
    foldedDocks = std::move(shown);
}

void ChatWorkspace::Impl::fitTo(const QSize& newSize)
{
    const Size fitting = newSize.width() < px(kSmallBelow) ? Size::Small
        : newSize.width() < px(kWideFrom)                  ? Size::Normal
                                                           : Size::Wide;
    if (arranged && fitting == size)
        return;
    arranged = true;
    size = fitting;
    arrangeDocks();
    composer->setCompact(size == Size::Small);
    for (QToolButton* button : {factsButton, endpointButton})
        button->setToolButtonStyle(
            size == Size::Small ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
}

void ChatWorkspace::Impl::buildToolbar()
{
    modelBox = new QWidget;
    modelButton = new QToolButton(modelBox);
    modelButton->setObjectName(QStringLiteral("modelButton"));
    modelButton->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    modelButton->setIcon(shell::icon(QStringLiteral("model")));
    modelButton->setFocusPolicy(Qt::TabFocus);
    modelButton->setAccessibleName(tr("Model"));
    modelButton->setToolTip(tr("Open another model"));
    shell::makeField(modelButton);
    QObject::connect(modelButton, &QToolButton::clicked, openAction, &QAction::trigger);
    progress = new QProgressBar(modelBox);
    progress->setObjectName(QStringLiteral("openProgress"));
    progress->setFixedWidth(px(160));
    progress->setTextVisible(false);
    cancelButton = shell::makeIconButton(QStringLiteral("close"), tr("Cancel opening"), modelBox);
    cancelButton->setObjectName(QStringLiteral("cancelOpening"));
    QObject::connect(
        cancelButton, &QToolButton::clicked, &self, [this] { left.session.cancelOpening(); });
    auto* row = new QHBoxLayout(modelBox);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(px(6));
    row->addWidget(modelButton);
    row->addWidget(progress);
    row->addWidget(cancelButton);
    buildModelButtons(modelBox);
    row->addWidget(factsButton);
    row->addWidget(endpointButton);
}

QAction* ChatWorkspace::Impl::addAction(const char* id, const QString& text, const char* icon,
    const QKeySequence& key, std::function<void()> run)
{
    return services.actions.add(
        {QString::fromLatin1(id), text, QString::fromLatin1(icon), key, Category::Chat, true},
        std::move(run));
}

void ChatWorkspace::Impl::registerActions()
{
    const auto lead = [this](std::function<void()> run) {
        return [this, run = std::move(run)] {
            Q_EMIT self.pageWanted();
            run();
        };
    };
    newAction = addAction("chat.new", tr("New conversation"), "plus",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O), lead([this] { beginNew(); }));
    openAction = services.actions.add(
        {QStringLiteral("file.openModel"), tr("Open a model…"), QStringLiteral("model"),
            QKeySequence::Open, Category::File, true},
        lead([this] { askModel(left); }));
    addAction("chat.import", tr("Import a conversation…"), "import", {},
        lead([this] { importConversation(); }));
    addAction("chat.exportMarkdown", tr("Export the conversation as Markdown…"), "export", {},
        [this] { exportConversation(current.info.id, QStringLiteral(".md")); });
    addAction("chat.exportJson", tr("Export the conversation as JSON…"), "export", {},
        [this] { exportConversation(current.info.id, QStringLiteral(".json")); });
    addAction("chat.search", tr("Search all messages"), "search",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F), lead([this] {
            listDock->show();
            listDock->raise();
            list->focusSearch();
        }));
    findAction = addAction("chat.find", tr("Find in the conversation"), "search",
        QKeySequence::Find, [this] { find(focused()); });
    findNextAction = addAction("chat.findNext", tr("Find next"), "chevron-down",
        QKeySequence(Qt::Key_F3), [this] { findNext(true); });
    findPreviousAction = addAction("chat.findPrevious", tr("Find previous"), "chevron-up",
        QKeySequence(Qt::SHIFT | Qt::Key_F3), [this] { findNext(false); });
    stopAction = addAction("chat.stop", tr("Stop the reply"), "square",
        QKeySequence(Qt::Key_Escape), [this] { stopReply(); });
    regenerateAction = addAction("chat.regenerate", tr("Regenerate the last reply"), "refresh",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R),
        [this] { regenerate(focused(), lastOf(chats::Role::Assistant, focused())); });
    previousAction = addAction("chat.previousBranch", tr("Previous branch"), "chevron-left",
        QKeySequence(Qt::ALT | Qt::Key_Left), [this] { switchBranch(focused(), 0, -1); });
    nextAction = addAction("chat.nextBranch", tr("Next branch"), "chevron-right",
        QKeySequence(Qt::ALT | Qt::Key_Right), [this] { switchBranch(focused(), 0, 1); });
    copyAction = addAction("chat.copyReply", tr("Copy the last reply"), "copy",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), [this] {
            if (const auto* last = current.find(lastOf(chats::Role::Assistant, focused())))
                QGuiApplication::clipboard()->setText(QString::fromStdString(last->text));
        });
    copyCodeAction = addAction("chat.copyCode", tr("Copy the last code block"), "copy",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Semicolon), [this] {
            if (const QString code = lastCode(focused()); !code.isEmpty())
                QGuiApplication::clipboard()->setText(code);
        });
    addAction("chat.facts", tr("Model facts"), "info", {}, [this] { showDock(factsDock); });
    addAction("chat.endpoint", tr("Endpoint of the open model"), "endpoint", {},
        [this] { showDock(endpointDock); });
    stripAction = addAction("chat.strip", tr("Experts of the last reply"), "table", {},
        [this] { focused().view->toggleStrip(lastOf(chats::Role::Assistant, focused())); });
    compareAction = addAction("chat.compare", tr("Compare side by side…"), "compare",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_D), lead([this] { askModel(right); }));
    closeAction = addAction("chat.closeSide", tr("Close the second side"), "close",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_W), [this] { closeSecond(); });
    addAction("chat.cycleFocus", tr("Go to the next side, or to the composer"), "",
        QKeySequence(Qt::Key_F6), lead([this] { cycleFocus(); }));
    addAction("chat.focusComposer", tr("Go to the composer"), "",
        QKeySequence(Qt::SHIFT | Qt::Key_Escape), lead([this] { composer->input().setFocus(); }));
    listAction = addAction("chat.list", tr("Show or hide the conversations"), "",
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), [this] { toggleDock(listDock); });
    docksAction = addAction("chat.docks", tr("Show or hide the side docks"), "",
        QKeySequence(Qt::Key_F9), [this] { toggleDocks(); });
    undoAction = services.actions.add({QStringLiteral("chat.undo"), tr("Undo in the conversation"),
                                          {}, QKeySequence::Undo, Category::Edit, true},
        [this] { undoChange(); });
    redoAction = services.actions.add({QStringLiteral("chat.redo"), tr("Redo in the conversation"),
                                          {}, QKeySequence::Redo, Category::Edit, true},
        [this] { redoChange(); });
    for (const auto& changed : {&QUndoStack::canUndoChanged, &QUndoStack::canRedoChanged})
        QObject::connect(&undo, changed, &self, [this] { updateActions(); });
}

void ChatWorkspace::Impl::updateActions()
{
    using shell::ActionRegistry;
    const bool here = self.isVisible();
    const QString elsewhere = here ? QString() : tr("Show the Chat page first");
    const QString busy = isReplying() ? tr("A reply is being written") : elsewhere;
    const int64_t last = lastOf(chats::Role::Assistant, left);
    const QString noReply = last == 0 ? tr("There is no reply yet") : elsewhere;
    ActionRegistry::setDisabledReason(
        stopAction, isReplying() ? elsewhere : tr("No reply is being written"));
    ActionRegistry::setDisabledReason(
        regenerateAction, noReply.isEmpty() ? refusal(left) : noReply);
    ActionRegistry::setDisabledReason(copyAction, noReply);
    ActionRegistry::setDisabledReason(copyCodeAction, noReply);
    ActionRegistry::setDisabledReason(stripAction, noReply);
    ActionRegistry::setDisabledReason(previousAction, noReply);
    ActionRegistry::setDisabledReason(nextAction, noReply);
    ActionRegistry::setDisabledReason(
        undoAction, undo.canUndo() ? busy : tr("There is nothing to undo"));
    ActionRegistry::setDisabledReason(
        redoAction, undo.canRedo() ? busy : tr("There is nothing to redo"));
    for (QAction* action : {listAction, findAction, findNextAction, findPreviousAction})
        ActionRegistry::setDisabledReason(action, elsewhere);
    ActionRegistry::setDisabledReason(docksAction, elsewhere);
    ActionRegistry::setDisabledReason(compareAction,
        left.session.model() == nullptr ? tr("Open a model first (Ctrl+O)") : QString());
    ActionRegistry::setDisabledReason(
        closeAction, comparing ? elsewhere : tr("There is one side alone"));
    composer->setSendRefusal(refusal());
    bool running = false;
    for (Side* side : sides()) {
        running = running || (side->reply && side->reply->conversation == current.info.id);
        side->view->setCanReply(refusal(*side).isEmpty());
        side->view->setEditRefusal(side->reply ? tr("A reply is being written") : QString());
    }
    composer->setReplying(running);
    const bool opening = left.session.state() == session::ChatSession::State::Opening;
    progress->setVisible(opening);
    cancelButton->setVisible(opening);
    endpointPanel->setRefusal(left.session.model() == nullptr ? refusal(left) : QString());
    previewSoon();
    updateStatus();
}

void ChatWorkspace::Impl::updateStatus()
{
    QString what;
    if (const infer::OpenedModel* model = left.session.model()) {
        const auto& config = model->config();
        what = tr("CPU, %1 parameters, %2 active")
                   .arg(models::formatCompact(static_cast<double>(config.parameters())),
                       models::formatCompact(static_cast<double>(config.activeParameters())));
    }
    updateContext();
    Q_EMIT self.statusChanged(what, isReplying() ? tr("Writing a reply") : QString());
}

void ChatWorkspace::Impl::updateContext()
{
    int64_t used = 0, room = 0; // of the side that has less left
    for (Side* side : sides()) {
        const auto* last = current.find(lastOf(chats::Role::Assistant, *side));
        const int64_t its = last != nullptr ? last->facts.promptTokens + last->facts.tokens : 0;
        const int64_t all = side->session.model() != nullptr ? side->session.model()->context() : 0;
        if (side == &left || (all > 0 && all - its < room - used)) {
            used = its;
            room = all;
        }
    }
    composer->setContext(used, room);
}

} // namespace moe::chat
