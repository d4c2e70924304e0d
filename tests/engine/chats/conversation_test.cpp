// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/chat_exchange.h"
#include "engine/chats/reply_routing.h"
#include "kernels/error.h"
#include "tests/support/error_of.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <functional>
#include <set>
#include <thread>

using namespace moe;
using namespace moe::chats;
using tests::errorOf;

namespace {

Message message(int64_t id, int64_t parent, Role role, const std::string& text)
{
    Message made;
    made.id = id;
    made.parent = parent;
    made.role = role;
    made.text = text;
    made.created = 1000.5 + static_cast<double>(id);
    return made;
}

/// A question with two answers, the second of them gone on from.
Conversation branched()
{
    Conversation made;
    made.info.id = 7;
    made.info.title = "Merging intervals";
    made.info.tags = {"python", "路由"};
    made.info.folder = "Work";
    made.setup.systemPrompt = "Be brief.";
    made.setup.masks = {{3, 7}};
    made.setup.sampling.temperature = 0.25;
    made.setup.sampling.seed = 18'446'744'073'709'551'615ULL;
    made.messages = {message(1, 0, Role::User, "How?"), message(2, 1, Role::Assistant, "So."),
        message(3, 1, Role::Assistant, "`x` **or** so"), message(4, 3, Role::User, "再说一次"),
        message(5, 4, Role::Assistant, "好")};
    made.messages[1].model = made.messages[2].model = "tiny";
    made.messages[2].facts.tokens = 12;
    made.messages[2].facts.finish = "stop";
    made.messages[2].facts.tokensPerSecond = 26.8;
    made.messages[2].facts.masks = {{3, 7}};
    made.leaf = 5;
    return made;
}

} // namespace

class ConversationTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void idsRiseAndDiffer();
    void walksTheTree();
    void survivesATreeThatIsNotWhole();
    void titlesAreOneLine();
    void markdownShowsTheBranch();
    void jsonComesBackWhole();
    void importsPlainLists();
    void refusesWhatIsNone_data();
    void refusesWhatIsNone();
    void routingCountsAndComesBack();
    void damagedRoutingIsRefused();
};

void ConversationTest::idsRiseAndDiffer()
{
    std::array<std::vector<int64_t>, 4> made;
    {
        std::vector<std::jthread> threads;
        for (auto& ids : made)
            threads.emplace_back([&ids] {
                for (int i = 0; i < 1000; ++i)
                    ids.push_back(newId());
            });
    }
    std::set<int64_t> all;
    for (const auto& ids : made) {
        QVERIFY(std::ranges::is_sorted(ids));
        all.insert(ids.begin(), ids.end());
    }
    QCOMPARE(all.size(), size_t{4000});
    QVERIFY(*all.begin() > 0);
}

void ConversationTest::walksTheTree()
{
    Conversation chat = branched();
    QCOMPARE(chat.path(), (std::vector<int64_t>{1, 3, 4, 5}));
    QCOMPARE(chat.siblings(3), (std::vector<int64_t>{2, 3}));
    QCOMPARE(chat.siblings(1), (std::vector<int64_t>{1}));
    QCOMPARE(chat.newestLeaf(2), int64_t{2});
    QCOMPARE(chat.newestLeaf(0), int64_t{5});
    QCOMPARE(chat.subtree(3), (std::vector<int64_t>{3, 4, 5}));
    chat.leaf = 2;
    QCOMPARE(chat.path(), (std::vector<int64_t>{1, 2}));
    QVERIFY(chat.find(99) == nullptr);
    QVERIFY(chat.siblings(99).empty());
}

void ConversationTest::survivesATreeThatIsNotWhole()
{
    Conversation chat;
    QVERIFY(chat.path().empty());
    QCOMPARE(chat.newestLeaf(0), int64_t{0});
    chat.messages = {message(1, 2, Role::User, "a"), message(2, 1, Role::User, "b")}; // a ring
    chat.leaf = 1;
    QCOMPARE(chat.path().size(), size_t{2});
    QVERIFY(chat.newestLeaf(1) > 0);
}

void ConversationTest::titlesAreOneLine()
{
    QCOMPARE(titleFrom("\n  \nWhat is a router?\nTell me."), std::string("What is a router?"));
    QCOMPARE(titleFrom("What is a router?\nTell me."), std::string("What is a router?"));
    const std::string title = titleFrom(std::string(300, 'a'));
    QCOMPARE(title, std::string(48, 'a') + "…");
    std::string chinese;
    for (int i = 0; i < 60; ++i)
        chinese += "专";
    QCOMPARE(titleFrom(chinese).size(), size_t{48 * 3 + 3});
    QCOMPARE(titleFrom(""), std::string());
}

void ConversationTest::markdownShowsTheBranch()
{
    const std::string text = toMarkdown(branched());
    QVERIFY(text.starts_with("# Merging intervals\n"));
    QVERIFY(text.find("## System prompt\n\nBe brief.") != std::string::npos);
    QVERIFY(text.find("## tiny\n\n`x` **or** so") != std::string::npos);
    QVERIFY(text.find("So.") == std::string::npos); // the other branch
    Conversation chat = branched();
    chat.messages[2].model = "/runs/out/step-000040"; // a checkpoint's folder is shown by its name
    QVERIFY(toMarkdown(chat).find("## out, step 40\n\n`x` **or** so") != std::string::npos);
}

void ConversationTest::jsonComesBackWhole()
{
    const Conversation chat = branched();
    const Conversation back = fromJsonText(toJsonText(chat), "here");
    QVERIFY(back.info.id != chat.info.id);
    QCOMPARE(back.info.title, chat.info.title);
    QCOMPARE(back.info.tags, chat.info.tags);
    QCOMPARE(back.info.folder, chat.info.folder);
    QVERIFY(back.setup == chat.setup);
    QCOMPARE(back.messages.size(), chat.messages.size());
    QCOMPARE(back.path().size(), size_t{4});
    QCOMPARE(back.find(back.leaf)->text, std::string("好"));
    const Message& reply = back.messages[2];
    QCOMPARE(reply.text, chat.messages[2].text);
    QCOMPARE(reply.created, chat.messages[2].created);
    QCOMPARE(reply.model, std::string("tiny"));
    QCOMPARE(reply.facts.tokens, int64_t{12});
    QCOMPARE(reply.facts.tokensPerSecond, 26.8);
    QVERIFY(reply.facts.masks == chat.messages[2].facts.masks);
    QCOMPARE(toJsonText(back).size(), toJsonText(chat).size());
}

void ConversationTest::importsPlainLists()
{
    const Conversation chat = fromJsonText(
        R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi\nthere"},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello"},
             {"type": "text", "text": "."}]}])",
        "here");
    QCOMPARE(chat.setup.systemPrompt, std::string("Be brief."));
    QCOMPARE(chat.info.title, std::string("Hi"));
    QCOMPARE(chat.path().size(), size_t{2});
    QCOMPARE(chat.messages[1].text, std::string("Hello."));
    QCOMPARE(chat.messages[1].parent, chat.messages[0].id);
}

void ConversationTest::refusesWhatIsNone_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("word");
    const auto row = [](const char* name, const char* text, const char* word) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(word);
    };
    row("no JSON", "hello", "here");
    row("a number", "3", "no list");
    row("an object without messages", "{}", "no messages");
    row("messages are no list", R"({"messages": 3})", "no list");
    row("a message is no object", "[3]", "message 1");
    row("unknown role", R"([{"role": "tool", "content": "x"}])", "\"tool\"");
    row("no content", R"([{"role": "user"}])", "content");
    row("a picture", R"([{"role": "user", "content": [{"type": "image"}]}])", "part");
    row("a parent that comes later", R"([{"id": 1, "parent": 2, "role": "user", "content": "x"}])",
        "parent");
    row("a newer version", R"({"version": 9, "messages": []})", "newer");
}

void ConversationTest::refusesWhatIsNone()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, word);
    const std::string error = errorOf([&] { fromJsonText(text.toStdString(), "here"); });
    QVERIFY2(error.find("here") != std::string::npos, error.c_str());
    QVERIFY2(error.find(word.toStdString()) != std::string::npos, error.c_str());
}

namespace {

ReplyRouting randomRouting(std::mt19937_64& random)
{
    ReplyRouting routing;
    routing.layers = {{1, 8, 2, 1}, {2, 4, 1, 0}};
    const auto tokens = 5 + random() % 40;
    for (size_t t = 0; t < tokens; ++t) {
        routing.ids.push_back(static_cast<int32_t>(random() % 1000));
        routing.texts.push_back(t % 3 == 0 ? "专" : " token");
        if (t + 1 == tokens)
            break; // the last one is never fed
        for (const uint64_t experts : {8, 8, 8, 4}) {
            routing.experts.push_back(static_cast<uint16_t>(random() % experts));
            routing.weights.push_back(static_cast<float>(random() % 1000) / 1000);
            routing.gates.push_back(static_cast<float>(random() % 1000) / 1000);
        }
    }
    return routing;
}

} // namespace

void ConversationTest::routingCountsAndComesBack()
{
    const uint64_t seed = tests::testSeed();
    qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);
    const ReplyRouting routing = randomRouting(random);
    const ReplyRouting back = decodeRouting(encode(routing));
    QVERIFY(back.layers == routing.layers);
    QCOMPARE(back.ids, routing.ids);
    QCOMPARE(back.texts, routing.texts);
    QCOMPARE(back.experts, routing.experts);
    QCOMPARE(back.weights, routing.weights);
    QCOMPARE(back.gates, routing.gates);
    ReplyRouting older = routing; // of a store that kept no gates
    older.gates.clear();
    QCOMPARE(decodeRouting(encode(older)).weights, routing.weights);
    QVERIFY(decodeRouting(encode(older)).gates.empty());
    older.keepColumns(3);
    QCOMPARE(older.columns(), int64_t{3});
    QCOMPARE(older.experts, std::vector(routing.experts.begin(), routing.experts.begin() + 12));
    QCOMPARE(back.columns(), static_cast<int64_t>(routing.ids.size()) - 1);

    const std::vector<int64_t> load = routing.load();
    QCOMPARE(load.size(), size_t{16});
    for (int32_t expert = 0; expert < 4; ++expert) {
        int64_t counted = 0;
        for (size_t t = 0; t + 1 < routing.ids.size(); ++t)
            counted += routing.experts[t * 4 + 3] == expert ? 1 : 0;
        QCOMPARE(load[8 + static_cast<size_t>(expert)], counted);
        QCOMPARE(static_cast<int64_t>(routing.tokensOf(1, expert).size()), counted);
    }
    QVERIFY(decodeRouting(encode(ReplyRouting())).empty());
}

void ConversationTest::damagedRoutingIsRefused()
{
    std::mt19937_64 random(tests::testSeed());
    const std::vector<uint8_t> whole = encode(randomRouting(random));
    for (size_t length = 0; length < whole.size(); ++length)
        QVERIFY(!errorOf([&] { decodeRouting(std::span(whole).first(length)); }).empty());
    for (int i = 0; i < 2000; ++i) { // never a crash, whatever the bytes are
        std::vector<uint8_t> bytes = whole;
        for (int change = 0; change < 4; ++change)
            bytes[random() % std::min<size_t>(bytes.size(), 64)] = static_cast<uint8_t>(random());
        errorOf([&] { decodeRouting(bytes); });
    }
    const auto refuses = [](const std::vector<ReplyRouting::Layer>& layers) {
        ReplyRouting routing;
        routing.layers = layers;
        return !errorOf([&] { decodeRouting(encode(routing)); }).empty();
    };
    QVERIFY(!refuses({{1, 8, 2, 2}, {3, 4, 4, 0}}));
    QVERIFY(refuses({{3, 8, 2, 2}, {1, 8, 2, 2}})); // layers rise
    QVERIFY(refuses({{1, 8, 2, 2}, {1, 8, 2, 2}}));
    QVERIFY(refuses({{-1, 8, 2, 2}}));
    QVERIFY(refuses({{60'000, 8, 2, 2}})); // a map of gigabytes
    QVERIFY(refuses({{0, 60'000, 2, 2}}));
    QVERIFY(refuses({{0, 0, 0, 0}}));
    QVERIFY(refuses({{0, 8, 9, 0}}));
    QVERIFY(refuses({{0, 8, 2, 7}}));
    QVERIFY(refuses({{0, 8, 2, INT32_MAX - 2}}));
}

QTEST_GUILESS_MAIN(ConversationTest)
#include "conversation_test.moc"
