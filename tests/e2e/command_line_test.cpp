// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The program itself, as a person or a script calls it: help, wrong usage, exit statuses.
#include "tests/support/folders.h"

#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>

namespace {

struct Outcome {
    int status = -1;
    QString out, error;

    /// The one line that a failure ends with.
    QString lastLine() const { return error.trimmed().split('\n').last(); }
};

Outcome runMoe(const QStringList& words, const QString& outputFile = {})
{
    QProcess process;
    if (!outputFile.isEmpty())
        process.setStandardOutputFile(outputFile);
    process.start(moe::tests::qInBuild("bin/moe"), words);
    process.waitForFinished(60'000);
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
        QString::fromUtf8(process.readAllStandardOutput()),
        QString::fromUtf8(process.readAllStandardError())};
}

QStringList commandNames()
{
    QStringList names;
    const QRegularExpression row("^  ([a-z]+) +[A-Z]", QRegularExpression::MultilineOption);
    for (auto match = row.globalMatch(runMoe({"--help"}).out); match.hasNext();)
        names += match.next().captured(1);
    return names;
}

} // namespace

class CommandLineTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void versionIsInstant()
    {
        QElapsedTimer timer;
        timer.start();
        const Outcome outcome = runMoe({"--version"});
        QVERIFY(timer.elapsed() < 2000);
        QCOMPARE(outcome.status, 0);
        QVERIFY(
            QRegularExpression("^moe [0-9]+\\.[0-9]+\\.[0-9]+\n$").match(outcome.out).hasMatch());
    }

    void everyCommandHasHelp()
    {
        const QStringList names = commandNames();
        QVERIFY(names.contains("devices"));
        for (const QString& name : names) {
            const Outcome outcome = runMoe({name, "--help"});
            QCOMPARE(outcome.status, 0);
            QVERIFY2(outcome.out.contains("Usage: moe " + name), qPrintable(name));
            QVERIFY(outcome.error.isEmpty());
            for (const QString& line : outcome.out.split('\n'))
                QVERIFY2(line.size() <= 100, qPrintable(line));
        }
    }

    void wrongUsage_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QString>("hint");
        QTest::newRow("nothing") << QStringList{} << "no command";
        QTest::newRow("misspelt command") << QStringList{"devcies"} << "did you mean devices?";
        QTest::newRow("strange command") << QStringList{"xyzzyxyzzy"} << "--help";
        QTest::newRow("misspelt option")
            << QStringList{"devices", "--mesure"} << "did you mean --measure?";
        QTest::newRow("no value") << QStringList{"devices", "--threads"} << "wants a value";
        QTest::newRow("no number") << QStringList{"devices", "--threads=x"} << "from 0 to 1024";
        QTest::newRow("huge number")
            << QStringList{"devices", "--threads", "99999999999999999999"} << "from 0 to 1024";
        QTest::newRow("twice") << QStringList{"devices", "--json", "--json"} << "twice";
        QTest::newRow("value of a switch") << QStringList{"devices", "--json=1"} << "no value";
        QTest::newRow("argument") << QStringList{"devices", "cpu"} << "unexpected argument";
        QTest::newRow("after --") << QStringList{"devices", "--", "--json"} << "unexpected";
        QTest::newRow("line break") << QStringList{"dev\nices"} << "devices";
    }
    void wrongUsage()
    {
        QFETCH(QStringList, words);
        QFETCH(QString, hint);
        const Outcome outcome = runMoe(words);
        QCOMPARE(outcome.status, 2);
        QVERIFY(outcome.out.isEmpty());
        QCOMPARE(outcome.error.count('\n'), 1);
        QVERIFY2(outcome.error.startsWith("moe: error: "), qPrintable(outcome.error));
        QVERIFY2(outcome.error.contains(hint), qPrintable(outcome.error));
    }

    void devicesAnswersInJson()
    {
        const Outcome outcome = runMoe({"devices", "--json"});
        QCOMPARE(outcome.status, 0);
        const QJsonDocument json = QJsonDocument::fromJson(outcome.out.toUtf8());
        QVERIFY(json.object()["devices"].isArray());
        QVERIFY(outcome.out.endsWith('\n') && outcome.out.count('\n') == 1);
    }

    void selftestFindsTheKernelsRight()
    {
        const Outcome outcome = runMoe({"selftest", "--json"});
        QVERIFY2(outcome.status == 0, qPrintable(outcome.error));
        const QJsonObject json = QJsonDocument::fromJson(outcome.out.toUtf8()).object();
        QVERIFY(json["cases"].toInt() > 500);
        QCOMPARE(json["failed"].toInt(-1), 0);
    }

    void aFullDiskUnderStandardOutputIsAFailure()
    {
        if (!QFile::exists("/dev/full"))
            QSKIP("no /dev/full here");
        const Outcome outcome = runMoe({"devices"}, "/dev/full");
        QCOMPARE(outcome.status, 1);
        QVERIFY2(outcome.lastLine().startsWith("moe: error: cannot write: standard output"),
            qPrintable(outcome.error));
    }
};

QTEST_GUILESS_MAIN(CommandLineTest)
#include "command_line_test.moc"
