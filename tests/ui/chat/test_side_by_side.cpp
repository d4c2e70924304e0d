// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "ui/chat/expert_strip.h"
#include "ui/chat/find_bar.h"
#include "ui/chat/model_name.h"
#include "ui/chat/open_model_dialog.h"
#include "ui/models/reply_load.h"
#include "ui/plots/heatmap_plot.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTabBar>
#include <QToolButton>

#include <cmath>

using namespace moe;
using namespace moe::chat;

/// Two checkpoints answer the same prompts, by clicks and keys; replies are compared.
class TestSideBySide : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init() { newStore(); }
    void twoCheckpointsAnswer();
    void stopsBothAndClosesOne();
    void comesBackWithItsBranch();
    void findsInTheSideThatHasTheFocus();
    void refusesWhatMemoryDoesNotHold();
    void comparesBranches();
    void tabsAreWholeInASmallWindow();

private:
    std::unique_ptr<Window> openBoth();
    void openSecond(Window& window);
    models::ReplyLoad loadOf(int64_t message) const;
    void checkDifference(Window& window, int64_t one, int64_t other) const;

    std::unique_ptr<QTemporaryDir> m_otherFolder;
    std::filesystem::path m_other;
};

void TestSideBySide::initTestCase()
{
    trainModel();
    m_tokens = 60;
    m_otherFolder = std::make_unique<QTemporaryDir>();
    const std::filesystem::path other = m_otherFolder->path().toStdString();
    m_other = talking::train(other, other / "runs.sqlite", 25);
}

std::unique_ptr<Window> TestSideBySide::openBoth()
{
    auto window = open();
    openSecond(*window);
    return window;
}

/// As a person would: the key, the folder, Open.
void TestSideBySide::openSecond(Window& window)
{
    QSignalSpy opened(window.page, &ChatWorkspace::comparisonOpened);
    QTest::keyClick(&window.window, Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
    auto* dialog = window.window.findChild<OpenModelDialog*>();
    QVERIFY(dialog != nullptr);
    QVERIFY(QTest::qWaitForWindowActive(dialog));
    auto* field = dialog->findChild<QLineEdit*>(QStringLiteral("modelFolder"));
    QTest::mouseClick(field, Qt::LeftButton);
    QTRY_VERIFY(field->hasFocus()); // the list, which fills it in, has it first
    field->selectAll();
    QTest::keyClicks(field, QString::fromStdString(m_other.string()));
    auto* open = dialog->findChild<QPushButton*>(QStringLiteral("openModel"));
    QTRY_VERIFY(open->isEnabled());
    QTest::mouseClick(open, Qt::LeftButton);
    QVERIFY(opened.wait(kLong));
    QVERIFY(window.page->isComparing());
    window.window.activateWindow(); // keys are its own again
    QVERIFY(QTest::qWaitForWindowActive(&window.window));
}

models::ReplyLoad TestSideBySide::loadOf(int64_t message) const
{
    const chats::ReplyRouting routing = routingOf(message);
    return models::loadOf({&routing});
}

/// The map shows the shares of `one` less those of `other`, as the store has them.
void TestSideBySide::checkDifference(Window& window, int64_t one, int64_t other) const
{
    const models::ReplyLoad first = loadOf(one), second = loadOf(other);
    const plots::HeatmapData& map = window.find<plots::HeatmapPlot>("routingHeatmap")->data();
    QVERIFY(map.scale == plots::HeatmapScale::ShareDifference);
    QCOMPARE(map.rows, 3);
    QCOMPARE(map.columns, 6);
    bool differs = false;
    for (int row = 0; row < 3; ++row) {
        double sum = 0;
        for (int expert = 0; expert < 6; ++expert) {
            const float value
                = map.values[static_cast<size_t>(row) * 6 + static_cast<size_t>(expert)];
            const auto tokens = [row](const models::ReplyLoad& load) {
                return static_cast<float>(load.tokens[static_cast<size_t>(row)]);
            };
            const float expected = static_cast<float>(first.loadAt(row, expert)) / tokens(first)
                - static_cast<float>(second.loadAt(row, expert)) / tokens(second);
            QVERIFY2(std::abs(value - expected) < 1e-6F, qPrintable(QString::number(value)));
            sum += static_cast<double>(value);
            differs = differs || std::abs(value) > 0.01F;
        }
        QVERIFY(std::abs(sum) < 1e-5); // both share out top-k of each token
    }
    QVERIFY(differs);
}

void TestSideBySide::twoCheckpointsAnswer()
{
    const auto window = openBoth();
    const QStringList models{window->find<QToolButton>("leftModel")->text(),
        window->find<QToolButton>("rightModel")->text()};
    QVERIFY2(models[0].contains(QLatin1String("40")), qPrintable(models[0]));
    QVERIFY2(models[1].contains(QLatin1String("25")), qPrintable(models[1]));
    say(*window, QStringLiteral("The router"));
    chats::Conversation said = newest();
    QCOMPARE(said.messages.size(), size_t{3}); // one question, two replies
    const chats::Message one = said.messages[1], two = said.messages[2];
    QCOMPARE(one.parent, said.messages[0].id);
    QCOMPARE(two.parent, said.messages[0].id);
    QCOMPARE(shownName(one.model), models[0]);
    QCOMPARE(shownName(two.model), models[1]);
    QCOMPARE(one.facts.step, int64_t{40});
    QCOMPARE(two.facts.step, int64_t{25});
    QCOMPARE(said.leaf, one.id); // the left side is the conversation's own branch
    for (const char* figures : {"leftFigures", "rightFigures"})
        QVERIFY(window->find<QLabel>(figures)->text().contains(QLatin1String("tokens/s")));
    auto* second = window->find<ChatView>("secondChatView");
    QVERIFY(second->isVisible() && window->view().isVisible());
    for (MessageView* reply : {window->view().view(one.id), second->view(two.id)}) {
        QVERIFY(reply != nullptr);
        QVERIFY(reply->strip() != nullptr && reply->strip()->isVisible());
    }
    checkDifference(*window, one.id, two.id);
    // the map of either side, by the keys of the list above it
    auto* choice = window->find<QComboBox>("routingChoice");
    QVERIFY(choice->isVisible());
    choice->setFocus();
    QTest::keyClick(choice, Qt::Key_Up);
    const plots::HeatmapData& map = window->find<plots::HeatmapPlot>("routingHeatmap")->data();
    QVERIFY(map.scale == plots::HeatmapScale::Utilisation);
    const models::ReplyLoad load = loadOf(two.id);
    for (int expert = 0; expert < 6; ++expert)
        QCOMPARE(map.values[static_cast<size_t>(6 + expert)], load.utilisation(1, expert));
    // a token of the left strip brings its map
    StripCanvas& canvas = window->view().view(one.id)->strip()->canvas();
    QTest::mouseMove(&canvas, canvas.columnRect(3).center());
    QTRY_COMPARE(choice->currentIndex(), 0);
    QTest::mouseMove(&window->input());
    QTest::keyClick(choice, Qt::Key_End);
    // the next message goes on from each side's own reply
    window->input().setFocus();
    say(*window, QStringLiteral("专家 3"));
    said = newest();
    QCOMPARE(said.messages.size(), size_t{7});
    QCOMPARE(said.messages[3].parent, one.id);
    QCOMPARE(said.messages[4].parent, two.id);
    QCOMPARE(said.messages[5].parent, said.messages[3].id);
    QCOMPARE(said.messages[6].parent, said.messages[4].id);
    QCOMPARE(said.leaf, said.messages[5].id);
    checkDifference(*window, said.messages[5].id, said.messages[6].id);
    window->save(QStringLiteral("chat-sides-1600.png"));
    shell::ThemeSource::instance().choose(shell::ThemeChoice::Dark);
    window->save(QStringLiteral("chat-sides-1600-dark.png"));
    window->window.resize(1280, 800);
    window->save(QStringLiteral("chat-sides-1280-dark.png"));
    shell::ThemeSource::instance().choose(shell::ThemeChoice::Light);
    window->save(QStringLiteral("chat-sides-1280.png"));
}

void TestSideBySide::stopsBothAndClosesOne()
{
    const auto window = openBoth();
    window->page->setSampling(7, 400);
    QTest::keyClicks(&window->input(), QStringLiteral("The"));
    QTest::keyClick(&window->input(), Qt::Key_Return);
    QVERIFY(window->page->isReplying());
    QTest::keyClick(&window->window, Qt::Key_Escape);
    wait(*window);
    chats::Conversation said = newest();
    QCOMPARE(said.messages.size(), size_t{3});
    for (const size_t i : {size_t{1}, size_t{2}})
        QVERIFY2(said.messages[i].state == chats::MessageState::Stopped,
            qPrintable(QStringLiteral("%1, %2 tokens")
                           .arg(QString::fromStdString(said.messages[i].facts.finish))
                           .arg(said.messages[i].facts.tokens)));
    // closed while it writes: what came is kept, and one side is left
    QTest::keyClicks(&window->input(), QStringLiteral("The"));
    QTest::keyClick(&window->input(), Qt::Key_Return);
    QTest::mouseClick(window->find<QToolButton>("rightClose"), Qt::LeftButton);
    QVERIFY(!window->page->isComparing());
    QVERIFY(!window->find<QWidget>("rightPane")->isVisible());
    QVERIFY(!window->find<QWidget>("leftHead")->isVisible());
    QTest::keyClick(&window->window, Qt::Key_Escape);
    wait(*window);
    said = newest();
    QCOMPARE(said.messages.size(), size_t{7});
    QCOMPARE(said.leaf, said.messages[5].id);
    // the other model's first reply is the branch beside this one
    MessageView* reply = window->view().view(said.messages[1].id);
    if (reply == nullptr)
        window->view().scrollToMessage(said.messages[1].id);
    reply = window->view().view(said.messages[1].id);
    QVERIFY(reply != nullptr);
    QTest::mouseClick(reply->findChild<QToolButton*>(QStringLiteral("nextBranch")), Qt::LeftButton);
    QTRY_COMPARE(newest().leaf, said.messages[6].id);
}

void TestSideBySide::comesBackWithItsBranch()
{
    {
        const auto window = openBoth();
        say(*window, QStringLiteral("The router"));
    }
    const chats::Conversation said = newest();
    const auto window = openBoth();
    auto* second = window->find<ChatView>("secondChatView");
    QTRY_VERIFY(second->view(said.messages[2].id) != nullptr);
    QVERIFY(window->view().view(said.messages[1].id) != nullptr);
    // F6 goes round: composer, left, right, composer
    window->input().setFocus();
    QTest::keyClick(&window->window, Qt::Key_F6);
    QVERIFY(window->view().isAncestorOf(QApplication::focusWidget()));
    QTest::keyClick(&window->window, Qt::Key_F6);
    QVERIFY(second->isAncestorOf(QApplication::focusWidget()));
    // keys mean the side that has the focus
    QTest::keyClick(
        &window->window, Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier); // regenerate
    QVERIFY(window->page->isReplying());
    wait(*window);
    QTRY_COMPARE(newest().messages.size(), size_t{4});
    QCOMPARE(newest().messages[3].model, said.messages[2].model);
    QCOMPARE(newest().leaf, said.leaf);
    QTest::keyClick(&window->window, Qt::Key_F6);
    QVERIFY(window->input().hasFocus());
}

void TestSideBySide::findsInTheSideThatHasTheFocus()
{
    const auto window = openBoth();
    say(*window, QStringLiteral("The router"));
    auto* right = window->find<ChatView>("secondChatView");
    auto* bar = window->find<FindBar>("findBar");
    auto* field = window->find<QLineEdit>("findField");
    QTest::keyClick(&window->window, Qt::Key_F, Qt::ControlModifier);
    QCOMPARE(bar->view(), &window->view()); // the composer's focus means the left
    QTest::keyClicks(field, QStringLiteral("The router"));
    QVERIFY(window->view().findPlace().of > 0);
    QCOMPARE(right->findPlace().of, 0);
    right->setFocus();
    QTest::keyClick(&window->window, Qt::Key_F, Qt::ControlModifier);
    QVERIFY(field->hasFocus());
    QCOMPARE(bar->view(), right);
    QVERIFY(window->find<QWidget>("rightPane")->isAncestorOf(bar));
    QVERIFY(right->findPlace().of > 0);
    QCOMPARE(window->view().findPlace().of, 0);
    window->save(QStringLiteral("chat-find-sides.png"));
    QTest::keyClick(&window->window, Qt::Key_W, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(!window->page->isComparing());
    QVERIFY(!bar->isVisible());
    QVERIFY(bar->view() == nullptr);
    QTest::keyClick(&window->window, Qt::Key_F3); // and is there for the side that is left
    QVERIFY(bar->isVisible());
    QVERIFY(window->view().findPlace().of > 0);
}

void TestSideBySide::refusesWhatMemoryDoesNotHold()
{
    const auto window = open();
    const std::filesystem::path large = m_folder->filePath(QStringLiteral("large")).toStdString();
    std::filesystem::copy(m_other, large);
    std::filesystem::resize_file(large / "model.safetensors", uintmax_t{4} << 40); // a hole
    QSignalSpy failed(window->page, &ChatWorkspace::failed);
    window->page->compareWith(QString::fromStdString(large.string()));
    QVERIFY(failed.wait(kLong));
    QVERIFY2(failed[0][0].toString().contains(QLatin1String("does not fit beside")),
        qPrintable(failed[0][0].toString()));
    QVERIFY(!window->page->isComparing());
    window->page->compareWith(m_folder->path());
    QVERIFY(failed.wait(kLong));
    QVERIFY2(failed[1][0].toString().contains(QLatin1String("config.json")),
        qPrintable(failed[1][0].toString()));
    QVERIFY(!window->page->isComparing());
    OpenModelDialog dialog({}, m_store, &window->window, m_model);
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.findChild<QLineEdit*>(QStringLiteral("modelFolder"))
        ->setText(QString::fromStdString(large.string()));
    auto* facts = dialog.findChild<QLabel*>(QStringLiteral("modelFacts"));
    QTRY_VERIFY2(
        facts->text().contains(QLatin1String("do not fit beside")), qPrintable(facts->text()));
    QVERIFY(!dialog.findChild<QPushButton*>(QStringLiteral("openModel"))->isEnabled());
}

void TestSideBySide::comparesBranches()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    auto* choice = window->find<QComboBox>("routingChoice");
    QVERIFY(!choice->isVisible()); // there is nothing to compare with
    window->page->setSampling(8, 60);
    window->trigger("chat.regenerate");
    wait(*window);
    const chats::Conversation said = newest();
    QCOMPARE(said.messages.size(), size_t{3});
    QVERIFY(choice->isVisible());
    QCOMPARE(choice->count(), 2);
    choice->setFocus();
    QTest::keyClick(choice, Qt::Key_Down);
    checkDifference(*window, said.messages[2].id, said.messages[1].id);
    auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    map->setFocus();
    QTest::keyClick(map, Qt::Key_Right);
    QVERIFY2(map->accessibleDescription().contains(QLatin1String("Difference")),
        qPrintable(map->accessibleDescription()));
    auto* table = window->find<QToolButton>("routingTableButton");
    QTest::mouseClick(table, Qt::LeftButton);
    window->save(QStringLiteral("chat-difference-table.png"));
    QTest::mouseClick(table, Qt::LeftButton);
    window->save(QStringLiteral("chat-difference.png"));
}

void TestSideBySide::tabsAreWholeInASmallWindow()
{
    const auto window = openBoth();
    say(*window, QStringLiteral("The router"));
    window->window.resize(1280, 800);
    QTest::qWait(200);
    auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    QVERIFY(map->isVisible()); // before the conversations
    int tabs = 0;
    for (const QTabBar* bar : window->page->findChildren<QTabBar*>()) {
        for (int tab = 0; tab < bar->count() && bar->isVisible(); ++tab, ++tabs)
            QVERIFY2(bar->fontMetrics().horizontalAdvance(bar->tabText(tab)) + 8
                    <= bar->tabRect(tab).width(),
                qPrintable(bar->tabText(tab)));
    }
    QCOMPARE(tabs, 2);
    QTest::keyClick(&window->window, Qt::Key_W, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(!window->page->isComparing());
    QTest::qWait(100);
    QVERIFY(map->isVisible());
    QVERIFY(window->find<QWidget>("conversationList")->isVisible());
    window->save(QStringLiteral("chat-1280.png"));
}

QTEST_MAIN(TestSideBySide)
#include "test_side_by_side.moc"
