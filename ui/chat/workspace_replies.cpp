// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/checkpoint/checkpoint.h"
#include "ui/chat/workspace_impl.h"
#include "ui/session/error_line.h"
#include "ui/session/reply_trace.h"

#include <algorithm>

namespace moe::chat {

using chats::ChatStore;
using State = session::ChatSession::State;

namespace {

/// Whether a reply goes on as it was begun: the same experts and the same drawing. How many tokens
/// more is no part of that.
bool drawsAsBefore(const chats::ReplyFacts& before, const session::ReplyRequest& request)
{
    if (before.tokens == 0)
        return true; // it was not drawn
    chats::SamplingSettings now = request.sampling;
    const bool sameSeed = !now.seed || *now.seed == before.seed;
    now.preset = before.sampling.preset;
    now.maxTokens = before.sampling.maxTokens;
    now.seed = before.sampling.seed;
    return sameSeed && now == before.sampling && request.masks == before.masks;
}

/// One reply, also where it comes in two goes: its prompt and its seed are those of the first.
void goOnWith(chats::ReplyFacts& facts, const chats::ReplyFacts& before)
{
    facts.tokens += before.tokens;
    if (before.promptTokens > 0)
        facts.promptTokens = before.promptTokens;
    if (before.tokens > 0) {
        facts.seed = before.seed;
        facts.sampling.seed = before.sampling.seed;
    }
}

} // namespace

QString ChatWorkspace::Impl::refusal(const Side& side) const
{
    if (side.session.state() == State::Opening)
        return tr("The model is being opened");
    if (side.session.model() == nullptr)
        return tr("Open a model first (Ctrl+O)");
    if (side.reply)
        return tr("A reply is being written");
    return {};
}

QString ChatWorkspace::Impl::refusal()
{
    for (const Side* side : sides()) {
        if (const QString reason = refusal(*side); !reason.isEmpty())
            return reason;
    }
    return {};
}

void ChatWorkspace::Impl::send(const QString& text)
{
    if (!refusal().isEmpty() || text.trimmed().isEmpty())
        return;
    draftTyped = false;
    current.draft.clear();
    composer->setText({});
    if (current.messages.empty())
        current.info.title = chats::titleFrom(text.toStdString());
    if (stored && current.messages.empty())
        store.write([id = current.info.id, title = current.info.title](
                        ChatStore& s) { s.rename(id, title); });
    ensureStored();
    store.write([id = current.info.id](ChatStore& s) { s.setDraft(id, {}); });
    std::map<int64_t, int64_t> questions; // by what they follow: sides that agree share one
    for (Side* side : sides()) {
        const int64_t parent = side->leaf;
        if (const auto asked = questions.find(parent); asked != questions.end()) {
            side->leaf = asked->second;
            side->view->pathChanged();
            continue;
        }
        chats::Message message;
        message.id = questions[parent] = chats::newId();
        message.parent = parent;
        message.role = chats::Role::User;
        message.text = text.toStdString();
        message.created = chats::now();
        addMessage(*side, message);
    }
    for (Side* side : sides()) {
        side->view->scrollToEnd();
        ask(*side, side->leaf);
    }
}

void ChatWorkspace::Impl::addMessage(Side& side, const chats::Message& message)
{
    side.leaf = message.id;
    current.messages.push_back(message);
    keepWhatFailed();
    store.write([row = rowOfCurrent(), message](ChatStore& s) {
        s.add(row, message);
        if (row.leaf != message.id) // of the other side
            s.setLeaf(row.info.id, row.leaf);
    });
    side.view->pathChanged();
}

void ChatWorkspace::Impl::edited(Side& side, int64_t message, const QString& text)
{
    const chats::Message* old = current.find(message);
    if (old == nullptr || side.reply)
        return;
    chats::Message branch = *old;
    branch.id = chats::newId();
    branch.text = text.toStdString();
    branch.created = chats::now();
    branch.state = chats::MessageState::Done;
    branch.facts = {};
    branch.model.clear(); // these are no model's words
    const bool question = branch.role == chats::Role::User;
    const int64_t id = branch.id;
    addMessage(side, branch);
    for (Side* each : sides()) { // a question of both is asked anew on both
        const std::vector<int64_t> path = current.path(each->leaf);
        const bool its = each == &side || std::ranges::find(path, message) != path.end();
        if (!question || !its || !refusal(*each).isEmpty())
            continue;
        each->leaf = id;
        ask(*each, id);
    }
    updateActions();
}

void ChatWorkspace::Impl::regenerate(Side& side, int64_t message)
{
    const chats::Message* old = current.find(message);
    if (old != nullptr && old->role == chats::Role::Assistant && refusal(side).isEmpty())
        ask(side, old->parent);
}

session::ReplyRequest ChatWorkspace::Impl::requestFor(const Side& side, int64_t last) const
{
    session::ReplyRequest request;
    request.systemPrompt = current.setup.systemPrompt;
    request.sampling = current.setup.sampling;
    const model::ModelConfig& config = side.session.model()->config();
    for (const chats::MaskedExpert& mask : current.setup.masks) {
        // two models need not have the same experts
        if (!comparing
            || (mask.layer < config.layers && config.isMoeLayer(mask.layer)
                && mask.expert < config.experts))
            request.masks.push_back(mask);
    }
    std::vector<const chats::Message*> path;
    for (const chats::Message* at = current.find(last); at != nullptr;
         at = current.find(at->parent))
        path.push_back(at);
    for (auto at = path.rbegin(); at != path.rend(); ++at)
        request.messages.emplace_back((*at)->role, (*at)->text);
    return request;
}

void ChatWorkspace::Impl::ask(Side& side, int64_t parent)
{
    chats::Message message;
    message.id = chats::newId();
    message.parent = parent;
    message.role = chats::Role::Assistant;
    message.created = chats::now();
    message.model = storedModel(side.session.folder());
    session::ReplyRequest request = requestFor(side, parent);
    message.state = chats::MessageState::Streaming;
    addMessage(side, message);
    start(side, message, std::move(request));
}

void ChatWorkspace::Impl::goOn(Side& side, int64_t message)
{
    store.read( // what it goes on from, with its experts
        [message](const ChatStore& chats) {
            chats::ReplyRouting before;
            session::errorLineOf([&] { // a damaged one is none: it goes on from the text
                const std::vector<uint8_t> bytes = chats.routing(message);
                if (!bytes.empty())
                    before = chats::decodeRouting(bytes);
            });
            return before;
        },
        [this, &side, message](const chats::ReplyRouting& before) {
            const chats::Message* found = current.find(message);
            if (found != nullptr && refusal(side).isEmpty())
                goOnFrom(side, *found, before);
        });
}

void ChatWorkspace::Impl::goOnFrom(
    Side& side, const chats::Message& message, const chats::ReplyRouting& before)
{
    session::ReplyRequest request = requestFor(side, message.id);
    request.goOn = true;
    chats::Message going = message;
    going.state = chats::MessageState::Streaming;
    const std::string model = storedModel(side.session.folder());
    going.model = model;
    if ((!message.model.empty() && message.model != model)
        || !drawsAsBefore(message.facts, request)) { // what was said stays as it was said
        going.id = chats::newId();
        going.created = chats::now();
        going.facts = {};
        addMessage(side, going);
    } else {
        request.before = before;
        if (going.facts.tokens > 0) // not the numbers that its beginning was drawn with
            request.sampling.seed = going.facts.seed + static_cast<uint64_t>(going.facts.tokens);
    }
    start(side, going, std::move(request));
}

void ChatWorkspace::Impl::start(
    Side& side, const chats::Message& message, session::ReplyRequest request)
{
    const std::string before = request.goOn ? message.text : std::string();
    side.streaming = message;
    side.liveRouting = {};
    Side::Running running{0, current.info.id, message.id, before, message.facts, {}, 0, 0};
    running.clock.start();
    running.number = side.session.reply(std::move(request));
    chats::ReplyFacts& facts = side.streaming.facts;
    facts = side.session.factsOf(running.number);
    facts.step = checkpoint::stepOf(side.session.folder());
    goOnWith(facts, message.facts);
    side.reply = std::move(running);
    // how it is drawn outlasts a crash
    store.write([begun = side.streaming](ChatStore& s) { s.update(begun); });
    if (&side == &left) {
        current.info.model = side.session.folder().string();
        store.write([id = current.info.id, folder = current.info.model](
                        ChatStore& s) { s.setModel(id, folder); });
    }
    saveTimer.start();
    showLive();
    routings.erase(message.id); // shown until here, where it goes on
    routingsAsked.erase(message.id);
    routingMessage = 0;
    updateActions();
    refreshRouting();
}

void ChatWorkspace::Impl::messageChanged(int64_t message)
{
    for (Side* side : sides())
        side->view->messageChanged(message);
}

bool ChatWorkspace::Impl::isLive(int64_t message) const
{
    return (left.reply && left.reply->message == message)
        || (right.reply && right.reply->message == message);
}

void ChatWorkspace::Impl::showLive()
{
    std::set<int64_t> live;
    for (const Side* side : {&left, &right}) {
        if (side->reply)
            live.insert(side->reply->message);
    }
    for (const Side* side : {&left, &right})
        side->view->setLive(live);
}

void ChatWorkspace::Impl::takePart(Side& side, quint64 number, const session::ReplyPart& part)
{
    if (!side.reply || side.reply->number != number)
        return;
    Side::Running& running = *side.reply;
    const double seconds = static_cast<double>(running.clock.elapsed()) / 1000;
    chats::Message& message = side.streaming;
    if (part.replaces > 0) { // a character becomes whole that its text so far ended in
        running.before.erase(running.before.size() - static_cast<size_t>(part.replaces));
        message.text = running.before;
    }
    message.text += part.text;
    session::append(side.liveRouting, part.routing);
    if (message.facts.promptTokens == 0)
        message.facts.promptTokens = side.session.factsOf(number).promptTokens;
    // measured here until the engine's own figures come with the end
    message.facts.tokens = std::ssize(side.liveRouting.ids);
    if (running.firstToken == 0 && !part.text.empty()) {
        running.firstToken = seconds;
        running.tokensThen = message.facts.tokens;
    }
    message.facts.firstTokenSeconds = running.firstToken;
    const double span = seconds - running.firstToken;
    message.facts.tokensPerSecond = running.firstToken > 0 && span > 0.5
        ? static_cast<double>(message.facts.tokens - running.tokensThen) / span
        : 0;
    if (running.conversation != current.info.id)
        return;
    if (chats::Message* shown = current.find(running.message))
        *shown = message;
    messageChanged(running.message);
    updateHead(side);
    updateContext();
    if (routing->span() != RoutingPanel::Span::Conversation)
        refreshRouting();
}

void ChatWorkspace::Impl::takeEnd(Side& side, quint64 number, const session::ReplyEnd& end)
{
    if (!side.reply || side.reply->number != number)
        return;
    const Side::Running ended = *std::exchange(side.reply, std::nullopt);
    if (!isReplying())
        saveTimer.stop();
    chats::Message& message = side.streaming;
    const int64_t step = message.facts.step;
    if (end.facts.error.empty() || !end.text.empty())
        message.text = ended.before + end.text;
    message.facts = end.facts;
    message.facts.step = step;
    goOnWith(message.facts, ended.factsBefore);
    message.state = end.facts.finish == "failed" ? chats::MessageState::Failed
        : end.facts.finish == "cancelled"        ? chats::MessageState::Stopped
                                                 : chats::MessageState::Done;
    keepReply(side);
    if (ended.conversation == current.info.id) {
        if (chats::Message* shown = current.find(ended.message))
            *shown = message;
        if (!side.liveRouting.empty())
            routings[ended.message] = side.liveRouting;
    }
    showLive();
    messageChanged(ended.message);
    updateHead(side);
    if (!end.facts.error.empty())
        fail(QString::fromStdString(end.facts.error), QStringLiteral("chat-reply"));
    refreshRouting();
    updateActions();
    readList();
    if (!isReplying())
        Q_EMIT self.replyEnded();
}

void ChatWorkspace::Impl::keepReply(const Side& side)
{
    keepWhatFailed();
    store.write([message = side.streaming, routing = side.liveRouting](ChatStore& s) {
        s.update(message);
        if (!routing.empty())
            s.setRouting(message.id, chats::encode(routing));
    });
}

void ChatWorkspace::Impl::keepUnfinished()
{
    for (Side* side : {&left, &right}) {
        if (!side->reply)
            continue;
        side->streaming.state = chats::MessageState::Stopped;
        side->streaming.facts.finish = infer::nameOf(infer::FinishReason::Cancelled);
        keepReply(*side);
    }
}

void ChatWorkspace::Impl::stopReply()
{
    for (Side* side : {&left, &right}) {
        if (side->reply)
            side->session.stop(side->reply->number);
    }
}

} // namespace moe::chat
