// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/workspace_impl.h"
#include "ui/shell/message_bar.h"

#include <QUndoCommand>

#include <algorithm>

namespace moe::chat {

using chats::ChatStore;

namespace {

/// A step that can be undone, as two functions; pushing it does it.
class Change : public QUndoCommand {
public:
    Change(const QString& text, std::function<void()> doIt, std::function<void()> undoIt)
        : QUndoCommand(text)
        , m_do(std::move(doIt))
        , m_undo(std::move(undoIt))
    {
    }
    void redo() override { m_do(); }
    void undo() override { m_undo(); }

private:
    std::function<void()> m_do, m_undo;
};

} // namespace

/// A message and what hangs on it, taken out of the conversation.
struct ChatWorkspace::Impl::Removed {
    int64_t conversation, message, parent;
    std::vector<chats::Message> messages; ///< empty: another conversation was shown then
    int64_t leaf = 0; ///< of the left side
    std::optional<int64_t> rightLeaf; ///< while two were compared
};

/// What hangs on it is looked for each time: a message may have got other replies between undo and
/// redo.
void ChatWorkspace::Impl::takeAway(Removed& removed)
{
    store.write([id = removed.message](ChatStore& s) { s.removeMessage(id); });
    removed.messages.clear();
    if (current.info.id != removed.conversation)
        return;
    removed.leaf = current.leaf;
    removed.rightLeaf = comparing ? std::optional(rightLeaf) : std::nullopt;
    const std::vector<int64_t> ids = current.subtree(removed.message);
    std::erase_if(current.messages, [&](const chats::Message& each) {
        const bool goes = std::ranges::find(ids, each.id) != ids.end();
        if (goes)
            removed.messages.push_back(each);
        return goes;
    });
    if (current.find(rightLeaf) == nullptr)
        rightLeaf = current.newestLeaf(removed.parent);
    setLeaf(left,
        current.find(current.leaf) == nullptr ? current.newestLeaf(removed.parent) : current.leaf);
}

void ChatWorkspace::Impl::putBack(const Removed& removed)
{
    const bool here = current.info.id == removed.conversation;
    chats::Conversation known = here ? rowOfCurrent() : chats::Conversation();
    known.leaf = removed.leaf;
    known.messages = removed.messages;
    store.write([id = removed.message, known](ChatStore& s) {
        if (s.restoreMessage(id) < std::ssize(known.messages) && known.info.id != 0)
            s.keep(known); // another process has dropped them for good
    });
    if (!here)
        return;
    if (removed.messages.empty()) { // the store alone knows them
        store.read([id = removed.conversation](const ChatStore& chats) { return chats.open(id); },
            [this](chats::Conversation whole) {
                keepDraft();
                if (whole.info.id == current.info.id)
                    show(std::move(whole), 0);
            });
        return;
    }
    current.messages.insert(
        current.messages.end(), removed.messages.begin(), removed.messages.end());
    std::ranges::sort(current.messages, {}, &chats::Message::id);
    current.leaf = removed.leaf;
    if (comparing) // it may have begun or begun anew since
        rightLeaf = removed.rightLeaf && current.find(*removed.rightLeaf) != nullptr
            ? *removed.rightLeaf
            : branchOf(right);
    setLeaf(left, removed.leaf);
}

bool ChatWorkspace::Impl::refuseWhileReplying()
{
    if (!isReplying())
        return false;
    services.messages.show({QStringLiteral("chat-busy"), shell::MessageBar::Level::Info,
        tr("A reply is being written."), tr("Stop it before you delete or restore messages."), {},
        {}});
    return true;
}

void ChatWorkspace::Impl::undoChange()
{
    if (refuseWhileReplying())
        return;
    services.messages.dismiss(QStringLiteral("chat-removed")); // it speaks of what is undone
    undo.undo();
}

void ChatWorkspace::Impl::redoChange()
{
    if (refuseWhileReplying())
        return;
    services.messages.dismiss(QStringLiteral("chat-removed"));
    undo.redo();
}

/// Does it, and offers to undo this very change: its button does nothing once that is done by key.
void ChatWorkspace::Impl::offerUndo(QUndoCommand* change, const std::function<QString()>& fact)
{
    undo.push(change);
    services.messages.show({QStringLiteral("chat-removed"), shell::MessageBar::Level::Info, fact(),
        {}, tr("Undo"), [this, change] {
            if (undo.index() > 0 && undo.command(undo.index() - 1) == change)
                undoChange();
        }});
}

void ChatWorkspace::Impl::removeMessage(int64_t message)
{
    const chats::Message* found = current.find(message);
    if (found == nullptr || refuseWhileReplying())
        return;
    const auto removed = std::make_shared<Removed>();
    removed->conversation = current.info.id;
    removed->message = message;
    removed->parent = found->parent;
    offerUndo(new Change(
                  tr("delete message"), [this, removed] { takeAway(*removed); },
                  [this, removed] { putBack(*removed); }),
        [removed] {
            return tr(
                "%n message(s) deleted.", nullptr, static_cast<int>(removed->messages.size()));
        });
}

void ChatWorkspace::Impl::removeConversation(qint64 id)
{
    for (const Side* side : {&left, &right}) {
        if (side->reply && side->reply->conversation == id)
            stopReply();
    }
    const auto whole = std::make_shared<chats::Conversation>(); // the store's thread alone
    auto* change = new Change(
        tr("delete conversation"),
        [this, id, whole] {
            const bool shown = current.info.id == id;
            if (shown)
                keepDraft(); // what is undone brings it back
            store.write([id, whole](ChatStore& s) {
                *whole = s.open(id);
                s.remove(id);
            });
            if (shown) {
                stored = false;
                show(chats::Conversation(), 0);
            }
            readList();
        },
        [this, id, whole] {
            store.write([id, whole](ChatStore& s) {
                if (!s.restore(id) && whole->info.id == id)
                    s.keep(*whole); // another process has dropped it for good
            });
            readList();
            open(id, 0);
        });
    offerUndo(change, [] { return tr("The conversation is deleted."); });
}

} // namespace moe::chat
