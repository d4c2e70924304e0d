// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"
#include "talking_model.h"

#include "engine/chats/chat_exchange.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/open_model_dialog.h"
#include "ui/chat/quiet_list.h"

#include <QAbstractSpinBox>
#include <QAccessible>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QDockWidget>
#include <QHeaderView>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QTemporaryDir>

#include <algorithm>
#include <array>
#include <memory>

using namespace moe;
using namespace moe::chat;

/// The list of conversations by clicks and keys.
class TestConversationList : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void init();
    void renamingOutlastsARefill();
    void renamesRightAfterTheClick();
    void hitsAreWalkedByKeys();
    void tabOpensNothing();
    void theDialogListsAllCheckpoints();
    void duplicatesByTheMenu();
    void foldersAndTagsByTheMenu();
    void deletesByTheMenuAndBringsBack();
    void copiesByKey();
    void keysGoToTheComposerAndTheDocks();
    void everyControlHasAName();

private:
    static void choose(Window& window, const QString& title, const QString& entry);
    static void answer(Window& window, const QString& text);
    /// Three conversations; the last is the newest and comes first.
    void seed();
    static int rowOf(const QListWidget& list, const QString& title);
    static void click(const QListWidget& list, int row);
    std::string titleOf(size_t conversation) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_store;
    std::array<int64_t, 3> m_ids{}, m_messages{};
};

void TestConversationList::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = m_folder->filePath(QStringLiteral("store.sqlite")).toStdString();
    seed();
}

void TestConversationList::seed()
{
    chats::ChatStore store(m_store);
    for (size_t i = 0; i < m_ids.size(); ++i) {
        chats::Conversation one
            = chats::fromJsonText(R"([{"role": "user", "content": "the word expert, number )"
                    + std::to_string(i) + "\"}]",
                "here");
        one.info.title = "title " + std::to_string(i);
        one.info.updated += static_cast<double>(i) - 10; // what is made now is newer
        store.create(one);
        m_ids.at(i) = one.info.id;
        m_messages.at(i) = one.leaf;
    }
}

int TestConversationList::rowOf(const QListWidget& list, const QString& title)
{
    for (int row = 0; row < list.count(); ++row) {
        if (list.item(row)->text() == title)
            return row;
    }
    return -1;
}

void TestConversationList::click(const QListWidget& list, int row)
{
    QTest::mouseClick(
        list.viewport(), Qt::LeftButton, {}, list.visualItemRect(list.item(row)).center());
}

std::string TestConversationList::titleOf(size_t conversation) const
{
    return chats::ChatStore(m_store).open(m_ids.at(conversation)).info.title;
}

void TestConversationList::renamingOutlastsARefill()
{
    Window window(m_store);
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_COMPARE(list->count(), 4); // a heading and three rows
    click(*list, rowOf(*list, QStringLiteral("title 1")));
    QTRY_VERIFY(window.view().view(m_messages[1]) != nullptr);
    QTest::keyClick(list, Qt::Key_F2);
    auto* editor = list->viewport()->findChild<QLineEdit*>();
    QVERIFY(editor != nullptr && editor->isVisible());
    QTest::keyClicks(editor, QStringLiteral("another"));
    // as when a reply ends: the list is read again
    auto* panel = window.window.findChild<ConversationPanel*>();
    panel->setConversations(chats::ChatStore(m_store).list());
    QCOMPARE(list->viewport()->findChild<QLineEdit*>(), editor);
    QCOMPARE(editor->text(), QStringLiteral("another"));
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(titleOf(1), std::string("another"));
    QTRY_VERIFY(rowOf(*list, QStringLiteral("another")) > 0);
    QTRY_COMPARE(list->currentRow(), rowOf(*list, QStringLiteral("another")));
}

void TestConversationList::renamesRightAfterTheClick()
{
    Window window(m_store);
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_COMPARE(list->count(), 4);
    QTRY_VERIFY(window.view().view(m_messages[2]) != nullptr);
    click(*list, rowOf(*list, QStringLiteral("title 0")));
    QTest::keyClick(list, Qt::Key_F2); // before the store has answered
    QTRY_VERIFY(window.view().view(m_messages[0]) != nullptr);
    auto* editor = list->viewport()->findChild<QLineEdit*>();
    QVERIFY(editor != nullptr && editor->isVisible());
    QTest::keyClicks(editor, QStringLiteral("at once"));
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(titleOf(0), std::string("at once"));
}

void TestConversationList::hitsAreWalkedByKeys()
{
    Window window(m_store);
    auto* list = window.find<QListWidget>("conversationList");
    auto* search = window.find<QLineEdit>("conversationSearch");
    QTRY_VERIFY(window.view().view(m_messages[2]) != nullptr);
    window.trigger("chat.search");
    QTest::keyClicks(search, QStringLiteral("expert"));
    QTRY_COMPARE(list->item(0)->text(), QStringLiteral("3 place(s) found"));
    QTest::keyClick(search, Qt::Key_Tab);
    QTRY_VERIFY(list->hasFocus());
    QTest::qWait(50); // the store would have answered
    QCOMPARE(list->currentRow(), -1);
    QVERIFY(window.view().view(m_messages[2]) != nullptr);
    for (const size_t conversation : {size_t{2}, size_t{1}, size_t{0}}) { // newest first
        QTest::keyClick(list, Qt::Key_Down);
        QTRY_VERIFY(window.view().view(m_messages.at(conversation)) != nullptr);
        QCOMPARE(list->currentRow(), 3 - static_cast<int>(conversation));
        QVERIFY(list->hasFocus());
    }
}

void TestConversationList::tabOpensNothing()
{
    Window window(m_store);
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_VERIFY(window.view().view(m_messages[2]) != nullptr);
    window.trigger("chat.new");
    QVERIFY(window.view().view(m_messages[2]) == nullptr);
    list->setFocus(Qt::TabFocusReason);
    QTest::qWait(50);
    QCOMPARE(list->currentRow(), -1);
    QCOMPARE(window.view().views(), 0);
    QTest::keyClick(list, Qt::Key_Down);
    QTRY_VERIFY(window.view().view(m_messages[2]) != nullptr);
}

/// Right-clicks the conversation and clicks the menu's entry.
void TestConversationList::choose(Window& window, const QString& title, const QString& entry)
{
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_VERIFY(rowOf(*list, title) > 0);
    const QPoint at = list->visualItemRect(list->item(rowOf(*list, title))).center();
    QContextMenuEvent event(QContextMenuEvent::Mouse, at, list->viewport()->mapToGlobal(at));
    QApplication::sendEvent(list->viewport(), &event);
    auto* menu = window.find<QMenu>("conversationMenu");
    QVERIFY(menu != nullptr && menu->isVisible());
    const auto actions = menu->actions();
    const auto found = std::ranges::find(actions, entry, &QAction::text);
    QVERIFY(found != actions.end());
    QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(*found).center());
    QTRY_VERIFY(window.find<QMenu>("conversationMenu") == nullptr);
}

/// Types into the dialog that asks for a text.
void TestConversationList::answer(Window& window, const QString& text)
{
    QTRY_VERIFY(window.window.findChild<QInputDialog*>() != nullptr);
    auto* line = window.window.findChild<QInputDialog*>()->findChild<QLineEdit*>();
    QTRY_VERIFY(line->isVisible());
    line->selectAll();
    QTest::keyClicks(line, text);
    QTest::keyClick(line, Qt::Key_Return);
    QTRY_VERIFY(window.window.findChild<QInputDialog*>() == nullptr);
}

void TestConversationList::duplicatesByTheMenu()
{
    Window window(m_store);
    choose(window, QStringLiteral("title 1"), QStringLiteral("Duplicate"));
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_VERIFY(rowOf(*list, QStringLiteral("title 1, copy")) > 0);
    const chats::Conversation copy = newestOf(m_store);
    QCOMPARE(copy.info.title, std::string("title 1, copy"));
    QCOMPARE(copy.messages.size(), size_t{1});
    QVERIFY(copy.messages[0].id != m_messages[1]);
    QTRY_VERIFY(window.view().view(copy.leaf) != nullptr); // and it is shown
}

void TestConversationList::foldersAndTagsByTheMenu()
{
    Window window(m_store);
    choose(window, QStringLiteral("title 0"), QStringLiteral("Folder…"));
    answer(window, QStringLiteral("papers"));
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_COMPARE(list->item(0)->text(), QStringLiteral("papers")); // folders come first
    QCOMPARE(rowOf(*list, QStringLiteral("title 0")), 1);
    choose(window, QStringLiteral("title 0"), QStringLiteral("Tags…"));
    answer(window, QStringLiteral("moe  routing"));
    const auto tags = [this] {
        return chats::ChatStore(m_store).open(m_ids[0]).info.tags;
    };
    QTRY_COMPARE(tags(), (std::vector<std::string>{"moe", "routing"}));
    QTest::keyClicks(
        window.find<QLineEdit>("conversationSearch"), QStringLiteral("tag:routing expert"));
    QTRY_COMPARE(list->item(0)->text(), QStringLiteral("1 place(s) found"));
    QCOMPARE(list->item(1)->text(), QStringLiteral("title 0"));
}

void TestConversationList::deletesByTheMenuAndBringsBack()
{
    Window window(m_store);
    QTRY_VERIFY(window.view().view(m_messages[2]) != nullptr);
    QTest::keyClicks(&window.input(), QStringLiteral("typed"));
    choose(window, QStringLiteral("title 2"), QStringLiteral("Delete"));
    auto* list = window.find<QListWidget>("conversationList");
    QTRY_COMPARE(rowOf(*list, QStringLiteral("title 2")), -1);
    QCOMPARE(window.view().views(), 0);
    QCOMPARE(chats::ChatStore(m_store).list().size(), size_t{2});
    const auto buttons = window.messages->findChildren<QPushButton*>();
    const auto bringBack = std::ranges::find(buttons, QStringLiteral("Undo"), &QPushButton::text);
    QVERIFY(bringBack != buttons.end());
    QTest::mouseClick(*bringBack, Qt::LeftButton);
    QTRY_VERIFY(rowOf(*list, QStringLiteral("title 2")) > 0);
    QTRY_VERIFY(window.view().view(m_messages[2]) != nullptr);
    QTRY_COMPARE(window.input().toPlainText(), QStringLiteral("typed"));
}

void TestConversationList::copiesByKey()
{
    chats::Conversation said = chats::fromJsonText(
        R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "so:\n\n```py\none = 1\n```\n\nand\n\n```\ntwo\n```\n"}])",
        "here");
    chats::ChatStore(m_store).create(said);
    Window window(m_store);
    QTRY_VERIFY(window.view().view(said.leaf) != nullptr);
    QTest::keyClick(&window.input(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QGuiApplication::clipboard()->text().toStdString(), said.messages[1].text);
    QTest::keyClick(&window.input(), Qt::Key_Semicolon, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QGuiApplication::clipboard()->text().trimmed(), QStringLiteral("two"));
}

void TestConversationList::keysGoToTheComposerAndTheDocks()
{
    Window window(m_store);
    auto* list = window.find<QListWidget>("conversationList");
    auto* dock = window.find<QDockWidget>("conversationsDock");
    auto* map = window.find<QDockWidget>("routingDock");
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Escape, Qt::ShiftModifier);
    QVERIFY(window.input().hasFocus());
    const auto side = Qt::ControlModifier | Qt::ShiftModifier;
    QTest::keyClick(&window.input(), Qt::Key_S, side);
    QVERIFY(!dock->isVisible() && map->isVisible());
    QTest::keyClick(&window.input(), Qt::Key_S, side);
    QVERIFY(dock->isVisible());
    list->setFocus();
    QTest::keyClick(list, Qt::Key_F9);
    QVERIFY(!dock->isVisible() && !map->isVisible());
    QVERIFY(window.input().hasFocus()); // not lost in what is hidden
    QTest::keyClick(&window.input(), Qt::Key_F9);
    QVERIFY(dock->isVisible() && map->isVisible());
}

void TestConversationList::everyControlHasAName()
{
    Window window(m_store);
    QTRY_VERIFY(window.view().view(m_messages[2]) != nullptr);
    QTest::keyClick(&window.input(), Qt::Key_F6); // the message shows its buttons
    for (const char* id : {"chat.facts", "chat.endpoint"})
        window.trigger(id);
    int controls = 0;
    QStringList nameless;
    for (QWidget* widget : window.page->findChildren<QWidget*>()) {
        const QString name = widget->objectName();
        const bool part = name.startsWith(QLatin1String("qt_")) // of a control that has the name
            || qobject_cast<const QAbstractSpinBox*>(widget->parent()) != nullptr
            || qobject_cast<const QHeaderView*>(widget) != nullptr
            || qobject_cast<const QScrollBar*>(widget) != nullptr;
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || part)
            continue;
        ++controls;
        const auto* seen = QAccessible::queryAccessibleInterface(widget);
        if (seen == nullptr || seen->text(QAccessible::Name).isEmpty())
            nameless += QString::fromLatin1(widget->metaObject()->className()) + name;
    }
    QCOMPARE(nameless.join(QLatin1Char(' ')), QString());
    QVERIFY(controls > 20);
}

void TestConversationList::theDialogListsAllCheckpoints()
{
    const std::filesystem::path folder = m_folder->path().toStdString();
    const std::filesystem::path newest = talking::train(folder, folder / "runs.sqlite", 12);
    std::filesystem::copy(
        newest, newest.parent_path() / "step-000005", std::filesystem::copy_options::recursive);
    QWidget parent;
    OpenModelDialog dialog({}, folder / "runs.sqlite", &parent);
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.show();
    QVERIFY(QTest::qWaitForWindowActive(&dialog));
    auto* list = dialog.findChild<QListWidget*>(QStringLiteral("modelList"));
    auto* path = dialog.findChild<QLineEdit*>(QStringLiteral("modelFolder"));
    QTRY_COMPARE(list->count(), 2);
    QVERIFY(path->hasFocus());
    list->setFocus(Qt::TabFocusReason);
    QCOMPARE(path->text(), QString()); // nothing was chosen yet
    click(*list, 1);
    QCOMPARE(path->text().toStdString(), (newest.parent_path() / "step-000005").string());
    path->setText(QStringLiteral("/elsewhere"));
    click(*list, 1); // again
    QCOMPARE(path->text().toStdString(), (newest.parent_path() / "step-000005").string());
    QTest::keyClick(list, Qt::Key_Up);
    QCOMPARE(path->text().toStdString(), newest.string());
}

QTEST_MAIN(TestConversationList)
#include "test_conversation_list.moc"
