// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/reply_routing.h"

#include <QList>
#include <QString>

#include <utility>
#include <vector>

namespace moe::chat {

/// Begin and length of a piece of text.
using Range = std::pair<int, int>;

/// Where tokens of a reply stand in `shown`, what a person reads of its Markdown: that lacks the
/// marks of Markdown and breaks lines elsewhere. A token of which nothing is shown has no range.
QList<Range> rangesOf(
    const std::vector<int64_t>& tokens, const chats::ReplyRouting& routing, const QString& shown);

} // namespace moe::chat
