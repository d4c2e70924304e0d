// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// What keeps a run from going on, and from beginning at a checkpoint.
#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/text/corpus.h"
#include "engine/train/data_fingerprint.h"
#include "kernels/error.h"
#include "tests/engine/train/training_bench.h"
#include "tests/support/error_of.h"

#include <QtTest>

using namespace moe;
using tests::Published;
using tests::recorded;
using tests::TrainingBench;

class ResumeRefusalsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void otherDataIsRefused()
    {
        namespace fs = std::filesystem;
        m_bench.writeDataset("mine", 1200, 21);
        m_bench.writeDataset("check", 70, 22);
        const std::vector<std::string> sets{
            "data.train=mine", "data.valid=check", "checkpoint.dir=data"};
        const auto rest = [&](int steps) -> std::string {
            std::vector<std::string> more = sets;
            more.push_back("train_steps=" + std::to_string(steps));
            try {
                return m_bench.run(m_bench.file(more), recorded(true)).error;
            } catch (const Error& error) {
                return error.what();
            }
        };
        QCOMPARE(rest(3), std::string());
        const std::string before = base::readFile(m_bench.path("mine.bin"));
        std::string other = before;
        std::swap(other[0], other[2]); // as many tokens, the same documents
        QVERIFY(other != before);
        base::writeFileAtomically(m_bench.path("mine.bin"), other);
        QVERIFY2(rest(4).find("data.train") != std::string::npos, rest(4).c_str());
        base::writeFileAtomically(m_bench.path("mine.bin"), before);
        QCOMPARE(rest(4), std::string());
        m_bench.writeDataset("check", 90, 22);
        QVERIFY(rest(5).find("data.valid") != std::string::npos);
        // A training state of an older version is without.
        const fs::path state = m_bench.path("data/step-000004/training-state/state.json");
        base::Json json = base::readJsonFile(state);
        json["extra"].erase("data");
        json.erase("checksum");
        base::writeFileAtomically(state, json.dump());
        QCOMPARE(rest(5), std::string());
    }

    void otherProbesAreRefused()
    {
        text::CorpusOptions corpus;
        std::string prose;
        for (int i = 0; i < 400; ++i)
            prose += "token " + std::to_string(i % 37) + " goes to an expert\n";
        base::writeFileAtomically(m_bench.path("prose.txt"), prose);
        corpus.sources = {m_bench.path("prose.txt")};
        corpus.out = m_bench.path("probed");
        corpus.vocabSize = 300;
        text::buildCorpus(corpus);
        base::writeFileAtomically(m_bench.path("probe.txt"), "an expert");
        const auto rest = [&](int steps) {
            return tests::errorOf([&] {
                const Published run = m_bench.run(
                    m_bench.file({"data.train=probed", "model.vocab_size=400",
                        R"(data.probes=[{"name": "A", "file": "probe.txt"}])",
                        "checkpoint.dir=prober", "train_steps=" + std::to_string(steps)}),
                    recorded(true));
                QCOMPARE(run.error, std::string());
            });
        };
        QCOMPARE(rest(3), std::string());
        base::writeFileAtomically(m_bench.path("probe.txt"), "a token");
        QVERIFY2(rest(4).find("data.probes[0].file") != std::string::npos, rest(4).c_str());
        base::writeFileAtomically(m_bench.path("probe.txt"), "an expert");
        QCOMPARE(rest(4), std::string());
    }

    void fingerprintsSeeSizesEndsAndOrder()
    {
        const auto print = [&](const std::string& bytes) {
            base::writeFileAtomically(m_bench.path("print.idx"), "index");
            base::writeFileAtomically(m_bench.path("print.bin"), bytes);
            return train::dataFingerprint(m_bench.path("print"));
        };
        for (const size_t size : {size_t(0), size_t(13), size_t(64) * 4096, size_t(3'000'001)}) {
            std::string bytes(size, 'a');
            const std::string first = print(bytes);
            QCOMPARE(print(bytes), first);
            QVERIFY(print(bytes + 'a') != first);
            if (size == 0)
                continue;
            bytes.back() = 'b';
            QVERIFY(print(bytes) != first);
            bytes.back() = 'a';
            bytes.front() = 'b';
            QVERIFY(print(bytes) != first);
        }
    }

    void refusals()
    {
        const train::RunFile file = m_bench.file({"checkpoint.dir=taken", "train_steps=3"});
        m_bench.run(file);
        const auto errorOf = [&](const std::vector<std::string>& sets, bool resume) -> QString {
            telemetry::Bus bus;
            train::TrainerOptions options;
            options.bus = &bus;
            options.resume = resume;
            try {
                train::Trainer trainer(m_bench.file(sets), options);
                return {};
            } catch (const Error& error) {
                return QString::fromUtf8(error.what());
            }
        };
        const std::vector<std::string> same{"checkpoint.dir=taken", "train_steps=3"};
        QVERIFY(errorOf(same, false).contains("--resume"));
        QCOMPARE(errorOf(same, true), QString());
        QVERIFY(errorOf({same[0], "train_steps=2", "optimizer.warmup_steps=1"}, true)
                    .contains("optimizer.warmup_steps"));
        QVERIFY(
            errorOf({same[0], "train_steps=9", "optimizer.lr=1"}, true).contains("optimizer.lr"));
        QVERIFY(errorOf({"train_steps=9"}, true).contains("checkpoint.dir"));
        QVERIFY(errorOf({same[0], "train_steps=9", "seed=4"}, true).contains(": seed: "));
        QVERIFY(errorOf({same[0], "train_steps=9", "init.seed=4"}, true).contains(": init.seed: "));
        QCOMPARE(
            errorOf({same[0], "train_steps=9", "name=other", "valid_every=2"}, true), QString());
    }

    /// Not only while it trains: from the moment when it looks for checkpoints.
    void statesOfTheWrongTypesAreTakenOrNamed_data()
    {
        QTest::addColumn<QString>("pointer");
        QTest::addColumn<QString>("value");
        QTest::addColumn<bool>("goesOn");
        for (const char* value : {"7", "\"x\"", "[]", "null", "true", "{\"step\": []}"}) {
            for (const char* key :
                {"record", "run_created", "folder", "idle_experts", "validation_cut_short"})
                QTest::addRow("%s %s", key, value)
                    << QString("/extra/%1").arg(key) << value << true;
            for (const char* key :
                {"/run_file", "/run_file/data", "/alpha", "/steered/moe.aux_coeff",
                    "/steered/optimizer.lr", "/checksums", "/checksums/m", "/extra"})
                QTest::addRow("%s %s", key, value) << QString(key) << value << false;
        }
        QTest::addRow("a record's layers") << "/extra/record/layers"
                                           << "7" << false;
        QTest::addRow("a record's loss") << "/extra/record/loss"
                                         << "[]" << false;
    }

    /// Bookkeeping that does not read is done without; the rest is named, never foreign words.
    void statesOfTheWrongTypesAreTakenOrNamed()
    {
        QFETCH(QString, pointer);
        QFETCH(QString, value);
        QFETCH(bool, goesOn);
        namespace fs = std::filesystem;
        const train::RunFile file = m_bench.file({"checkpoint.dir=types", "train_steps=3"});
        if (!fs::exists(*file.checkpointDir))
            m_bench.run(file);
        const fs::path state = *file.checkpointDir / "step-000003/training-state/state.json";
        const std::string before = base::readFile(state);
        base::Json json = base::parseJson(before, "state");
        json[base::Json::json_pointer(pointer.toStdString())]
            = base::parseJson(value.toStdString(), "value");
        json.erase("checksum"); // as older versions wrote it
        base::writeFileAtomically(state, json.dump());
        tests::RunSettings settings;
        settings.resume = true;
        QString error;
        try {
            error = QString::fromStdString(m_bench.run(file, settings).error);
        } catch (const Error& problem) {
            error = QString::fromUtf8(problem.what());
        }
        base::writeFileAtomically(state, before);
        QVERIFY2(!error.contains("foresee") && !error.contains("json.exc"), qPrintable(error));
        QVERIFY2(error.isEmpty() || error.count(": ") >= 2, qPrintable(error));
        if (goesOn)
            QCOMPARE(error, QString());
    }

    void aChangedStateIsNamed_data()
    {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::addColumn<bool>("older"); // without a checksum
        QTest::newRow("step") << R"("step": 3,)"
                              << R"("step": 2,)" << false;
        QTest::newRow("run file") << R"("hidden_size": 16)"
                                  << R"("hidden_size": 17)" << false;
        QTest::newRow("older, step") << R"("step": 3,)"
                                     << R"("step": 2,)" << true;
        QTest::newRow("older, below zero") << R"("alpha": [)"
                                           << R"("alpha": [-5.0, 0.1], "was": [)" << true;
        QTest::newRow("older, huge") << R"("alpha": [)"
                                     << R"("alpha": [0.1, 1e300], "was": [)" << true;
    }

    void aChangedStateIsNamed()
    {
        QFETCH(QString, before);
        QFETCH(QString, after);
        QFETCH(bool, older);
        const train::RunFile file = m_bench.file({"checkpoint.dir=changed", "train_steps=3"});
        if (!std::filesystem::exists(*file.checkpointDir))
            m_bench.run(file);
        const auto state = *file.checkpointDir / "step-000003/training-state/state.json";
        const std::string whole = base::readFile(state);
        base::Json json = base::readJsonFile(state);
        QVERIFY(json.contains("checksum"));
        if (older)
            json.erase("checksum");
        QString text = QString::fromStdString(json.dump(2));
        const auto at = text.indexOf(before);
        QVERIFY(at >= 0);
        text.replace(at, before.size(), after);
        base::writeFileAtomically(state, text.toStdString());
        const std::string error = tests::errorOf([&] { m_bench.run(file, recorded(true)); });
        base::writeFileAtomically(state, whole);
        QVERIFY2(error.find("state.json") != std::string::npos, error.c_str());
        QVERIFY2(error.find("remove the folder") != std::string::npos, error.c_str());
    }

    void aStoreThatLostTheRunSaysSo()
    {
        const train::RunFile file = m_bench.file({"checkpoint.dir=lost", "train_steps=3"});
        const Published first = m_bench.run(file, recorded(false));
        double begun = 0;
        {
            telemetry::RunStore store(m_bench.store());
            begun = store.run(first.result.run).created;
            store.remove(first.result.run);
        }
        const auto rest = [&](int steps) {
            return m_bench.run(
                m_bench.file({"checkpoint.dir=lost", "train_steps=" + std::to_string(steps)}),
                recorded(true));
        };
        const Published more = rest(5);
        QCOMPARE(more.eventsOf("note").size(), size_t(1));
        QVERIFY(more.eventsOf("note")[0].payload.find("steps 1 to 3") != std::string::npos);
        const Published again = rest(6); // the same line, and nothing more to say
        QCOMPARE(again.result.run, more.result.run);
        QVERIFY(again.eventsOf("note").empty());
        QCOMPARE(telemetry::RunStore(m_bench.store()).run(more.result.run).created, begun);
    }

    void anythingCalledStepIsNotMixedWith()
    {
        namespace fs = std::filesystem;
        const train::RunFile file = m_bench.file({"checkpoint.dir=foo", "train_steps=3"});
        fs::create_directories(*file.checkpointDir / "step-foo");
        QVERIFY_THROWS_EXCEPTION(Error, m_bench.run(file));
        QCOMPARE(m_bench.run(file, recorded(true)).error, std::string());
        QVERIFY_THROWS_EXCEPTION(
            Error, m_bench.run(m_bench.file({"checkpoint.dir=train.bin", "train_steps=3"})));
    }

    void checkpointsOfAnotherFunctionAreRefused_data()
    {
        QTest::addColumn<QString>("set");
        QTest::addColumn<QString>("says");
        QTest::newRow("rope") << "model.rope_theta=50000.0"
                              << "rope_theta, 10000";
        QTest::newRow("eps") << "model.rms_norm_eps=1e-6"
                             << "rms_norm_eps, 1e-05";
        QTest::newRow("tied") << "model.tie_word_embeddings=true"
                              << "tie_word_embeddings, false";
        QTest::newRow("scaled") << R"(model.rope_scaling={"rope_type": "linear", "factor": 2.0})"
                                << "rope_scaling, null";
    }

    void checkpointsOfAnotherFunctionAreRefused()
    {
        QFETCH(QString, set);
        QFETCH(QString, says);
        const train::RunFile source = m_bench.file({"checkpoint.dir=function", "train_steps=3"});
        if (!std::filesystem::exists(*source.checkpointDir))
            m_bench.run(source);
        const std::string init = "init={\"from\": \"function/step-000003\"}";
        const std::string error = tests::errorOf([&] {
            m_bench.run(m_bench.file({init, set.toStdString()}));
        });
        QVERIFY2(QString::fromStdString(error).contains(says), error.c_str());
        QVERIFY2(error.find("step-000003") != std::string::npos, error.c_str());
    }

    void aCheckpointToBeginFromIsNamedWhenItIsNone()
    {
        const train::RunFile source = m_bench.file({"checkpoint.dir=begin", "train_steps=3"});
        m_bench.run(source);
        const std::string error = tests::errorOf([&] {
            m_bench.run(m_bench.file({R"(init={"from": "begin/step-000003/model.safetensors"})"}));
        });
        QVERIFY2(error.find("name the checkpoint's folder") != std::string::npos, error.c_str());

        const model::ParameterLayout layout(source.model);
        std::vector<float> weights(size_t(layout.elements), 0.5F);
        const model::Parameter& bad = layout.parameters.at(3);
        weights[size_t(bad.offset) + 1] = std::nanf("");
        const auto folder = m_bench.path("begin/step-000003");
        checkpoint::saveModel(folder, source.model, layout, weights.data(), "float32", {});
        const Published run = m_bench.run(m_bench.file({R"(init={"from": "begin/step-000003"})"}));
        QVERIFY2(run.error.find(bad.name) != std::string::npos, run.error.c_str());
        QVERIFY2(run.error.find(folder.string()) != std::string::npos, run.error.c_str());
        QVERIFY2(run.error.find("optimizer.lr") == std::string::npos, run.error.c_str());
    }

private:
    TrainingBench m_bench;
};

QTEST_GUILESS_MAIN(ResumeRefusalsTest)
#include "resume_refusals_test.moc"
