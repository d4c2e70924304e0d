// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyleOptionTab>
#include <QTabBar>

namespace moe::chat {

/// What a tab says, cut where it has no room.
inline QString writtenOn(const QTabBar& bar, int tab)
{
    struct Open : QTabBar {
        using QTabBar::initStyleOption;
    };
    constexpr auto fill = &Open::initStyleOption;
    QStyleOptionTab option;
    (bar.*fill)(&option, tab);
    return option.text;
}

} // namespace moe::chat
