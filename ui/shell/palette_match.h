// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

#include <optional>

namespace moe::shell {

/// Where the words of a query stand in a text, without regard to case.
struct PaletteMatch {
    bool prefix = false; ///< the text begins with the query: ranks before the others
    struct Span {
        int start, length;
    };
    QList<Span> spans; ///< rising, not overlapping: drawn semibold
};

/// None when a word of the query is not in the text; an empty query matches everything.
std::optional<PaletteMatch> matchPalette(const QString& text, const QString& query);

} // namespace moe::shell
