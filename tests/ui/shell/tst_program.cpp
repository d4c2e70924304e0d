// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
// moe-workbench as a process: options, exit status, signals.
#include "tests/support/folders.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

class TestProgram : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void wrongUsage_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("names");
        const auto row = [](const char* arguments, const char* names) {
            QTest::newRow(arguments)
                << QString::fromUtf8(arguments).split(QLatin1Char(' ')) << QString::fromUtf8(names);
        };
        row("--frobnicate", "--frobnicate");
        row("stray", "stray");
        row("--demo=yes", "--demo=yes");
        row("--theme purple", "purple");
        row("--lang fr", "fr");
        row("--size 1280", "1280");
        row("--size 99999999x3", "99999999x3");
        row("--size 100x100", "100x100");
        row("--demo --steps 0", "--steps");
        row("--demo --steps 1e3", "1e3");
        row("--demo --steps 99999999999999999999", "--steps");
        row("--steps 5", "--demo");
        row("--open", "--open");
        row("--screenshots-at 1,2", "--screenshots");
        row("--screenshots x --screenshots-at 1,,2", "--screenshots-at");
        row("--quit-after soon", "soon");
        row("--quit-after nan", "nan");
        row("--threads 1025", "--threads");
        row("--demo --open last", "--open last");
    }

    void wrongUsage()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, names);
        const auto [status, out, error] = run(arguments);
        QCOMPARE(status, 2);
        QVERIFY(out.isEmpty());
        QVERIFY2(error.startsWith("moe-workbench: error: "), error.constData());
        QVERIFY2(error.contains(names.toUtf8()), error.constData());
        QCOMPARE(error.count('\n'), 1);
    }

    void saysWhatItIs()
    {
        QCOMPARE(std::get<0>(run({QStringLiteral("--help")})), 0);
        QVERIFY(std::get<1>(run({QStringLiteral("--help")})).contains("--screenshots-at"));
        QVERIFY(std::get<1>(run({QStringLiteral("--version")})).startsWith("moe-workbench 0."));
    }

    void withoutADisplayItSaysWhatToDo()
    {
        const auto [status, out, error] = run({}, false);
        QCOMPARE(status, 1);
        QVERIFY2(error.contains("DISPLAY"), error.constData());
        QCOMPARE(error.count('\n'), 1);
    }

    void refusesWhatItCannotOpenYet_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("plan") << QStringLiteral("plan.json") << QByteArray("0.4");
        QTest::newRow("garbage") << QStringLiteral("./garbage") << QByteArray("no plan");
        QTest::newRow("missing") << QStringLiteral("./nothing") << QByteArray("no such file");
    }

    void refusesWhatItCannotOpenYet()
    {
        QFETCH(QString, what);
        QFETCH(QByteArray, says);
        for (const char* name : {"plan.json", "garbage"}) {
            QFile file(m_folder->filePath(QLatin1String(name)));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write("\xff\x00{", 3);
        }
        const auto [status, out, error] = run({QStringLiteral("--open"), what});
        QCOMPARE(status, 1);
        QVERIFY2(error.contains(says) && error.contains(what.toUtf8()), error.constData());
        QCOMPARE(error.count('\n'), 1);
    }

    void quitsAfterSecondsAndBySignal()
    {
        QCOMPARE(std::get<0>(run({QStringLiteral("--quit-after"), QStringLiteral("0.2")})), 0);
        for (const int signal : {SIGINT, SIGTERM}) {
            QProcess process;
            start(process, {}, true);
            QVERIFY(process.waitForStarted());
            QTest::qWait(1500);
            ::kill(static_cast<pid_t>(process.processId()), signal);
            QVERIFY(process.waitForFinished(20'000));
            QCOMPARE(process.exitStatus(), QProcess::NormalExit);
            QCOMPARE(process.exitCode(), 128 + signal);
        }
    }

    void picturesThatAreNotTakenAreAnError()
    {
        const QString folder = m_folder->filePath(QStringLiteral("pictures"));
        const auto [status, out, error] = run({QStringLiteral("--screenshots"), folder,
            QStringLiteral("--quit-after"), QStringLiteral("0.5")});
        QCOMPARE(status, 1);
        QVERIFY2(error.contains("not all pictures were taken"), error.constData());
        QCOMPARE(error.count('\n'), 1);
    }

    /// Before anything is trained.
    void aFolderForPicturesThatCannotBeWrittenIsRefusedAtOnce()
    {
        QFile file(m_folder->filePath(QStringLiteral("file")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const auto [status, out, error]
            = run({QStringLiteral("--screenshots"), file.fileName() + QStringLiteral("/below")});
        QCOMPARE(status, 1);
        QVERIFY2(error.contains("no pictures can be written"), error.constData());
        QCOMPARE(error.count('\n'), 1);
        QVERIFY(out.isEmpty());
    }

    void aStoreThatCannotBeReadIsSaidOnceAndExits1_data()
    {
        QTest::addColumn<bool>("folder");
        QTest::newRow("damaged") << false;
        QTest::newRow("a folder") << true;
    }

    void aStoreThatCannotBeReadIsSaidOnceAndExits1()
    {
        QFETCH(bool, folder);
        QFile damaged(m_folder->filePath(QStringLiteral("store.sqlite")));
        QVERIFY(damaged.open(QIODevice::WriteOnly));
        damaged.write(QByteArray(5000, 'x'));
        damaged.close();
        const auto [status, out, error] = run({QStringLiteral("--store"),
            folder ? m_folder->path() : damaged.fileName(), QStringLiteral("--open"),
            QStringLiteral("last"), QStringLiteral("--quit-after"), QStringLiteral("3")});
        QCOMPARE(status, 1);
        QVERIFY2(
            error.contains(folder ? "it is a folder" : "not a SQLite file"), error.constData());
        QCOMPARE(error.count('\n'), 1);
    }

private:
    void start(QProcess& process, QStringList arguments, bool offscreen)
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "MOE_STORE"})
            environment.remove(QLatin1String(name));
        if (offscreen)
            environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
        for (const char* name :
            {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"})
            environment.insert(QLatin1String(name), m_folder->path());
        process.setProcessEnvironment(environment);
        process.setWorkingDirectory(m_folder->path());
        process.start(moe::tests::qInBuild("bin/moe-workbench"), arguments);
    }

    std::tuple<int, QByteArray, QByteArray> run(QStringList arguments, bool offscreen = true)
    {
        QProcess process;
        start(process, std::move(arguments), offscreen);
        process.waitForFinished(100'000); // a tokenizer that is being trained ends first
        return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput(), process.readAllStandardError()};
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(TestProgram)
#include "tst_program.moc"
