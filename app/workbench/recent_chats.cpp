// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/recent_chats.h"

#include "ui/chat/chat_workspace.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace moe::workbench {

namespace {

constexpr size_t kShown = 10;

} // namespace

shell::RecentItem recentItemOf(const chats::ConversationInfo& info)
{
    const std::string model = std::filesystem::path(info.model).filename().string();
    return {QStringLiteral("chat"), QString::fromStdString(info.title),
        model.empty() ? RecentChats::tr("Conversation")
                      : RecentChats::tr("Conversation, with %1").arg(QString::fromStdString(model)),
        QString::fromStdString(info.folder), shell::RecentItem::Tone::Plain,
        QDateTime::fromMSecsSinceEpoch(std::llround(info.updated * 1000)), {}};
}

RecentChats::RecentChats(chat::ChatWorkspace& chat, QObject* parent)
    : RecentSource(parent)
    , m_chat(chat)
{
    connect(&chat, &chat::ChatWorkspace::recentChanged, this, &RecentChats::changed);
}

QList<shell::RecentItem> RecentChats::items() const
{
    QList<shell::RecentItem> items;
    const auto& all = m_chat.conversations();
    for (size_t i = 0; i < std::min(kShown, all.size()); ++i) {
        items.append(recentItemOf(all[i]));
        items.last().activate = [chat = &m_chat, id = all[i].id] {
            Q_EMIT chat->pageWanted();
            chat->openConversation(id);
        };
    }
    return items;
}

} // namespace moe::workbench
