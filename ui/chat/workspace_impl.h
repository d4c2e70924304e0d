// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "engine/chats/reply_routing.h"
#include "ui/chat/chat_view.h"
#include "ui/chat/chat_workspace.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/find_bar.h"
#include "ui/chat/mask_panel.h"
#include "ui/chat/model_name.h"
#include "ui/chat/routing_panel.h"
#include "ui/chat/side_head.h"
#include "ui/session/chat_session.h"
#include "ui/session/conversation_store.h"
#include "ui/session/endpoint.h"
#include "ui/shell/title_bar.h"

#include <QDockWidget>
#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>
#include <QUndoStack>

#include <map>
#include <optional>
#include <set>
#include <vector>

class QProgressBar;
class QSplitter;
class QToolButton;

namespace moe::chat {

class EndpointPanel;
class FactsPanel;

/// A model, its branch of the conversation, and the transcript of that. Both sides are branches of
/// one conversation, so that the store needs no more.
struct Side {
    Side(const QString& name, int64_t& lastMessage, QWidget* parent);

    struct Running {
        quint64 number;
        int64_t conversation, message;
        std::string before; ///< the text that it goes on from
        chats::ReplyFacts factsBefore;
        QElapsedTimer clock;
        double firstToken = 0; ///< seconds
        int64_t tokensThen = 0;
    };
    session::ChatSession session;
    int64_t& leaf; ///< last message of the branch on this side
    std::optional<Running> reply;
    chats::Message streaming; ///< of `reply`, kept apart while another conversation is shown
    chats::ReplyRouting liveRouting; ///< of `reply`
    QWidget* pane; ///< head and view
    SideHead* head;
    ChatView* view;
};

/// The workspace's parts and what they say to each other; the functions stand in
/// workspace_layout.cpp (docks, toolbar, actions), workspace_conversations.cpp (store, list),
/// workspace_undo.cpp (deleting), workspace_sides.cpp (models), workspace_model.cpp (facts and
/// endpoint of the left side's), workspace_replies.cpp (replies) and workspace_routing.cpp
/// (experts).
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
    void updateStatus();
    void updateContext(); ///< how much of it the conversation takes
    void toggleDock(QDockWidget* dock);
    void toggleDocks();
    void restyle();
    void fail(const QString& line, const QString& id);

    // Conversations
    void connectPanels();
    void readList();
    void beginNew();
    void show(chats::Conversation conversation, int64_t message);
    void open(qint64 id, qint64 message);
    bool isShown(int64_t message) const; ///< on the branch on screen
    void followOthers(); ///< replies that another window writes
    void keepDraft(); ///< and what is typed into messages
    void ensureStored(); ///< the shown conversation gets its row with its first message
    chats::Conversation rowOfCurrent() const; ///< without its messages
    void keepWhatFailed(); ///< all of the shown conversation, when something was not written
    void setLeaf(Side& side, int64_t leaf);
    void branchesChanged(); ///< messages or leaves did
    void switchBranch(Side& side, int64_t message, int by);
    void exportConversation(qint64 id, const QString& suffix);
    void importConversation();
    void askText(const QString& title, const QString& label, const QString& value,
        std::function<void(const QString&)> done);
    void setupEdited();

    // What can be undone
    struct Removed;
    void removeMessage(int64_t message);
    void removeConversation(qint64 id);
    void takeAway(Removed& removed);
    void putBack(const Removed& removed);
    bool refuseWhileReplying(); ///< and say so
    void offerUndo(QUndoCommand* change, const std::function<QString()>& fact);
    void undoChange();
    void redoChange();

    // Sides and their models
    std::vector<Side*> sides(); ///< in sight
    Side& focused(); ///< the one that keys mean: whose transcript has the focus, else the left
    int64_t lastOf(chats::Role role, const Side& side) const; ///< of its branch, 0: none
    QString lastCode(const Side& side) const; ///< of the replies of its branch
    void connectSide(Side& side);
    void connectView(Side& side);
    void connectToolbar(); ///< to the left side's model
    void askModel(Side& side);
    void openModel(const QString& folder);
    void askSecond();
    void openSecond(const QString& folder); ///< when memory holds it
    void closeSecond();
    void setComparing(bool on);
    int64_t branchOf(const Side& side) const; ///< the newest that its model replied on
    void cycleFocus();
    void find(Side& side);
    void findNext(bool forward); ///< of what was looked for last
    void updateHead(Side& side);

    // Replies
    void send(const QString& text);
    void edited(Side& side, int64_t message, const QString& text);
    void regenerate(Side& side, int64_t message);
    void goOn(Side& side, int64_t message);
    void goOnFrom(Side& side, const chats::Message& message, const chats::ReplyRouting& before);
    void addMessage(Side& side, const chats::Message& message);
    void ask(Side& side, int64_t parent); ///< a reply to message `parent`
    void start(Side& side, const chats::Message& reply, session::ReplyRequest request);
    session::ReplyRequest requestFor(const Side& side, int64_t last) const;
    void takePart(Side& side, quint64 number, const session::ReplyPart& part);
    void takeEnd(Side& side, quint64 number, const session::ReplyEnd& end);
    void keepReply(const Side& side); ///< with its routing
    void keepUnfinished(); ///< as stopped: the program ends
    void messageChanged(int64_t message);
    void showLive(); ///< tells the views which messages are being written
    void stopReply(); ///< on both sides
    bool isLive(int64_t message) const; ///< it is being written here
    bool isReplying() const { return left.reply || right.reply; }
    QString refusal(const Side& side) const; ///< why it cannot reply, empty: it can
    QString refusal(); ///< why nothing can be sent: that of any side

    // Facts and endpoint
    void buildModelDocks();
    void buildModelButtons(QWidget* box);
    void showDock(QDockWidget* dock);
    void connectModel();
    void serveIfWanted();
    void refuseEndpoint(const QString& line);
    void showEndpoint();
    void previewSoon(); ///< where the prompt is shown
    void askPreview();

    // Experts
    const chats::ReplyRouting* routingOf(int64_t message) const;
    void wantRouting(int64_t message);
    void wantRoutings(std::vector<int64_t> messages);
    void refreshRouting();
    std::vector<RoutingPanel::Choice> routingChoices() const;
    std::vector<const chats::ReplyRouting*> routingsOf(const RoutingPanel::End& end);
    void setMask(int64_t layer, int expert, bool masked);
    std::set<int64_t> repliesOnMap() const;
    void showLayer(int64_t layer);
    void markTokens(std::optional<chats::MaskedExpert> expert);

    ChatWorkspace& self;
    shell::ShellServices services;
    std::filesystem::path storePath;
    session::ConversationStore store;
    session::Endpoint endpoint; ///< of the left side's model; outlives its session
    bool serveWanted = false; ///< the switch: another model is served when it is open
    QTimer previewTimer;
    quint64 previewAsked = 0;
    chats::Conversation current;
    int64_t rightLeaf = 0;
    bool stored = false; ///< current has its row
    quint64 failedWrites = 0; ///< after which the store may lack some of current
    quint64 madeUpFor = 0; ///< so many of them, by keepWhatFailed()
    bool listRead = false;
    quint64 shows = 0; ///< how often show() was called: an older answer of the store is dropped
    bool draftTyped = false; ///< and not yet kept
    std::set<int64_t> editsTyped; ///< the same of messages of the conversation shown
    QUndoStack undo;
    QTimer draftTimer, saveTimer;

    Side left; ///< its leaf is the conversation's
    Side right; ///< in sight while two are compared
    bool comparing = false;
    std::map<int64_t, chats::ReplyRouting>
        routings; ///< of the shown conversation's replies, as read
    std::set<int64_t> routingsAsked; ///< those, and what the store has not answered yet
    int64_t routingMessage = 0; ///< whose map "This reply" shows; 0: the last of its side

    // Widgets
    QSplitter* panes;
    Composer* composer;
    MaskBar* maskBar;
    FindBar* findBar; ///< in the pane of the side that it looks through
    ConversationPanel* list;
    RoutingPanel* routing;
    MaskPanel* masks;
    FactsPanel* factsPanel;
    EndpointPanel* endpointPanel;
    shell::TitleBar *listTitle, *routingTitle, *maskTitle;
    QDockWidget *listDock, *routingDock, *maskDock, *factsDock, *endpointDock;
    QToolButton *factsButton, *endpointButton;
    QPointer<QWidget> modelBox; ///< the toolbar's, once it stands there
    QToolButton* modelButton;
    QProgressBar* progress;
    QToolButton* cancelButton;
    Size size = Size::Normal;
    bool arranged = false;
    QList<QDockWidget*> foldedDocks; ///< by one key; shown again by it
    QAction *newAction, *openAction, *stopAction, *regenerateAction, *copyAction, *copyCodeAction,
        *undoAction, *redoAction, *listAction, *docksAction, *previousAction, *nextAction,
        *stripAction, *compareAction, *closeAction, *findAction, *findNextAction,
        *findPreviousAction;
};

} // namespace moe::chat
