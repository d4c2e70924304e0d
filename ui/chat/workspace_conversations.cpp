// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/files.h"
#include "engine/chats/chat_exchange.h"
#include "ui/chat/workspace_impl.h"
#include "ui/shell/save_file.h"

#include <QFileDialog>
#include <QInputDialog>

#include <algorithm>

namespace moe::chat {

using chats::ChatStore;

namespace {

constexpr int64_t kMostHits = 200;
constexpr int kFollowMilliseconds = 1000; ///< as often as the other window writes

} // namespace

void ChatWorkspace::Impl::connectPanels()
{
    QObject::connect(
        &store, &session::ConversationStore::failed, &self, [this](const QString& line) {
            ++failedWrites;
            fail(line, QStringLiteral("chat-store"));
        });
    QObject::connect(composer, &Composer::sendWanted, &self, [this](const QString& t) { send(t); });
    QObject::connect(composer, &Composer::stopWanted, &self, [this] { stopReply(); });
    QObject::connect(composer, &Composer::editLastWanted, &self,
        [this] { left.view->edit(lastOf(chats::Role::User, left)); });
    QObject::connect(composer, &Composer::draftChanged, &self, [this](const QString& text) {
        current.draft = text.toStdString();
        draftTyped = true;
        draftTimer.start();
    });
    QObject::connect(&draftTimer, &QTimer::timeout, &self, [this] { keepDraft(); });
    QObject::connect(composer, &Composer::setupChanged, &self, [this] { setupEdited(); });

    QObject::connect(
        list, &ConversationPanel::chosen, &self, [this](qint64 id, qint64 at) { open(id, at); });
    QObject::connect(list, &ConversationPanel::searchWanted, &self, [this](const QString& query) {
        store.read([text = query.toStdString()](
                       const ChatStore& chats) { return chats.search(text, kMostHits); },
            [this, query](auto hits) { list->setHits(query, std::move(hits)); });
    });
    QObject::connect(
        list, &ConversationPanel::renamed, &self, [this](qint64 id, const QString& title) {
            store.write([id, name = title.toStdString()](ChatStore& s) { s.rename(id, name); });
            if (id == current.info.id)
                current.info.title = title.toStdString();
            readList();
        });
    QObject::connect(list, &ConversationPanel::duplicateWanted, &self, [this](qint64 id) {
        keepDraft();
        store.read(
            [id, suffix = tr(", copy", "behind a title").toStdString()](ChatStore& chats) {
                return chats.duplicate(id, chats.open(id).info.title + suffix);
            },
            [this](chats::Conversation copy) {
                keepDraft(); // typed meanwhile
                stored = true;
                show(std::move(copy), 0);
                readList();
            });
    });
    QObject::connect(list, &ConversationPanel::exportWanted, &self,
        [this](qint64 id, const QString& suffix) { exportConversation(id, suffix); });
    QObject::connect(list, &ConversationPanel::removeWanted, &self,
        [this](qint64 id) { removeConversation(id); });
    const auto infoOf = [this](qint64 id) {
        const auto& infos = list->conversations();
        const auto found = std::ranges::find(infos, id, &chats::ConversationInfo::id);
        return found == infos.end() ? chats::ConversationInfo() : *found;
    };
    QObject::connect(list, &ConversationPanel::folderWanted, &self, [this, infoOf](qint64 id) {
        askText(tr("Folder of the conversation"), tr("Folder, empty for none"),
            QString::fromStdString(infoOf(id).folder), [this, id](const QString& folder) {
                store.write([id, name = folder.trimmed().toStdString()](
                                ChatStore& s) { s.setFolder(id, name); });
                readList();
            });
    });
    QObject::connect(list, &ConversationPanel::tagsWanted, &self, [this, infoOf](qint64 id) {
        QStringList tags;
        for (const std::string& tag : infoOf(id).tags)
            tags += QString::fromStdString(tag);
        askText(tr("Tags of the conversation"), tr("Tags, with spaces between them"),
            tags.join(QLatin1Char(' ')), [this, id](const QString& text) {
                std::vector<std::string> words;
                for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts))
                    words.push_back(word.toStdString());
                store.write([id, words](ChatStore& s) { s.setTags(id, words); });
                readList();
            });
    });
    QObject::connect(routing, &RoutingPanel::spanChosen, &self, [this] { refreshRouting(); });
    QObject::connect(routing, &RoutingPanel::choiceChanged, &self, [this] { refreshRouting(); });
    QObject::connect(routing, &RoutingPanel::maskWanted, &self,
        [this](qint64 layer, int expert, bool masked) { setMask(layer, expert, masked); });
    QObject::connect(
        routing, &RoutingPanel::tokensWanted, &self, [this](qint64 layer, int expert, bool shown) {
            markTokens(shown ? std::optional(chats::MaskedExpert{layer, expert}) : std::nullopt);
        });
    QObject::connect(
        routing, &RoutingPanel::layerActivated, &self, [this](qint64 layer) { showLayer(layer); });
    QObject::connect(masks, &MaskPanel::unmaskWanted, &self,
        [this](qint64 layer, int expert) { setMask(layer, expert, false); });
    QObject::connect(maskBar, &MaskBar::unmaskAllWanted, &self, [this] {
        for (const chats::MaskedExpert& mask : std::vector(current.setup.masks))
            setMask(mask.layer, mask.expert, false);
    });
}

void ChatWorkspace::Impl::askText(const QString& title, const QString& label, const QString& value,
    std::function<void(const QString&)> done)
{
    auto* dialog = new QInputDialog(&self);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    dialog->setLabelText(label);
    dialog->setTextValue(value);
    QObject::connect(dialog, &QInputDialog::textValueSelected, &self, std::move(done));
    dialog->open();
}

void ChatWorkspace::Impl::readList()
{
    store.read([](const ChatStore& chats) { return chats.list(); },
        [this, before = shows](std::vector<chats::ConversationInfo> infos) {
            const bool first = !std::exchange(listRead, true);
            const int64_t newest = infos.empty() ? 0 : infos.front().id;
            list->setConversations(std::move(infos));
            if (first && newest != 0 && before == shows && !stored && current.messages.empty()
                && current.draft.empty())
                open(newest, 0); // where one was, unless another was asked for meanwhile
            Q_EMIT self.recentChanged();
        });
}

void ChatWorkspace::Impl::beginNew()
{
    keepDraft();
    chats::Conversation fresh;
    fresh.setup.sampling = current.setup.sampling; // what was set last is meant for the next, too
    fresh.setup.sampling.seed.reset();
    stored = false;
    show(std::move(fresh), 0);
    composer->input().setFocus();
}

bool ChatWorkspace::Impl::isShown(int64_t message) const
{
    const std::vector<int64_t> path = current.path();
    return std::ranges::find(path, message) != path.end();
}

void ChatWorkspace::Impl::open(qint64 id, qint64 message)
{
    if (id == current.info.id) {
        ++shows; // one that was asked for before is not wanted any more
        followOthers();
        if (message != 0) {
            if (!isShown(message))
                setLeaf(left, current.newestLeaf(message));
            left.view->scrollToMessage(message);
        }
        return;
    }
    keepDraft();
    store.read([id](const ChatStore& chats) { return chats.open(id); },
        [this, message, asked = ++shows](chats::Conversation conversation) {
            if (asked != shows)
                return; // another one was asked for meanwhile
            keepDraft(); // typed meanwhile
            stored = true;
            show(std::move(conversation), message);
        });
}

void ChatWorkspace::Impl::show(chats::Conversation conversation, int64_t message)
{
    for (const Side* side : {&left, &right})
        side->view->clear(); // while what it shows is there
    routing->setToken(nullptr, -1);
    routing->setSelectedLayer(-1);
    routing->setMarked({});
    ++shows;
    keepWhatFailed(); // of the one that goes
    current = std::move(conversation);
    for (const Side* side : {&left, &right}) {
        if (!side->reply || side->reply->conversation != current.info.id)
            continue;
        if (chats::Message* shown = current.find(side->reply->message))
            *shown = side->streaming; // the store is up to a second behind
    }
    routings.clear();
    routingsAsked.clear();
    routingMessage = 0;
    if (message != 0 && !isShown(message))
        current.leaf = current.newestLeaf(message);
    if (comparing)
        rightLeaf = branchOf(right);
    composer->setText(QString::fromStdString(current.draft));
    composer->setSetup(current.setup);
    maskBar->setMasks(current.setup.masks);
    masks->setMasks(current.setup.masks);
    for (Side* side : sides()) {
        side->view->openConversation();
        side->view->setEmptyText(side->session.model() != nullptr
                ? tr("Write the first message below.")
                : tr("No model is open. Open a folder, or a checkpoint of a run, with Ctrl+O."));
        wantRouting(lastOf(chats::Role::Assistant, *side));
        updateHead(*side);
    }
    if (message != 0)
        left.view->scrollToMessage(message);
    list->setCurrent(current.info.id);
    refreshRouting();
    updateActions();
    followOthers();
}

/// What comes of them, until they end.
void ChatWorkspace::Impl::followOthers()
{
    if (std::ranges::none_of(current.messages, chats::isWrittenElsewhere))
        return;
    const auto ask = [this, asked = shows] {
        if (asked != shows)
            return; // another conversation is shown by now
        store.read([id = current.info.id](const ChatStore& chats) { return chats.open(id); },
            [this, asked](const chats::Conversation& read) {
                if (asked != shows)
                    return;
                for (const chats::Message& fresh : read.messages) {
                    chats::Message* known = current.find(fresh.id);
                    if (known == nullptr || known->state != chats::MessageState::Streaming
                        || isLive(fresh.id))
                        continue;
                    *known = fresh;
                    messageChanged(fresh.id);
                }
                followOthers();
            });
    };
    QTimer::singleShot(kFollowMilliseconds, &self, ask);
}

void ChatWorkspace::Impl::keepDraft()
{
    draftTimer.stop();
    for (const int64_t message : std::exchange(editsTyped, {})) {
        const auto typed = current.edits.find(message);
        if (typed == current.edits.end())
            store.write([message](ChatStore& s) { s.dropEdit(message); });
        else
            store.write(
                [message, text = typed->second](ChatStore& s) { s.setEdit(message, text); });
    }
    if (!std::exchange(draftTyped, false))
        return;
    if (!stored && current.draft.empty())
        return;
    ensureStored();
    keepWhatFailed();
    store.write(
        [id = current.info.id, text = current.draft](ChatStore& s) { s.setDraft(id, text); });
}

void ChatWorkspace::Impl::ensureStored()
{
    if (stored)
        return;
    stored = true;
    current.info.id = chats::newId();
    if (current.info.title.empty())
        current.info.title = tr("New conversation").toStdString();
    current.info.created = current.info.updated = chats::now();
    store.write([row = current](ChatStore& chats) { chats.create(row); });
    list->setCurrent(current.info.id);
    readList();
}

chats::Conversation ChatWorkspace::Impl::rowOfCurrent() const
{
    chats::Conversation row;
    row.info = current.info;
    row.setup = current.setup;
    row.draft = current.draft;
    row.leaf = current.leaf;
    return row;
}

/// A full disk has room again, another process has let go of the file, …
void ChatWorkspace::Impl::keepWhatFailed()
{
    if (current.info.id == 0 || madeUpFor == failedWrites)
        return;
    store.read(
        [whole = current](ChatStore& s) {
            s.keep(whole);
            return true;
        },
        [this, until = failedWrites](bool) { madeUpFor = until; });
}

void ChatWorkspace::Impl::setupEdited()
{
    current.setup.sampling = composer->sampling();
    current.setup.systemPrompt = composer->systemPrompt().toStdString();
    ensureStored();
    store.write(
        [id = current.info.id, setup = current.setup](ChatStore& s) { s.setSetup(id, setup); });
}

void ChatWorkspace::Impl::setLeaf(Side& side, int64_t leaf)
{
    side.leaf = leaf;
    if (&side == &left)
        store.write([id = current.info.id, leaf](ChatStore& s) { s.setLeaf(id, leaf); });
    branchesChanged();
}

void ChatWorkspace::Impl::branchesChanged()
{
    for (Side* side : sides()) {
        side->view->pathChanged();
        wantRouting(lastOf(chats::Role::Assistant, *side));
    }
    refreshRouting();
    updateActions();
}

void ChatWorkspace::Impl::switchBranch(Side& side, int64_t message, int by)
{
    if (message == 0) { // by key: the last place with branches
        const std::vector<int64_t> path = current.path(side.leaf);
        for (auto id = path.rbegin(); id != path.rend() && message == 0; ++id) {
            if (current.siblings(*id).size() > 1)
                message = *id;
        }
    }
    const std::vector<int64_t> siblings = current.siblings(message);
    const auto at = std::ranges::find(siblings, message);
    if (at == siblings.end())
        return;
    const auto to = (at - siblings.begin()) + by;
    if (to >= 0 && to < std::ssize(siblings))
        setLeaf(side, current.newestLeaf(siblings[static_cast<size_t>(to)]));
}

void ChatWorkspace::Impl::exportConversation(qint64 id, const QString& suffix)
{
    if (id == 0)
        return;
    keepDraft();
    const bool markdown = suffix == QLatin1String(".md");
    shell::saveFile(&self, tr("Export the conversation"), tr("conversation") + suffix,
        QStringLiteral("*") + suffix, [this, id, markdown](const QString& path) {
            store.write([id, markdown, file = path.toStdString()](const ChatStore& chats) {
                const chats::Conversation whole = chats.open(id);
                base::writeFileAtomically(
                    file, markdown ? chats::toMarkdown(whole) : chats::toJsonText(whole));
            });
        });
}

void ChatWorkspace::Impl::importConversation()
{
    auto* dialog
        = new QFileDialog(&self, tr("Import a conversation"), {}, tr("Conversations (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    QObject::connect(dialog, &QFileDialog::fileSelected, &self, [this](const QString& path) {
        store.read(
            [file = path.toStdString()](ChatStore& chats) {
                chats::Conversation read = chats::fromJsonText(base::readFile(file), file);
                chats.create(read);
                return read;
            },
            [this](chats::Conversation read) {
                keepDraft();
                stored = true;
                show(std::move(read), 0);
                readList();
            });
    });
    dialog->open();
}

} // namespace moe::chat
