// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "engine/chats/chat_exchange.h"
#include "ui/chat/code_block.h"
#include "ui/chat/find_bar.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/shown_text.h"

#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTemporaryDir>
#include <QTextBlock>
#include <QToolButton>

using namespace moe;
using namespace moe::chat;

namespace {

constexpr const char* kReply
    = "## Router\n\nThe **router** sends a token to *two* experts, see [the "
      "router](https://a.b/router)"
      "\nand `router_weight`:\n\n- Router of layer 3\n- the other\n\n| router | load |\n|---|---|\n"
      "| router | 1.2 |\n\n```python\nrouter = Router(experts=16)  # the ROUTER\n```\n";
constexpr int kInReply = 10; ///< places of "router" that are read in it

chats::Conversation conversation(const std::vector<std::string>& texts)
{
    chats::Conversation made;
    made.info.id = 1;
    for (const std::string& text : texts) {
        chats::Message message;
        message.id = std::ssize(made.messages) + 1;
        message.parent = message.id - 1;
        message.role = message.id % 2 == 1 ? chats::Role::User : chats::Role::Assistant;
        message.text = text;
        message.created = chats::now();
        message.model = "tiny";
        made.messages.push_back(message);
        made.leaf = message.id;
    }
    return made;
}

std::unique_ptr<ChatView> show(const chats::Conversation& shown, const QSize& size = {800, 500})
{
    auto view = std::make_unique<ChatView>();
    view->setSources(&shown, [](int64_t) { return nullptr; });
    view->resize(size);
    view->openConversation();
    view->show();
    [&] {
        QVERIFY(QTest::qWaitForWindowExposed(view.get()));
    }();
    return view;
}

QStringList markedIn(const QWidget& widget)
{
    QStringList marked;
    const auto add = [&marked](const QList<QTextEdit::ExtraSelection>& marks) {
        for (const QTextEdit::ExtraSelection& mark : marks)
            marked += mark.cursor.selectedText();
    };
    for (const MarkdownText* text : widget.findChildren<MarkdownText*>())
        add(text->extraSelections());
    for (CodeBlock* code : widget.findChildren<CodeBlock*>())
        add(code->lines().extraSelections());
    return marked;
}

/// What is marked as the current place, and where that is in the view.
std::pair<QString, QRect> currentIn(const ChatView& view)
{
    for (const MarkdownText* text : view.findChildren<MarkdownText*>()) {
        if (!text->isVisible()) // of a message that left the view and is about to go
            continue;
        for (const QTextEdit::ExtraSelection& mark : text->extraSelections()) {
            QTextCursor begin = mark.cursor;
            begin.setPosition(mark.cursor.selectionStart());
            if (mark.format.background().color() == shell::theme().accent)
                return {mark.cursor.block().text(),
                    text->cursorRect(begin).translated(
                        text->viewport()->mapTo(view.viewport(), QPoint()))};
        }
    }
    return {};
}

QString placeOf(const ChatView& view)
{
    return QStringLiteral("%1 of %2").arg(view.findPlace().at).arg(view.findPlace().of);
}

} // namespace

/// A text is looked for in the conversation that is shown.
class TestChatFind : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void init() { shell::ThemeSource::instance().choose(shell::ThemeChoice::Light); }
    void whatIsReadOfMarkdown_data();
    void whatIsReadOfMarkdown();
    void allPlacesAreMarked();
    void messagesOutOfViewAreFound();
    void theRestOfALongMessageIsFound();
    void stepsGoRoundTheEnd();
    void whatIsWrittenMeanwhileIsCounted();
    void wideCodeScrollsToThePlace();
    void fiveThousandMessagesAreSearchedAtOnce();
    void byKeys();
    void theBarStaysWithItsText();
    void itIsAnActionOfThisPage();
};

void TestChatFind::whatIsReadOfMarkdown_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("read");
    const auto row = [](const char* name, const char* source, const char* read) {
        QTest::newRow(name) << QString::fromUtf8(source) << QString::fromUtf8(read);
    };
    row("emphasis", "**bold**, *thin*, ~~gone~~ and `co_de`", "bold, thin, gone and co_de");
    row("no emphasis", "2 * 3 * 4, snake_case_name, \\*", "2 * 3 * 4, snake_case_name, *");
    row("within code", "`a * b` and `*c*`", "a * b and *c*");
    row("lines of a paragraph", "one\ntwo\n\nthree", "one two\nthree");
    row("heading and quote", "# One\n> two", "One\ntwo");
    row("items", "1. a\n2. b\n   - c\n* [x] d", "a\nb\nc\nd");
    row("link and picture", "see [this](http://a.b) and ![that](c.png).", "see this and that.");
    row("table", "| a | **b** |\n|---|:--|\n| c | d |", "a\nb\n\nc\nd\n");
    row("code", "x\n```py\na_b = **c\n```\ny", "x\na_b = **c\ny");
    row("Chinese", "**门控**把词元送给专家", "门控把词元送给专家");
}

void TestChatFind::whatIsReadOfMarkdown()
{
    QFETCH(QString, source);
    QFETCH(QString, read);
    QCOMPARE(shownText(source), read);
}

void TestChatFind::allPlacesAreMarked()
{
    const chats::Conversation shown = conversation({"the router, a Router", kReply});
    QCOMPARE(countIn(shownText(QString::fromUtf8(kReply)), QStringLiteral("router")), kInReply);
    const auto view = show(shown, {800, 900});
    view->setFind(QStringLiteral("router"));
    QCOMPARE(view->findPlace().of, 2 + kInReply);
    QCOMPARE(view->findPlace().at, 1);
    const QStringList marked = markedIn(*view);
    QCOMPARE(marked.size(), 2 + kInReply);
    for (const QString& each : marked)
        QCOMPARE(each.toLower(), QStringLiteral("router"));
    QCOMPARE(currentIn(*view).first, QStringLiteral("the router, a Router"));
    shell::ThemeSource::instance().choose(shell::ThemeChoice::Dark); // texts are made anew
    view->restyle();
    QCOMPARE(markedIn(*view), marked);
    QVERIFY(!currentIn(*view).first.isEmpty());
    view->setFind({});
    QVERIFY(markedIn(*view).isEmpty());
    QCOMPARE(view->findPlace().of, 0);
}

void TestChatFind::messagesOutOfViewAreFound()
{
    std::vector<std::string> texts;
    for (int i = 0; i < 300; ++i)
        texts.push_back("Message " + std::to_string(i)
            + std::string(i % 3 == 0 ? "\n\n- of\n- **several**\n- lines" : ""));
    texts[7] += "\n\nhere is a nee**dle**\n\nand text below";
    texts[40] = "a needle " + std::string(400, 'x') + "\n\n" + std::string(5000, 'y');
    const chats::Conversation shown = conversation(texts);
    const auto view = show(shown);
    QVERIFY(view->view(8) == nullptr && view->isAtEnd());
    view->setFind(QStringLiteral("needle"));
    QCOMPARE(placeOf(*view), QStringLiteral("1 of 2"));
    for (const char* line : {"here is a needle", "a needle "}) {
        const auto [text, rect] = currentIn(*view);
        QVERIFY2(text.startsWith(QLatin1String(line)), qPrintable(text));
        QVERIFY(view->viewport()->rect().contains(rect));
        QVERIFY(!view->isAtEnd());
        view->findNext(true);
    }
    QVERIFY(view->views() < 40);
}

void TestChatFind::theRestOfALongMessageIsFound()
{
    std::string text;
    while (text.size() < 150'000)
        text += std::string(1000, 'x') + "\n\n";
    const chats::Conversation shown = conversation({"Hi", text + "the **two**\nexperts"});
    const auto view = show(shown);
    const auto* all = view->findChild<QPushButton*>(QStringLiteral("showAll"));
    QVERIFY(all != nullptr && !all->isHidden());
    view->setFind(QStringLiteral("x")); // as one types it: all of it need not be there yet
    QVERIFY(!all->isHidden());
    QCOMPARE(view->findPlace().of, 150'000 + 1);
    QVERIFY(markedIn(*view).size() <= 2000);
    view->setFind(QStringLiteral("xe"));
    QCOMPARE(view->findPlace().of, 0);
    QVERIFY(!all->isHidden());
    view->setFind(QStringLiteral("the two experts"));
    QVERIFY(all->isHidden());
    QCOMPARE(placeOf(*view), QStringLiteral("1 of 1"));
    const auto [line, rect] = currentIn(*view);
    QCOMPARE(line, QStringLiteral("the two experts"));
    QVERIFY(view->viewport()->rect().contains(rect));
}

void TestChatFind::stepsGoRoundTheEnd()
{
    std::vector<std::string> texts(60, std::string("nothing"));
    texts[3] = texts[50] = "one two one";
    const chats::Conversation shown = conversation(texts);
    const auto view = show(shown);
    view->verticalScrollBar()->setValue(0);
    view->setFind(QStringLiteral("ONE"));
    QStringList places;
    for (int i = 0; i < 5; ++i) {
        places += placeOf(*view);
        view->findNext(true);
    }
    QCOMPARE(places.join(u' '), QStringLiteral("1 of 4 2 of 4 3 of 4 4 of 4 1 of 4"));
    QCOMPARE(placeOf(*view), QStringLiteral("2 of 4"));
    view->findNext(false);
    view->findNext(false);
    QCOMPARE(placeOf(*view), QStringLiteral("4 of 4"));
    QVERIFY(view->view(51) != nullptr);
    view->setFind(QStringLiteral("one two one and more"));
    QCOMPARE(placeOf(*view), QStringLiteral("0 of 0"));
    view->findNext(true);
    QCOMPARE(placeOf(*view), QStringLiteral("0 of 0"));
}

void TestChatFind::whatIsWrittenMeanwhileIsCounted()
{
    chats::Conversation shown = conversation({"router", "The"});
    const auto view = show(shown);
    view->setLive({2});
    view->setFind(QStringLiteral("router"));
    QSignalSpy changed(view.get(), &ChatView::findChanged);
    for (const char* part : {" router", " **rou", "ter**\n", "```\nrouter", "\n```\n"}) {
        shown.find(2)->text += part;
        view->messageChanged(2);
    }
    QCOMPARE(placeOf(*view), QStringLiteral("1 of 4"));
    QVERIFY(changed.size() >= 3);
    QCOMPARE(markedIn(*view).size(), 4);
    view->findNext(false);
    QCOMPARE(placeOf(*view), QStringLiteral("4 of 4"));
    shown.find(2)->text = "The"; // as when it is written anew
    view->messageChanged(2);
    QCOMPARE(placeOf(*view), QStringLiteral("0 of 1"));
    shown.leaf = 1;
    view->pathChanged();
    view->findNext(true);
    QCOMPARE(placeOf(*view), QStringLiteral("1 of 1"));
}

void TestChatFind::wideCodeScrollsToThePlace()
{
    const chats::Conversation shown
        = conversation({"x", "```\n" + std::string(300, 'a') + " needle\n```\n"});
    const auto view = show(shown);
    QScrollBar* bar = view->findChild<CodeBlock*>()->lines().horizontalScrollBar();
    QCOMPARE(bar->value(), 0);
    view->setFind(QStringLiteral("needle"));
    QVERIFY(bar->value() > 0);
    QPlainTextEdit& lines = view->findChild<CodeBlock*>()->lines();
    QCOMPARE(lines.extraSelections().size(), 1);
    QTextCursor begin = lines.extraSelections()[0].cursor, end = begin;
    begin.setPosition(begin.selectionStart());
    end.setPosition(end.selectionEnd()); // the cursor there is a pixel behind the word
    const QRect word(
        lines.cursorRect(begin).topLeft(), lines.cursorRect(end).bottomLeft() - QPoint(1, 0));
    QVERIFY(word.width() > 6);
    QVERIFY(lines.viewport()->rect().contains(word));
}

void TestChatFind::fiveThousandMessagesAreSearchedAtOnce()
{
    std::vector<std::string> texts;
    for (int i = 0; i < 5000; ++i)
        texts.emplace_back(i % 2 == 0 ? "Question about the router" : kReply);
    const chats::Conversation shown = conversation(texts);
    const auto view = show(shown);
    QElapsedTimer clock;
    clock.start();
    view->setFind(QStringLiteral("router"));
    qInfo("5,000 messages searched in %lld ms", clock.elapsed());
    QVERIFY(clock.elapsed() < 1000); // a tenth of that on an idle machine
    QCOMPARE(view->findPlace().of, 2500 * (1 + kInReply));
}

void TestChatFind::byKeys()
{
    const QTemporaryDir folder;
    const std::filesystem::path store = folder.filePath(QStringLiteral("s.sqlite")).toStdString();
    {
        chats::Conversation said = conversation({"What does the router do?", kReply, "Thanks, 路由",
            "The router chooses, 门控 decides."});
        said.info.id = chats::newId();
        chats::ChatStore(store).create(said);
    }
    Window window(store, {1280, 800});
    ChatView& view = window.view();
    QTRY_VERIFY(view.view(4) != nullptr);
    auto* bar = window.find<FindBar>("findBar");
    auto* field = window.find<QLineEdit>("findField");
    auto* place = window.find<QLabel>("findPlace");
    QTRY_VERIFY(window.input().hasFocus());
    QVERIFY(!bar->isVisible());
    QTest::keyClick(&window.window, Qt::Key_F, Qt::ControlModifier);
    QVERIFY(bar->isVisible());
    QVERIFY(field->hasFocus());
    QCOMPARE(bar->parentWidget(), view.parentWidget());
    QVERIFY(bar->geometry().bottom() < view.geometry().top());
    QVERIFY(!window.find<QToolButton>("findNext")->isEnabled());
    view.verticalScrollBar()->setValue(0);
    QTest::keyClicks(field, QStringLiteral("router"));
    QCOMPARE(place->text(), QStringLiteral("1 of 12"));
    QCOMPARE(field->accessibleDescription(), place->text());
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(place->text(), QStringLiteral("2 of 12"));
    QTest::keyClick(field, Qt::Key_Return, Qt::ShiftModifier);
    QTest::keyClick(field, Qt::Key_Return, Qt::ShiftModifier);
    QCOMPARE(place->text(), QStringLiteral("12 of 12"));
    QTest::mouseClick(window.find<QToolButton>("findPrevious"), Qt::LeftButton);
    QCOMPARE(place->text(), QStringLiteral("11 of 12"));
    QTest::mouseClick(window.find<QToolButton>("findNext"), Qt::LeftButton);
    QTest::keyClick(&window.window, Qt::Key_F3);
    QCOMPARE(place->text(), QStringLiteral("1 of 12"));
    QTest::keyClick(&window.window, Qt::Key_F3, Qt::ShiftModifier);
    QCOMPARE(place->text(), QStringLiteral("12 of 12"));
    for (int i = 0; i < 4; ++i)
        QTest::keyClick(field, Qt::Key_Return);
    window.save(QStringLiteral("chat-find.png"));
    shell::ThemeSource::instance().choose(shell::ThemeChoice::Dark);
    window.save(QStringLiteral("chat-find-dark.png"));
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(!bar->isVisible());
    QVERIFY(window.input().hasFocus());
    QVERIFY(markedIn(view).isEmpty());
}

void TestChatFind::theBarStaysWithItsText()
{
    const QTemporaryDir folder;
    const std::filesystem::path store = folder.filePath(QStringLiteral("s.sqlite")).toStdString();
    std::vector<int64_t> ids, messages;
    for (const char* text : {"one router", "a router and a router", "nothing"}) {
        chats::Conversation made = chats::fromJsonText(
            std::string(R"([{"role": "user", "content": ")") + text + "\"}]", text);
        chats::ChatStore(store).create(made);
        ids.push_back(made.info.id);
        messages.push_back(made.leaf);
    }
    Window window(store, {1280, 800});
    auto* field = window.find<QLineEdit>("findField");
    auto* place = window.find<QLabel>("findPlace");
    window.trigger("chat.find");
    QTest::keyClicks(field, QStringLiteral("router"));
    const auto opened = [&](size_t which, const char* expected) {
        window.page->openConversation(ids[which]);
        QTRY_VERIFY(window.view().view(messages[which]) != nullptr);
        QTRY_COMPARE(place->text(), QString::fromLatin1(expected));
    };
    opened(0, "0 of 1"); // where it stands is not where it was looked for
    opened(1, "0 of 2");
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(place->text(), QStringLiteral("1 of 2"));
    opened(2, "Nothing found");
    QTest::keyClick(field, Qt::Key_Escape);
    opened(1, "Nothing found"); // closed: nothing is counted
    QTest::keyClick(&window.window, Qt::Key_F3); // what was looked for last
    QCOMPARE(place->text(), QStringLiteral("1 of 2"));
    QVERIFY(field->hasFocus());
    QCOMPARE(field->selectedText(), QStringLiteral("router"));
    QTest::keyClick(field, Qt::Key_Backspace);
    QCOMPARE(place->text(), QString());
    QVERIFY(markedIn(window.view()).isEmpty());
    QTest::mouseClick(window.find<QToolButton>("findClose"), Qt::LeftButton);
    QVERIFY(!window.find<FindBar>("findBar")->isVisible());
}

void TestChatFind::itIsAnActionOfThisPage()
{
    const QTemporaryDir folder;
    Window window(folder.filePath(QStringLiteral("s.sqlite")).toStdString());
    const QAction* find = window.registry.find(QStringLiteral("chat.find"));
    QVERIFY(find != nullptr && find->isEnabled());
    QCOMPARE(find->shortcut(), QKeySequence(QKeySequence::Find));
    for (const QAction* other : window.registry.all())
        QVERIFY(other == find || other->shortcut() != find->shortcut());
    window.page->hide(); // the key belongs to the page that is shown
    QVERIFY(!find->isEnabled());
}

QTEST_MAIN(TestChatFind)
#include "test_chat_find.moc"
