// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

class QTextDocument;

namespace moe::chat {

/// First numbers of the numbered lists of Markdown, in order; nested ones are not counted.
QList<int> listStarts(const QString& markdown);

/// Qt reads "3." as the first item of a list and numbers that from 1: where a list of `markdown`
/// starts with another number (it goes on behind a code block, say), its numbers become text.
/// `first`: what the first item has, whatever number is written there; 0: that.
/// Returns the greatest number of all its lists, 0 where there is none.
int numberLists(QTextDocument& document, const QString& markdown, int first = 0);

} // namespace moe::chat
