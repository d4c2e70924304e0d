// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "ui/shell/recent.h"

namespace moe::chat {
class ChatWorkspace;
}

namespace moe::workbench {

/// The conversations of the Chat page as rows of the start page, newest first. GUI thread.
class RecentChats : public shell::RecentSource {
    Q_OBJECT
public:
    /// The workspace outlives it.
    explicit RecentChats(chat::ChatWorkspace& chat, QObject* parent = nullptr);
    QList<shell::RecentItem> items() const override;

private:
    chat::ChatWorkspace& m_chat;
};

/// The row of one conversation but for what opens it: "Conversation, with mixtral-8x7b", its
/// folder.
shell::RecentItem recentItemOf(const chats::ConversationInfo& info);

} // namespace moe::workbench
