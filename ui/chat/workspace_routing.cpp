// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/expert_strip.h"
#include "ui/chat/workspace_impl.h"

#include <algorithm>

namespace moe::chat {

using chats::ChatStore;

const chats::ReplyRouting* ChatWorkspace::Impl::routingOf(int64_t message) const
{
    if (reply && reply->message == message)
        return &liveRouting;
    const auto found = routings.find(message);
    return found == routings.end() ? nullptr : &found->second;
}

void ChatWorkspace::Impl::wantRouting(int64_t message)
{
    if (message == 0 || routingOf(message) != nullptr)
        return;
    store.read(
        [message](const ChatStore& chats) {
            const std::vector<uint8_t> bytes = chats.routing(message);
            return bytes.empty() ? chats::ReplyRouting() : chats::decodeRouting(bytes);
        },
        [this, message](chats::ReplyRouting read) {
            if (current.find(message) == nullptr)
                return;
            routings[message] = std::move(read);
            view->messageChanged(message);
            refreshRouting();
        });
}

void ChatWorkspace::Impl::refreshRouting()
{
    routing->setMasks(current.setup.masks);
    std::vector<const chats::ReplyRouting*> shown;
    const auto add = [&shown](const chats::ReplyRouting* one) {
        if (one != nullptr && !one->empty())
            shown.push_back(one);
    };
    const bool liveHere = reply && reply->conversation == current.info.id;
    QString why = tr("Where a reply's tokens go appears here with the first reply.");
    switch (routing->span()) {
    case RoutingPanel::Span::Reply:
        add(routingOf(routingMessage != 0 ? routingMessage : lastOf(chats::Role::Assistant)));
        break;
    case RoutingPanel::Span::Conversation:
        for (const int64_t id : current.path()) {
            if (current.find(id)->role != chats::Role::Assistant)
                continue;
            wantRouting(id); // comes back here
            add(routingOf(id));
        }
        break;
    case RoutingPanel::Span::Live:
        if (liveHere)
            add(&liveRouting);
        why = tr("No reply is being written.");
        break;
    }
    routing->setRoutings(shown, why);
}

void ChatWorkspace::Impl::setMask(int64_t layer, int expert, bool masked)
{
    std::vector<chats::MaskedExpert>& all = current.setup.masks;
    const chats::MaskedExpert one{layer, expert};
    std::erase(all, one);
    if (masked)
        all.push_back(one);
    std::ranges::sort(all);
    maskBar->setMasks(all);
    masks->setMasks(all);
    ensureStored();
    store.write(
        [id = current.info.id, setup = current.setup](ChatStore& s) { s.setSetup(id, setup); });
    refreshRouting();
}

void ChatWorkspace::Impl::showTokens(int64_t layer, int expert)
{
    const int64_t message = routingMessage != 0 ? routingMessage : lastOf(chats::Role::Assistant);
    const chats::ReplyRouting* trace = routingOf(message);
    MessageView* shown = view->view(message);
    if (trace == nullptr || shown == nullptr)
        return;
    shown->setStripShown(true);
    for (size_t row = 0; row < trace->layers.size(); ++row) {
        if (trace->layers[row].layer != layer || shown->strip() == nullptr)
            continue;
        shown->strip()->setLayer(static_cast<int>(row));
        shown->strip()->setMarked(trace->tokensOf(row, expert));
    }
}

} // namespace moe::chat
