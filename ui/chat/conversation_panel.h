// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/chat_store.h"

#include <QWidget>

class QLineEdit;
class QListWidgetItem;

namespace moe::shell {
class TitleBar;
}

namespace moe::chat {

class QuietList;

/// The list of conversations, newest first under the day they were last spoken in, and the search
/// over all their messages. GUI thread.
class ConversationPanel : public QWidget {
    Q_OBJECT
public:
    explicit ConversationPanel(shell::TitleBar& title, QWidget* parent = nullptr);

    void setConversations(std::vector<chats::ConversationInfo> infos);
    const std::vector<chats::ConversationInfo>& conversations() const { return m_infos; }
    void setCurrent(qint64 conversation);
    /// What search() of the store found; empty query: the list again. Nothing where something else
    /// is typed by now.
    void setHits(const QString& query, std::vector<chats::SearchHit> hits);
    void focusSearch();

Q_SIGNALS:
    void chosen(qint64 conversation, qint64 message); ///< message 0: where it was left
    void searchWanted(const QString& query);
    void renamed(qint64 conversation, const QString& title);
    void duplicateWanted(qint64 conversation);
    void exportWanted(qint64 conversation, const QString& suffix); ///< ".md", ".json"
    void removeWanted(qint64 conversation);
    void folderWanted(qint64 conversation);
    void tagsWanted(qint64 conversation);

private:
    void show(); ///< fills the list; later, when a row is being renamed
    void selectCurrent();
    void showMenu(const QPoint& at);
    void renameCurrent();
    void rename(qint64 conversation, const QString& title);
    QListWidgetItem* addHeading(const QString& text);

    std::vector<chats::ConversationInfo> m_infos;
    std::vector<chats::SearchHit> m_hits;
    QString m_query;
    qint64 m_current = 0;
    bool m_filling = false; ///< what changes is not the user's doing
    bool m_selecting = false; ///< the same of the current row alone
    bool m_stale = false; ///< to be filled again when renaming has ended
    QLineEdit* m_search;
    QuietList* m_list;
};

} // namespace moe::chat
