// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// moe quantize as a user runs it, on what moe train wrote; training goes on from each scheme.
#include "tests/support/folders.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>

namespace {

struct Outcome {
    int status = -1;
    QByteArray out, err;
    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    QByteArray lastErrorLine() const { return err.trimmed().split('\n').last(); }
};

} // namespace

class QuantizeCommandTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void trainingGoesOnFromEveryScheme_data();
    void trainingGoesOnFromEveryScheme();
    void failuresAreOneLine_data();
    void failuresAreOneLine();

private:
    QString path(const QString& name) const { return m_folder.filePath(name); }
    Outcome run(const QStringList& arguments) const;
    /// Trains one step from `from`; its validation loss before any change is near that step's.
    double lossFrom(const QString& from) const;

    QTemporaryDir m_folder;
    QJsonObject m_run;
};

Outcome QuantizeCommandTest::run(const QStringList& arguments) const
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("MOE_STORE", path("store.sqlite"));
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(m_folder.path());
    process.start(moe::tests::qInBuild("bin/moe"), arguments);
    Outcome outcome;
    if (process.waitForFinished(60000))
        outcome.status = process.exitCode();
    outcome.out = process.readAllStandardOutput();
    outcome.err = process.readAllStandardError();
    return outcome;
}

void QuantizeCommandTest::initTestCase()
{
    const QString fixture = moe::tests::qInSource("tests/fixtures/training/adaptive/");
    for (const char* name : {"train.bin", "train.idx", "valid.bin", "valid.idx", "config.json"})
        QVERIFY(QFile::copy(fixture + QLatin1String(name), path(QLatin1String(name))));
    m_run = {{"name", "first"}, {"model", "config.json"}, {"data", QJsonObject{{"train", "train"}}},
        {"sequence_length", 16}, {"micro_batch_size", 2}, {"global_batch_size", 4},
        {"train_steps", 20}, {"seed", 3},
        {"optimizer", QJsonObject{{"name", "adamw"}, {"lr", 3e-3}, {"warmup_steps", 0}}},
        {"checkpoint", QJsonObject{{"dir", "trained"}}}};
    QFile file(path("first.json"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QJsonDocument(m_run).toJson());
    file.close();
    const Outcome trained = run({"train", "first.json", "--quiet"});
    QVERIFY2(trained.status == 0, trained.err.constData());
}

double QuantizeCommandTest::lossFrom(const QString& from) const
{
    QJsonObject json = m_run;
    json["init"] = QJsonObject{{"from", from}};
    json["model"] = from + "/config.json";
    json["train_steps"] = 1;
    json.remove("checkpoint");
    QFile file(path("next.json"));
    if (!file.open(QIODevice::WriteOnly))
        return NAN;
    file.write(QJsonDocument(json).toJson());
    file.close();
    const Outcome trained = run({"train", "next.json", "--quiet", "--json"});
    if (trained.status != 0)
        qWarning("%s", trained.err.constData());
    return trained.json()["final_loss"].toDouble(NAN);
}

void QuantizeCommandTest::trainingGoesOnFromEveryScheme_data()
{
    QTest::addColumn<QString>("scheme");
    for (const char* scheme : {"fp8-tensor", "fp8-channel", "fp8-block"})
        QTest::newRow(scheme) << scheme;
}

void QuantizeCommandTest::trainingGoesOnFromEveryScheme()
{
    QFETCH(QString, scheme);
    const Outcome made = run({"quantize", "--model", "trained/step-000020", "--scheme", scheme,
        "--out", scheme, "--json"});
    QVERIFY2(made.status == 0, made.err.constData());
    QCOMPARE(made.json()["scheme"].toString(), scheme);
    QVERIFY(made.json()["quantized"].toInt() > 0);
    QVERIFY(made.json()["bytes_after"].toInt() < made.json()["bytes_before"].toInt());
    const double wide = lossFrom("trained/step-000020"), narrow = lossFrom(scheme);
    QVERIFY2(std::abs(narrow / wide - 1) < 0.01,
        qPrintable(QString("%1 after, %2 before").arg(narrow).arg(wide)));
    QVERIFY(narrow != wide);
}

void QuantizeCommandTest::failuresAreOneLine_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("word");
    const QString model = "trained/step-000020";
    QTest::newRow("scheme") << QStringList{"--model", model, "--scheme", "int4", "--out", "x"} << 2
                            << "fp8-block";
    QTest::newRow("no out") << QStringList{"--model", model, "--scheme", "fp8-block"} << 2
                            << "--out";
    QTest::newRow("no model") << QStringList{"--model", "nowhere", "--scheme", "fp8-block", "--out",
        "x"} << 1 << "nowhere";
    for (const auto& [name, key, value] :
        {std::tuple("short", "num_hidden_layers", 9), std::tuple("shape", "vocab_size", 20)}) {
        QDir(m_folder.path()).mkdir(name);
        QFile config(path(model + "/config.json"));
        QVERIFY(config.open(QIODevice::ReadOnly));
        QJsonObject json = QJsonDocument::fromJson(config.readAll()).object();
        json[key] = value;
        QFile changed(path(QLatin1String(name) + "/config.json"));
        QVERIFY(changed.open(QIODevice::WriteOnly));
        changed.write(QJsonDocument(json).toJson());
        QFile::copy(
            path(model + "/model.safetensors"), path(QLatin1String(name) + "/model.safetensors"));
    }
    QTest::newRow("a layer is missing") << QStringList{"--model", "short", "--scheme", "fp8-block",
        "--out", "x"} << 1 << "is missing";
    QTest::newRow("another shape") << QStringList{"--model", "shape", "--scheme", "fp8-block",
        "--out", "x"} << 1 << "the shape is";
    QTest::newRow("full") << QStringList{"--model", model, "--scheme", "fp8-block", "--out",
        "trained"} << 1 << "not empty";
}

void QuantizeCommandTest::failuresAreOneLine()
{
    QFETCH(QStringList, arguments);
    const Outcome failed = run(QStringList{"quantize", "--json"} + arguments);
    QTEST(failed.status, "status");
    QFETCH(QString, word);
    QVERIFY(failed.out.isEmpty());
    QVERIFY2(failed.lastErrorLine().startsWith("moe: error: "), failed.err.constData());
    QVERIFY2(failed.lastErrorLine().contains(word.toUtf8()), failed.err.constData());
    QVERIFY(!QFile::exists(path("x")));
}

QTEST_GUILESS_MAIN(QuantizeCommandTest)
#include "quantize_command_test.moc"
