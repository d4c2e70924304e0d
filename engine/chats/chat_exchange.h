// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/chats/conversation.h"

#include <string>
#include <string_view>

namespace moe::chats {

/// The branch on screen for people to read: the title, then each message under "User" or the
/// model's name.
std::string toMarkdown(const Conversation& conversation);

/// All branches. Messages are numbered from 1; `parent` is such a number or null:
/// {"format": "moe-workbench-conversation", "version": 1, "title", "folder", "tags", "created",
///  "model", "setup", "leaf", "messages": [{"id", "parent", "role", "state", "created", "content",
///  "model", "facts"}]}
std::string toJsonText(const Conversation& conversation);

/// Reads that, or a CHAT.json of the command line (a list of messages with role and content, or
/// {"messages": […]}; system messages become the system prompt). Ids are new. Throws moe::Error
/// naming `where` and the message.
Conversation fromJsonText(std::string_view text, const std::string& where);

} // namespace moe::chats
