// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The command `moe` as a user runs it: files in, exit status, standard output and standard error
// out.
#include "tests/support/folders.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <csignal>
#include <sys/resource.h>

namespace {

struct Outcome {
    int status = -1;
    QByteArray out, err;
    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    QByteArray lastErrorLine() const { return err.trimmed().split('\n').last(); }
};

/// On standard error, which stays unread: QTRY_VERIFY looks twice.
bool hasPrinted(QProcess& process, const char* text)
{
    process.setReadChannel(QProcess::StandardError);
    return process.peek(1 << 20).contains(text);
}

/// Timings differ from run to run; everything else must not.
QJsonObject withoutTimings(QJsonObject record)
{
    for (const char* key : {"step_seconds", "tokens_per_second", "mfu", "peak_bytes"})
        record.remove(QLatin1String(key));
    return record;
}

} // namespace

class MoeCommandTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void versionAndHelp();
    void wrongUsageIsTwo();
    void corpusTrainExportImport();
    void jsonLeavesStandardOutputEmptyOnFailure();
    void badRunFilesNameTheKey_data();
    void badRunFilesNameTheKey();
    void signalsSaveAndSayWhich_data();
    void signalsSaveAndSayWhich();
    void killedRunResumesBitForBit();
    void diskFullKeepsTheLastCheckpoint();
    void steeringFromOutsideIsRecorded();
    void upcycledModelTrains();
    void exportNeverTakesTheStoresPlace();
    void oneRunAFolder();
    void tokenizeThereAndBack();

private:
    QString path(const QString& name) const { return m_folder->filePath(name); }
    QString moe() const { return moe::tests::qInBuild("bin/moe"); }
    void prepare(QProcess& process, const QStringList& arguments) const;
    Outcome run(const QStringList& arguments) const;
    void writeRun(const QString& name, const QJsonObject& changes);
    QList<QJsonObject> exported(const QString& run);

    std::unique_ptr<QTemporaryDir> m_folder;
};

void MoeCommandTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    const QString fixture = moe::tests::qInSource("tests/fixtures/training/adaptive/");
    for (const char* name : {"train.bin", "train.idx", "valid.bin", "valid.idx", "config.json"})
        QVERIFY(QFile::copy(fixture + QLatin1String(name), path(QLatin1String(name))));
}

void MoeCommandTest::prepare(QProcess& process, const QStringList& arguments) const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("MOE_STORE", path("store.sqlite"));
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(m_folder->path());
    process.setProgram(moe());
    process.setArguments(arguments);
}

Outcome MoeCommandTest::run(const QStringList& arguments) const
{
    QProcess process;
    prepare(process, arguments);
    process.start();
    if (!process.waitForFinished(60000))
        return {};
    const int status = process.exitStatus() == QProcess::NormalExit ? process.exitCode()
                                                                    : 128 + process.exitCode();
    return {status, process.readAllStandardOutput(), process.readAllStandardError()};
}

void MoeCommandTest::writeRun(const QString& name, const QJsonObject& changes)
{
    QJsonObject file{{"name", name.section(QLatin1Char('.'), 0, 0)}, {"model", "config.json"},
        {"data", QJsonObject{{"train", "train"}, {"valid", "valid"}}}, {"sequence_length", 12},
        {"micro_batch_size", 2}, {"global_batch_size", 4}, {"train_steps", 12}, {"valid_every", 5},
        {"optimizer", QJsonObject{{"name", "adamw"}, {"lr", 2e-3}, {"warmup_steps", 2}}}};
    for (auto it = changes.begin(); it != changes.end(); ++it)
        file[it.key()] = it.value();
    QFile out(path(name));
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(QJsonDocument(file).toJson());
}

QList<QJsonObject> MoeCommandTest::exported(const QString& run)
{
    const Outcome outcome
        = this->run({"runs", "export", run, "--format", "jsonl", "--out", path("export.jsonl")});
    if (outcome.status != 0)
        qWarning() << outcome.err;
    QFile file(path("export.jsonl"));
    QList<QJsonObject> records;
    if (file.open(QIODevice::ReadOnly)) {
        for (const QByteArray& line : file.readAll().trimmed().split('\n'))
            records.append(QJsonDocument::fromJson(line).object());
    }
    return records;
}

void MoeCommandTest::versionAndHelp()
{
    const Outcome version = run({"--version"});
    QCOMPARE(version.status, 0);
    QVERIFY(QRegularExpression("^moe \\d+\\.\\d+\\.\\d+\n$")
                .match(QString::fromUtf8(version.out))
                .hasMatch());
    const Outcome help = run({"--help"});
    QCOMPARE(help.status, 0);
    for (const char* command :
        {"corpus", "train", "upcycle", "quantize", "runs", "bench", "devices"}) {
        QVERIFY2(help.out.contains(command), command);
        const Outcome one = run({QLatin1String(command), "--help"});
        QCOMPARE(one.status, 0);
        QVERIFY(one.out.contains("Usage"));
    }
}

void MoeCommandTest::wrongUsageIsTwo()
{
    for (const QStringList& words :
        {QStringList{"trian"}, QStringList{"train"}, QStringList{"train", "a.json", "--jsn"},
            QStringList{"corpus", "x"}, QStringList{"devices", "--threads", "x"}}) {
        const Outcome outcome = run(words);
        QCOMPARE(outcome.status, 2);
        QVERIFY(outcome.out.isEmpty());
        QVERIFY2(outcome.lastErrorLine().startsWith("moe: error: "), outcome.err.constData());
    }
    QVERIFY(run({"trian"}).err.contains("train"));
}

void MoeCommandTest::corpusTrainExportImport()
{
    QFile text(path("text.txt"));
    QVERIFY(text.open(QIODevice::WriteOnly));
    for (int i = 0; i < 300; ++i)
        text.write("the router sends each token to two experts, 专家 "
            + QByteArray::number(i * 7919) + "\n");
    text.close();
    const Outcome corpus
        = run({"corpus", "text.txt", "--out", "made/c", "--vocab-size", "300", "--json"});
    QVERIFY2(corpus.status == 0, corpus.err.constData());
    QVERIFY(corpus.json()["tokens"].toInt() > 1000);

    writeRun("run.json",
        {{"data", QJsonObject{{"train", "made/c"}}}, {"checkpoint", QJsonObject{{"dir", "out"}}}});
    const Outcome tooSmall = run({"train", "run.json"});
    QCOMPARE(tooSmall.status, 1); // config.json says 97 tokens, the corpus holds up to 300
    QVERIFY2(tooSmall.lastErrorLine().contains("made/c"), tooSmall.err.constData());

    const Outcome dry = run({"train", "run.json", "--set", "data.train=train", "--dry-run"});
    QVERIFY2(dry.status == 0, dry.err.constData());
    QVERIFY(!QFile::exists(path("out")));

    const Outcome train = run({"train", "run.json", "--set", "data.train=train", "--json"});
    QVERIFY2(train.status == 0, train.err.constData());
    const QJsonObject result = train.json();
    QCOMPARE(result["steps"].toInt(), 12);
    QVERIFY(result["checkpoint"].toString().endsWith("out/step-000012"));
    QVERIFY(QFile::exists(path("out/step-000012/model.safetensors")));
    QVERIFY(result["final_loss"].toDouble() > 0 && result["mfu"].toDouble() > 0);

    const QList<QJsonObject> records = exported("last");
    QCOMPARE(records.size(), 12);
    QCOMPARE(records[11]["tokens"].toInt(), 12 * 48);
    for (const char* format : {"csv", "tensorboard"}) {
        const Outcome outcome = run({"runs", "export", "run", "--format", QLatin1String(format),
            "--out", path(QLatin1String(format))});
        QVERIFY2(outcome.status == 0, outcome.err.constData());
    }
    const Outcome import = run({"runs", "import", path("export.jsonl")});
    QVERIFY2(import.status == 0, import.err.constData());
    QCOMPARE(exported("last"), records);

    const Outcome again = run({"train", "run.json", "--set", "data.train=train"});
    QCOMPARE(again.status, 1); // the folder holds step-*
    QVERIFY2(again.lastErrorLine().contains("out"), again.err.constData());
}

void MoeCommandTest::jsonLeavesStandardOutputEmptyOnFailure()
{
    const Outcome outcome = run({"train", "missing.json", "--json"});
    QCOMPARE(outcome.status, 1);
    QVERIFY(outcome.out.isEmpty());
    QVERIFY(outcome.lastErrorLine().startsWith("moe: error: "));
    QVERIFY(outcome.err.contains("missing.json"));
}

void MoeCommandTest::badRunFilesNameTheKey_data()
{
    QTest::addColumn<QString>("set");
    QTest::addColumn<QString>("named");
    const auto row = [](const char* set, const char* named) {
        QTest::newRow(set) << QString::fromUtf8(set) << QString::fromUtf8(named);
    };
    row("optimizer.lrr=1", "optimizer.lr");
    row("optimizer.lr=\"x\"", "optimizer.lr");
    row("optimizer.warmup_steps=12", "warmup_steps");
    row("sequence_length=0", "sequence_length");
    row("sequence_length=100000", "sequence_length");
    row("micro_batch_size=3", "global_batch_size");
    row("moe.aux_coeff=[1,2,3]", "moe.aux_coeff");
    row("moe.drop_policy=random", "probs");
    row("parallel.tensor=2", "parallel.tensor");
    row("parallel.pipeline=2", "parallel.pipeline");
    row("parallel.data=3", "parallel.data");
    row("model={}", "run.json: model");
    row("model=nowhere.json", "nowhere.json");
    row("data.train=nowhere", "nowhere");
    row("train_steps=1e99", "train_steps");
    row("precision=float8", "precision");
}

void MoeCommandTest::badRunFilesNameTheKey()
{
    QFETCH(QString, set);
    QFETCH(QString, named);
    writeRun("run.json", {});
    const Outcome outcome = run({"train", "run.json", "--set", set});
    QCOMPARE(outcome.status, 1);
    const QByteArray line = outcome.lastErrorLine();
    QVERIFY2(line.startsWith("moe: error: "), outcome.err.constData());
    QVERIFY2(line.contains(named.toUtf8()), line.constData());
    QVERIFY2(!line.contains("json.exception") && !line.contains("std::")
            && !line.contains("basic_string"),
        line.constData());
}

void MoeCommandTest::signalsSaveAndSayWhich_data()
{
    QTest::addColumn<int>("signal");
    QTest::newRow("Ctrl-C") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
}

void MoeCommandTest::signalsSaveAndSayWhich()
{
    QFETCH(int, signal);
    writeRun("run.json",
        {{"train_steps", 1000000},
            {"checkpoint", QJsonObject{{"dir", "out"}, {"every", 0}}}}); // only the one of the stop
    QProcess process;
    prepare(process, {"train", "run.json"});
    process.start();
    QVERIFY(process.waitForStarted());
    QTRY_VERIFY_WITH_TIMEOUT(hasPrinted(process, "step"), 20000);
    ::kill(static_cast<pid_t>(process.processId()), signal);
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitCode(), 128 + signal);
    QCOMPARE(QDir(path("out")).entryList({"step-*"}, QDir::Dirs).size(), 1);
    const Outcome list = run({"runs", "list", "--json"});
    QCOMPARE(list.json()["runs"].toArray()[0].toObject()["state"].toString(), "stopped");
}

void MoeCommandTest::killedRunResumesBitForBit()
{
    const QJsonObject adaptive{{"capacity_factor", 1.0},
        {"aux_coeff",
            QJsonObject{{"adaptive",
                QJsonObject{
                    {"xi", 0.2}, {"alpha_max", 0.01}, {"beta", 0.9}, {"initial", 0.005}}}}}};
    const auto checkpoint = [](const QString& dir) {
        return QJsonObject{{"dir", dir}, {"every", 10}, {"keep", 2}};
    };
    QJsonObject changes{{"train_steps", 400}, {"moe", adaptive}, {"precision", "bfloat16"},
        {"checkpoint", checkpoint("whole")}};
    writeRun("whole.json", changes);
    const Outcome whole = run({"train", "whole.json", "--quiet"});
    QVERIFY2(whole.status == 0, whole.err.constData());

    changes["checkpoint"] = checkpoint("cut");
    writeRun("cut.json", changes);
    QProcess process;
    prepare(process, {"train", "cut.json", "--quiet"});
    process.start();
    QVERIFY(process.waitForStarted());
    QTRY_VERIFY_WITH_TIMEOUT(!QDir(path("cut")).entryList({"step-*"}, QDir::Dirs).isEmpty(), 20000);
    ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
    QVERIFY(process.waitForFinished(20000));

    const Outcome listed = run({"runs", "list", "--json"});
    QVERIFY2(listed.status == 0, listed.err.constData());
    const Outcome resumed = run({"train", "cut.json", "--resume", "--quiet"});
    QVERIFY2(resumed.status == 0, resumed.err.constData());
    QList<QJsonObject> expected = exported("whole");
    QList<QJsonObject> actual = exported("cut");
    QCOMPARE(expected.size(), 400);
    QCOMPARE(actual.size(), 400);
    for (int i = 0; i < expected.size(); ++i)
        QCOMPARE(withoutTimings(actual[i]), withoutTimings(expected[i]));
    const QJsonArray runs = run({"runs", "list", "--json"}).json()["runs"].toArray();
    QCOMPARE(runs.size(), 2); // resuming makes no second line
    QFile a(path("whole/step-000400/model.safetensors")),
        b(path("cut/step-000400/model.safetensors"));
    QVERIFY(a.open(QIODevice::ReadOnly) && b.open(QIODevice::ReadOnly));
    QVERIFY(a.readAll() == b.readAll());

    const Outcome changed = run({"train", "cut.json", "--resume", "--set", "optimizer.lr=1"});
    QCOMPARE(changed.status, 1);
    QVERIFY2(changed.lastErrorLine().contains("optimizer.lr"), changed.err.constData());
}

void MoeCommandTest::diskFullKeepsTheLastCheckpoint()
{
    writeRun("run.json", {{"checkpoint", QJsonObject{{"dir", "out"}, {"every", 4}}}});
    const Outcome first = run({"train", "run.json", "--set", "train_steps=4", "--quiet"});
    QVERIFY2(first.status == 0, first.err.constData());
    QProcess process;
    prepare(process, {"train", "run.json", "--resume", "--quiet"});
    // Files stop growing below the size of the weights: the write fails as on a full disk.
    process.setChildProcessModifier([] {
        const rlimit limit{60'000, 60'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        ::signal(SIGXFSZ, SIG_IGN);
    });
    process.start();
    QVERIFY(process.waitForFinished(30000));
    QCOMPARE(process.exitCode(), 1);
    QVERIFY(process.readAllStandardError().trimmed().split('\n').last().startsWith("moe: error: "));
    QCOMPARE(QDir(path("out")).entryList({"step-*"}, QDir::Dirs), QStringList{"step-000004"});
    const Outcome after = run({"train", "run.json", "--resume", "--quiet"});
    QVERIFY2(after.status == 0, after.err.constData());
    QCOMPARE(exported("last").size(), 12);
}

void MoeCommandTest::steeringFromOutsideIsRecorded()
{
    writeRun("run.json", {{"train_steps", 1000000}});
    QProcess process;
    prepare(process, {"train", "run.json"});
    process.start();
    QVERIFY(process.waitForStarted());
    QTRY_VERIFY_WITH_TIMEOUT(hasPrinted(process, "step"), 20000);
    const Outcome steer = run({"runs", "steer", "last", "moe.capacity_factor=2.0"});
    QVERIFY2(steer.status == 0, steer.err.constData());
    const Outcome wrong = run({"runs", "steer", "last", "optimizer.beta1=0.5"});
    QCOMPARE(wrong.status, 1);
    const auto steered = [this] {
        const QJsonArray events
            = run({"runs", "show", "last", "--json"}).json()["events"].toArray();
        for (const auto event : events) {
            if (event.toObject()["kind"].toString() == QLatin1String("steered"))
                return event.toObject()["step"].toInt();
        }
        return 0;
    };
    QTRY_VERIFY_WITH_TIMEOUT(steered() > 0, 20000);
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitCode(), 130);
    const Outcome late = run({"runs", "steer", "last", "optimizer.lr=1e-3"});
    QCOMPARE(late.status, 1);
}

void MoeCommandTest::upcycledModelTrains()
{
    QFile config(path("dense.json"));
    QVERIFY(config.open(QIODevice::WriteOnly));
    config.write(
        R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 97, "hidden_size": 32, "intermediate_size": 40,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "max_position_embeddings": 64})");
    config.close();
    writeRun("dense-run.json",
        {{"model", "dense.json"}, {"train_steps", 5},
            {"checkpoint", QJsonObject{{"dir", "dense"}}}});
    const Outcome dense = run({"train", "dense-run.json", "--quiet"});
    QVERIFY2(dense.status == 0, dense.err.constData());
    const Outcome upcycle = run({"upcycle", "--from", "dense/step-000005", "--experts", "8",
        "--top-k", "2", "--out", "moe"});
    QVERIFY2(upcycle.status == 0, upcycle.err.constData());
    const Outcome ontoAFile = run({"upcycle", "--from", "dense/step-000005", "--experts", "8",
        "--top-k", "2", "--out", "dense.json"});
    QCOMPARE(ontoAFile.status, 1);
    QVERIFY2(ontoAFile.lastErrorLine().contains("not a folder"), ontoAFile.err.constData());
    QVERIFY(QFile(path("dense.json")).size() > 100); // and the file is as it was

    // One step of each on the same batch: the dense loss and the upcycled model's first loss are
    // the same number.
    const QJsonObject one{{"train_steps", 2}, {"valid_every", 100}};
    QJsonObject changes = one;
    changes["model"] = "dense.json";
    changes["init"] = QJsonObject{{"from", "dense/step-000005"}};
    changes["optimizer"] = QJsonObject{{"name", "adamw"}, {"lr", 1e-3}, {"warmup_steps", 1}};
    writeRun("continued.json", changes);
    QVERIFY(run({"train", "continued.json", "--quiet"}).status == 0);
    changes["moe"] = QJsonObject{{"capacity_factor", QJsonValue::Null}};
    changes["model"] = "moe/config.json";
    changes["init"] = QJsonObject{{"from", "moe"}};
    writeRun("upcycled.json", changes);
    const Outcome trained = run({"train", "upcycled.json", "--quiet"});
    QVERIFY2(trained.status == 0, trained.err.constData());
    changes["init"] = QJsonObject{{"from", "dense/step-000005"}};
    writeRun("direct.json", changes);
    const Outcome direct = run({"train", "direct.json", "--quiet"});
    QVERIFY2(direct.status == 0, direct.err.constData());
    const auto firstLoss = [this](const char* name) {
        return exported(QLatin1String(name))[0]["lm_loss"].toDouble();
    };
    const double denseLoss = firstLoss("continued");
    QVERIFY2(std::abs(firstLoss("upcycled") - denseLoss) < 1e-5,
        qPrintable(QString::number(firstLoss("upcycled") - denseLoss)));
    QVERIFY2(std::abs(firstLoss("direct") - denseLoss) < 1e-5,
        qPrintable(QString::number(firstLoss("direct") - denseLoss)));
}

void MoeCommandTest::exportNeverTakesTheStoresPlace()
{
    writeRun("run.json", {});
    QCOMPARE(run({"train", "run.json", "--set", "train_steps=3", "--quiet"}).status, 0);
    for (const QString& place : {path("store.sqlite"), QStringLiteral("/dev/null")}) {
        const Outcome outcome
            = run({"runs", "export", "last", "--format", "jsonl", "--out", place});
        QCOMPARE(outcome.status, 1);
        QVERIFY2(outcome.lastErrorLine().contains(place.toUtf8()), outcome.err.constData());
    }
    QCOMPARE(exported("last").size(), 3);
}

void MoeCommandTest::oneRunAFolder()
{
    writeRun("run.json",
        {{"train_steps", 1000000},
            {"checkpoint", QJsonObject{{"dir", "out"}, {"every", 1000000}}}});
    QProcess process;
    prepare(process, {"train", "run.json"});
    process.start();
    QVERIFY(process.waitForStarted());
    QTRY_VERIFY_WITH_TIMEOUT(hasPrinted(process, "step"), 20000);
    const Outcome second = run({"train", "run.json"});
    QCOMPARE(second.status, 1);
    QVERIFY2(second.lastErrorLine().contains("another run"), second.err.constData());
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitCode(), 130);
}

void MoeCommandTest::tokenizeThereAndBack()
{
    const QString model = moe::tests::qInSource("tests/fixtures/tokenizers/llama3.json");
    const QString text = QStringLiteral("The router's 2 experts, 专家\n");
    QFile file(path("text.txt"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text.toUtf8()) > 0);
    file.close();
    const Outcome there = run({"tokenize", "--model", model, "--file", path("text.txt"), "--json"});
    QCOMPARE(there.status, 0);
    QCOMPARE(there.json()["text"].toString(), text);
    QStringList ids;
    for (const QJsonValue& id : there.json()["ids"].toArray())
        ids << QString::number(id.toInt());
    const QString list = ids.join(',');
    QCOMPARE(run({"tokenize", "--model", model, "--text", text}).out, list.toUtf8() + '\n');
    QCOMPARE(run({"tokenize", "--model", model, "--decode", list}).out,
        "<|begin_of_text|>" + text.toUtf8() + '\n');
    QCOMPARE(run({"tokenize", "--model", model, "--decode", list, "--skip-special"}).out,
        text.toUtf8() + '\n');
    QCOMPARE(run({"tokenize", "--model", model}).status, 2);
    const Outcome failed = run({"tokenize", "--model", model, "--decode", "1000000", "--json"});
    QCOMPARE(failed.status, 1);
    QVERIFY(failed.out.isEmpty() && failed.lastErrorLine().contains("outside the vocabulary"));
}

QTEST_GUILESS_MAIN(MoeCommandTest)
#include "moe_command_test.moc"
