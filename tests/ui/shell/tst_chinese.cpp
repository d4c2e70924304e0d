// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_workspace.h"

#include "tests/support/folders.h"
#include "ui/models/event_text.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/main_window.h"
#include "ui/shell/start_page.h"
#include "ui/shell/translations.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace moe::shell;

/// A program of its own: translators are chosen before the first widget.
class TestChinese : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theWindowSpeaksChinese()
    {
        QFont face(QStringLiteral("Noto Sans"));
        face.setPixelSize(13);
        QApplication::setFont(face);
        QCOMPARE(installTranslations(*qApp, QStringLiteral("zh_CN")), QStringLiteral("zh_CN"));
        // Qt's own texts too: packaging/setup.sh brings them
        QCOMPARE(QCoreApplication::translate("QPlatformTheme", "Cancel"), QStringLiteral("取消"));
        ThemeSource::install(*qobject_cast<QApplication*>(qApp), ThemeChoice::Dark);
        const QTemporaryDir folder;
        Settings settings(folder.filePath(QStringLiteral("settings.ini")));
        LogModel log;
        MainWindow window(settings, QStringLiteral("store.sqlite"), log);
        window.restore();
        window.resize(1280, 800);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        QCOMPARE(moe::models::whatHappened({7, "finished", "{}", 0}), QStringLiteral("已结束"));
        QStringList menus;
        for (const QAction* action : window.menuBar()->actions())
            menus << action->text();
        QCOMPARE(
            menus.join(QLatin1Char(' ')), QStringLiteral("文件 编辑 视图 运行 对话 方案 帮助"));
        static const QRegularExpression chinese(QStringLiteral("[\\x{4e00}-\\x{9fff}]"));
        for (const QAction* action : window.actions().all())
            QVERIFY2(chinese.match(action->text()).hasMatch(), qPrintable(action->text()));
        window.messages().show(
            {QStringLiteral("a"), MessageBar::Level::Warning, QStringLiteral("x"), {}, {}, {}});
        QCOMPARE(window.findChild<QToolButton*>(QStringLiteral("warningsButton"))->text(),
            QStringLiteral("1 条警告"));
        window.messages().dismiss(QStringLiteral("a"));
        for (const auto* label : window.findChildren<QLabel*>()) {
            if (label->isVisible() && !label->wordWrap())
                QVERIFY2(label->fontMetrics().horizontalAdvance(label->text())
                        <= label->contentsRect().width() + 1,
                    qPrintable(label->text()));
        }
        QVERIFY(QDir().mkpath(moe::tests::qInBuild("screenshots")));
        window.openPalette(QStringLiteral("主题"));
        QCOMPARE(window.commandPalette().model().hits(), 4);
        QTest::qWait(60);
        QVERIFY(window.grab().save(moe::tests::qInBuild("screenshots/shell-palette-zh.png")));
        window.commandPalette().dismiss();
        QVERIFY(window.grab().save(moe::tests::qInBuild("screenshots/shell-start-zh.png")));
    }

    /// Fails when a room has added a text and nobody has run `ninja update_translations` and
    /// translated it.
    void noTextIsLeftUntranslated()
    {
        QFile file(moe::tests::qInSource("resources/translations/moe_zh_CN.ts"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QString text = QString::fromUtf8(file.readAll());
        const auto at = text.indexOf(QStringLiteral("type=\"unfinished\""));
        QVERIFY2(at < 0, qPrintable(text.mid(std::max<qsizetype>(0, at - 200), 300)));
        QVERIFY(text.count(QStringLiteral("<source>")) > 100);
    }
};

QTEST_MAIN(TestChinese)
#include "tst_chinese.moc"
