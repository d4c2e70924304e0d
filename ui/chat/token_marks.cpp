// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/token_marks.h"

namespace moe::chat {

namespace {

constexpr qsizetype kMostMarkup = 200; ///< characters in a row that are written and not shown

/// Where each character of `source` stands in `shown`, −1: nowhere.
std::vector<int> placesOf(const QString& source, const QString& shown)
{
    std::vector<int> places(static_cast<size_t>(source.size()), -1);
    qsizetype from = 0;
    for (int at = 0; at < shown.size(); ++at) {
        if (shown[at].isSpace())
            continue; // lines break elsewhere
        const qsizetype found = source.indexOf(shown[at], from);
        if (found < 0 || found > from + kMostMarkup)
            continue; // shown though not written
        places[static_cast<size_t>(found)] = at;
        from = found + 1;
    }
    return places;
}

} // namespace

QList<Range> rangesOf(
    const std::vector<int64_t>& tokens, const chats::ReplyRouting& routing, const QString& shown)
{
    QString source;
    std::vector<qsizetype> begins; // of the tokens, and the end
    for (const std::string& text : routing.texts) {
        begins.push_back(source.size());
        source += QString::fromStdString(text);
    }
    begins.push_back(source.size());
    const std::vector<int> places = placesOf(source, shown);
    QList<Range> ranges;
    for (const int64_t token : tokens) {
        const auto at = static_cast<size_t>(token);
        if (token < 0 || at + 1 >= begins.size())
            continue;
        int first = -1, last = -1;
        for (auto i = static_cast<size_t>(begins[at]); i < static_cast<size_t>(begins[at + 1]);
             ++i) {
            if (places[i] < 0)
                continue;
            first = first < 0 ? places[i] : first;
            last = places[i];
        }
        if (first >= 0)
            ranges += Range(first, last + 1 - first);
    }
    return ranges;
}

} // namespace moe::chat
