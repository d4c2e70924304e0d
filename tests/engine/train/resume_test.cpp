// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Runs that were stopped, killed or changed, and went on.
#include "engine/checkpoint/checkpoint.h"
#include "engine/telemetry/sqlite.h"
#include "tests/engine/train/training_bench.h"
#include "tests/support/error_of.h"

#include <QtTest>

#include <fstream>

using namespace moe;
using tests::difference;
using tests::Published;
using tests::recorded;
using tests::TrainingBench;

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

    void checkpointsStartOtherRuns()
    {
        const Published first = m_bench.run(m_bench.file({"checkpoint.dir=base", "train_steps=5"}));
        const std::string from = first.result.checkpoint->string();
        const Published second
            = m_bench.run(m_bench.file({"init={\"from\": \"" + from + "\"}", "train_steps=3"}));
        QCOMPARE(second.error, std::string());
        QVERIFY(second.steps.front().loss < first.steps.front().loss);
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
