// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
// The log, the settings file, what is read of the machine, copying, sizes.
#include "engine/base/log.h"
#include "ui/shell/log_dock.h"
#include "ui/shell/log_model.h"
#include "ui/shell/machine.h"
#include "ui/shell/machine_panel.h"
#include "ui/shell/mailbox.h"
#include "ui/shell/settings.h"
#include "ui/shell/status_bar.h"
#include "ui/shell/table_copy.h"
#include "ui/shell/theme.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace moe::shell;
using moe::base::LogLevel;

class TestShellParts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

    void logTakesLinesFromAllThreadsInOrder()
    {
        LogModel model;
        const QAbstractItemModelTester tester(&model);
        {
            const LogCollector collector(model);
            std::vector<std::jthread> threads;
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back([t] {
                    for (int i = 0; i < 200; ++i)
                        moe::base::log(LogLevel::Info, std::to_string(t) + " " + std::to_string(i));
                });
            }
            threads.clear();
            qInfo("from Qt");
            QTRY_COMPARE(model.rowCount(), 801);
        }
        std::array<int, 4> next = {};
        for (int row = 0; row < 800; ++row) {
            const QStringList words
                = model.index(row, LogModel::Text).data().toString().split(QLatin1Char(' '));
            auto& expected = next.at(static_cast<size_t>(words.at(0).toInt()));
            QCOMPARE(words.at(1).toInt(), expected++);
        }
        QCOMPARE(model.index(800, LogModel::Text).data().toString(), QStringLiteral("from Qt"));
        // given back: nothing comes any more, and nothing breaks
        moe::base::setLogSink([](LogLevel, const std::string&) {});
        moe::base::log(LogLevel::Error, "after");
        moe::base::setLogSink({});
        QCOMPARE(model.rowCount(), 801);
    }

    void logIsARing()
    {
        LogModel model;
        const QAbstractItemModelTester tester(&model);
        QList<LogLine> lines;
        for (int i = 0; i < LogModel::kCapacity - 5; ++i)
            lines.append({QDateTime::currentDateTime(), LogLevel::Info, QString::number(i)});
        model.append(lines);
        model.append(lines.first(10));
        QCOMPARE(model.rowCount(), LogModel::kCapacity);
        QCOMPARE(model.index(0, LogModel::Text).data().toString(), QStringLiteral("5"));
        model.append({});
        lines += lines;
        model.append(lines);
        QCOMPARE(model.rowCount(), LogModel::kCapacity);
        model.clear();
        QCOMPARE(model.rowCount(), 0);
    }

    void logIsFilteredAndSaved()
    {
        LogModel model;
        LogDock dock(model);
        const auto now = QDateTime::currentDateTime();
        model.append({{now, LogLevel::Debug, QStringLiteral("quiet")},
            {now, LogLevel::Info, QStringLiteral("Loading weights")},
            {now, LogLevel::Error, QStringLiteral("disk full")}});
        auto* filter = dock.findChild<LogFilter*>();
        QCOMPARE(filter->rowCount(), 2); // debug is off
        filter->setLeast(LogLevel::Debug);
        QCOMPARE(filter->rowCount(), 3);
        filter->setText(QStringLiteral("WEIGHTS"));
        QCOMPARE(filter->rowCount(), 1);
        const QTemporaryDir folder;
        QString problem;
        const QString path = folder.filePath(QStringLiteral("a.log"));
        QVERIFY(dock.saveTo(path, &problem));
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QString text = QString::fromUtf8(file.readAll());
        QVERIFY(text.endsWith(QStringLiteral("\tinfo\tLoading weights\n")));
        QCOMPARE(text.count(QLatin1Char('\n')), 1);
        QVERIFY(!dock.saveTo(folder.filePath(QStringLiteral("no/such/folder")), &problem));
        QVERIFY(!problem.isEmpty());
    }

    void settingsAreKept()
    {
        const QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("a.ini"));
        {
            Settings settings(file);
            QCOMPARE(settings.page(), QStringLiteral("start"));
            QCOMPARE(settings.theme(), ThemeChoice::System);
            QSignalSpy changed(&settings, &Settings::changed);
            settings.setTheme(ThemeChoice::Dark);
            settings.setTheme(ThemeChoice::Dark);
            QCOMPARE(changed.count(), 1);
            settings.setLanguage(QStringLiteral("zh_CN"));
            settings.setState(QStringLiteral("main/state"), QByteArray("\0\1\2", 3));
            settings.saveLayout(QStringLiteral("宽/屏"));
            settings.setState(QStringLiteral("main/state"), QByteArray("other"));
            settings.setShortcut(QStringLiteral("view.log"), QKeySequence(Qt::Key_F8));
            settings.setShortcut(QStringLiteral("run.new"), QKeySequence());
        }
        Settings settings(file);
        QCOMPARE(settings.theme(), ThemeChoice::Dark);
        QCOMPARE(settings.language(), QStringLiteral("zh_CN"));
        QCOMPARE(settings.state(QStringLiteral("main/state")), QByteArray("other"));
        QCOMPARE(settings.layouts(), QStringList{QStringLiteral("宽/屏")});
        QVERIFY(settings.loadLayout(QStringLiteral("宽/屏")));
        QCOMPARE(settings.state(QStringLiteral("main/state")), QByteArray("\0\1\2", 3));
        QVERIFY(!settings.loadLayout(QStringLiteral("none")));
        QCOMPARE(settings.shortcut(QStringLiteral("view.log")), QKeySequence(Qt::Key_F8));
        QCOMPARE(settings.shortcut(QStringLiteral("run.new")), QKeySequence());
        QVERIFY(!settings.shortcut(QStringLiteral("never.set")));
        settings.setShortcut(QStringLiteral("view.log"), std::nullopt);
        QVERIFY(!settings.shortcut(QStringLiteral("view.log")));
    }

    void brokenSettingsAreNoTrouble()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("a.ini"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("[General]\nversion=77\ntheme=@Invalid(\npage=@ByteArray(x)\n"
                   "[state]\nmain\\state=@ByteArray(old)\n[[[\n\xff\xfe\n");
        file.close();
        Settings settings(path);
        QCOMPARE(settings.theme(), ThemeChoice::System);
        QVERIFY(settings.state(QStringLiteral("main/state")).isEmpty()); // of another version
    }

    void meminfoIsRead()
    {
        const auto facts = parseMeminfo(QStringLiteral(
            "MemTotal:       24576000 kB\nMemFree: 1 kB\nMemAvailable:   12288000 kB\n"));
        QCOMPARE(facts.memoryBytes, int64_t{24'576'000} * 1024);
        QCOMPARE(facts.freeBytes, int64_t{12'288'000} * 1024);
        QCOMPARE(gigabytes(facts.memoryBytes), QStringLiteral("25.2"));
        QCOMPARE(parseMeminfo({}).memoryBytes, 0);
        QCOMPARE(parseMeminfo(QStringLiteral("MemTotal: lots kB\n")).memoryBytes, 0);
    }

    void measuringRunsAsideAndSaysWhatFailed()
    {
        MachinePanel panel;
        panel.show();
        auto* button = panel.findChild<QPushButton*>();
        auto* result = panel.findChild<QLabel*>(QStringLiteral("measureResult"));
        QVERIFY(!button->isEnabled());
        QVERIFY(!button->toolTip().isEmpty());
        const QThread* gui = QThread::currentThread();
        bool aside = false;
        panel.setMeasurement([&] {
            aside = QThread::currentThread() != gui;
            return QStringLiteral("float32 225 GFLOP/s");
        });
        button->click();
        QVERIFY(!button->isEnabled());
        QTRY_COMPARE(result->text(), QStringLiteral("float32 225 GFLOP/s"));
        QVERIFY(aside && button->isEnabled());
        panel.setMeasurement([]() -> QString { throw std::runtime_error("no device"); });
        button->click();
        QTRY_COMPARE(result->text(), QStringLiteral("no device"));
    }

    void anAnswerForSomebodyGoneIsDropped()
    {
        bool answered = false;
        auto receiver = std::make_unique<QObject>();
        runAside(
            receiver.get(), [] { return QString(); }, [&](const QString&) { answered = true; });
        receiver.reset();
        QTest::qWait(50);
        QVERIFY(!answered);
    }

    void lettersComeInOrderAndNotToThoseGone()
    {
        auto receiver = std::make_unique<QObject>();
        const Mailbox mailbox(receiver.get());
        const auto held = std::make_shared<int>(0);
        std::vector<int> read;
        std::thread writer([&] {
            for (int i = 0; i < 100; ++i)
                mailbox.post([&read, i] { read.push_back(i); });
        });
        QTRY_COMPARE(read.size(), size_t{100});
        writer.join();
        QVERIFY(std::is_sorted(read.begin(), read.end()));
        mailbox.post([&read, held] { read.clear(); });
        QCOMPARE(held.use_count(), 2L);
        receiver.reset();
        QCOMPARE(held.use_count(), 1L); // what the letter held went with it
        mailbox.post([&read, held] { read.clear(); });
        QCoreApplication::processEvents();
        QCOMPARE(held.use_count(), 1L);
        QCOMPARE(read.size(), size_t{100});
    }

    void sizesAreDecimal()
    {
        const auto text = [](qint64 bytes) {
            return sizeText(bytes).replace(QChar(0x202F), QLatin1Char('_'));
        };
        QCOMPARE(text(0), QStringLiteral("0_B"));
        QCOMPARE(text(999), QStringLiteral("999_B"));
        QCOMPARE(text(312'400), QStringLiteral("312_kB"));
        QCOMPARE(text(999'700), QStringLiteral("1.0_MB"));
        QCOMPARE(text(1'234'567'890), QStringLiteral("1.2_GB"));
    }

    void selectionIsCopiedAsATable()
    {
        QTableWidget table(2, 3);
        for (int row = 0; row < 2; ++row) {
            for (int column = 0; column < 3; ++column)
                table.setItem(
                    row, column, new QTableWidgetItem(QStringLiteral("%1%2").arg(row).arg(column)));
        }
        QVERIFY(!copySelection(&table));
        table.selectAll();
        table.setColumnHidden(1, true);
        QVERIFY(copySelection(&table));
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("00\t02\n10\t12"));
    }
};

QTEST_MAIN(TestShellParts)
#include "tst_shell_parts.moc"
