// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_workspace.h"

#include "ui/chat/workspace_impl.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"

#include <QResizeEvent>

namespace moe::chat {

namespace {

constexpr int kDraftMilliseconds = 250, kSaveMilliseconds = 1000;

} // namespace

ChatWorkspace::Impl::Impl(
    ChatWorkspace& workspace, shell::ShellServices shellServices, const std::filesystem::path& path)
    : self(workspace)
    , services(shellServices)
    , storePath(path)
    , store(path)
    , left(QStringLiteral("left"), current.leaf, &workspace)
    , right(QStringLiteral("right"), rightLeaf, &workspace)
    , composer(new Composer(&workspace))
    , maskBar(new MaskBar(&workspace))
    , findBar(new FindBar(left.pane))
    , listTitle(new shell::TitleBar(tr("Conversations"), {}, &workspace))
    , routingTitle(new shell::TitleBar(tr("Reply routing"), tr("utilisation"), &workspace))
    , maskTitle(new shell::TitleBar(tr("Masked experts"), tr("in this conversation"), &workspace))
{
    list = new ConversationPanel(*listTitle, &workspace);
    routing = new RoutingPanel(*routingTitle, &workspace);
    masks = new MaskPanel(&workspace);
    QObject::connect(&saveTimer, &QTimer::timeout, &self, [this] {
        keepWhatFailed();
        for (const Side* side : {&left, &right}) {
            if (side->reply) // what has come survives a crash
                store.write(
                    [message = side->streaming](chats::ChatStore& s) { s.update(message); });
        }
    });
    draftTimer.setSingleShot(true);
    draftTimer.setInterval(kDraftMilliseconds);
    saveTimer.setInterval(kSaveMilliseconds);
    registerActions();
    buildToolbar();
    buildDocks();
    connectPanels();
    connectSide(left);
    connectSide(right);
    connectToolbar();
    connectModel();
    QObject::connect(&shell::ThemeSource::instance(), &shell::ThemeSource::changed, &self,
        [this] { restyle(); });
    show(chats::Conversation(), 0);
    readList();
}

ChatWorkspace::ChatWorkspace(
    shell::ShellServices services, const std::filesystem::path& store, QWidget* parent)
    : Workspace(parent)
    , m_impl(std::make_unique<Impl>(*this, services, store))
{
    setObjectName(QStringLiteral("chatPage"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
}

ChatWorkspace::~ChatWorkspace()
{
    m_impl->keepDraft();
    m_impl->keepUnfinished();
    m_impl->keepWhatFailed();
    m_impl->undo.disconnect(&m_impl->self); // it says that it is emptied when it goes
    m_impl->left.session.disconnect(this);
    m_impl->right.session.disconnect(this);
    m_impl->endpoint.disconnect(this);
    m_impl->store.disconnect(this);
    // Panels use the conversation of Impl: they go first.
    qDeleteAll(findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly));
    if (m_impl->modelBox && m_impl->modelBox->parent() == nullptr)
        delete m_impl->modelBox;
}

QString ChatWorkspace::title() const
{
    return tr("Chat");
}

QString ChatWorkspace::iconName() const
{
    return QStringLiteral("chat");
}

QList<QAction*> ChatWorkspace::toolbarActions() const
{
    return {m_impl->newAction, m_impl->compareAction};
}

QList<QWidget*> ChatWorkspace::toolbarWidgets()
{
    return {m_impl->modelBox};
}

QList<shell::PaletteSource> ChatWorkspace::paletteSources()
{
    return {{tr("Conversations"), QChar(), [this] {
                 QList<shell::PaletteItem> items;
                 for (const chats::ConversationInfo& info : m_impl->list->conversations())
                     items.append({QString::fromStdString(info.title), {}, QStringLiteral("chat"),
                         [this, id = info.id] {
                             Q_EMIT pageWanted();
                             openConversation(id);
                         }});
                 return items;
             }}};
}

void ChatWorkspace::restoreDefaultLayout()
{
    for (QDockWidget* dock : {m_impl->factsDock, m_impl->endpointDock})
        dock->hide();
    m_impl->arrangeDocks();
}

QSize ChatWorkspace::minimumSizeHint() const
{
    return {shell::px(760), shell::px(480)};
}

void ChatWorkspace::setThreads(int threads)
{
    m_impl->left.session.setThreads(threads);
    m_impl->right.session.setThreads(threads);
}

void ChatWorkspace::openModel(const QString& folder)
{
    m_impl->openModel(folder);
}

bool ChatWorkspace::hasModel() const
{
    return m_impl->left.session.model() != nullptr;
}

void ChatWorkspace::compareWith(const QString& folder)
{
    m_impl->openSecond(folder);
}

bool ChatWorkspace::isComparing() const
{
    return m_impl->comparing;
}

void ChatWorkspace::newConversation()
{
    m_impl->beginNew();
}

void ChatWorkspace::openConversation(qint64 id)
{
    m_impl->open(id, 0);
}

void ChatWorkspace::send(const QString& text)
{
    m_impl->send(text);
}

void ChatWorkspace::setSampling(quint64 seed, qint64 maxTokens)
{
    m_impl->current.setup.sampling.seed = seed;
    m_impl->current.setup.sampling.maxTokens = maxTokens;
    m_impl->composer->setSetup(m_impl->current.setup);
}

const std::vector<chats::ConversationInfo>& ChatWorkspace::conversations() const
{
    return m_impl->list->conversations();
}

bool ChatWorkspace::isReplying() const
{
    return m_impl->isReplying();
}

void ChatWorkspace::resizeEvent(QResizeEvent* event)
{
    Workspace::resizeEvent(event);
    m_impl->fitTo(event->size());
}

void ChatWorkspace::showEvent(QShowEvent* event)
{
    Workspace::showEvent(event);
    m_impl->updateActions(); // keys of this page, which others use for their own things
    m_impl->composer->input().setFocus();
}

void ChatWorkspace::hideEvent(QHideEvent* event)
{
    Workspace::hideEvent(event);
    m_impl->updateActions();
}

void ChatWorkspace::changeEvent(QEvent* event)
{
    Workspace::changeEvent(event);
    if (event->type() == QEvent::FontChange && m_impl)
        m_impl->restyle();
}

void ChatWorkspace::Impl::fail(const QString& line, const QString& id)
{
    services.messages.show({id, shell::MessageBar::Level::Error, line, {}, {}, {}});
    Q_EMIT self.failed(line);
}

void ChatWorkspace::Impl::restyle()
{
    for (Side* side : sides())
        side->view->restyle();
}

} // namespace moe::chat
