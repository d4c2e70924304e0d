// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "engine/chats/chat_exchange.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_text.h"
#include "ui/plots/heatmap_plot.h"

#include <QClipboard>
#include <QComboBox>
#include <QContextMenuEvent>
#include <QMenu>
#include <QPointer>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTextBlock>
#include <QToolButton>
#include <QWindow>

using namespace moe;
using namespace moe::chat;

namespace {

/// What is marked in a reply's texts, without the spaces.
QString markedIn(const MessageView& reply)
{
    QString marked;
    for (const MarkdownText* text : reply.findChildren<MarkdownText*>()) {
        for (const QTextEdit::ExtraSelection& mark : text->extraSelections())
            marked += mark.cursor.selectedText();
    }
    return marked.remove(QRegularExpression(QStringLiteral("\\s")));
}

/// What an expert of a layer took, as the store has it.
QString takenBy(const chats::ReplyRouting& routing, size_t row, int expert)
{
    QString taken;
    for (const int64_t token : routing.tokensOf(row, expert))
        taken += QString::fromStdString(routing.texts[static_cast<size_t>(token)]);
    return taken.remove(QRegularExpression(QStringLiteral("\\s")));
}

int busiest(const chats::ReplyRouting& routing, size_t row)
{
    int found = 0;
    for (int expert = 1; expert < routing.widest(); ++expert) {
        if (routing.tokensOf(row, expert).size() > routing.tokensOf(row, found).size())
            found = expert;
    }
    return found;
}

} // namespace

/// The map of a reply, its strip and its text, and what they say to each other, by clicks and keys
/// against a model trained on the spot.
class TestChatExperts : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        trainModel();
        m_tokens = 40;
    }
    void init() { newStore(); }
    void aClosedComparisonIsNotAskedAnyMore();
    void aPointedTokenGoesWithItsConversation();
    void aRightClickOpensTheCellsMenu();
    void theMenuKeyMeansTheCurrentCell();
    void mapAndStripShowTheSameLayer();
    void tokensOfAnExpertAreMarked();
    void marksGoThroughTheConversation();
    void theLastCodeBlockIsThatOfTheText();
    void theLegendFitsANarrowMap();

private:
    void closeMenu(Window& window);
    void choose(Window& window, int row, int column, int entry);
};

void TestChatExperts::closeMenu(Window& window)
{
    QPointer<QMenu> menu = window.find<QMenu>("cellMenu");
    QVERIFY(menu != nullptr);
    menu->close();
    QTRY_VERIFY(menu == nullptr);
}

/// An entry of a cell's menu.
void TestChatExperts::choose(Window& window, int row, int column, int entry)
{
    auto* map = window.find<plots::HeatmapPlot>("routingHeatmap");
    const QPoint cell = map->mapTo(&window.window, map->pixelOf(row, column).toPoint());
    QTest::mouseClick(window.window.windowHandle(), Qt::RightButton, {}, cell);
    auto* menu = window.find<QMenu>("cellMenu");
    QVERIFY(menu != nullptr);
    QAction* action = menu->actions().at(entry);
    QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
    QTRY_VERIFY(window.find<QMenu>("cellMenu") == nullptr);
}

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

void TestChatExperts::mapAndStripShowTheSameLayer()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    const int64_t reply = newest().leaf;
    auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    ExpertStrip* strip = window->view().view(reply)->strip();
    QCOMPARE(map->selectedRow(), -1);
    QCOMPARE(strip->layer(), 1); // of three
    auto* layers = strip->findChild<QComboBox*>(QStringLiteral("stripLayer"));
    layers->setFocus();
    QTest::keyClick(layers, Qt::Key_Down);
    QCOMPARE(map->selectedRow(), 2);
    map->setFocus();
    QTest::keyClick(map, Qt::Key_Home, Qt::ControlModifier);
    QTest::keyClick(map, Qt::Key_Return);
    QCOMPARE(map->selectedRow(), 0);
    QCOMPARE(strip->layer(), 0);
    // one that is folded opens
    QTest::mouseClick(
        window->view().view(reply)->findChild<QToolButton*>(QStringLiteral("showExperts")),
        Qt::LeftButton);
    QVERIFY(!strip->isVisible());
    choose(*window, 2, 3, 2);
    QVERIFY(strip->isVisible());
    QCOMPARE(strip->layer(), 2);
    QCOMPARE(map->selectedRow(), 2);
    QTest::mouseClick(window->window.windowHandle(), Qt::LeftButton, {},
        map->mapTo(&window->window, map->pixelOf(1, 0).toPoint()));
    QCOMPARE(strip->layer(), 1);
    window->trigger("chat.new");
    QCOMPARE(map->selectedRow(), -1);
}

void TestChatExperts::tokensOfAnExpertAreMarked()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    const int64_t reply = newest().leaf;
    const chats::ReplyRouting routing = routingOf(reply);
    const int expert = busiest(routing, 2);
    const QString taken = takenBy(routing, 2, expert);
    QVERIFY(!taken.isEmpty());
    QString more; // the reply goes out of view
    for (int i = 0; i < 60; ++i)
        more += QStringLiteral("a line\n");
    window->page->setSampling(7, 2);
    window->page->send(more);
    QTRY_VERIFY_WITH_TIMEOUT(!window->page->isReplying(), kLong);
    window->view().scrollToMessage(reply);
    QVERIFY(window->view().view(reply) != nullptr);
    auto* experts
        = window->view().view(reply)->findChild<QToolButton*>(QStringLiteral("showExperts"));
    QTest::mouseClick(experts, Qt::LeftButton);
    ExpertStrip* strip = window->view().view(reply)->strip();
    QVERIFY(strip != nullptr);
    QTRY_VERIFY(strip->isVisible());
    QTest::mouseMove(&strip->canvas(), strip->canvas().columnRect(0).center()); // its map
    QTRY_COMPARE(strip->canvas().current(), 0);
    const auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    QVERIFY(map->isVisible());
    choose(*window, 2, expert, 1);
    const auto shown = [&] {
        return window->view().view(reply);
    };
    QVERIFY(shown() != nullptr);
    QCOMPARE(shown()->strip()->layer(), 2);
    QCOMPARE(markedIn(*shown()), taken);
    window->save(QStringLiteral("chat-marked.png"));
    window->view().scrollToEnd();
    QTRY_VERIFY(shown() == nullptr || shown()->visibleRegion().isEmpty());
    choose(*window, 2, (expert + 1) % 6, 1); // another one, from out of view
    QVERIFY(shown() != nullptr && !shown()->strip()->visibleRegion().isEmpty());
    QCOMPARE(markedIn(*shown()), takenBy(routing, 2, (expert + 1) % 6));
    choose(*window, 2, (expert + 1) % 6, 1); // and hides them again
    QCOMPARE(markedIn(*shown()), QString());
}

void TestChatExperts::marksGoThroughTheConversation()
{
    const auto window = open();
    window->page->setSampling(7, 20);
    say(*window, QStringLiteral("The router"));
    const int64_t first = newest().leaf;
    say(*window, QStringLiteral("A token"));
    const int64_t second = newest().leaf;
    const int expert = busiest(routingOf(first), 1);
    choose(*window, 1, expert, 1); // of the last reply alone
    QCOMPARE(markedIn(*window->view().view(second)), takenBy(routingOf(second), 1, expert));
    QCOMPARE(markedIn(*window->view().view(first)), QString());
    choose(*window, 1, expert, 1);
    QTest::mouseClick(window->find<QWidget>("span1"), Qt::LeftButton);
    choose(*window, 1, expert, 1);
    for (const int64_t reply : {first, second})
        QCOMPARE(markedIn(*window->view().view(reply)), takenBy(routingOf(reply), 1, expert));
}

/// The transcript has widgets of what is in view alone.
void TestChatExperts::theLastCodeBlockIsThatOfTheText()
{
    std::string above = "```\nfirst\n```\n", below = "```py\nlast = 1\n```\n";
    for (int i = 0; i < 100; ++i)
        below += "\nMore of it.\n";
    const base::Json said = base::Json::array(
        {{{"role", "user"}, {"content", "one"}}, {{"role", "assistant"}, {"content", above}},
            {{"role", "user"}, {"content", "two"}}, {{"role", "assistant"}, {"content", below}}});
    {
        chats::ChatStore store(m_store);
        store.create(chats::fromJsonText(said.dump(), "here"));
    }
    Window window(m_store);
    QTRY_VERIFY(window.view().views() > 0);
    window.view().verticalScrollBar()->setValue(0);
    QGuiApplication::clipboard()->clear();
    QTest::keyClick(&window.window, Qt::Key_Semicolon, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("last = 1"));
}

void TestChatExperts::theLegendFitsANarrowMap()
{
    plots::HeatmapData data;
    data.rows = 3;
    data.columns = 6;
    data.values.assign(18, 1);
    plots::HeatmapPlot map(plots::HeatmapPlot::Kind::LayersByExperts);
    map.setReplyWords(true);
    map.setData(data);
    map.resize(200, 260);
    map.show();
    QVERIFY(QTest::qWaitForWindowExposed(&map));
    QTest::qWait(50);
    const QImage shown = map.grab().toImage();
    const int below = static_cast<int>(map.mapRect().bottom()) + 30;
    for (int y = below; y < shown.height(); ++y) {
        for (int x = shown.width() - 3; x < shown.width(); ++x)
            QCOMPARE(shown.pixelColor(x, y), shown.pixelColor(1, y));
    }
}

QTEST_MAIN(TestChatExperts)
#include "test_chat_experts.moc"
