// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/palette_match.h"

#include <QStringList>

#include <algorithm>

namespace moe::shell {

std::optional<PaletteMatch> matchPalette(const QString& text, const QString& query)
{
    const QString wanted = query.simplified();
    PaletteMatch match;
    if (wanted.isEmpty())
        return match;
    // the whole query in one piece first: "layer: n" is one span, not two
    const auto whole = static_cast<int>(text.indexOf(wanted, 0, Qt::CaseInsensitive));
    if (whole >= 0) {
        match.prefix = whole == 0;
        match.spans.append({whole, static_cast<int>(wanted.size())});
        return match;
    }
    const QStringList words = wanted.split(QLatin1Char(' '));
    for (const QString& word : words) {
        const auto at = static_cast<int>(text.indexOf(word, 0, Qt::CaseInsensitive));
        if (at < 0)
            return std::nullopt;
        match.spans.append({at, static_cast<int>(word.size())});
    }
    match.prefix = match.spans.first().start == 0;
    std::sort(match.spans.begin(), match.spans.end(),
        [](const auto& a, const auto& b) { return a.start < b.start; });
    QList<PaletteMatch::Span> merged;
    for (const auto& span : match.spans) {
        if (!merged.isEmpty() && span.start <= merged.last().start + merged.last().length) {
            auto& last = merged.last();
            last.length = std::max(last.length, span.start + span.length - last.start);
        } else {
            merged.append(span);
        }
    }
    match.spans = std::move(merged);
    return match;
}

} // namespace moe::shell
