// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "ui/chat/composer.h"

#include <QComboBox>
#include <QPushButton>

using namespace moe;
using namespace moe::chat;

/// What is typed, and how it is sampled.
class TestComposer : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void composerSendsAndGrows();
    void composerKeepsSampling();
};

void TestComposer::composerSendsAndGrows()
{
    Composer composer;
    composer.resize(980, 160);
    composer.show();
    QVERIFY(QTest::qWaitForWindowExposed(&composer));
    QSignalSpy sent(&composer, &Composer::sendWanted), last(&composer, &Composer::editLastWanted);
    auto* send = composer.findChild<QPushButton*>(QStringLiteral("sendButton"));
    QVERIFY(!send->isEnabled());
    QTest::keyClick(&composer.input(), Qt::Key_Up);
    QCOMPARE(last.size(), 1);
    QTest::keyClicks(&composer.input(), QStringLiteral("Hello"));
    QVERIFY(send->isEnabled());
    const int before = composer.input().height();
    for (int i = 0; i < 3; ++i)
        QTest::keyClick(&composer.input(), Qt::Key_Return, Qt::ShiftModifier);
    QVERIFY(composer.input().height() > before);
    QTest::keyClick(&composer.input(), Qt::Key_Return);
    QCOMPARE(sent.size(), 1);
    QVERIFY(sent[0][0].toString().startsWith(QLatin1String("Hello\n")));
    composer.setSendRefusal(QStringLiteral("no model"));
    QVERIFY(!send->isEnabled());
    QCOMPARE(send->toolTip(), QStringLiteral("no model"));
    QTest::keyClick(&composer.input(), Qt::Key_Return);
    QCOMPARE(sent.size(), 1);
    composer.setReplying(true);
    QSignalSpy stopped(&composer, &Composer::stopWanted);
    QTest::mouseClick(
        composer.findChild<QPushButton*>(QStringLiteral("stopButton")), Qt::LeftButton);
    QCOMPARE(stopped.size(), 1);
    savePicture(composer, QStringLiteral("chat-composer.png"));
}

void TestComposer::composerKeepsSampling()
{
    Composer composer;
    chats::Setup setup;
    setup.systemPrompt = "Be brief.";
    setup.sampling.preset = "";
    setup.sampling.temperature = 0.25;
    setup.sampling.topK = 40;
    setup.sampling.minP = 0.05;
    setup.sampling.repetitionPenalty = 1.1;
    setup.sampling.maxTokens = 77;
    setup.sampling.seed = 42;
    QSignalSpy changed(&composer, &Composer::setupChanged);
    composer.setSetup(setup);
    QCOMPARE(changed.size(), 0);
    QVERIFY(composer.sampling() == setup.sampling);
    QCOMPARE(composer.systemPrompt(), QStringLiteral("Be brief."));
    auto* preset = composer.findChild<QComboBox*>(QStringLiteral("preset"));
    preset->setCurrentIndex(0);
    Q_EMIT preset->activated(0);
    QCOMPARE(composer.sampling().temperature, 0.0);
    QCOMPARE(composer.sampling().maxTokens, int64_t{77});
    QCOMPARE(*composer.sampling().seed, uint64_t{42});
    QVERIFY(!changed.isEmpty());
}

QTEST_MAIN(TestComposer)
#include "test_composer.moc"
