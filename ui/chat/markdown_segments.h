// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

namespace moe::chat {

/// A piece of a message that has a widget of its own: Markdown without fenced code, or one fenced
/// block.
struct Segment {
    enum class Kind { Text, Code };
    Kind kind = Kind::Text;
    QString text; ///< of code: without its fences and their indentation
    QString language; ///< of code, may be empty
    bool goesOn = false; ///< text: with the list that the segment above ends in
    int number = 0; ///< of the item that it goes on with; 0: bullets
    bool operator==(const Segment&) const = default;
};

/// Cuts a message into segments. Long text is cut further, so that what is laid out again while a
/// reply streams stays short: at blank lines where nothing (a list, a table) goes on, and, when
/// that is long in coming, between two items of a list. A table stays whole: the widths of its
/// columns are those of all its rows. Text that is appended changes the last segments alone.
QList<Segment> segmentsOf(const QString& markdown);

} // namespace moe::chat
