// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"
#include "tab_text.h"
#include "talking_model.h"

#include "ui/shell/translations.h"

#include <QTemporaryDir>

using namespace moe;
using namespace moe::chat;

/// A program of its own: translators are chosen before the first widget.
class TestChatChinese : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tabsOfAComparisonAreWhole()
    {
        useFontOfTests();
        QCOMPARE(
            shell::installTranslations(*qApp, QStringLiteral("zh_CN")), QStringLiteral("zh_CN"));
        const QTemporaryDir folder;
        const std::filesystem::path place = folder.path().toStdString();
        const std::filesystem::path model = talking::train(place, place / "runs.sqlite", 4);
        Window window(place / "store.sqlite", {1280, 800});
        window.openModel(model);
        QSignalSpy opened(window.page, &ChatWorkspace::comparisonOpened);
        window.page->compareWith(QString::fromStdString(model.string()));
        QVERIFY(opened.wait(kLong));
        window.save(QStringLiteral("chat-sides-1280-zh.png"));
        int tabs = 0;
        for (const QTabBar* bar : window.page->findChildren<QTabBar*>()) {
            for (int tab = 0; tab < bar->count() && bar->isVisible(); ++tab, ++tabs)
                QCOMPARE(writtenOn(*bar, tab), bar->tabText(tab));
        }
        QCOMPARE(tabs, 2);
    }
};

QTEST_MAIN(TestChatChinese)
#include "test_chat_chinese.moc"
