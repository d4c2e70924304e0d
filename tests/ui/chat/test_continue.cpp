// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "ui/chat/expert_strip.h"

#include <QComboBox>
#include <QToolButton>

using namespace moe;
using namespace moe::chat;

/// Replies that go on where they ended, by clicks against a model trained on the spot.
class TestContinue : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { trainModel(); }
    void init() { newStore(); }
    void theOpenStripGoesOn();

private:
    std::unique_ptr<Window> greedy() const;
    void goOn(const Window& window) const;
};

/// With a sampling that says the same in one go and in two.
std::unique_ptr<Window> TestContinue::greedy() const
{
    auto window = open();
    auto* preset = window->find<QComboBox>("preset");
    preset->setFocus();
    QTest::keyClick(preset, Qt::Key_Home);
    return window;
}

/// Continue of the last reply, until the store has its end.
void TestContinue::goOn(const Window& window) const
{
    const auto button = [&]() -> QToolButton* {
        const MessageView* reply = window.view().view(newest().leaf);
        return reply != nullptr ? reply->findChild<QToolButton*>(QStringLiteral("goOn")) : nullptr;
    };
    QTRY_VERIFY(button() != nullptr && button()->isVisible());
    QSignalSpy ended(window.page, &ChatWorkspace::replyEnded);
    QTest::mouseClick(button(), Qt::LeftButton);
    QVERIFY(ended.wait(kLong));
    wait(window);
}

/// The strip shows the reply's own experts until the new ones come (under a memory checker: and
/// nothing that is gone).
void TestContinue::theOpenStripGoesOn()
{
    const auto window = greedy();
    window->page->setSampling(7, 12);
    say(*window, QStringLiteral("The router"));
    const int64_t reply = newest().leaf;
    ExpertStrip* strip = window->view().view(reply)->strip();
    QVERIFY(strip != nullptr && strip->isVisible());
    strip->setLayer(2);
    strip->canvas().setCurrent(3);
    window->page->setSampling(7, 9);
    goOn(*window);
    QTRY_COMPARE(routingOf(reply).ids.size(), size_t{21});
    QVERIFY(strip->isVisible());
}

QTEST_MAIN(TestContinue)
#include "test_continue.moc"
