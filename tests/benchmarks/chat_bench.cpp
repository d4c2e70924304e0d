// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the chat page asks of the window's thread: its first paint, a frame while a reply of 52
// layers × 16 experts streams at 200 tokens a second, also of one that is a single long list or a
// single long table, and a conversation of 5,000 messages opened from the store and scrolled
// through. Prints milliseconds.
#include "engine/chats/chat_store.h"
#include "ui/chat/chat_view.h"
#include "ui/chat/chat_workspace.h"
#include "ui/chat/routing_panel.h"
#include "ui/session/reply_trace.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"
#include "ui/shell/title_bar.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QScrollBar>
#include <QTemporaryDir>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace moe;

namespace {

constexpr int kLayers = 52, kExperts = 16, kChosen = 2, kExtra = 2;
constexpr int kMessages = 5000, kTokens = 2000, kManyTokens = 12'000;
constexpr int kLastFrames = 150; ///< of a long reply, when all of it but them is there
constexpr std::chrono::milliseconds kFrame{33};
constexpr double kTokensPerFrame = 200.0 * 0.033;

constexpr std::array kPieces{
    "Sort by the left end, then walk **once** through the list: an interval that starts before "
    "the last one ends widens it, any other opens a new one.\n\n",
    "```python\ndef merge(intervals):\n    merged = []\n    for start, end in sorted(intervals):\n"
    "        if merged and start <= merged[-1][1]:\n            merged[-1][1] = max(merged[-1][1], "
    "end)\n        else:\n            merged.append([start, end])\n    return merged\n```\n\n",
    "- Time: `O(n log n)` for the sort\n- Memory: `O(n)` for the result\n\n",
    "| case | cost |\n|---|---|\n| sorted | 1.2 |\n| shuffled | 3.4 |\n\n",
    "门控把每个词元送给两个专家，权重由 softmax 给出。\n\n",
};

struct Figures {
    std::vector<double> wall, processor;
};

/// Processor time of this thread: what a frame costs when the machine has other things to do.
double processorMilliseconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <typename Frame> void measure(Figures& figures, Frame frame)
{
    QElapsedTimer clock;
    clock.start();
    const double before = processorMilliseconds();
    frame();
    QApplication::processEvents();
    figures.processor.push_back(processorMilliseconds() - before);
    figures.wall.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
}

double quantile(std::vector<double> values, double share)
{
    std::ranges::sort(values);
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

void print(const char* what, const Figures& figures)
{
    std::printf("%s: median %.2f ms, 95 %% under %.2f, worst %.2f; processor time of the window's "
                "thread: median %.2f, 95 %% under %.2f, worst %.2f\n",
        what, quantile(figures.wall, 0.5), quantile(figures.wall, 0.95), quantile(figures.wall, 1),
        quantile(figures.processor, 0.5), quantile(figures.processor, 0.95),
        quantile(figures.processor, 1));
}

struct Page {
    explicit Page(const std::filesystem::path& store)
        : page(new chat::ChatWorkspace({registry, messages}, store, &window))
    {
        auto* column = new QVBoxLayout(&window);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(page);
        window.resize(1600, 940);
    }
    shell::ActionRegistry registry;
    shell::MessageBar messages;
    QWidget window;
    chat::ChatWorkspace* page;
};

void firstPaint(const std::filesystem::path& store)
{
    Figures figures;
    for (int i = 0; i < 11; ++i) {
        std::unique_ptr<Page> page;
        measure(figures, [&] {
            page = std::make_unique<Page>(store);
            page->window.show();
            page->window.grab(); // lays out and paints, whatever the platform shows when
        });
        if (i == 0)
            print("first paint of the chat page, the first in the process", figures);
    }
    print("first paint of the chat page", figures);
}

chats::ReplyRouting tokens(std::mt19937& random, int count)
{
    chats::ReplyRouting routing;
    for (int l = 0; l < kLayers; ++l)
        routing.layers.push_back({l, kExperts, kChosen, kExtra});
    for (int t = 0; t < count; ++t) {
        routing.ids.push_back(static_cast<int32_t>(random() % 50'000));
        routing.texts.emplace_back(t % 3 == 0 ? " expert" : " in");
        for (int l = 0; l < kLayers; ++l) {
            const auto first = random() % kExperts;
            for (unsigned i = 0; i < kChosen + kExtra; ++i) {
                routing.experts.push_back(static_cast<uint16_t>((first + 5 * i) % kExperts));
                routing.weights.push_back(i == 0 ? 0.6F : i == 1 ? 0.4F : 0.1F);
                routing.gates.push_back(routing.weights.back());
            }
        }
    }
    return routing;
}

/// What ChatWorkspace does with each part of a reply, four characters of `all` a token.
Figures stream(const std::string& all, int count)
{
    std::mt19937 random(1);
    QWidget window;
    auto* row = new QHBoxLayout(&window);
    row->setContentsMargins(0, 0, 0, 0);
    chat::ChatView view;
    shell::TitleBar title(QStringLiteral("Reply routing"));
    chat::RoutingPanel panel(title);
    row->addWidget(&view, 1);
    row->addWidget(&panel);
    panel.setFixedWidth(shell::px(345));
    chats::Conversation conversation;
    chats::ReplyRouting routing;
    conversation.messages.push_back(
        {1, 0, chats::Role::User, {}, "How do I merge intervals?", 0, {}, {}});
    conversation.messages.push_back(
        {2, 1, chats::Role::Assistant, chats::MessageState::Streaming, {}, 0, "Skywork-MoE", {}});
    conversation.leaf = 2;
    view.setSources(&conversation, [&](int64_t id) { return id == 2 ? &routing : nullptr; });
    window.resize(1336, 940);
    window.show();
    view.openConversation();
    view.setLive({2});
    QApplication::processEvents();
    Figures figures;
    double due = 0;
    size_t written = 0;
    auto next = std::chrono::steady_clock::now();
    while (std::ssize(routing.ids) < count) {
        // What is reported comes as it would: a long table is converted again after some time.
        if (due + kLastFrames * kTokensPerFrame >= count) {
            next = std::max(next + kFrame, std::chrono::steady_clock::now());
            std::this_thread::sleep_until(next);
        }
        due += kTokensPerFrame;
        const auto more = static_cast<int>(due - static_cast<double>(routing.ids.size()));
        const chats::ReplyRouting part = tokens(random, more);
        measure(figures, [&] {
            session::append(routing, part);
            chats::Message& reply = *conversation.find(2);
            reply.text += all.substr(written, static_cast<size_t>(more) * 4);
            written += static_cast<size_t>(more) * 4;
            reply.facts.tokens = std::ssize(routing.ids);
            view.messageChanged(2);
            panel.setRoutings({&routing}, {}, {});
        });
    }
    for (std::vector<double>* values : {&figures.wall, &figures.processor})
        values->erase(values->begin(), values->end() - kLastFrames); // they cost most
    return figures;
}

std::string repeated(int tokens, const std::function<std::string(int)>& piece)
{
    std::string all;
    for (int i = 0; all.size() < static_cast<size_t>(tokens) * 4; ++i)
        all += piece(i);
    return all;
}

void streams()
{
    print("frame of a reply at 200 tokens/s, at 2,000 tokens",
        stream(repeated(
                   kTokens, [](int i) { return kPieces[static_cast<size_t>(i) % kPieces.size()]; }),
            kTokens));
    print("frame of a reply that is one list, at 12,000 tokens",
        stream(repeated(kManyTokens,
                   [](int i) {
                       return std::to_string(i + 1) + ". The router of layer **"
                           + std::to_string(i % 52) + "** sends a token to `two` experts\n";
                   }),
            kManyTokens));
    print("frame of a reply that is one table, at 12,000 tokens",
        stream("| layer | experts |\n|---|---|\n"
                + repeated(kManyTokens,
                    [](int i) {
                        return "| " + std::to_string(i % 52)
                            + " | the router sends a token to `two` of 16 |\n";
                    }),
            kManyTokens));
}

chats::Conversation longOne()
{
    chats::Conversation made;
    made.info.id = chats::newId();
    made.info.title = "5,000 messages";
    made.info.created = made.info.updated = chats::now();
    for (int i = 0; i < kMessages; ++i) {
        chats::Message message;
        message.id = chats::newId();
        message.parent = made.leaf;
        message.role = i % 2 == 0 ? chats::Role::User : chats::Role::Assistant;
        const auto at = static_cast<size_t>(i);
        message.text = i % 2 == 0
            ? "Question " + std::to_string(i)
            : std::string(kPieces[at % kPieces.size()]) + kPieces[(at / 3) % kPieces.size()];
        message.created = made.info.created - kMessages + i;
        made.leaf = message.id;
        made.messages.push_back(std::move(message));
    }
    return made;
}

void waitFor(const std::function<bool()>& done)
{
    while (!done()) {
        QApplication::processEvents();
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
}

void longConversation(const std::filesystem::path& store)
{
    chats::Conversation made = longOne(), other;
    other.info.id = chats::newId();
    other.info.updated = made.info.updated + 60; // the newest is shown when the page begins
    other.messages.push_back({chats::newId(), 0, chats::Role::User, {}, "Another", 0, {}, {}});
    other.leaf = other.messages[0].id;
    chats::ChatStore(store).create(made);
    chats::ChatStore(store).create(other);
    Page page(store);
    page.window.show();
    auto* view = page.window.findChild<chat::ChatView*>(QStringLiteral("chatView"));
    waitFor([&] { return view->view(other.leaf) != nullptr; });
    Figures opened, scrolled;
    measure(opened, [&] {
        page.page->openConversation(made.info.id);
        waitFor([&] { return view->view(made.leaf) != nullptr; });
    });
    print("5,000 messages opened, from the click to the paint", opened);
    QScrollBar* bar = view->verticalScrollBar();
    for (int i = 0; i < 400; ++i)
        measure(scrolled, [&] { bar->setValue(bar->value() - (i % 10 == 0 ? 4000 : 90)); });
    print("scrolled by a wheel's step, every tenth by five pages", scrolled);
}

} // namespace

int main(int count, char** words)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(count, words);
    shell::ThemeSource::install(application, shell::ThemeChoice::Light);
    const QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    firstPaint(path / "few.sqlite");
    streams();
    longConversation(path / "many.sqlite");
    return 0;
}
