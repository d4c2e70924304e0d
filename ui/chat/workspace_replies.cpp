// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/open_model_dialog.h"
#include "ui/chat/workspace_impl.h"
#include "ui/models/format.h"
#include "ui/session/model_facts.h"
#include "ui/session/reply_trace.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"

#include <QProgressBar>
#include <QToolButton>

#include <algorithm>

namespace moe::chat {

using chats::ChatStore;
using State = session::ChatSession::State;

namespace {

/// The folder's name; of a run's checkpoint the run's folder and the step.
QString shownName(const std::filesystem::path& folder)
{
    const int64_t step = session::stepOfFolder(folder);
    if (step < 0)
        return QString::fromStdString(folder.filename().string());
    return ChatWorkspace::tr("%1, step %2")
        .arg(QString::fromStdString(folder.parent_path().filename().string()),
            models::formatCount(step));
}

} // namespace

void ChatWorkspace::Impl::connectSession()
{
    using session::ChatSession;
    QObject::connect(&session, &ChatSession::progressed, &self,
        [this](const QString& what, qint64 done, qint64 total, const QString&) {
            progress->setRange(0, 1000);
            progress->setValue(total > 0 ? static_cast<int>(1000 * done / total) : 0);
            progress->setToolTip(what);
            modelButton->setText(what);
        });
    QObject::connect(&session, &ChatSession::opened, &self, [this] {
        modelButton->setText(shownName(session.folder()));
        modelButton->setToolTip(QString::fromStdString(session.folder().string()));
        view->setEmptyText(tr("Write the first message below."));
        updateActions();
        Q_EMIT self.modelOpened();
    });
    const auto none = [this] {
        modelButton->setText(tr("Open a model…"));
        updateActions();
    };
    QObject::connect(&session, &ChatSession::closed, &self, none);
    QObject::connect(&session, &ChatSession::openFailed, &self, [this, none](const QString& line) {
        none();
        fail(line, QStringLiteral("chat-open"));
    });
    QObject::connect(&session, &ChatSession::part, &self,
        [this](quint64 number, const session::ReplyPart& part) { takePart(number, part); });
    QObject::connect(&session, &ChatSession::ended, &self,
        [this](quint64 number, const session::ReplyEnd& end) { takeEnd(number, end); });
    QObject::connect(&saveTimer, &QTimer::timeout, &self, [this] {
        if (reply) // what has come survives a crash
            store.write([message = streaming](ChatStore& s) { s.update(message); });
    });
    none();
}

void ChatWorkspace::Impl::askModel()
{
    QStringList recent;
    for (const chats::ConversationInfo& info : list->conversations()) {
        const QString folder = QString::fromStdString(info.model);
        if (!folder.isEmpty() && !recent.contains(folder))
            recent += folder;
    }
    auto* dialog = new OpenModelDialog(recent, storePath, &self);
    QObject::connect(dialog, &OpenModelDialog::folderChosen, &self,
        [this](const QString& folder) { openModel(folder); });
    dialog->open();
}

void ChatWorkspace::Impl::openModel(const QString& folder)
{
    services.messages.dismiss(QStringLiteral("chat-open"));
    session.open(folder.toStdString());
    modelButton->setText(tr("Opening %1").arg(shownName(session.folder())));
    progress->setRange(0, 0);
    updateActions();
}

QString ChatWorkspace::Impl::refusal() const
{
    if (session.state() == State::Opening)
        return tr("The model is being opened");
    if (session.model() == nullptr)
        return tr("Open a model first (Ctrl+O)");
    if (isReplying())
        return tr("A reply is being written");
    return {};
}

void ChatWorkspace::Impl::send(const QString& text)
{
    if (!refusal().isEmpty() || text.trimmed().isEmpty())
        return;
    draftTyped = false;
    current.draft.clear();
    composer->setText({});
    if (current.messages.empty())
        current.info.title = chats::titleFrom(text.toStdString());
    if (stored && current.messages.empty())
        store.write([id = current.info.id, title = current.info.title](
                        ChatStore& s) { s.rename(id, title); });
    ensureStored();
    store.write([id = current.info.id](ChatStore& s) { s.setDraft(id, {}); });
    chats::Message message;
    message.id = chats::newId();
    message.parent = current.leaf;
    message.role = chats::Role::User;
    message.text = text.toStdString();
    message.created = chats::now();
    const int64_t id = message.id;
    addMessage(std::move(message));
    view->scrollToEnd();
    ask(id);
}

void ChatWorkspace::Impl::addMessage(chats::Message message)
{
    current.leaf = message.id;
    current.messages.push_back(message);
    store.write([id = current.info.id, message](ChatStore& s) { s.add(id, message); });
    view->pathChanged();
}

void ChatWorkspace::Impl::edited(int64_t message, const QString& text)
{
    const chats::Message* old = current.find(message);
    if (old == nullptr || isReplying())
        return;
    chats::Message branch = *old;
    branch.id = chats::newId();
    branch.text = text.toStdString();
    branch.created = chats::now();
    branch.state = chats::MessageState::Done;
    branch.facts = {};
    const bool question = branch.role == chats::Role::User;
    const int64_t id = branch.id;
    addMessage(std::move(branch));
    if (question && refusal().isEmpty())
        ask(id);
    else
        updateActions();
}

void ChatWorkspace::Impl::regenerate(int64_t message)
{
    const chats::Message* old = current.find(message);
    if (old != nullptr && old->role == chats::Role::Assistant && refusal().isEmpty())
        ask(old->parent);
}

session::ReplyRequest ChatWorkspace::Impl::requestFor(int64_t last) const
{
    session::ReplyRequest request;
    request.systemPrompt = current.setup.systemPrompt;
    request.sampling = current.setup.sampling;
    request.masks = current.setup.masks;
    std::vector<const chats::Message*> path;
    for (const chats::Message* at = current.find(last); at != nullptr;
         at = current.find(at->parent))
        path.push_back(at);
    for (auto at = path.rbegin(); at != path.rend(); ++at)
        request.messages.emplace_back((*at)->role, (*at)->text);
    return request;
}

void ChatWorkspace::Impl::ask(int64_t parent)
{
    chats::Message message;
    message.id = chats::newId();
    message.parent = parent;
    message.role = chats::Role::Assistant;
    message.created = chats::now();
    message.model = shownName(session.folder()).toStdString();
    session::ReplyRequest request = requestFor(parent);
    current.leaf = message.id;
    message.state = chats::MessageState::Streaming;
    addMessage(message);
    start(message, std::move(request));
}

void ChatWorkspace::Impl::goOn(int64_t message)
{
    const chats::Message* found = current.find(message);
    if (found == nullptr || !refusal().isEmpty())
        return;
    session::ReplyRequest request = requestFor(message);
    request.goOn = true;
    chats::Message going = *found;
    going.state = chats::MessageState::Streaming;
    start(going, std::move(request));
}

void ChatWorkspace::Impl::start(chats::Message& message, session::ReplyRequest request)
{
    const std::string before = request.goOn ? message.text : std::string();
    streaming = message;
    streaming.facts.finish.clear();
    streaming.facts.error.clear();
    streaming.facts.step = session::stepOfFolder(session.folder());
    liveRouting = {};
    routings.erase(message.id);
    Running running{0, current.info.id, message.id, before, message.facts, {}, 0};
    running.clock.start();
    running.number = session.reply(std::move(request));
    reply = std::move(running);
    current.info.model = session.folder().string();
    store.write([id = current.info.id, folder = current.info.model](
                    ChatStore& s) { s.setModel(id, folder); });
    saveTimer.start();
    view->setLive({message.id});
    routingMessage = 0;
    updateActions();
    refreshRouting();
}

void ChatWorkspace::Impl::takePart(quint64 number, const session::ReplyPart& part)
{
    if (!reply || reply->number != number)
        return;
    const double seconds = static_cast<double>(reply->clock.elapsed()) / 1000;
    if (reply->firstToken == 0)
        reply->firstToken = seconds;
    streaming.text += part.text;
    session::append(liveRouting, part.routing);
    // measured here until the engine's own figures come with the end
    streaming.facts.tokens = std::ssize(liveRouting.ids);
    streaming.facts.firstTokenSeconds = reply->firstToken;
    const double span = seconds - reply->firstToken;
    streaming.facts.tokensPerSecond
        = span > 0.5 ? static_cast<double>(streaming.facts.tokens - 1) / span : 0;
    if (reply->conversation != current.info.id)
        return;
    if (chats::Message* shown = current.find(reply->message))
        *shown = streaming;
    view->messageChanged(reply->message);
    if (routing->span() != RoutingPanel::Span::Conversation)
        refreshRouting();
}

void ChatWorkspace::Impl::takeEnd(quint64 number, const session::ReplyEnd& end)
{
    if (!reply || reply->number != number)
        return;
    const Running ended = *std::exchange(reply, std::nullopt);
    saveTimer.stop();
    const int64_t step = streaming.facts.step;
    if (end.facts.error.empty() || !end.text.empty())
        streaming.text = ended.before + end.text;
    streaming.facts = end.facts;
    streaming.facts.step = step;
    streaming.facts.tokens += ended.before.empty() ? 0 : ended.factsBefore.tokens;
    streaming.state = end.facts.finish == "failed" ? chats::MessageState::Failed
        : end.facts.finish == "cancelled"          ? chats::MessageState::Stopped
                                                   : chats::MessageState::Done;
    store.write([message = streaming, routing = liveRouting](ChatStore& s) {
        s.update(message);
        if (!routing.empty())
            s.setRouting(message.id, chats::encode(routing));
    });
    if (ended.conversation == current.info.id) {
        if (chats::Message* shown = current.find(ended.message))
            *shown = streaming;
        if (!liveRouting.empty())
            routings[ended.message] = liveRouting;
    }
    view->setLive({});
    view->messageChanged(ended.message);
    if (!end.facts.error.empty())
        fail(QString::fromStdString(end.facts.error), QStringLiteral("chat-reply"));
    refreshRouting();
    updateActions();
    readList();
    Q_EMIT self.replyEnded();
}

void ChatWorkspace::Impl::stopReply()
{
    if (reply)
        session.stop(reply->number);
}

} // namespace moe::chat
