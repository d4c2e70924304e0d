// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// moe train as a script calls it: what it prints, how it is stopped and killed, how it goes on.
#include "tests/support/folders.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <unistd.h>

namespace {

constexpr int kPatience = 60'000;

} // namespace

class TrainTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        const QString from = moe::tests::qInSource("tests/fixtures/training/adaptive/");
        QDir(m_folder.path()).mkdir("init");
        for (const char* name : {"run.json", "config.json", "train.bin", "train.idx", "valid.bin",
                 "valid.idx", "init/config.json", "init/model.safetensors"})
            QVERIFY(QFile::copy(from + name, m_folder.filePath(name)));
    }

    void printsOneObject()
    {
        QProcess process;
        start(process, {"--json"});
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitCode(), 0);
        const QJsonDocument json = QJsonDocument::fromJson(process.readAllStandardOutput());
        QCOMPARE(json.object().keys(),
            QStringList({"checkpoint", "final_loss", "mfu", "run", "steps", "tokens_per_second"}));
        QCOMPARE(json["steps"].toInt(), 12);
        QVERIFY(json["checkpoint"].isNull());
        const QString progress = QString::fromUtf8(process.readAllStandardError());
        QVERIFY2(progress.contains("step 12 of 12  loss "), qPrintable(progress));
        QVERIFY(progress.contains("tokens/s"));
    }

    void dryRunTrainsNothing()
    {
        QProcess process;
        start(process, {"--dry-run", "--json", "--set", "checkpoint.dir=dry"});
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitCode(), 0);
        const QJsonDocument json = QJsonDocument::fromJson(process.readAllStandardOutput());
        QVERIFY(json["parameters"].toInt() > 0 && json["total_bytes"].toInt() > 0);
        QVERIFY(!QDir(m_folder.filePath("dry")).exists());
    }

    void wrongKeysAreNamed()
    {
        QProcess process;
        start(process, {"--json", "--set", "optimizer.warmup_stps=1"});
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitCode(), 1);
        QVERIFY(process.readAllStandardOutput().isEmpty());
        const QString line = QString::fromUtf8(process.readAllStandardError()).trimmed();
        QVERIFY2(line.startsWith("moe: error: unknown key: "), qPrintable(line));
        QVERIFY2(line.contains("optimizer.warmup_stps: did you mean optimizer.warmup_steps?"),
            qPrintable(line));
    }

    /// Validation sees ruined weights before the next step's loss does.
    void lossesThatAreNotFiniteAreOneLine()
    {
        QProcess process;
        start(process,
            {"--json", "--set", "optimizer.lr=1000", "--set", "optimizer.min_lr=1000", "--set",
                "optimizer.schedule=constant", "--set", "optimizer.warmup_steps=0", "--set",
                "optimizer.weight_decay=1000", "--set", "valid_every=1"});
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 1);
        QVERIFY(process.readAllStandardOutput().isEmpty());
        const QString lines = QString::fromUtf8(process.readAllStandardError()).trimmed();
        QVERIFY2(lines.contains("validation loss not finite"), qPrintable(lines));
        QVERIFY2(lines.section('\n', -1).contains("is not finite: step "), qPrintable(lines));
    }

    void signalsSaveAndResumeGoesOn_data()
    {
        QTest::addColumn<int>("signal");
        QTest::addColumn<int>("status");
        QTest::newRow("Ctrl-C") << SIGINT << 130;
        QTest::newRow("SIGTERM") << SIGTERM << 143;
        QTest::newRow("SIGHUP") << SIGHUP << 129;
    }

    void signalsSaveAndResumeGoesOn()
    {
        QFETCH(int, signal);
        QFETCH(int, status);
        const QString dir = QString("stopped-%1").arg(signal);
        const QStringList endless{
            "--set", "checkpoint.dir=" + dir, "--set", "train_steps=1000000", "--json"};
        QProcess process;
        start(process, endless);
        waitForStep(process);
        ::kill(static_cast<pid_t>(process.processId()), signal);
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), status);
        QVERIFY(process.readAllStandardOutput().isEmpty());
        const QStringList saved = QDir(m_folder.filePath(dir)).entryList({"step-*"});
        QCOMPARE(saved.size(), 1);
        const int step = saved[0].mid(5).toInt();

        QProcess resumed;
        start(resumed,
            {"--set", "checkpoint.dir=" + dir, "--set", QString("train_steps=%1").arg(step + 3),
                "--json", "--resume"});
        QVERIFY(resumed.waitForFinished(kPatience));
        QCOMPARE(resumed.exitCode(), 0);
        const QJsonDocument json = QJsonDocument::fromJson(resumed.readAllStandardOutput());
        QCOMPARE(json["steps"].toInt(), step + 3);
    }

    void nohupKeepsTraining()
    {
        QProcess process;
        process.setReadChannel(QProcess::StandardError);
        process.start("/bin/sh",
            {"-c", "trap '' HUP; exec \"$@\"", "sh", moe::tests::qInBuild("bin/moe"), "train",
                m_folder.filePath("run.json"), "--threads", "2", "--store",
                m_folder.filePath("store.sqlite"), "--set", "train_steps=400"});
        waitForStep(process);
        ::kill(static_cast<pid_t>(process.processId()), SIGHUP);
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 0);
    }

    void killedRunsGoOn()
    {
        const QStringList words{"--set", "checkpoint.dir=killed", "--set", "train_steps=1000000",
            "--set", "checkpoint.every=2"};
        for (int round = 0; round < 3; ++round) {
            QProcess process;
            start(process, words + QStringList{"--resume"});
            waitForStep(process);
            const auto newest = [&] {
                return QDir(m_folder.filePath("killed")).entryList({"step-*"}).value(1);
            };
            const QString before = newest();
            QVERIFY(QTest::qWaitFor([&] { return newest() > before; }, kPatience));
            QTest::qWait(7 * round); // somewhere else between two checkpoints
            process.kill();
            QVERIFY(process.waitForFinished(kPatience));
        }
        const QStringList steps = QDir(m_folder.filePath("killed")).entryList({"step-*"});
        QVERIFY(!steps.isEmpty());
        QProcess last;
        start(last,
            {"--set", "checkpoint.dir=killed", "--set",
                "train_steps=" + QString::number(steps.last().mid(5).toInt() + 1), "--json",
                "--resume"});
        QVERIFY(last.waitForFinished(kPatience));
        QVERIFY2(last.exitCode() == 0, last.readAllStandardError().constData());
    }

    void aSecondSignalEndsAtOnce()
    {
        QProcess process;
        start(process, {"--set", "train_steps=100000000"});
        waitForStep(process);

        const auto pid = static_cast<pid_t>(process.processId());
        ::kill(pid, SIGINT);
        QTest::qWait(5);
        ::kill(pid, SIGINT);
        QVERIFY(process.waitForFinished(kPatience));
        QVERIFY(process.exitStatus() == QProcess::CrashExit || process.exitCode() == 130);
    }

    void benchTellsItsFigures()
    {
        QProcess process;
        process.start(moe::tests::qInBuild("bin/moe"),
            {"bench", "train", m_folder.filePath("run.json"), "--steps", "2", "--json", "--quiet"});
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitCode(), 0);
        QVERIFY(process.readAllStandardError().isEmpty());
        const QJsonDocument json = QJsonDocument::fromJson(process.readAllStandardOutput());
        QCOMPARE(json.object().keys(), QStringList({"mfu", "peak_bytes", "tokens_per_second"}));
        QVERIFY(json["tokens_per_second"].toDouble() > 0 && json["peak_bytes"].toInt() > 0);
    }

    void benchRunsInferenceOnRandomWeights()
    {
        const QByteArray config = R"({"architectures": ["MixtralForCausalLM"],
            "model_type": "mixtral", "hidden_size": 64, "intermediate_size": 96,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
            "vocab_size": 128, "num_local_experts": 4, "num_experts_per_tok": 2,
            "max_position_embeddings": 256, "rms_norm_eps": 1e-5})";
        QFile file(m_folder.filePath("shape.json"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(config) == config.size());
        file.close();
        for (const char* what : {"decode", "prefill"}) {
            for (const char* weights : {"fp8", "bf16"}) {
                QProcess process;
                process.start(moe::tests::qInBuild("bin/moe"),
                    {"bench", what, "--config", file.fileName(), "--weights", weights, "--prompt",
                        "20", "--batch", "3", "--json"});
                QVERIFY(process.waitForFinished(kPatience));
                QCOMPARE(process.exitCode(), 0);
                const QJsonDocument json = QJsonDocument::fromJson(process.readAllStandardOutput());
                const QStringList keys = json.object().keys();
                for (const char* key : {"bytes_per_token", "head", "matmul_fraction",
                         "read_bandwidth_fraction", "tokens_per_second"})
                    QVERIFY2(keys.contains(QLatin1String(key)), key);
                QCOMPARE(json["head"].toString(), QLatin1String(weights));
                QVERIFY(json["tokens_per_second"].toDouble() > 0);
                QVERIFY(json["bytes_per_token"].toDouble() > 0);
            }
        }
    }

private:
    void start(QProcess& process, const QStringList& words) const
    {
        process.setReadChannel(QProcess::StandardError);
        process.start(moe::tests::qInBuild("bin/moe"),
            QStringList{"train", m_folder.filePath("run.json"), "--threads", "2", "--store",
                m_folder.filePath("store.sqlite")}
                + words);
    }

    /// Until the first step's line is there.
    static void waitForStep(QProcess& process)
    {
        QByteArray all;
        while (!all.contains("step ") && process.waitForReadyRead(kPatience))
            all += process.readAllStandardOutput() + process.readAllStandardError();
    }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TrainTest)
#include "train_test.moc"
