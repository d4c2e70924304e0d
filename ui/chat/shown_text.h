// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace moe::chat {

/// What a person reads of Markdown: without its marks, a line of a paragraph, an item or a cell
/// each. Near enough to what the transcript shows to find text in messages that are not laid out,
/// at a thousandth of what laying them out takes.
QString shownText(const QString& markdown);

/// How often `text` stands in `shown`, upper and lower case alike; places do not overlap.
int countIn(const QString& shown, const QString& text);

} // namespace moe::chat
