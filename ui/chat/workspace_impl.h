// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "engine/chats/reply_routing.h"
#include "ui/chat/chat_view.h"
#include "ui/chat/chat_workspace.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/mask_panel.h"
#include "ui/chat/routing_panel.h"
#include "ui/session/chat_session.h"
#include "ui/session/conversation_store.h"
#include "ui/shell/title_bar.h"

#include <QDockWidget>
#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>
#include <QUndoStack>

#include <map>
#include <optional>
#include <vector>

class QProgressBar;
class QToolButton;

namespace moe::chat {

/// The workspace's parts and what they say to each other; the functions stand in
/// workspace_layout.cpp (docks, toolbar, actions), workspace_conversations.cpp (store, list),
/// workspace_replies.cpp (model, replies) and workspace_routing.cpp (experts).
struct ChatWorkspace::Impl {
    Impl(ChatWorkspace& workspace, shell::ShellServices shellServices,
        const std::filesystem::path& storePath);

    // Layout
    enum class Size { Small, Normal, Wide };
    QDockWidget* addDock(const char* object, QWidget* content, shell::TitleBar* title);
    void buildDocks();
    void arrangeDocks();
    void fitTo(const QSize& size);
    void buildToolbar();
    void registerActions();
    QAction* addAction(const char* id, const QString& text, const char* icon,
        const QKeySequence& key, std::function<void()> run);
    void updateActions(); ///< and what can be sent
    int64_t lastOf(chats::Role role) const; ///< of the branch on screen, 0: none
    void updateStatus();
    void restyle();
    void fail(const QString& line, const QString& id);

    // Conversations
    void connectPanels();
    void readList();
    void beginNew();
    void show(chats::Conversation conversation, int64_t message);
    void open(qint64 id, qint64 message);
    bool isShown(int64_t message) const; ///< on the branch on screen
    void keepDraft();
    void ensureStored(); ///< the shown conversation gets its row with its first message
    void setLeaf(int64_t leaf);
    void switchBranch(int64_t message, int by);
    void removeMessage(int64_t message);
    void removeConversation(qint64 id);
    void exportConversation(qint64 id, const QString& suffix);
    void importConversation();
    void askText(const QString& title, const QString& label, const QString& value,
        std::function<void(const QString&)> done);
    void setupEdited();

    // Model and replies
    void connectSession();
    void askModel();
    void openModel(const QString& folder);
    void send(const QString& text);
    void edited(int64_t message, const QString& text);
    void regenerate(int64_t message);
    void goOn(int64_t message);
    void addMessage(chats::Message message);
    void ask(int64_t parent); ///< a reply to message `parent`
    void start(chats::Message& reply, session::ReplyRequest request);
    session::ReplyRequest requestFor(int64_t last) const;
    void takePart(quint64 number, const session::ReplyPart& part);
    void takeEnd(quint64 number, const session::ReplyEnd& end);
    void stopReply();
    bool isReplying() const { return reply.has_value(); }
    QString refusal() const; ///< why nothing can be sent, empty: it can

    // Experts
    const chats::ReplyRouting* routingOf(int64_t message) const;
    void wantRouting(int64_t message);
    void refreshRouting();
    void setMask(int64_t layer, int expert, bool masked);
    void showTokens(int64_t layer, int expert);

    ChatWorkspace& self;
    shell::ShellServices services;
    std::filesystem::path storePath;
    session::ConversationStore store;
    session::ChatSession session;
    chats::Conversation current;
    bool stored = false; ///< current has its row
    bool listRead = false;
    bool draftTyped = false; ///< and not yet kept
    QUndoStack undo;
    QTimer draftTimer, saveTimer;

    struct Running {
        quint64 number;
        int64_t conversation, message;
        std::string before; ///< the text that it goes on from
        chats::ReplyFacts factsBefore;
        QElapsedTimer clock;
        double firstToken = 0;
    };
    std::optional<Running> reply;
    chats::Message streaming; ///< of `reply`, kept apart while another conversation is shown
    chats::ReplyRouting liveRouting; ///< of `reply`
    std::map<int64_t, chats::ReplyRouting>
        routings; ///< of the shown conversation's replies, as read
    int64_t routingMessage = 0; ///< whose map "This reply" shows; 0: the last

    // Widgets
    ChatView* view;
    Composer* composer;
    MaskBar* maskBar;
    ConversationPanel* list;
    RoutingPanel* routing;
    MaskPanel* masks;
    shell::TitleBar *listTitle, *routingTitle, *maskTitle;
    QDockWidget *listDock, *routingDock, *maskDock;
    QPointer<QWidget> modelBox; ///< the toolbar's, once it stands there
    QToolButton* modelButton;
    QProgressBar* progress;
    QToolButton* cancelButton;
    Size size = Size::Normal;
    bool arranged = false;
    QAction *newAction, *openAction, *stopAction, *regenerateAction, *copyAction, *copyCodeAction,
        *undoAction, *redoAction, *previousAction, *nextAction, *stripAction;
};

} // namespace moe::chat
