// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "engine/base/files.h"
#include "engine/chats/chat_exchange.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QProcess>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>

#include <cstdio>

using namespace moe;
using namespace moe::chat;

namespace {

constexpr const char* kChild = "MOE_TEST_CHAT_CHILD"; ///< "STORE\nMODEL": be the program killed
constexpr int64_t kLongContext = 32'768; ///< a reply that lasts for many seconds

/// Asks, types while the reply streams, says so, and goes on until it is killed.
int beTheProgramThatIsKilled(const QStringList& storeAndModel)
{
    const std::filesystem::path store = storeAndModel[0].toStdString();
    Window window(store);
    window.openModel(storeAndModel[1].toStdString());
    window.page->setSampling(5, kLongContext - 1000);
    QTest::keyClicks(&window.input(), QStringLiteral("The router of layer"));
    QTest::keyClick(&window.input(), Qt::Key_Return);
    const auto streams = [&] { // and part of it is in the store
        const chats::Conversation said = newestOf(store);
        const chats::Message* last = said.find(said.leaf);
        return last != nullptr && last->state == chats::MessageState::Streaming
            && !last->text.empty();
    };
    if (!QTest::qWaitFor(streams, kLong))
        return 1;
    QTest::keyClicks(&window.input(), QStringLiteral("typed while it streams"));
    const auto kept = [&] {
        return newestOf(store).draft == "typed while it streams";
    };
    if (!QTest::qWaitFor(kept, kLong) || !window.page->isReplying())
        return 1;
    std::puts("typed");
    std::fflush(stdout);
    QTest::qWait(kLong);
    return 1;
}

} // namespace

/// What goes in and out of the workspace, and what is left when it is broken off.
class TestChatFiles : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { trainModel(kLongContext); }
    void init() { newStore(); }
    void exportsAndImportsByClicks();
    void aBadFileIsNamed();
    void openingIsCancelled();
    void nothingTypedIsLostWhenKilled();

private:
    /// Names a file in the dialog that is open and confirms it.
    static void answerDialog(Window& window, const QString& path);
};

void TestChatFiles::answerDialog(Window& window, const QString& path)
{
    const auto shown = [&window]() -> QFileDialog* {
        auto* dialog = window.window.findChild<QFileDialog*>();
        return dialog != nullptr && dialog->isVisible() ? dialog : nullptr;
    };
    QTRY_VERIFY(shown() != nullptr);
    QFileDialog* dialog = shown();
    auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
    QVERIFY(name != nullptr);
    name->setText(path); // typed, the completer's popup would take the click
    for (QAbstractButton* button : dialog->findChild<QDialogButtonBox*>()->buttons()) {
        if (qobject_cast<QPushButton*>(button)->isDefault())
            QTest::mouseClick(button, Qt::LeftButton);
    }
    QTRY_VERIFY(window.window.findChild<QFileDialog*>() == nullptr);
}

void TestChatFiles::exportsAndImportsByClicks()
{
    {
        chats::ChatStore store(m_store);
        store.create(chats::fromJsonText(
            R"({"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "问 alpha"}, {"role": "assistant", "content": "**beta**\n\n    code"}]})",
            "here"));
    }
    const chats::Conversation said = newestOf(m_store);
    Window window(m_store);
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_COMPARE(list->count(), 2); // a heading and the row
    const auto exportAs = [&](const QString& entry, const QString& path) {
        Q_EMIT list->customContextMenuRequested(list->visualItemRect(list->item(1)).center());
        auto* menu = window.find<QMenu>("conversationMenu");
        QTRY_VERIFY(menu != nullptr && menu->isVisible());
        for (QAction* action : menu->actions()) {
            if (action->text() == entry)
                QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
        }
        answerDialog(window, path);
        QTRY_VERIFY(QFile::exists(path));
        QTRY_VERIFY(window.find<QMenu>("conversationMenu") == nullptr);
    };
    const QString markdown = m_folder->filePath(QStringLiteral("out.md"));
    const QString json = m_folder->filePath(QStringLiteral("out.json"));
    exportAs(QStringLiteral("Export as Markdown…"), markdown);
    QCOMPARE(base::readFile(markdown.toStdString()), chats::toMarkdown(said));
    exportAs(QStringLiteral("Export as JSON…"), json);
    QCOMPARE(base::readFile(json.toStdString()), chats::toJsonText(said));

    window.trigger("chat.import");
    answerDialog(window, json);
    QTRY_COMPARE(list->count(), 3);
    const auto ids = [this] {
        std::vector<int64_t> all;
        for (const chats::ConversationInfo& info : chats::ChatStore(m_store).list())
            all.push_back(info.id);
        return all;
    };
    QCOMPARE(ids().size(), size_t{2});
    for (const int64_t id : ids()) {
        const chats::Conversation one = chats::ChatStore(m_store).open(id);
        QCOMPARE(one.setup.systemPrompt, std::string("Be short."));
        QCOMPARE(one.messages.size(), size_t{2});
        QCOMPARE(one.messages[1].text, said.messages[1].text);
        if (id != said.info.id) // what was imported is shown
            QTRY_VERIFY(window.view().view(one.leaf) != nullptr);
    }
}

void TestChatFiles::aBadFileIsNamed()
{
    const QString path = m_folder->filePath(QStringLiteral("bad.json"));
    base::writeFileAtomically(path.toStdString(), std::string(R"([{"role": "nobody"}])"));
    Window window(m_store);
    window.trigger("chat.import");
    answerDialog(window, path);
    QTRY_VERIFY(window.messages->text().contains(QLatin1String("bad.json")));
    QVERIFY(chats::ChatStore(m_store).list().empty());
}

void TestChatFiles::openingIsCancelled()
{
    Window window(m_store);
    auto* cancel = window.find<QToolButton>("cancelOpening");
    auto* progress = window.find<QProgressBar>("openProgress");
    QVERIFY(!cancel->isVisible());
    QSignalSpy opened(window.page, &ChatWorkspace::modelOpened);
    window.page->openModel(QString::fromStdString(m_model.string()));
    QVERIFY(cancel->isVisible() && progress->isVisible());
    QTest::mouseClick(cancel, Qt::LeftButton);
    QTRY_VERIFY(!cancel->isVisible());
    QVERIFY(!progress->isVisible());
    QVERIFY(opened.isEmpty());
    QVERIFY(!window.page->hasModel());
    QCOMPARE(window.find<QToolButton>("modelButton")->text(), QStringLiteral("Open a model…"));
    QVERIFY(!window.find<QPushButton>("sendButton")->isEnabled());
    QVERIFY(window.messages->text().isEmpty()); // what was asked for is no error
    window.openModel(m_model);
    QVERIFY(window.page->hasModel());
}

void TestChatFiles::nothingTypedIsLostWhenKilled()
{
    QProcess program;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QString::fromLatin1(kChild),
        QString::fromStdString(m_store.string() + "\n" + m_model.string()));
    program.setProcessEnvironment(environment);
    program.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    program.start(QCoreApplication::applicationFilePath(), {});
    QByteArray said;
    while (!said.contains("typed") && program.waitForReadyRead(kLong))
        said += program.readAllStandardOutput();
    QVERIFY2(said.contains("typed"), said.constData());
    program.kill(); // SIGKILL
    QVERIFY(program.waitForFinished(kLong));
    QCOMPARE(program.exitStatus(), QProcess::CrashExit);

    const chats::Conversation left = newestOf(m_store);
    QCOMPARE(left.messages.size(), size_t{2});
    QCOMPARE(left.messages[0].text, std::string("The router of layer"));
    QVERIFY(left.messages[1].state == chats::MessageState::Streaming);
    QVERIFY(!left.messages[1].text.empty());
    QCOMPARE(left.messages[1].facts.seed, uint64_t{5}); // and how it was drawn
    QCOMPARE(left.messages[1].facts.sampling.maxTokens, kLongContext - 1000);
    Window window(m_store);
    QTRY_COMPARE(window.input().toPlainText(), QStringLiteral("typed while it streams"));
    QTRY_VERIFY(window.view().view(left.leaf) != nullptr);
    auto* facts = window.view().view(left.leaf)->findChild<QLabel*>(QStringLiteral("replyFacts"));
    QVERIFY2(facts->text().contains(QLatin1String("cut off")), qPrintable(facts->text()));
    window.view().scrollToMessage(left.messages[0].id);
    QTRY_VERIFY(window.view().view(left.messages[0].id) != nullptr);
    window.openModel(m_model); // and the conversation goes on
    window.page->setSampling(5, 20);
    QTest::keyClick(&window.input(), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(!window.page->isReplying(), kLong);
    QTRY_COMPARE(newestOf(m_store).path().size(), size_t{4});
}

int main(int count, char** words)
{
    QApplication application(count, words);
    if (qEnvironmentVariableIsSet(kChild)) {
        useFontOfTests();
        return beTheProgramThatIsKilled(qEnvironmentVariable(kChild).split(QLatin1Char('\n')));
    }
    TestChatFiles test;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&test, count, words);
}
#include "test_chat_files.moc"
