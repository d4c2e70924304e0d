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
    bool operator==(const Segment&) const = default;
};

/// Cuts a message into segments. Long text is cut further at blank lines where nothing (a list, a
/// table) goes on, so that what is laid out again while a reply streams stays short. Text that is
/// appended changes the last segments alone.
QList<Segment> segmentsOf(const QString& markdown);

} // namespace moe::chat
