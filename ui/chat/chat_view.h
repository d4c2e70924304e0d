// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "engine/chats/reply_routing.h"
#include "ui/chat/message_view.h"

#include <QAbstractScrollArea>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace moe::chat {

/// Which of the places found is the current one: "3 of 17".
struct FindPlace {
    int at = 0; ///< from 1; 0: none
    int of = 0;
};

/// The transcript: a column of the branch on screen. Only messages in view have widgets; the others
/// have a height that was measured or is guessed from their length, so that a conversation of
/// thousands opens at once. Follows what is written while it stands at the end, and stays where it
/// is otherwise. Object name "chatView". GUI thread.
class ChatView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit ChatView(QWidget* parent = nullptr);
    ~ChatView() override;

    /// All outlive their use here. `routingOf` gives null for what is not there (yet). `leaf`: last
    /// message of the branch shown; null: the conversation's own.
    void setSources(const chats::Conversation* conversation,
        std::function<const chats::ReplyRouting*(int64_t message)> routingOf,
        const int64_t* leaf = nullptr);
    /// Shows nothing, and uses neither conversation nor routings until openConversation(): for
    /// before they go, and for a transcript that is out of sight.
    void clear();
    /// What is typed into a message on this side and not sent; null: it is not being edited.
    void setEdits(std::function<const std::string*(int64_t message)> editOf);
    void setEditRefusal(const QString& reason); ///< empty: edits can be kept
    void openConversation(); ///< another one: its end comes into view
    void pathChanged(); ///< messages were added, removed, or another branch is shown
    void messageChanged(int64_t id); ///< its text, figures or routing
    void setLive(std::set<int64_t> messages); ///< those being written
    void setCanReply(bool can);
    void setEmptyText(const QString& text);

    void scrollToMessage(int64_t id);
    void scrollToEnd();
    bool isAtEnd() const;
    MessageView* view(int64_t id) const; ///< null when it is out of view
    int views() const { return static_cast<int>(m_views.size()); }
    void edit(int64_t id);
    void toggleStrip(int64_t id);
    void revealStrip(int64_t id); ///< opens it and scrolls to it
    void showLayer(int64_t layer); ///< in the strips of all replies
    /// What an expert took is marked in these replies, in all where none is named; no mark:
    /// nothing.
    void setMark(std::optional<chats::MaskedExpert> mark, std::set<int64_t> replies);
    void restyle();

    /// Marks where a text stands in all messages of the branch, and goes to the first place from
    /// what is in view on. Empty: nothing is looked for.
    void setFind(const QString& text);
    void findNext(bool forward); ///< or the previous place; round the end
    FindPlace findPlace() const;

Q_SIGNALS:
    void findChanged(); ///< findPlace() did
    void routingWanted(qint64 message);
    void tokenHovered(qint64 message, int column);
    void layerChosen(qint64 layer);
    void branchWanted(qint64 message, int by);
    void regenerateWanted(qint64 message);
    void goOnWanted(qint64 message);
    void removeWanted(qint64 message);
    void edited(qint64 message, const QString& text);
    void editTyped(qint64 message, const QString& text); ///< not sent yet
    void editEnded(qint64 message);
    void editRefused();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    int columnWidth() const;
    int guess(const chats::Message& message) const;
    MessageContext contextOf(size_t row) const;
    void dropViews();
    MessageView* make(size_t row);
    void fill(MessageView& view, size_t row);
    void layOut(); ///< places what is in view, with the first message in view where it is
    int layOutOnce(int top);
    size_t rowAt(int y) const;
    int topOf(size_t row) const;
    int total() const;
    std::optional<size_t> rowOf(int64_t id) const;
    bool stripShownByDefault(size_t row) const;
    std::optional<chats::MaskedExpert> markOf(int64_t id) const;
    void countFound();
    void countFound(size_t row);
    void markFound(MessageView& view, size_t row);
    void goToFound(size_t row, int index, bool forward);
    void setFound(size_t row, int index);

    const chats::Conversation* m_conversation = nullptr;
    const int64_t* m_leaf = nullptr;
    std::function<const chats::ReplyRouting*(int64_t)> m_routingOf;
    std::function<const std::string*(int64_t)> m_editOf;
    std::vector<int64_t> m_path;
    std::vector<int> m_heights;
    std::map<int64_t, MessageView*> m_views;
    std::set<int64_t> m_live;
    std::map<int64_t, bool> m_strips; ///< shown or folded by hand
    std::optional<int64_t> m_layer; ///< chosen for all strips
    std::optional<chats::MaskedExpert> m_mark;
    std::set<int64_t> m_marked; ///< replies with the mark, empty: all
    struct Find {
        QString text;
        std::vector<int> counts; ///< of places in each row; empty while nothing is looked for
        int64_t message = 0; ///< of the current place, 0: there is none
        int index = 0; ///< the place in it
    } m_find;
    bool m_canReply = false, m_laying = false, m_follow = true;
    int m_layoutWidth = 0;
    QString m_emptyText, m_editRefusal;
};

} // namespace moe::chat
