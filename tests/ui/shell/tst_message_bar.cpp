// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"

#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <QVBoxLayout>

using namespace moe::shell;

class TestMessageBar : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_page = std::make_unique<QWidget>();
        auto* layout = new QVBoxLayout(m_page.get());
        m_bar = new MessageBar(m_page.get());
        layout->addWidget(m_bar);
        layout->addStretch();
        m_page->resize(900, 200);
        m_page->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_page.get()));
    }
    void cleanup() { m_page.reset(); }

    void newestIsOnTopAndClosingShowsTheOneBelow()
    {
        QVERIFY(!m_bar->isVisible());
        QSignalSpy counted(m_bar, &MessageBar::countChanged);
        m_bar->show(message(QStringLiteral("a"), MessageBar::Level::Warning));
        m_bar->show(message(QStringLiteral("b"), MessageBar::Level::Error));
        m_bar->show(message(QStringLiteral("c"), MessageBar::Level::Info));
        QCOMPARE(counted.count(), 3);
        QVERIFY(m_bar->isVisible());
        QCOMPARE(m_bar->text(), QStringLiteral("fact c: remedy c"));
        QCOMPARE(m_bar->warnings(), 2);
        click<QToolButton>();
        QCOMPARE(m_bar->text(), QStringLiteral("fact b: remedy b"));
        QCOMPARE(m_bar->warnings(), 2);
        click<QToolButton>();
        QCOMPARE(m_bar->text(), QStringLiteral("fact a: remedy a"));
        m_bar->dismiss(QStringLiteral("not there"));
        QCOMPARE(counted.count(), 5);
        click<QToolButton>();
        QVERIFY(!m_bar->isVisible());
        QVERIFY(m_bar->text().isEmpty());
        QCOMPARE(m_bar->warnings(), 0);
    }

    void theSameIdReplaces()
    {
        m_bar->show(message(QStringLiteral("a"), MessageBar::Level::Warning));
        m_bar->show(message(QStringLiteral("b"), MessageBar::Level::Warning));
        m_bar->show(
            {QStringLiteral("a"), MessageBar::Level::Error, QStringLiteral("again"), {}, {}, {}});
        QCOMPARE(m_bar->warnings(), 2);
        QCOMPARE(m_bar->text(), QStringLiteral("again"));
        m_bar->dismiss(QStringLiteral("a"));
        QCOMPARE(m_bar->text(), QStringLiteral("fact b: remedy b"));
    }

    void theButtonRunsTheRemedyWhichMayCloseTheMessage()
    {
        int runs = 0;
        MessageBar::Message one = message(QStringLiteral("a"), MessageBar::Level::Warning);
        one.actionText = QStringLiteral("Open layer 37");
        one.action = [&] {
            ++runs;
            m_bar->dismiss(QStringLiteral("a"));
        };
        m_bar->show(one);
        auto* button = m_bar->findChild<QPushButton*>();
        QVERIFY(button->isVisible());
        QCOMPARE(button->text(), one.actionText);
        click<QPushButton>();
        QCOMPARE(runs, 1);
        QVERIFY(!m_bar->isVisible());
    }

    void onTheStartPageOnlyTheWindowSpeaks()
    {
        m_bar->show(message(QStringLiteral("a"), MessageBar::Level::Warning));
        m_bar->setBesideWorkspace(false);
        QVERIFY(!m_bar->isVisible());
        QCOMPARE(m_bar->warnings(), 1);
        MessageBar::Message about = message(QStringLiteral("about"), MessageBar::Level::Info);
        about.everywhere = true;
        m_bar->show(about);
        m_bar->show(message(QStringLiteral("b"), MessageBar::Level::Error));
        QCOMPARE(m_bar->text(), QStringLiteral("fact about: remedy about"));
        click<QToolButton>();
        QVERIFY(!m_bar->isVisible());
        m_bar->setBesideWorkspace(true);
        QCOMPARE(m_bar->text(), QStringLiteral("fact b: remedy b"));
    }

    void groundTellsTheLevel()
    {
        m_bar->show(message(QStringLiteral("a"), MessageBar::Level::Warning));
        const auto ground = [this] {
            return m_bar->grab().toImage().pixelColor(3, 3);
        };
        QCOMPARE(ground(), theme().warnBg);
        QCOMPARE(m_bar->height(), px(32) + 1);
        m_bar->show(message(QStringLiteral("b"), MessageBar::Level::Error));
        QCOMPARE(ground(), theme().errorBg);
        m_bar->show(message(QStringLiteral("c"), MessageBar::Level::Info));
        QCOMPARE(ground(), theme().infoBg);
    }

private:
    static MessageBar::Message message(const QString& id, MessageBar::Level level)
    {
        return {id, level, QStringLiteral("fact %1:").arg(id), QStringLiteral("remedy %1").arg(id),
            {}, {}};
    }
    template <typename Button> void click()
    {
        QTest::mouseClick(m_bar->findChild<Button*>(), Qt::LeftButton);
    }

    std::unique_ptr<QWidget> m_page;
    MessageBar* m_bar = nullptr;
};

QTEST_MAIN(TestMessageBar)
#include "tst_message_bar.moc"
