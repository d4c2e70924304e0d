// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Runs that were stopped, killed or changed, and went on.
#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/telemetry/sqlite.h"
#include "engine/text/corpus.h"
#include "engine/train/data_fingerprint.h"
#include "kernels/error.h"
#include "tests/engine/train/training_bench.h"
#include "tests/support/error_of.h"

#include <QtTest>

#include <fstream>

using namespace moe;
using tests::difference;
using tests::Published;
using tests::TrainingBench;

namespace {

tests::RunSettings recorded(bool resume)
{
    tests::RunSettings settings;
    settings.record = true;
    settings.resume = resume;
    return settings;
}

} // namespace

class ResumeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stoppedAndResumedEqualsUndisturbed_data()
    {
        QTest::addColumn<QString>("precision");
        QTest::addColumn<int>("ranks");
        QTest::newRow("float32") << "float32" << 1;
        QTest::newRow("bfloat16") << "bfloat16" << 1;
        QTest::newRow("3 ranks, cut state") << "float32" << 3;
    }

    void stoppedAndResumedEqualsUndisturbed()
    {
        QFETCH(QString, precision);
        QFETCH(int, ranks);
        const std::string dir
            = std::string("stopped-") + precision.toStdString() + std::to_string(ranks);
        const std::vector<std::string> sets{"checkpoint.dir=" + dir, "checkpoint.every=100",
            "train_steps=40", "precision=" + precision.toStdString(),
            "parallel.data=" + std::to_string(ranks)};
        const train::RunFile file = m_bench.file(sets);
        tests::RunSettings settings = recorded(false);
        settings.watch
            = [](const telemetry::Message& message, train::Trainer&, std::stop_source& stop) {
                  if (std::holds_alternative<telemetry::StepRecord>(message))
                      stop.request_stop();
              };
        const Published stopped = m_bench.run(file, settings);
        QVERIFY(stopped.result.state == telemetry::RunState::Stopped);
        QVERIFY(stopped.result.steps >= 1 && stopped.result.steps < 40);
        QCOMPARE(stopped.eventsOf("stopped").size(), size_t(1));
        QVERIFY(stopped.result.checkpoint.has_value());
        const int64_t run = stopped.result.run;

        const Published rest = m_bench.run(file, recorded(true));
        QCOMPARE(rest.error, std::string());
        QCOMPARE(rest.result.run, run);
        QCOMPARE(rest.eventsOf("resumed").size(), size_t(1));
        QCOMPARE(rest.eventsOf("resumed")[0].step, stopped.result.steps);

        const Published undisturbed = m_bench.run(
            m_bench.file({"train_steps=40", sets[3], sets[4], "checkpoint.dir=" + dir + "-whole"}));
        const telemetry::RunStore store(m_bench.store(), telemetry::RunStore::Mode::ReadOnly);
        QCOMPARE(difference(store.steps(run, 1, 40), undisturbed.steps, 0), QString());
        QVERIFY(store.run(run).state == telemetry::RunState::Done);
    }

    void killedAndResumedEqualsUndisturbed()
    {
        const train::RunFile file = m_bench.file(
            {"checkpoint.dir=killed", "checkpoint.every=3", "checkpoint.keep=9", "train_steps=8"});
        const Published whole = m_bench.run(file, recorded(false));
        const size_t runs = telemetry::RunStore(m_bench.store()).runs().size();
        // As a kill between steps 6 and 8 leaves it, were the steps since then recorded.
        std::filesystem::remove_all(*file.checkpointDir / "step-000008");
        std::filesystem::create_directories(*file.checkpointDir / ".step-000009.partial");
        const Published rest = m_bench.run(file, recorded(true));
        QCOMPARE(rest.result.run, whole.result.run);
        QCOMPARE(rest.steps.front().step, int64_t(7));
        const telemetry::RunStore store(m_bench.store(), telemetry::RunStore::Mode::ReadOnly);
        QCOMPARE(store.runs().size(), runs);
        QCOMPARE(difference(store.steps(whole.result.run, 1, 100), whole.steps, 0), QString());
        QVERIFY(!std::filesystem::exists(*file.checkpointDir / ".step-000009.partial"));
    }

    void aResumeThatFailsChangesNothing()
    {
        const std::vector<std::string> sets{
            "checkpoint.dir=damaged", "checkpoint.every=3", "checkpoint.keep=9"};
        const Published whole = m_bench.run(m_bench.file(sets), recorded(false));
        std::filesystem::remove_all(m_bench.path("damaged/step-000007"));
        const auto damage = [&] { // the last bytes of the last tensor
            std::fstream file(m_bench.path("damaged/step-000006/training-state/m.safetensors"),
                std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(-2, std::ios::end);
            file.write("\x55\xAA", 2);
        };
        damage();
        std::vector<std::string> changed = sets;
        changed.insert(changed.end(), {"name=another", "train_steps=30"});
        const Published failed = m_bench.run(m_bench.file(changed), recorded(true));
        QVERIFY2(failed.error.find("checksum") != std::string::npos, failed.error.c_str());
        const telemetry::RunStore store(m_bench.store(), telemetry::RunStore::Mode::ReadOnly);
        const telemetry::RunInfo run = store.run(whole.result.run);
        QCOMPARE(run.steps, int64_t(7));
        QCOMPARE(run.trainSteps, int64_t(7));
        QCOMPARE(run.name, std::string("tiny"));
        QVERIFY(run.state == telemetry::RunState::Done);
        QCOMPARE(difference(store.steps(run.id, 1, 100), whole.steps, 0), QString());
        QCOMPARE(store.events(run.id).back().kind, std::string("finished"));
    }

    void aNameGivenInTheStoreStays()
    {
        const auto resumed = [&](int steps, const char* name) {
            const Published run = m_bench.run(
                m_bench.file({"checkpoint.dir=named", "train_steps=" + std::to_string(steps),
                    std::string("name=") + name}),
                recorded(true));
            return telemetry::RunStore(m_bench.store()).run(run.result.run);
        };
        const telemetry::RunInfo first = resumed(3, "tiny");
        telemetry::RunStore(m_bench.store()).rename(first.id, "mine");
        QCOMPARE(resumed(4, "tiny").name, std::string("mine"));
        QCOMPARE(resumed(5, "other").name, std::string("other"));
        QCOMPARE(resumed(6, "other").id, first.id);
    }

    /// As a kill leaves it that took the machine or the container along: nobody can tell whether
    /// that process lives, but the folder's lock is free.
    void aRunOfAnotherMachineGoesOnWhenItsFolderIsFree()
    {
        namespace fs = std::filesystem;
        const std::vector<std::string> sets{"checkpoint.dir=elsewhere", "train_steps=3"};
        const Published run = m_bench.run(m_bench.file(sets), recorded(false));
        const auto leave = [&] {
            telemetry::RunStore(m_bench.store()).heartbeat(run.result.run);
            telemetry::Database(m_bench.store(), telemetry::Database::Mode::ReadWrite)
                .execute("UPDATE runs SET state = 0, owner = 'boot pid:[1] 1 1' WHERE id = "
                         "(SELECT max(id) FROM runs)");
            return telemetry::RunStore(m_bench.store()).run(run.result.run).state;
        };
        QVERIFY(leave() == telemetry::RunState::Running);
        const Published rest
            = m_bench.run(m_bench.file({sets[0], "train_steps=5"}), recorded(true));
        QCOMPARE(rest.error, std::string());
        QCOMPARE(rest.result.run, run.result.run);
        QCOMPARE(rest.steps.size(), size_t(2));

        QVERIFY(leave() == telemetry::RunState::Running); // a copy proves nothing
        fs::copy(m_bench.path("elsewhere"), m_bench.path("copied"), fs::copy_options::recursive);
        const Published copy
            = m_bench.run(m_bench.file({"checkpoint.dir=copied", "train_steps=7"}), recorded(true));
        QVERIFY2(copy.error.find("being trained already") != std::string::npos, copy.error.c_str());
    }

    void noCheckpointYetStartsOver()
    {
        const train::RunFile file = m_bench.file({"checkpoint.dir=fresh", "train_steps=3"});
        const Published run = m_bench.run(file, recorded(true));
        QCOMPARE(run.steps.size(), size_t(3));
        QCOMPARE(run.eventsOf("started").size(), size_t(1));
        std::filesystem::remove_all(*file.checkpointDir);
        // A run that died before its first checkpoint keeps its line.
        telemetry::RunStore(m_bench.store()).setState(run.result.run, telemetry::RunState::Failed);
        const Published again = m_bench.run(file, recorded(true));
        QCOMPARE(again.result.run, run.result.run);
        QCOMPARE(again.steps.size(), size_t(3));
    }

    void movedFoldersGoOn()
    {
        namespace fs = std::filesystem;
        const fs::path here = m_bench.path("here"), there = m_bench.path("there");
        fs::create_directory(here);
        for (const char* name : {"train.bin", "train.idx", "valid.bin", "valid.idx"})
            fs::copy_file(m_bench.path(name), here / name);
        const auto fileIn = [&](const fs::path& folder, int steps, const char* valid = "valid") {
            base::Json json = m_bench.json();
            json["checkpoint"] = {{"dir", "out"}};
            json["train_steps"] = steps;
            json["data"]["valid"] = valid;
            return train::parseRunFile(json, "tiny.json", folder);
        };
        const Published run = m_bench.run(fileIn(here, 3), recorded(false));
        fs::rename(here, there);
        const Published rest = m_bench.run(fileIn(there, 5), recorded(true));
        QCOMPARE(rest.error, std::string());
        QCOMPARE(rest.result.run, run.result.run);
        QCOMPARE(rest.steps.size(), size_t(2));
        QVERIFY_THROWS_EXCEPTION(
            Error, m_bench.run(fileIn(there, 6, "train"), recorded(true))); // another path
    }

    void ranksMayChange()
    {
        const std::vector<std::string> sets{
            "checkpoint.dir=ranks", "checkpoint.every=4", "checkpoint.keep=9", "train_steps=8"};
        const Published whole = m_bench.run(m_bench.file(sets));
        for (const char* ranks : {"2", "6"}) {
            std::filesystem::remove_all(m_bench.path("ranks/step-000008"));
            std::vector<std::string> changed = sets;
            changed.push_back(std::string("parallel.data=") + ranks);
            tests::RunSettings settings;
            settings.resume = true;
            const Published rest = m_bench.run(m_bench.file(changed), settings);
            QCOMPARE(rest.error, std::string());
            QCOMPARE(difference({whole.steps.begin() + 4, whole.steps.end()}, rest.steps, 1e-4),
                QString());
        }
    }

    void steeredValuesGoOn()
    {
        const std::vector<std::string> sets{"checkpoint.dir=steered", "train_steps=400",
            "optimizer.schedule=constant", "valid_every=1000"};
        tests::RunSettings settings = recorded(false);
        bool asked = false;
        settings.watch = [&](const telemetry::Message& message, train::Trainer& trainer,
                             std::stop_source& stop) {
            if (std::holds_alternative<telemetry::StepRecord>(message) && !asked) {
                asked = true;
                trainer.steer("optimizer.lr", "0.0001", "you");
                trainer.steer("moe.aux_coeff.adaptive.xi", "0.5", "you");
            }
            const auto* event = std::get_if<telemetry::RunEvent>(&message);
            if (event && event->kind == "steered")
                stop.request_stop();
        };
        const Published stopped = m_bench.run(m_bench.file(sets), settings);
        QVERIFY(stopped.result.state == telemetry::RunState::Stopped);
        QVERIFY(stopped.eventsOf("steered").size() == 2);
        const Published rest = m_bench.run(m_bench.file(sets), recorded(true));
        QCOMPARE(rest.error, std::string());
        QCOMPARE(rest.steps.front().lr, 0.0001);
    }

    void steeringLeftOverFromBeforeIsDropped()
    {
        const std::vector<std::string> sets{"checkpoint.dir=leftover", "train_steps=3"};
        const Published first = m_bench.run(m_bench.file(sets), recorded(false));
        telemetry::RunStore store(m_bench.store());
        store.setState(first.result.run, telemetry::RunState::Running); // as a killed one's was
        store.queueSteering(first.result.run, "optimizer.lr", "0.125");
        const Published rest = m_bench.run(
            m_bench.file({sets[0], "train_steps=1000", "valid_every=5000"}), recorded(true));
        QCOMPARE(rest.error, std::string());
        QVERIFY(rest.eventsOf("steered").empty());
        QCOMPARE(rest.eventsOf("note").size(), size_t(1));
        QVERIFY(rest.eventsOf("note")[0].payload.find("optimizer.lr = 0.125") != std::string::npos);
        QVERIFY(rest.steps.back().lr < 0.1);
    }

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
    void oneRunAtATimeLooksForCheckpoints()
    {
        telemetry::Bus bus;
        train::TrainerOptions options;
        options.bus = &bus;
        const train::RunFile file = m_bench.file({"checkpoint.dir=shared", "train_steps=3"});
        options.dryRun = true;
        QVERIFY(train::Trainer(file, options).estimate().parameters > 0);
        QVERIFY(!std::filesystem::exists(*file.checkpointDir));
        options.dryRun = false;
        for (const bool resume : {false, true}) {
            options.resume = resume;
            const train::Trainer first(file, options);
            const std::string error = tests::errorOf([&] { train::Trainer(file, options); });
            QVERIFY2(error.find("another run saves") != std::string::npos, error.c_str());
            train::TrainerOptions dry = options;
            dry.dryRun = true;
            QVERIFY(train::Trainer(file, dry).estimate().parameters > 0);
        }
        QCOMPARE(m_bench.run(file).error, std::string()); // free again
    }

    void goesOnWhenTheCheckpointThatItBeganFromIsGone()
    {
        const Published first
            = m_bench.run(m_bench.file({"checkpoint.dir=source", "train_steps=3"}));
        const std::string init = "init={\"from\": \"" + first.result.checkpoint->string() + "\"}";
        m_bench.run(m_bench.file({init, "checkpoint.dir=begun", "train_steps=3"}));
        std::filesystem::remove_all(m_bench.path("source"));
        tests::RunSettings settings;
        settings.resume = true;
        const Published rest
            = m_bench.run(m_bench.file({init, "checkpoint.dir=begun", "train_steps=5"}), settings);
        QCOMPARE(rest.error, std::string());
        QCOMPARE(rest.steps.size(), size_t(2));
    }

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

    void finishedRunsHaveNothingToDo()
    {
        const train::RunFile file = m_bench.file({"checkpoint.dir=done", "train_steps=3"});
        m_bench.run(file, recorded(false));
        const Published again = m_bench.run(file, recorded(true));
        QCOMPARE(again.error, std::string());
        QVERIFY(again.steps.empty());
        QVERIFY(again.result.state == telemetry::RunState::Done);
        QCOMPARE(again.result.steps, int64_t(3));
        const telemetry::RunStore store(m_bench.store(), telemetry::RunStore::Mode::ReadOnly);
        QCOMPARE(again.result.finalLoss, store.steps(again.result.run, 3, 3).front().loss);
        QVERIFY(again.result.tokensPerSecond > 0);
        const Published more
            = m_bench.run(m_bench.file({"checkpoint.dir=done", "train_steps=5"}), recorded(true));
        QCOMPARE(more.steps.size(), size_t(2));
        QCOMPARE(more.result.run, again.result.run);
    }

    void aStopDuringValidationIsPromptAndMadeUpFor_data()
    {
        QTest::addColumn<int>("ranks");
        QTest::addColumn<int>("at"); // the validation that is cut short
        QTest::newRow("within the run") << 1 << 3;
        QTest::newRow("at its end") << 1 << 7;
        QTest::newRow("3 ranks") << 3 << 3;
    }

    void aStopDuringValidationIsPromptAndMadeUpFor()
    {
        QFETCH(int, ranks);
        QFETCH(int, at);
        m_bench.writeDataset("long", 20'000, 9);
        const std::string dir = "cut-" + std::to_string(ranks) + "-" + std::to_string(at);
        const std::vector<std::string> sets{"data.valid=long", "checkpoint.dir=" + dir,
            "checkpoint.every=100", "parallel.data=" + std::to_string(ranks)};
        const train::RunFile file = m_bench.file(sets);
        tests::RunSettings settings = recorded(false);
        int seen = 0;
        settings.watch
            = [&](const telemetry::Message& message, train::Trainer&, std::stop_source& stop) {
                  const auto* progress = std::get_if<telemetry::Progress>(&message);
                  if (progress && progress->what == "validation" && progress->done == 1)
                      seen += 3;
                  if (seen >= std::min(at, 9))
                      stop.request_stop();
              };
        const Published stopped = m_bench.run(file, settings);
        QVERIFY(stopped.result.state == telemetry::RunState::Stopped);
        QVERIFY(!stopped.steps.back().validLoss);
        const Published rest = m_bench.run(file, recorded(true));
        QCOMPARE(rest.error, std::string());
        QVERIFY(rest.result.state == telemetry::RunState::Done);
        const Published whole
            = m_bench.run(m_bench.file({sets[0], sets[3], "checkpoint.dir=" + dir + "-whole"}));
        const telemetry::RunStore store(m_bench.store(), telemetry::RunStore::Mode::ReadOnly);
        QCOMPARE(difference(store.steps(stopped.result.run, 1, 100), whole.steps, 0), QString());
        QVERIFY(m_bench.run(file, recorded(true)).eventsOf("validation").empty()); // done for good
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

    void weightsThatAreNotFiniteAreNeverSaved()
    {
        const train::RunFile file = m_bench.file({"checkpoint.dir=huge", "checkpoint.every=1",
            "checkpoint.keep=1", "train_steps=7", "optimizer.lr=1000", "optimizer.min_lr=1000",
            "optimizer.schedule=constant", "optimizer.warmup_steps=0",
            "optimizer.weight_decay=1000", "optimizer.expert_lr_scale=1000"});
        const Published run = m_bench.run(file);
        QVERIFY2(run.error.find("not finite") != std::string::npos, run.error.c_str());
        for (const auto& [step, folder] : checkpoint::listSteps(*file.checkpointDir)) {
            const model::ParameterLayout layout(file.model);
            std::vector<float> w(size_t(layout.elements)), m(w), v(w);
            checkpoint::loadTrainingState(folder, layout, w.data(), m.data(), v.data());
            for (const float value : w)
                QVERIFY(std::isfinite(value));
        }
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

    void checkpointsStartOtherRuns()
    {
        const Published first = m_bench.run(m_bench.file({"checkpoint.dir=base", "train_steps=5"}));
        const std::string from = first.result.checkpoint->string();
        const Published second
            = m_bench.run(m_bench.file({"init={\"from\": \"" + from + "\"}", "train_steps=3"}));
        QCOMPARE(second.error, std::string());
        QVERIFY(second.steps.front().loss < first.steps.front().loss);
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

    void keepsAsManyAsAsked()
    {
        const train::RunFile file = m_bench.file(
            {"checkpoint.dir=kept", "checkpoint.every=1", "checkpoint.keep=2", "train_steps=5"});
        const Published run = m_bench.run(file);
        const auto steps = checkpoint::listSteps(*file.checkpointDir);
        QCOMPARE(steps.size(), size_t(2));
        QCOMPARE(steps.back().first, int64_t(5));
        QCOMPARE(run.eventsOf("checkpoint").size(), size_t(5));
        const checkpoint::TrainingState state = checkpoint::readTrainingState(steps.back().second);
        QCOMPARE(state.step, int64_t(5));
        QCOMPARE(state.tokens, run.steps.back().tokens);
    }

private:
    TrainingBench m_bench;
};

QTEST_GUILESS_MAIN(ResumeTest)
#include "resume_test.moc"
