// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/chat_store.h"

#include "engine/telemetry/run_store.h"
#include "kernels/error.h"
#include "tests/support/error_of.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <sqlite3.h>

#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

using namespace moe;
using namespace moe::chats;
using tests::errorOf;

namespace {

void sql(const std::filesystem::path& file, const char* statement)
{
    sqlite3* database = nullptr;
    QCOMPARE(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    QCOMPARE(sqlite3_exec(database, statement, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
}

Message message(int64_t parent, Role role, const std::string& text)
{
    Message made;
    made.id = newId();
    made.parent = parent;
    made.role = role;
    made.text = text;
    made.created = now();
    return made;
}

Conversation titled(const std::string& title)
{
    Conversation made;
    made.info.id = newId();
    made.info.title = title;
    made.info.created = made.info.updated = now();
    return made;
}

} // namespace

class ChatStoreTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void keepsWhatIsSaid();
    void branchesAndLeaf();
    void removalsCanBeUndone();
    void whatFailedIsWrittenLater();
    void anotherWindowRemoves();
    void anotherProcessDrops();
    void duplicates();
    void editsAreKept();
    void searches();
    void searchTakesAnyText();
    void olderStoresAreBroughtUpToDate();
    void foreignFilesAreRefused();
    void survivesKill();
    void fiveThousandMessagesOpenFast();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_file;
};

void ChatStoreTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_file = m_folder->filePath(QStringLiteral("deep/store.sqlite")).toStdString();
}

void ChatStoreTest::keepsWhatIsSaid()
{
    const Conversation made = titled("Routers");
    Message question = message(0, Role::User, "What?"),
            reply = message(question.id, Role::Assistant, "");
    reply.state = MessageState::Streaming;
    const std::vector<uint8_t> trace{1, 2, 3};
    Setup setup;
    setup.systemPrompt = "短";
    setup.masks = {{12, 4}};
    {
        ChatStore store(m_file);
        store.create(made);
        store.add(made, question);
        store.add(made, reply);
        reply.text = "A gate.";
        reply.state = MessageState::Done;
        reply.model = "tiny";
        reply.facts.tokens = 3;
        reply.facts.finish = "stop";
        store.update(reply);
        store.setRouting(reply.id, trace);
        store.setSetup(made.info.id, setup);
        store.setDraft(made.info.id, "half a sen");
        store.setModel(made.info.id, "/models/tiny");
        store.setTags(made.info.id, {"moe"});
        store.setFolder(made.info.id, "Work");
        store.rename(made.info.id, "Gates");
    }
    const ChatStore store(m_file);
    QCOMPARE(store.list().size(), size_t{1});
    const Conversation back = store.open(made.info.id);
    QCOMPARE(back.info.title, std::string("Gates"));
    QCOMPARE(back.info.folder, std::string("Work"));
    QCOMPARE(back.info.tags, std::vector<std::string>{"moe"});
    QCOMPARE(back.info.model, std::string("/models/tiny"));
    QVERIFY(back.info.updated >= made.info.updated);
    QCOMPARE(back.draft, std::string("half a sen"));
    QVERIFY(back.setup == setup);
    QCOMPARE(back.leaf, reply.id);
    QCOMPARE(back.messages.size(), size_t{2});
    QCOMPARE(back.messages[1].text, std::string("A gate."));
    QCOMPARE(back.messages[1].facts.tokens, int64_t{3});
    QCOMPARE(back.messages[1].facts.finish, std::string("stop"));
    QVERIFY(back.messages[1].state == MessageState::Done);
    QCOMPARE(store.routing(reply.id), trace);
    QVERIFY(store.routing(question.id).empty());
    const std::string error = errorOf([&] { (void)store.open(12345); });
    QVERIFY2(error.find("no such conversation") == 0, error.c_str());
}

void ChatStoreTest::branchesAndLeaf()
{
    ChatStore store(m_file);
    const Conversation made = titled("t");
    store.create(made);
    const Message one = message(0, Role::User, "1"), two = message(one.id, Role::Assistant, "2"),
                  other = message(one.id, Role::Assistant, "2b");
    for (const Message& each : {one, two, other})
        store.add(made, each);
    QCOMPARE(store.open(made.info.id).path(), (std::vector<int64_t>{one.id, other.id}));
    store.setLeaf(made.info.id, two.id);
    QCOMPARE(store.open(made.info.id).path(), (std::vector<int64_t>{one.id, two.id}));
}

void ChatStoreTest::removalsCanBeUndone()
{
    ChatStore store(m_file);
    const Conversation made = titled("t"), other = titled("u");
    store.create(made);
    store.create(other);
    const Message one = message(0, Role::User, "needle one"),
                  two = message(one.id, Role::Assistant, "needle two"),
                  three = message(two.id, Role::User, "needle three");
    for (const Message& each : {one, two, three})
        store.add(made, each);
    store.removeMessage(three.id);
    store.removeMessage(two.id);
    QCOMPARE(store.open(made.info.id).messages.size(), size_t{1});
    QCOMPARE(store.open(made.info.id).path(), (std::vector<int64_t>{one.id}));
    QCOMPARE(store.search("needle", 10).size(), size_t{1});
    store.restoreMessage(two.id); // three was removed by itself
    QCOMPARE(store.open(made.info.id).messages.size(), size_t{2});
    store.restoreMessage(three.id);
    QCOMPARE(store.open(made.info.id).messages.size(), size_t{3});
    store.removeMessage(one.id);
    store.restoreMessage(one.id);
    QCOMPARE(store.open(made.info.id).messages.size(), size_t{3});

    store.remove(made.info.id);
    QCOMPARE(store.list().size(), size_t{1});
    QVERIFY(store.search("needle", 10).empty());
    store.restore(made.info.id);
    QCOMPARE(store.search("needle", 10).size(), size_t{3});

    store.remove(made.info.id);
    store.setRouting(two.id, std::vector<uint8_t>{1});
    sql(m_file, "UPDATE conversations SET removed = removed - 4000 WHERE removed IS NOT NULL");
    const ChatStore later(m_file);
    store.restore(made.info.id);
    QVERIFY(!errorOf([&] { (void)store.open(made.info.id); }).empty());
    QVERIFY(store.routing(two.id).empty());
}

/// The first writes of a conversation failed, later ones do not.
void ChatStoreTest::whatFailedIsWrittenLater()
{
    ChatStore store(m_file);
    Conversation made = titled("lost?");
    const Message one = message(0, Role::User, "1");
    Message two = message(one.id, Role::Assistant, "2");
    made.messages = {one, two};
    made.leaf = two.id;
    store.add(made, two);
    QCOMPARE(store.list().size(), size_t{1});
    QCOMPARE(store.open(made.info.id).info.title, std::string("lost?"));
    store.keep(made);
    QCOMPARE(store.open(made.info.id).path(), (std::vector<int64_t>{one.id, two.id}));
    two.text = "2, and more of another window";
    store.update(two);
    store.keep(made);
    QCOMPARE(store.open(made.info.id).find(two.id)->text, two.text);
    made.messages[1].text = two.text + ", and of this one";
    store.keep(made);
    QCOMPARE(store.open(made.info.id).find(two.id)->text, made.messages[1].text);
    QCOMPARE(store.search("this one", 9).size(), size_t{1});
}

/// While this one goes on.
void ChatStoreTest::anotherWindowRemoves()
{
    ChatStore store(m_file), other(m_file);
    Conversation made = titled("t");
    store.create(made);
    const Message one = message(0, Role::User, "1"), two = message(one.id, Role::Assistant, "2"),
                  three = message(two.id, Role::User, "3"), four = message(0, Role::User, "4");
    store.add(made, one);
    store.add(made, two);
    other.remove(made.info.id);
    QVERIFY(store.list().empty());
    store.add(made, three);
    QCOMPARE(store.open(made.info.id).path().size(), size_t{3});
    other.removeMessage(two.id);
    store.add(made, four); // does not hang on it
    QCOMPARE(store.open(made.info.id).messages.size(), size_t{2});
    store.add(made, message(three.id, Role::Assistant, "5"));
    QCOMPARE(store.open(made.info.id).path().size(), size_t{4});
}

/// What was removed an hour ago, before this one restores it.
void ChatStoreTest::anotherProcessDrops()
{
    ChatStore store(m_file);
    Conversation made = titled("t");
    const Message one = message(0, Role::User, "1"), two = message(one.id, Role::Assistant, "2");
    made.messages = {one, two};
    made.leaf = two.id;
    store.create(made);
    store.removeMessage(two.id);
    QCOMPARE(store.restoreMessage(two.id), int64_t{1});
    QCOMPARE(store.restoreMessage(two.id), int64_t{0});
    store.remove(made.info.id);
    sql(m_file, "UPDATE conversations SET removed = removed - 4000");
    ChatStore dropping(m_file);
    QVERIFY(!store.restore(made.info.id));
    store.keep(made);
    QCOMPARE(store.open(made.info.id).path().size(), size_t{2});
    QVERIFY(store.restore(made.info.id));
}

void ChatStoreTest::duplicates()
{
    ChatStore store(m_file);
    Conversation made = titled("t");
    made.draft = "d";
    store.create(made);
    const Message one = message(0, Role::User, "1"), two = message(one.id, Role::Assistant, "2");
    store.add(made, one);
    store.add(made, two);
    store.setRouting(two.id, std::vector<uint8_t>{9});
    const Conversation copy = store.open(store.duplicate(made.info.id, "t, copy").info.id);
    QCOMPARE(copy.info.title, std::string("t, copy"));
    QCOMPARE(copy.draft, std::string("d"));
    QCOMPARE(copy.path().size(), size_t{2});
    QVERIFY(copy.leaf != two.id);
    QCOMPARE(store.routing(copy.leaf), std::vector<uint8_t>{9});
    store.removeMessage(copy.messages[0].id);
    QCOMPARE(store.open(made.info.id).messages.size(), size_t{2});
    Message comes = message(two.id, Role::Assistant, "3");
    comes.state = MessageState::Streaming;
    store.add(made, comes);
    const Conversation second = store.duplicate(made.info.id, "again");
    QVERIFY(second.find(second.leaf)->state == MessageState::Stopped);
    QVERIFY(store.open(second.info.id).find(second.leaf)->state == MessageState::Stopped);
    QVERIFY(store.open(made.info.id).find(comes.id)->state == MessageState::Streaming);
}

void ChatStoreTest::editsAreKept()
{
    ChatStore store(m_file);
    const Conversation made = titled("t");
    store.create(made);
    const Message one = message(0, Role::User, "1");
    store.add(made, one);
    store.setEdit(one.id, "typed");
    store.setEdit(one.id, "typed \"on\"");
    QCOMPARE(store.open(made.info.id).edits.at(one.id), std::string("typed \"on\""));
    const Conversation copy = store.open(store.duplicate(made.info.id, "copy").info.id);
    QCOMPARE(copy.edits.size(), size_t{1});
    QCOMPARE(copy.edits.at(copy.leaf), std::string("typed \"on\"")); // of its own message
    store.dropEdit(one.id);
    QVERIFY(store.open(made.info.id).edits.empty());
    QCOMPARE(store.open(copy.info.id).edits.size(), size_t{1});
}

void ChatStoreTest::searches()
{
    ChatStore store(m_file);
    const Conversation python = titled("Merging intervals"), chinese = titled("门控归一化");
    store.create(python);
    store.create(chinese);
    store.setTags(python.info.id, {"code"});
    store.setFolder(python.info.id, "Work");
    const Message first = message(0, Role::User, "Write a Python function that sorts pairs"),
                  second = message(first.id, Role::Assistant, "sorted(pairs)\ndoes it");
    store.add(python, first);
    store.add(python, second);
    const Message third = message(0, Role::User, "为什么对路由 logits 做归一化？");
    store.add(chinese, third);

    const auto messagesOf = [&store](const char* query) {
        std::vector<int64_t> ids;
        for (const SearchHit& hit : store.search(query, 50))
            ids.push_back(hit.message);
        return ids;
    };
    QCOMPARE(messagesOf("python"), std::vector<int64_t>{first.id});
    QCOMPARE(messagesOf("pairs"), (std::vector<int64_t>{second.id, first.id}));
    QCOMPARE(messagesOf("pairs write"), std::vector<int64_t>{first.id}); // all of them
    QCOMPARE(messagesOf("\"sorts pairs\""), std::vector<int64_t>{first.id});
    QCOMPARE(messagesOf("orted"), std::vector<int64_t>{second.id}); // inside a word
    QCOMPARE(messagesOf("归一化"), (std::vector<int64_t>{0, third.id})); // the title, too
    QCOMPARE(messagesOf("路由"), std::vector<int64_t>{third.id}); // two characters
    QCOMPARE(messagesOf("merging"), std::vector<int64_t>{0});
    QCOMPARE(messagesOf("pairs tag:code"), (std::vector<int64_t>{second.id, first.id}));
    QVERIFY(messagesOf("pairs tag:other").empty());
    QCOMPARE(messagesOf("folder:Work"), std::vector<int64_t>{0});
    QCOMPARE(store.search("pairs", 1).size(), size_t{1});
    QCOMPARE(store.search("归一化", 9)[1].title, std::string("门控归一化"));
    QCOMPARE(store.search("does", 9)[0].excerpt, std::string("sorted(pairs) does it"));
    store.update([&] {
        Message changed = second;
        changed.text = "list.sort() it is";
        return changed;
    }());
    QVERIFY(messagesOf("orted").empty());
    QCOMPARE(messagesOf("list.sort"), std::vector<int64_t>{second.id});
}

void ChatStoreTest::searchTakesAnyText()
{
    ChatStore store(m_file);
    const Conversation made = titled("50% of _it_");
    store.create(made);
    store.add(made, message(0, Role::User, "a \"quoted\" 50% back\\slash * NEAR(x) AND"));
    for (const char* query : {"\"", "\"\"\"", "*", "AND", "NEAR(x)", "50%", "%", "_", "\\", "-x",
             "a:b", "tag:", "\xff\xfe", "(", "^foo", "{x}"})
        (void)store.search(query, 10); // never an error of the index's own language
    QCOMPARE(store.search("50%", 10).size(), size_t{2});
    QCOMPARE(store.search("%", 10).size(), size_t{2});
    QCOMPARE(store.search("\\", 10).size(), size_t{1});
    QCOMPARE(store.search("near(x)", 10).size(), size_t{1});
}

void ChatStoreTest::olderStoresAreBroughtUpToDate()
{
    int64_t run = 0;
    {
        telemetry::RunStore runs(m_file);
        run = runs.createRun("old", "{}", 10);
    }
    sql(m_file,
        "DROP TABLE conversations; DROP TABLE messages; DROP TABLE routings;"
        "DROP TABLE message_search; DROP TABLE edits; PRAGMA user_version = 1");
    { // as an older version left it: still readable
        const telemetry::RunStore runs(m_file, telemetry::RunStore::Mode::ReadOnly);
        QCOMPARE(runs.run(run).name, std::string("old"));
    }
    ChatStore store(m_file);
    store.create(titled("new"));
    QCOMPARE(store.list().size(), size_t{1});
    const telemetry::RunStore runs(m_file);
    QCOMPARE(runs.run(run).name, std::string("old"));
}

void ChatStoreTest::foreignFilesAreRefused()
{
    const std::filesystem::path foreign
        = m_folder->filePath(QStringLiteral("foreign.sqlite")).toStdString();
    sql(foreign, "CREATE TABLE t(x)");
    const std::string error = errorOf([&] { ChatStore store(foreign); });
    QVERIFY2(error.find("foreign.sqlite") != std::string::npos, error.c_str());
}

void ChatStoreTest::survivesKill()
{
    const Conversation made = titled("t");
    const Message one = message(0, Role::User, "typed before the crash");
    const pid_t child = fork();
    if (child == 0) {
        ChatStore store(m_file);
        store.create(made);
        store.add(made, one);
        store.setDraft(made.info.id, "as typed");
        std::raise(SIGKILL);
    }
    int status = 0;
    QCOMPARE(waitpid(child, &status, 0), child);
    QVERIFY(WIFSIGNALED(status));
    const ChatStore store(m_file);
    const Conversation back = store.open(made.info.id);
    QCOMPARE(back.draft, std::string("as typed"));
    QCOMPARE(back.messages.at(0).text, one.text);
    QCOMPARE(store.search("crash", 1).size(), size_t{1});
}

void ChatStoreTest::fiveThousandMessagesOpenFast()
{
    Conversation made = titled("long");
    int64_t parent = 0;
    for (int i = 0; i < 5000; ++i) {
        made.messages.push_back(message(parent, i % 2 == 0 ? Role::User : Role::Assistant,
            std::string(400, 'x') + std::to_string(i)));
        parent = made.messages.back().id;
    }
    made.leaf = parent;
    ChatStore store(m_file);
    store.create(made);
    QElapsedTimer clock;
    clock.start();
    const Conversation back = store.open(made.info.id);
    const auto path = back.path();
    qInfo("5,000 messages opened in %lld ms", static_cast<long long>(clock.elapsed()));
    QCOMPARE(path.size(), size_t{5000});
    QVERIFY(clock.elapsed() < 3000); // a loaded machine; the figure itself is in the benchmarks
}

QTEST_GUILESS_MAIN(ChatStoreTest)
#include "chat_store_test.moc"
