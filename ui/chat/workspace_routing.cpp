// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/workspace_impl.h"
#include "ui/session/error_line.h"

#include <algorithm>

namespace moe::chat {

using chats::ChatStore;

const chats::ReplyRouting* ChatWorkspace::Impl::routingOf(int64_t message) const
{
    for (const Side* side : {&left, &right}) {
        if (side->reply && side->reply->message == message)
            return &side->liveRouting;
    }
    const auto found = routings.find(message);
    return found == routings.end() ? nullptr : &found->second;
}

void ChatWorkspace::Impl::wantRouting(int64_t message)
{
    wantRoutings({message});
}

/// In one go, however many: each answer draws the map anew.
void ChatWorkspace::Impl::wantRoutings(std::vector<int64_t> messages)
{
    std::erase_if(messages, [this](int64_t message) {
        return message == 0 || routingOf(message) != nullptr
            || !routingsAsked.insert(message).second;
    });
    if (messages.empty())
        return;
    struct Answer {
        std::vector<std::pair<int64_t, chats::ReplyRouting>> read;
        QString error;
    };
    store.read(
        [messages = std::move(messages)](const ChatStore& chats) {
            Answer answer;
            for (const int64_t message : messages) {
                chats::ReplyRouting& trace
                    = answer.read.emplace_back(message, chats::ReplyRouting()).second;
                const QString error = session::errorLineOf([&] {
                    const std::vector<uint8_t> bytes = chats.routing(message);
                    if (!bytes.empty())
                        trace = chats::decodeRouting(bytes);
                });
                if (!error.isEmpty())
                    answer.error = error; // the others are shown
            }
            return answer;
        },
        [this](Answer answer) {
            if (!answer.error.isEmpty())
                fail(answer.error, QStringLiteral("chat-routing"));
            for (auto& [message, trace] : answer.read) {
                if (current.find(message) == nullptr)
                    continue; // another conversation is shown by now
                routings[message] = std::move(trace);
                messageChanged(message);
            }
            refreshRouting();
        });
}

/// What the map can show: the reply that is looked at, what it has more or less than its siblings
/// have, and while two sides are in sight each of them and their difference.
std::vector<RoutingPanel::Choice> ChatWorkspace::Impl::routingChoices() const
{
    const auto endOf = [this](const Side& side, const QString& name) {
        const std::vector<int64_t> path = current.path(side.leaf);
        const bool here = std::ranges::find(path, routingMessage) != path.end();
        return RoutingPanel::End{
            here ? routingMessage : lastOf(chats::Role::Assistant, side), side.leaf, name};
    };
    if (comparing) {
        const RoutingPanel::End one = endOf(left, tr("left")), two = endOf(right, tr("right"));
        return {
            {RoutingPanel::kLeft, tr("Left: %1").arg(shownName(left.session.folder())), one, {}},
            {RoutingPanel::kRight, tr("Right: %1").arg(shownName(right.session.folder())), two, {}},
            {RoutingPanel::kDifference, tr("Difference: left − right"), one, two}};
    }
    const RoutingPanel::End own = endOf(left, tr("this branch"));
    std::vector<RoutingPanel::Choice> choices{{RoutingPanel::kThis, tr("This branch"), own, {}}};
    const std::vector<int64_t> siblings = current.siblings(own.message);
    for (size_t i = 0; i < siblings.size(); ++i) {
        const auto number = static_cast<int>(i) + 1;
        if (siblings[i] != own.message)
            choices.push_back({siblings[i],
                tr("Difference: this − branch %1, %2")
                    .arg(number)
                    .arg(shownName(current.find(siblings[i])->model)),
                own,
                RoutingPanel::End{
                    siblings[i], current.newestLeaf(siblings[i]), tr("branch %1").arg(number)}});
    }
    return choices;
}

std::vector<const chats::ReplyRouting*> ChatWorkspace::Impl::routingsOf(
    const RoutingPanel::End& end)
{
    std::vector<const chats::ReplyRouting*> found;
    std::vector<int64_t> missing;
    const auto add = [this, &found, &missing](int64_t message) {
        missing.push_back(message);
        if (const chats::ReplyRouting* one = routingOf(message); one != nullptr && !one->empty())
            found.push_back(one);
    };
    switch (routing->span()) {
    case RoutingPanel::Span::Reply:
        add(end.message);
        break;
    case RoutingPanel::Span::Conversation:
        for (const int64_t id : current.path(end.leaf)) {
            if (current.find(id)->role == chats::Role::Assistant)
                add(id);
        }
        break;
    case RoutingPanel::Span::Live:
        for (const Side* side : sides()) {
            if (side->reply && side->reply->message == end.message)
                add(end.message);
        }
        break;
    }
    wantRoutings(std::move(missing)); // comes back here
    return found;
}

void ChatWorkspace::Impl::refreshRouting()
{
    routing->setMasks(current.setup.masks);
    routing->setChoices(
        routingChoices(), comparing ? RoutingPanel::kDifference : RoutingPanel::kThis);
    const RoutingPanel::Choice& choice = routing->choice();
    const QString why = routing->span() == RoutingPanel::Span::Live
        ? tr("No reply is being written.")
        : tr("Where a reply's tokens go appears here with the first reply.");
    routing->setRoutings(routingsOf(choice.end),
        choice.minus ? routingsOf(*choice.minus) : std::vector<const chats::ReplyRouting*>(), why);
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

/// The replies whose map is shown.
std::set<int64_t> ChatWorkspace::Impl::repliesOnMap() const
{
    const RoutingPanel::Choice& choice = routing->choice();
    std::set<int64_t> replies{choice.end.message};
    if (choice.minus)
        replies.insert(choice.minus->message);
    return replies;
}

void ChatWorkspace::Impl::showLayer(int64_t layer)
{
    routing->setSelectedLayer(layer);
    for (Side* side : sides()) {
        side->view->showLayer(layer);
        for (const int64_t reply : repliesOnMap())
            side->view->revealStrip(reply); // where it stands on that side
    }
}

void ChatWorkspace::Impl::markTokens(std::optional<chats::MaskedExpert> expert)
{
    const bool all = routing->span() == RoutingPanel::Span::Conversation;
    routing->setMarked(expert);
    for (Side* side : sides())
        side->view->setMark(expert, all ? std::set<int64_t>() : repliesOnMap());
    if (expert)
        showLayer(expert->layer);
}

} // namespace moe::chat
