// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// moe runs as a script calls it, on a store of its own.
#include "tests/support/folders.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

namespace {

struct Outcome {
    int status = -1;
    QString out, error;
    QJsonObject json() const { return QJsonDocument::fromJson(out.toUtf8()).object(); }
};

} // namespace

class RunsTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    QString path(const char* name) const { return m_folder.filePath(name); }

    Outcome runs(const QStringList& words) const
    {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("MOE_STORE", path("data/store.sqlite"));
        process.setProcessEnvironment(environment);
        process.start(moe::tests::qInBuild("bin/moe"), QStringList{"runs"} + words);
        process.waitForFinished(60'000);
        return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            QString::fromUtf8(process.readAllStandardOutput()),
            QString::fromUtf8(process.readAllStandardError())};
    }

    void write(const char* name, const QByteArray& text) const
    {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    }

    void refused(const QStringList& words, int status, const char* part) const
    {
        const Outcome outcome = runs(words);
        QCOMPARE(outcome.status, status);
        QVERIFY2(outcome.out.isEmpty(), qPrintable(outcome.out));
        QVERIFY2(outcome.error.startsWith("moe: error: "), qPrintable(outcome.error));
        QVERIFY2(outcome.error.contains(part), qPrintable(outcome.error));
        QCOMPARE(outcome.error.count('\n'), 1);
    }

private Q_SLOTS:
    void aStoreThatIsNotThereHoldsNoRuns()
    {
        const Outcome outcome = runs({"list", "--json"});
        QCOMPARE(outcome.status, 0);
        QCOMPARE(outcome.out, QString("{\"runs\":[]}\n"));
        QVERIFY(!QFile::exists(path("data/store.sqlite")));
        refused({"show", "last", "--json"}, 1, "there is no run store");
    }

    void aRunGoesInAndOutAgain()
    {
        write("one.jsonl",
            "{\"step\": 1, \"tokens\": 64, \"loss\": 4.25, \"my/scalar\": 1.5, \"layers\": "
            "[{\"layer\": 2, \"load\": [3, 5], \"assignments\": 8, \"dropped\": 1, \"alpha\": "
            "0.25}]}\n"
            "{\"step\": 2, \"tokens\": 128, \"loss\": 4.125, \"valid_loss\": 4.5}\n");
        const Outcome in = runs({"import", path("one.jsonl"), "--json"});
        QCOMPARE(in.status, 0);
        const QJsonObject run = in.json()["runs"].toArray().at(0).toObject();
        QCOMPARE(run["name"].toString(), QString("one"));
        QCOMPARE(run["steps"].toInt(), 2);
        QCOMPARE(run["valid_loss"].toDouble(), 4.5);

        const QJsonObject shown = runs({"show", "last", "--json"}).json();
        for (const char* key :
            {"id", "name", "state", "steps", "tags", "notes", "run_file", "events"})
            QVERIFY2(shown.contains(key), key);
        QCOMPARE(shown["state"].toString(), QString("imported"));

        for (const char* format : {"jsonl", "csv", "tensorboard"}) {
            const QString out = path(format);
            QCOMPARE(runs({"export", "one", "--format", format, "--out", out}).status, 0);
            const Outcome back = runs({"import", out, "--json"});
            QCOMPARE(back.status, 0);
            const QString id
                = QString::number(back.json()["runs"].toArray().at(0).toObject()["id"].toInt());
            QCOMPARE(runs({"export", id, "--format", "jsonl", "--out", path("again")}).status, 0);
            QFile first(path("jsonl"));
            QFile again(path("again"));
            QVERIFY(first.open(QIODevice::ReadOnly) && again.open(QIODevice::ReadOnly));
            QCOMPARE(again.readAll(), first.readAll());
        }
    }

    void runsAreNamedTaggedAndDeleted()
    {
        QCOMPARE(runs({"rename", "one", "专家"}).status, 0);
        QCOMPARE(runs({"tag", "专家", "a, b c,  ,d "}).status, 0);
        QCOMPARE(runs({"note", "专家", "as in the paper\nor nearly"}).status, 0);
        const QJsonObject shown = runs({"show", "专家", "--json"}).json();
        QCOMPARE(shown["tags"].toArray(), QJsonArray({"a", "b c", "d"}));
        QCOMPARE(shown["notes"].toString(), QString("as in the paper\nor nearly"));
        QVERIFY(runs({"show", "专家"}).out.contains("paper\n              or nearly\n"));
        refused({"note", "专家", "\x1b[31mred"}, 1, "a control character");
        QVERIFY(runs({"list"}).out.contains("专家"));
        QCOMPARE(runs({"delete", "专家", "--quiet"}).out, QString());
        refused({"show", "专家"}, 1, "no such run");
    }

    void whatIsWrongIsSaidInOneLine()
    {
        refused({"steer", "last", "optimizer.lr=1e-4"}, 1, "not running, it is imported");
        refused({"steer", "last", "optimizer.lr"}, 2, "key=value");
        refused({"export", "last", "--format", "xml", "--out", path("x"), "--json"}, 2, "one of");
        refused({"export", "", "--format", "csv", "--out", path("x")}, 1, "no run is named");
        refused({"export", "last", "--format", "csv", "--out", ""}, 2, "--out is empty");
        for (const char* command : {"list", "show", "delete"}) {
            QStringList words{command, "--store", path("typo.sqlite")};
            if (command != QLatin1String("list"))
                words.insert(1, "last");
            refused(words, 1, "there is no run store");
        }
        refused({"import", path("nothing"), "--store", path("typo.sqlite")}, 1, "no such file");
        QVERIFY(!QFile::exists(path("typo.sqlite")));
        const QString longName(5000, QChar(0x4E13));
        refused({"show", longName}, 1, "moe runs list shows them");
        refused({"import", longName}, 1, "no such file");
        QVERIFY(runs({"import", longName}).error.toUtf8().size() < 1000);
        refused({"rename", "last", QString(300, 'x')}, 1, "at most 255 bytes");
        refused({"rename", "last", "two\nlines"}, 1, "control character");
        refused({"export", "last"}, 2, "--");
        refused({"import", path("nothing")}, 1, "no such file");
        write("bad.jsonl", "{\"step\": 1, \"loss\": 3}\n{\"step\": 2, \"loss\": \"low\"}\n");
        const QString before = runs({"list", "--json"}).out;
        refused({"import", path("one.jsonl"), path("bad.jsonl")}, 1, "line 2: loss");
        QCOMPARE(runs({"list", "--json"}).out, before);
        write("noise", "this is no store, and long enough to be looked at");
        refused({"list", "--store", path("noise")}, 1, "not a SQLite file");
    }
};

QTEST_GUILESS_MAIN(RunsTest)
#include "runs_test.moc"
