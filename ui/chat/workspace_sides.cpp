// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/markdown_segments.h"
#include "ui/chat/open_model_dialog.h"
#include "ui/chat/workspace_impl.h"
#include "ui/models/format.h"
#include "ui/session/model_facts.h"
#include "ui/shell/machine.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QProgressBar>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace moe::chat {

using session::ChatSession;

Side::Side(const QString& name, int64_t& lastMessage, QWidget* parent)
    : leaf(lastMessage)
    , pane(new QWidget(parent))
    , head(new SideHead(name, pane))
    , view(new ChatView(pane))
{
    pane->setObjectName(name + QStringLiteral("Pane"));
    pane->setMinimumWidth(shell::px(320));
    auto* column = new QVBoxLayout(pane);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(head);
    column->addWidget(view, 1);
    head->hide();
}

std::vector<Side*> ChatWorkspace::Impl::sides()
{
    return comparing ? std::vector{&left, &right} : std::vector{&left};
}

Side& ChatWorkspace::Impl::focused()
{
    return comparing && right.pane->isAncestorOf(QApplication::focusWidget()) ? right : left;
}

int64_t ChatWorkspace::Impl::lastOf(chats::Role role, const Side& side) const
{
    size_t steps = current.messages.size(); // those of a damaged store may go round
    for (const auto* at = current.find(side.leaf); at != nullptr && steps > 0; --steps) {
        if (at->role == role)
            return at->id;
        at = current.find(at->parent);
    }
    return 0;
}

QString ChatWorkspace::Impl::lastCode(const Side& side) const
{
    const std::vector<int64_t> path = current.path(side.leaf);
    for (auto id = path.rbegin(); id != path.rend(); ++id) {
        const chats::Message& message = *current.find(*id);
        if (message.role != chats::Role::Assistant)
            continue; // what the user wrote is shown as typed
        const QList<Segment> segments = segmentsOf(QString::fromStdString(message.text));
        const auto code = std::find_if(segments.rbegin(), segments.rend(),
            [](const Segment& each) { return each.kind == Segment::Kind::Code; });
        if (code != segments.rend())
            return code->text;
    }
    return {};
}

void ChatWorkspace::Impl::connectSide(Side& side)
{
    QObject::connect(&side.session, &ChatSession::progressed, &self,
        [&side](const QString&, qint64 done, qint64 total, const QString&) {
            side.head->setModel(tr("Opening, %1 of %2 layers")
                                    .arg(models::formatCount(done), models::formatCount(total)),
                QString::fromStdString(side.session.folder().string()));
        });
    const auto changed = [this, &side] {
        updateHead(side);
        updateActions();
    };
    QObject::connect(&side.session, &ChatSession::opened, &self, [this, &side, changed] {
        side.view->setEmptyText(tr("Write the first message below."));
        changed();
        refreshRouting();
        if (&side == &left)
            Q_EMIT self.modelOpened();
        else
            Q_EMIT self.comparisonOpened();
    });
    QObject::connect(&side.session, &ChatSession::closed, &self, changed);
    QObject::connect(&side.session, &ChatSession::kept, &self, changed);
    QObject::connect(&side.session, &ChatSession::openFailed, &self,
        [this, &side, changed](const QString& line) {
            changed();
            if (&side == &right && side.session.model() == nullptr)
                setComparing(false);
            fail(line, QStringLiteral("chat-open"));
        });
    QObject::connect(&side.session, &ChatSession::part, &self,
        [this, &side](
            quint64 number, const session::ReplyPart& part) { takePart(side, number, part); });
    QObject::connect(&side.session, &ChatSession::ended, &self,
        [this, &side](
            quint64 number, const session::ReplyEnd& end) { takeEnd(side, number, end); });
    QObject::connect(side.head, &SideHead::modelWanted, &self, [this, &side] { askModel(side); });
    side.view->setSources(
        &current, [this](int64_t message) { return routingOf(message); }, &side.leaf);
    side.view->setEdits([this, &side](int64_t message) -> const std::string* {
        const auto typed = current.edits.find(message);
        if (typed == current.edits.end() || (&side == &right && isShown(message)))
            return nullptr; // one editor for a message of both sides
        return &typed->second;
    });
    connectView(side);
}

void ChatWorkspace::Impl::connectView(Side& side)
{
    ChatView* view = side.view;
    QObject::connect(view, &ChatView::routingWanted, &self, [this](qint64 id) { wantRouting(id); });
    QObject::connect(view, &ChatView::branchWanted, &self,
        [this, &side](qint64 id, int by) { switchBranch(side, id, by); });
    QObject::connect(view, &ChatView::regenerateWanted, &self,
        [this, &side](qint64 id) { regenerate(side, id); });
    QObject::connect(
        view, &ChatView::goOnWanted, &self, [this, &side](qint64 id) { goOn(side, id); });
    QObject::connect(
        view, &ChatView::removeWanted, &self, [this](qint64 id) { removeMessage(id); });
    QObject::connect(view, &ChatView::edited, &self,
        [this, &side](qint64 id, const QString& text) { edited(side, id, text); });
    QObject::connect(view, &ChatView::layerChosen, &self,
        [this](qint64 layer) { routing->setSelectedLayer(layer); });
    QObject::connect(view, &ChatView::editTyped, &self, [this](qint64 id, const QString& text) {
        current.edits[id] = text.toStdString();
        editsTyped.insert(id);
        draftTimer.start();
    });
    QObject::connect(view, &ChatView::editEnded, &self, [this](qint64 id) {
        current.edits.erase(id);
        editsTyped.insert(id);
        keepDraft();
    });
    QObject::connect(view, &ChatView::editRefused, &self, [this] {
        services.messages.show({QStringLiteral("chat-busy"), shell::MessageBar::Level::Info,
            tr("A reply is being written."), tr("The edit stays open until it can be sent."), {},
            {}});
    });
    QObject::connect(view, &ChatView::tokenHovered, &self, [this, &side](qint64 id, int column) {
        if (column >= 0 && routing->span() == RoutingPanel::Span::Reply) {
            const bool moved = std::exchange(routingMessage, id) != id;
            const bool chosen = comparing && !routing->choice().minus
                && routing->choose(&side == &left ? RoutingPanel::kLeft : RoutingPanel::kRight);
            if (moved || chosen)
                refreshRouting();
        }
        routing->setToken(column < 0 ? nullptr : routingOf(id), column);
    });
}

/// The toolbar names the left side's model.
void ChatWorkspace::Impl::connectToolbar()
{
    QObject::connect(&left.session, &ChatSession::progressed, &self,
        [this](const QString& what, qint64 done, qint64 total, const QString&) {
            progress->setRange(0, 1000);
            progress->setValue(total > 0 ? static_cast<int>(1000 * done / total) : 0);
            progress->setToolTip(what);
            modelButton->setText(what);
        });
    for (const auto& there : {&ChatSession::opened, &ChatSession::kept})
        QObject::connect(&left.session, there, &self, [this] {
            modelButton->setText(shownName(left.session.folder()));
            modelButton->setToolTip(QString::fromStdString(left.session.folder().string()));
        });
    const auto none = [this] {
        if (left.session.model() == nullptr)
            modelButton->setText(tr("Open a model…"));
        updateActions();
    };
    QObject::connect(&left.session, &ChatSession::closed, &self, none);
    QObject::connect(&left.session, &ChatSession::openFailed, &self, none);
    none();
}

void ChatWorkspace::Impl::askModel(Side& side)
{
    QStringList recent;
    for (const chats::ConversationInfo& info : list->conversations()) {
        const QString folder = QString::fromStdString(info.model);
        if (!folder.isEmpty() && !recent.contains(folder))
            recent += folder;
    }
    const bool second = &side == &right;
    const std::filesystem::path beside = second ? left.session.folder()
        : comparing                             ? right.session.folder()
                                                : std::filesystem::path();
    auto* dialog = new OpenModelDialog(recent, storePath, &self, beside);
    QObject::connect(
        dialog, &OpenModelDialog::folderChosen, &self, [this, second](const QString& folder) {
            if (second)
                openSecond(folder);
            else
                openModel(folder);
        });
    dialog->open();
}

void ChatWorkspace::Impl::openModel(const QString& folder)
{
    services.messages.dismiss(QStringLiteral("chat-open"));
    left.session.open(folder.toStdString());
    modelButton->setText(tr("Opening %1").arg(shownName(left.session.folder())));
    progress->setRange(0, 0);
    updateHead(left);
    updateActions();
}

void ChatWorkspace::Impl::openSecond(const QString& folder)
{
    services.messages.dismiss(QStringLiteral("chat-open"));
    const auto second = std::make_shared<session::ModelFacts>();
    shell::runAside(
        &self,
        [second, path = folder.toStdString(), beside = left.session.folder()] {
            *second = session::readModelFacts(path, beside);
            return QString();
        },
        [this, second](const QString&) {
            if (!second->error.isEmpty())
                return fail(second->error, QStringLiteral("chat-open"));
            if (!second->fitsBeside)
                return fail(
                    tr("%1 does not fit beside the open model: its weights take %2 GB, "
                       "%3 GB are free. Choose a smaller or a quantised one")
                        .arg(shownName(second->folder), shell::gigabytes(second->weightBytes),
                            shell::gigabytes(second->freeBytes)),
                    QStringLiteral("chat-open"));
            right.session.open(second->folder, second->besideBytes);
            setComparing(true);
        });
}

void ChatWorkspace::Impl::closeSecond()
{
    setComparing(false);
    right.session.close(); // what it writes ends as stopped
}

void ChatWorkspace::Impl::setComparing(bool on)
{
    if (right.pane->isAncestorOf(QApplication::focusWidget()))
        composer->input().setFocus();
    if (!on && findBar->view() == right.view)
        findBar->dismiss();
    comparing = on;
    routingMessage = 0;
    if (on)
        rightLeaf = branchOf(right);
    for (Side* side : {&left, &right}) {
        side->head->setVisible(on);
        updateHead(*side);
    }
    right.pane->setVisible(on);
    panes->setSizes({1, 1});
    if (on)
        right.view->openConversation();
    else
        right.view->clear();
    if (size == Size::Small)
        arrangeDocks(); // two transcripts need the room
    wantRouting(lastOf(chats::Role::Assistant, right));
    refreshRouting();
    updateActions();
}

int64_t ChatWorkspace::Impl::branchOf(const Side& side) const
{
    const std::string name = storedModel(side.session.folder());
    for (auto message = current.messages.rbegin(); message != current.messages.rend(); ++message) {
        if (message->role == chats::Role::Assistant && message->model == name)
            return current.newestLeaf(message->id);
    }
    return current.leaf;
}

/// From the composer to the last message of each side, and back.
void ChatWorkspace::Impl::cycleFocus()
{
    std::vector<QWidget*> stops{&composer->input()};
    size_t next = 1;
    for (Side* side : sides()) {
        if (side->pane->isAncestorOf(QApplication::focusWidget()))
            next = stops.size() + 1;
        side->view->scrollToEnd();
        QWidget* last = side->view->view(side->leaf);
        stops.push_back(last != nullptr ? last : side->view);
    }
    stops[next % stops.size()]->setFocus(Qt::TabFocusReason);
}

/// The bar comes between head and transcript of that side.
void ChatWorkspace::Impl::find(Side& side)
{
    static_cast<QVBoxLayout*>(side.pane->layout())->insertWidget(1, findBar);
    findBar->open(*side.view);
}

void ChatWorkspace::Impl::findNext(bool forward)
{
    if (findBar->view() == nullptr)
        find(focused());
    else
        findBar->findNext(forward);
}

void ChatWorkspace::Impl::updateHead(Side& side)
{
    const bool opening = side.session.state() == ChatSession::State::Opening;
    const QString folder = QString::fromStdString(side.session.folder().string());
    const QString name = shownName(side.session.folder());
    side.head->setModel(opening               ? tr("Opening %1").arg(name)
            : side.session.model() != nullptr ? name
                                              : tr("Open a model…"),
        folder);
    const chats::Message* last = current.find(lastOf(chats::Role::Assistant, side));
    const double speed = last != nullptr ? last->facts.tokensPerSecond : 0;
    side.head->setFigures(
        speed > 0 ? tr("%1 tokens/s").arg(models::formatFixed(speed, 1)) : QString());
}

} // namespace moe::chat
