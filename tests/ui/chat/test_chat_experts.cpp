// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"
#include "talking_model.h"

#include "ui/chat/expert_strip.h"
#include "ui/plots/heatmap_plot.h"

#include <QComboBox>
#include <QContextMenuEvent>
#include <QMenu>
#include <QPointer>
#include <QTemporaryDir>
#include <QToolButton>
#include <QWindow>

#include <memory>

using namespace moe;
using namespace moe::chat;

/// The map of a reply, its strip and its text, and what they say to each other, by clicks and keys
/// against a model trained on the spot.
class TestChatExperts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void aClosedComparisonIsNotAskedAnyMore();
    void aPointedTokenGoesWithItsConversation();
    void aRightClickOpensTheCellsMenu();
    void theMenuKeyMeansTheCurrentCell();

private:
    std::unique_ptr<Window> open();
    void say(Window& window, const QString& text);
    void closeMenu(Window& window);
    chats::Conversation newest() const { return newestOf(m_store); }

    std::unique_ptr<QTemporaryDir> m_modelFolder, m_folder;
    std::filesystem::path m_model, m_store;
};

void TestChatExperts::initTestCase()
{
    useFontOfTests();
    m_modelFolder = std::make_unique<QTemporaryDir>();
    const std::filesystem::path folder = m_modelFolder->path().toStdString();
    m_model = talking::train(folder, folder / "runs.sqlite");
}

void TestChatExperts::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = m_folder->filePath(QStringLiteral("store.sqlite")).toStdString();
}

std::unique_ptr<Window> TestChatExperts::open()
{
    auto window = std::make_unique<Window>(m_store);
    window->openModel(m_model);
    window->page->setSampling(7, 40);
    return window;
}

/// Until the store has the end of the reply.
void TestChatExperts::say(Window& window, const QString& text)
{
    QTest::keyClicks(&window.input(), text);
    QTest::keyClick(&window.input(), Qt::Key_Return);
    QVERIFY(window.page->isReplying());
    QTRY_VERIFY_WITH_TIMEOUT(!window.page->isReplying(), kLong);
    const auto ended = [this] {
        const chats::Conversation said = newest();
        const chats::Message* last = said.find(said.leaf);
        return last != nullptr && last->state == chats::MessageState::Done
            && !chats::ChatStore(m_store).routing(last->id).empty();
    };
    QTRY_VERIFY(ended());
}

void TestChatExperts::closeMenu(Window& window)
{
    QPointer<QMenu> menu = window.find<QMenu>("cellMenu");
    QVERIFY(menu != nullptr);
    menu->close();
    QTRY_VERIFY(menu == nullptr);
}

/// The second side keeps no branch of a conversation that is not shown any more.
void TestChatExperts::aClosedComparisonIsNotAskedAnyMore()
{
    const auto window = open();
    const Qt::KeyboardModifiers both = Qt::ControlModifier | Qt::ShiftModifier;
    QSignalSpy opened(window->page, &ChatWorkspace::comparisonOpened);
    window->page->compareWith(QString::fromStdString(m_model.string()));
    QVERIFY(opened.wait(kLong));
    say(*window, QStringLiteral("The router"));
    auto* second = window->find<ChatView>("secondChatView");
    QVERIFY(second->views() > 0);
    QTest::keyClick(&window->window, Qt::Key_W, both);
    QVERIFY(!window->page->isComparing());
    QCOMPARE(second->views(), 0);
    // its reply is deleted, then another conversation is spoken in
    const int64_t shown = newest().leaf;
    QTest::mouseClick(
        window->view().view(shown)->findChild<QToolButton*>(QStringLiteral("removeMessage")),
        Qt::LeftButton);
    QTRY_VERIFY(newest().find(shown) == nullptr);
    QTest::keyClick(&window->window, Qt::Key_O, both);
    say(*window, QStringLiteral("A token"));
    QCOMPARE(newest().messages.size(), size_t{2});
    QCOMPARE(window->view().views(), 2);
}

/// A strip that is taken away says nothing about routings that are gone.
void TestChatExperts::aPointedTokenGoesWithItsConversation()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    QPointer<StripCanvas> canvas = window->find<StripCanvas>("expertStrip");
    QVERIFY(canvas != nullptr);
    canvas->setFocus();
    QTest::keyClick(canvas, Qt::Key_Right);
    QCOMPARE(canvas->current(), 0);
    QSignalSpy hovered(&window->view(), &ChatView::tokenHovered);
    window->trigger("chat.new");
    QTRY_VERIFY(canvas == nullptr);
    QCOMPARE(hovered.size(), 0);
    auto* tooltip = window->find<QWidget>("routingTooltip");
    QVERIFY(tooltip == nullptr || !tooltip->isVisible());
}

void TestChatExperts::aRightClickOpensTheCellsMenu()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    const QPoint cell = map->mapTo(&window->window, map->pixelOf(2, 4).toPoint());
    QTest::mouseClick(window->window.windowHandle(), Qt::RightButton, {}, cell);
    auto* menu = window->find<QMenu>("cellMenu");
    QVERIFY(menu != nullptr && menu->isVisible());
    QCOMPARE(menu->actions().at(0)->text(), QStringLiteral("Mask expert 4 of layer 2"));
    closeMenu(*window);
}

void TestChatExperts::theMenuKeyMeansTheCurrentCell()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    map->setFocus();
    QTest::keyClick(map, Qt::Key_Home, Qt::ControlModifier); // the first cell
    QTest::keyClick(map, Qt::Key_Right);
    // what the window makes of the key: the middle of what has the focus
    const QPoint middle = map->rect().center();
    QContextMenuEvent asked(QContextMenuEvent::Keyboard, middle, map->mapToGlobal(middle));
    QCoreApplication::sendEvent(map, &asked);
    auto* menu = window->find<QMenu>("cellMenu");
    QVERIFY(menu != nullptr && menu->isVisible());
    QCOMPARE(menu->actions().at(0)->text(), QStringLiteral("Mask expert 1 of layer 0"));
    closeMenu(*window);
}

QTEST_MAIN(TestChatExperts)
#include "test_chat_experts.moc"
