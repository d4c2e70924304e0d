// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Whole runs: the same every time, on any number of ranks, on memory that is no host memory, and
// steered, paused, or gone wrong.
#include "engine/base/files.h"
#include "engine/base/log.h"
#include "engine/model/activations.h"
#include "engine/text/tokenizer.h"
#include "engine/train/replica.h"
#include "engine/train/training_loop.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/error.h"
#include "kernels/reference/reference_backend.h"
#include "tests/engine/train/training_bench.h"
#include "tests/support/deferred_backend.h"

#include <QtTest>

using namespace moe;
using tests::difference;
using tests::Published;
using tests::TrainingBench;

class TrainerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sameRunSameRecord_data()
    {
        QTest::addColumn<QString>("precision");
        QTest::addColumn<int>("ranks");
        QTest::newRow("float32") << "float32" << 1;
        QTest::newRow("bfloat16") << "bfloat16" << 1;
        QTest::newRow("float32, 2 ranks") << "float32" << 2;
    }

    void sameRunSameRecord()
    {
        QFETCH(QString, precision);
        QFETCH(int, ranks);
        const train::RunFile file = m_bench.file(
            {"precision=" + precision.toStdString(), "parallel.data=" + std::to_string(ranks)});
        const Published first = m_bench.run(file), second = m_bench.run(file);
        QCOMPARE(first.steps.size(), size_t(7));
        QCOMPARE(difference(first.steps, second.steps, 0), QString());
        QVERIFY(first.steps.back().loss < first.steps.front().loss);
    }

    void recordIsWhole()
    {
        const Published run = m_bench.run(m_bench.file());
        QCOMPARE(run.result.steps, int64_t(7));
        QCOMPARE(run.result.finalLoss, run.steps.back().loss);
        QVERIFY(run.result.state == telemetry::RunState::Done);
        for (const telemetry::StepRecord& step : run.steps) {
            QCOMPARE(step.tokens, step.step * 12 * 8);
            QCOMPARE(step.layers.size(), size_t(2));
            QVERIFY(std::abs(step.loss - step.lmLoss - step.auxLoss - step.zLoss) < 1e-12);
            QVERIFY(step.zLoss > 0 && step.tokensPerSecond > 0 && step.mfu > 0);
            QVERIFY(step.peakBytes > 0);
            const bool evaluated = step.step % 3 == 0 || step.step == 7;
            QCOMPARE(step.validLoss.has_value(), evaluated);
            for (const telemetry::LayerRecord& layer : step.layers) {
                QCOMPARE(layer.assignments, int64_t(12 * 8 * 2));
                QCOMPARE(layer.expertSimilarity.has_value(), evaluated);
                QVERIFY(layer.dropped > 0 && layer.dropped < layer.assignments);
            }
        }
        QCOMPARE(run.eventsOf("started").size(), size_t(1));
        QCOMPARE(run.eventsOf("warmup_over").at(0).step, int64_t(2));
        QCOMPARE(run.eventsOf("validation").size(), size_t(3));
        QCOMPARE(run.eventsOf("finished").size(), size_t(1));
        QVERIFY(run.states.back().state == telemetry::RunState::Done);
    }

    void ranksGiveTheSameNumbers_data()
    {
        QTest::addColumn<int>("ranks");
        QTest::addColumn<int>("zero");
        for (const int ranks : {2, 3, 6}) {
            for (const int zero : {0, 1})
                QTest::addRow("%d ranks, zero %d", ranks, zero) << ranks << zero;
        }
    }

    void ranksGiveTheSameNumbers()
    {
        QFETCH(int, ranks);
        QFETCH(int, zero);
        const Published alone = m_bench.run(m_bench.file());
        const Published together = m_bench.run(m_bench.file(
            {"parallel.data=" + std::to_string(ranks), "parallel.zero=" + std::to_string(zero)}));
        QCOMPARE(difference(alone.steps, together.steps, 1e-4), QString());
    }

    void memoryMayBeAnywhere_data()
    {
        QTest::addColumn<bool>("cpu");
        QTest::addColumn<int>("ranks");
        QTest::newRow("reference") << false << 1;
        QTest::newRow("cpu") << true << 1;
        QTest::newRow("cpu, 2 ranks") << true << 2;
    }

    /// On a backend that hides its memory and runs everything late: bit for bit the same.
    void memoryMayBeAnywhere()
    {
        QFETCH(bool, cpu);
        QFETCH(int, ranks);
        const train::RunFile file
            = m_bench.file({"parallel.data=" + std::to_string(ranks), "train_steps=4",
                "checkpoint.dir=" + std::string(cpu ? "c" : "r") + std::to_string(ranks)});
        tests::RunSettings plain, deferred;
        plain.makeBackend = [cpu](int threads) {
            return cpu ? kernels::makeCpuBackend(threads) : kernels::makeReferenceBackend();
        };
        deferred.makeBackend = [&](int threads) -> std::unique_ptr<kernels::Backend> {
            return std::make_unique<tests::DeferredBackend>(plain.makeBackend(threads));
        };
        const Published late = m_bench.run(file, deferred);
        QCOMPARE(late.error, std::string());
        std::filesystem::remove_all(*file.checkpointDir);
        QCOMPARE(difference(m_bench.run(file, plain).steps, late.steps, 0), QString());
    }

    void denseModelsTrain()
    {
        for (const char* tied : {"false", "true"}) {
            base::Json json = m_bench.json();
            base::Json& model = json["model"];
            model["architectures"] = {"LlamaForCausalLM"};
            model["model_type"] = "llama";
            for (const char* key : {"num_experts", "num_experts_per_tok", "moe_use_logits_norm"})
                model.erase(key);
            train::applySet(json, std::string("model.tie_word_embeddings=") + tied);
            const Published run = m_bench.run(train::parseRunFile(json, "dense", m_bench.path("")));
            QCOMPARE(run.error, std::string());
            QVERIFY(run.steps.back().loss < run.steps.front().loss);
            QVERIFY(run.steps.back().layers.empty());
            QCOMPARE(run.steps.back().auxLoss, 0.0);
        }
    }

    /// Validation may take minutes: the step's record is there before it, and once more after it.
    void aStepIsToldBeforeItsValidation()
    {
        tests::RunSettings settings;
        std::vector<std::pair<int64_t, bool>> told; // step, validated
        std::vector<int64_t> before; // the last step told when a validation begins
        settings.watch
            = [&](const telemetry::Message& message, train::Trainer&, std::stop_source&) {
                  if (const auto* step = std::get_if<telemetry::StepRecord>(&message))
                      told.emplace_back(step->step, step->validLoss.has_value());
                  const auto* progress = std::get_if<telemetry::Progress>(&message);
                  if (progress && progress->what == "validation" && progress->done == 1)
                      before.push_back(told.back().first);
              };
        const Published run = m_bench.run(m_bench.file({"parallel.data=2"}), settings);
        QCOMPARE(run.error, std::string());
        QCOMPARE(before, (std::vector<int64_t>{3, 6, 7}));
        QCOMPARE(told,
            (std::vector<std::pair<int64_t, bool>>{{1, false}, {2, false}, {3, false}, {3, true},
                {4, false}, {5, false}, {6, false}, {6, true}, {7, false}, {7, true}}));
        QVERIFY(run.steps.back().layers.front().expertSimilarity);
    }

    void steeringTakesEffectBetweenSteps()
    {
        tests::RunSettings settings;
        settings.record = true;
        bool asked = false, queued = false;
        settings.watch
            = [&](const telemetry::Message& message, train::Trainer& trainer, std::stop_source&) {
                  const auto* step = std::get_if<telemetry::StepRecord>(&message);
                  if (step && !asked) {
                      asked = true;
                      trainer.steer("optimizer.lr", "0.125", "you");
                      trainer.steer("moe.capacity_factor", "null", "you");
                      trainer.steer("moe.aux_coeff", "0.25", "you");
                  } else if (step && !queued && step->layers[1].alpha == 0.25) {
                      queued = true; // else a slow machine takes it together with the three
                      telemetry::RunStore(m_bench.store())
                          .queueSteering(trainer.runId(), "moe.aux_coeff", "[0.5, 0.75]");
                  }
              };
        const Published run = m_bench.run(
            m_bench.file({"train_steps=2000", "optimizer.schedule=constant", "moe.z_loss_coeff=0",
                "valid_every=5000", "optimizer.clip_grad=0.001"}),
            settings);
        QCOMPARE(run.error, std::string());
        const auto steered = run.eventsOf("steered");
        QCOMPARE(steered.size(), size_t(4));
        const telemetry::StepRecord& before
            = run.steps.at(static_cast<size_t>(steered[0].step) - 2);
        const telemetry::StepRecord& after = run.steps.at(static_cast<size_t>(steered[2].step) - 1);
        QVERIFY(before.lr < 0.1 && before.layers[0].dropped > 0);
        QCOMPARE(after.lr, 0.125);
        QCOMPARE(after.layers[0].dropped, int64_t(0));
        QCOMPARE(after.layers[1].alpha, 0.25);
        const telemetry::StepRecord& last = run.steps.at(static_cast<size_t>(steered[3].step) - 1);
        QCOMPARE(last.layers[0].alpha, 0.5);
        QCOMPARE(last.layers[1].alpha, 0.75);
        const base::Json payload = base::Json::parse(steered[3].payload);
        QCOMPARE(payload["key"], base::Json("moe.aux_coeff"));
        QCOMPARE(payload["from"], base::Json(0.25));
        QCOMPARE(payload["by"], base::Json("moe runs steer"));
    }

    void wrongSteeringIsRefusedAtOnce()
    {
        telemetry::Bus bus;
        train::TrainerOptions options;
        options.bus = &bus;
        train::Trainer trainer(m_bench.file(), options);
        QVERIFY_THROWS_EXCEPTION(Error, trainer.steer("optimizer.lr", "-1", "you"));
        QVERIFY_THROWS_EXCEPTION(Error, trainer.steer("optimizer.ler", "1", "you"));
    }

    void pausedRunsGoOn()
    {
        tests::RunSettings settings;
        bool paused = false;
        settings.watch
            = [&](const telemetry::Message& message, train::Trainer& trainer, std::stop_source&) {
                  if (std::holds_alternative<telemetry::StepRecord>(message) && !paused) {
                      paused = true;
                      trainer.setPaused(true);
                  }
                  if (const auto* change = std::get_if<telemetry::StateChange>(&message);
                      change && change->state == telemetry::RunState::Paused) {
                      std::this_thread::sleep_for(std::chrono::milliseconds(50));
                      trainer.setPaused(false);
                  }
              };
        const train::RunFile file = m_bench.file({"train_steps=300", "valid_every=5000"});
        const Published run = m_bench.run(file, settings);
        QCOMPARE(run.steps.size(), size_t(300));
        QCOMPARE(run.eventsOf("paused").size(), size_t(1));
        QCOMPARE(run.eventsOf("unpaused").size(), size_t(1));
        QCOMPARE(difference(run.steps, m_bench.run(file).steps, 0), QString());
    }

    void whatIsNotFiniteStopsTheRun()
    {
        const train::RunFile file = m_bench.file({"optimizer.lr=1000", "optimizer.min_lr=1000",
            "optimizer.clip_grad=null", "optimizer.schedule=constant", "train_steps=500",
            "init.std=3", "checkpoint.dir=wild", "checkpoint.every=1", "optimizer.eps=1e-30"});
        tests::RunSettings settings;
        settings.record = true;
        const Published run = m_bench.run(file, settings);
        QVERIFY2(run.error.find("is not finite: step ") != std::string::npos, run.error.c_str());
        QCOMPARE(run.eventsOf("failed").size(), size_t(1));
        QVERIFY(run.states.back().state == telemetry::RunState::Failed);
        QCOMPARE(run.states.back().message, run.error);
        const telemetry::StepRecord& last = run.steps.back();
        QVERIFY(!std::isfinite(last.loss) || !std::isfinite(last.gradNorm));
        if (last.step > 1) // the last good step is there
            QVERIFY(std::filesystem::exists(checkpointOf(file, last.step - 1)));
        QVERIFY(
            telemetry::RunStore(m_bench.store()).find("last").state == telemetry::RunState::Failed);
    }

    /// The remedy speaks of the last checkpoint where there is one.
    void aLostRunSaysWhetherItIsKept()
    {
        const auto errorOf = [&](const std::vector<std::string>& more, int ranks) {
            std::vector<std::string> sets{"optimizer.lr=1000", "optimizer.min_lr=1000",
                "optimizer.clip_grad=null", "optimizer.schedule=constant", "train_steps=500",
                "optimizer.warmup_steps=4", "optimizer.eps=1e-30", "optimizer.weight_decay=1000",
                "parallel.data=" + std::to_string(ranks)};
            sets.insert(sets.end(), more.begin(), more.end());
            return m_bench.run(m_bench.file(sets)).error;
        };
        for (const int ranks : {1, 2}) {
            const std::string none = errorOf({}, ranks);
            QVERIFY2(none.find("is not finite: step ") != std::string::npos, none.c_str());
            QVERIFY2(none.find("kept") == std::string::npos, none.c_str());
            const std::string some = errorOf(
                {"checkpoint.dir=lost" + std::to_string(ranks), "checkpoint.every=1"}, ranks);
            QVERIFY2(some.find("the last checkpoint is kept") != std::string::npos, some.c_str());
        }
    }

    void probesAndTokenizer()
    {
        base::writeFileAtomically(m_bench.path("a.txt"), "some words and more words");
        base::writeFileAtomically(m_bench.path("b.txt"), "x");
        int lines = 0;
        text::trainTokenizer(
            [&]() -> std::optional<std::string> {
                if (lines++ == 200)
                    return std::nullopt;
                return "some words and more words " + std::to_string(lines * 7919);
            },
            300, m_bench.path("probed.tokenizer.model"));
        m_bench.writeDataset("probed", 300, 9);
        const std::vector<std::string> sets{"data.train=probed", "model.vocab_size=400",
            R"(data.probes=[{"name": "A", "file": "a.txt"}, {"name": "B", "file": "b.txt"}])",
            "checkpoint.dir=probes"};
        const train::RunFile file = m_bench.file(sets);
        const Published run = m_bench.run(file);
        QCOMPARE(run.error, std::string());
        QCOMPARE(run.probes.size(), size_t(6)); // two at steps 3, 6 and 7
        QCOMPARE(run.probes[0].probe, std::string("A"));
        QCOMPARE(run.probes[5].step, int64_t(7));
        QCOMPARE(run.probes[5].layers.size(), size_t(2));
        QCOMPARE(run.probes[5].layers[1].load.size(), size_t(4));
        QVERIFY(std::filesystem::exists(checkpointOf(file, 7) / "tokenizer.model"));
        // Documents end with the tokenizer's end of sequence: replies should, too.
        const auto eosIn = [](const train::RunFile& saved) {
            return base::readJsonFile(checkpointOf(saved, 7) / "config.json")["eos_token_id"];
        };
        const auto eos = text::loadTokenizer(m_bench.path("probed"))->endOfSequence();
        QVERIFY(eosIn(file) == base::Json(*eos));
        const train::RunFile own = m_bench.file({"data.train=probed", "model.vocab_size=400",
            "model.eos_token_id=7", "checkpoint.dir=own"});
        QCOMPARE(m_bench.run(own).error, std::string());
        QVERIFY(eosIn(own) == base::Json(7));

        // Probes touch nothing: the record is the same without them.
        std::filesystem::remove_all(*file.checkpointDir);
        const Published without
            = m_bench.run(m_bench.file({"data.train=probed", "model.vocab_size=400"}));
        QCOMPARE(difference(run.steps, without.steps, 0), QString());
    }

    void refusals_data()
    {
        QTest::addColumn<QStringList>("sets");
        QTest::addColumn<QString>("says");
        QTest::newRow("no dataset") << QStringList{"data.train=nothing"} << "nothing";
        QTest::newRow("short") << QStringList{"sequence_length=64", "data.train=short"} << "short";
        QTest::newRow("ids") << QStringList{"model.vocab_size=20"} << "vocab_size";
        QTest::newRow("init") << QStringList{"init={\"from\": \"nowhere\"}"} << "nowhere";
        QTest::newRow("probe without tokenizer")
            << QStringList{"data.probes=[{\"name\": \"A\", \"file\": \"a.txt\"}]"} << "tokenizer";
    }

    void refusals()
    {
        QFETCH(QStringList, sets);
        QFETCH(QString, says);
        m_bench.writeDataset("short", 10, 3);
        std::vector<std::string> assignments;
        for (const QString& set : sets)
            assignments.push_back(set.toStdString());
        telemetry::Bus bus;
        train::TrainerOptions options;
        options.bus = &bus;
        try {
            train::Trainer trainer(m_bench.file(assignments), options);
            QFAIL("nothing was refused");
        } catch (const Error& error) {
            QVERIFY2(QString::fromUtf8(error.what()).contains(says), error.what());
        }
    }

    /// MFU is a share of what the machine can do: ranks beyond its cores do not add to that.
    void ranksBeyondTheCoresAddNoPeak()
    {
        QCOMPARE(train::ranksAtOnce(1, 2, 2), 1.0);
        QCOMPARE(train::ranksAtOnce(2, 1, 2), 2.0);
        QCOMPARE(train::ranksAtOnce(4, 1, 2), 2.0);
        QCOMPARE(train::ranksAtOnce(3, 2, 8), 3.0);
        QCOMPARE(train::ranksAtOnce(2, 3, 2), 1.0);
    }

    /// A rank cannot do with less than a thread: more ranks than threads run, and say so.
    void ranksBeyondTheThreadsAreSaid()
    {
        std::vector<std::string> lines;
        base::setLogSink([&](base::LogLevel, const std::string& text) { lines.push_back(text); });
        std::vector<int> threads;
        tests::RunSettings settings;
        settings.makeBackend = [&](int each) {
            threads.push_back(each);
            return kernels::makeCpuBackend(each);
        };
        const auto run = [&](const char* ranks) {
            return m_bench.run(m_bench.file({ranks, "train_steps=3"}), settings).error;
        };
        const std::string two = run("parallel.data=2"), three = run("parallel.data=3");
        base::setLogSink({});
        QCOMPARE(two + three, std::string());
        QCOMPARE(threads, std::vector<int>(5, 1));
        QCOMPARE(lines,
            std::vector<std::string>{
                "the 3 ranks of parallel.data take a thread each: 3 threads, not 2"});
    }

    void moreThanTheMachineHasIsRefused()
    {
        const Published run
            = m_bench.run(m_bench.file({"sequence_length=64", "micro_batch_size=1048576",
                "global_batch_size=1048576", "model.num_hidden_layers=1000"}));
        QVERIFY2(run.error.find("the machine has") != std::string::npos, run.error.c_str());
        QVERIFY(run.steps.empty());
    }

    void otherDevicesAreRefused()
    {
        telemetry::Bus bus;
        train::TrainerOptions options;
        options.bus = &bus;
        options.device = "cuda";
        QVERIFY_THROWS_EXCEPTION(Error, train::Trainer(m_bench.file(), options));
    }

    /// Weights with their packed copies, gradients, optimizer and 1.5 times the activations that
    /// the backward pass needs (engine/model/activations.h).
    void memoryStaysWithinItsBounds()
    {
        for (const char* precision : {"float32", "bfloat16"}) {
            base::Json json = m_bench.json();
            for (const char* set :
                {"model.hidden_size=64", "model.intermediate_size=128", "model.num_hidden_layers=8",
                    "sequence_length=64", "micro_batch_size=8", "global_batch_size=16"})
                train::applySet(json, set);
            train::applySet(json, std::string("precision=") + precision);
            const train::RunFile file = train::parseRunFile(json, "memory", m_bench.path(""));
            std::vector<kernels::Backend*> made;
            tests::RunSettings settings;
            kernels::MemoryUse use;
            int64_t peak = 0;
            settings.makeBackend = [&](int threads) {
                auto backend = kernels::makeCpuBackend(threads);
                made.push_back(backend.get());
                return backend;
            };
            settings.watch
                = [&](const telemetry::Message& message, train::Trainer&, std::stop_source& stop) {
                      const auto* step = std::get_if<telemetry::StepRecord>(&message);
                      if (!step || peak > 0)
                          return;
                      use = made.at(0)->memory();
                      peak = step->peakBytes;
                      stop.request_stop();
                  };
            m_bench.run(file, settings);
            const auto held = [&](kernels::MemoryKind kind) {
                return use.peakBytes[static_cast<size_t>(kind)];
            };
            const int64_t activations = model::activationBytes(file.model, file.precision, {8, 64});
            QCOMPARE(held(kernels::MemoryKind::Activations), activations);
            const int64_t bound = held(kernels::MemoryKind::Weights)
                + held(kernels::MemoryKind::PackedWeights) + held(kernels::MemoryKind::Gradients)
                + held(kernels::MemoryKind::Optimizer) + activations * 3 / 2;
            QVERIFY2(peak > 0 && peak <= bound,
                qPrintable(QString("%1 of at most %2 bytes").arg(peak).arg(bound)));
        }
    }

    void aStopIsAskedForBeforeEachLayersSimilarity()
    {
        const train::RunFile file = m_bench.file();
        const text::IndexedDataset data(file.trainData);
        const auto backend = kernels::makeCpuBackend(2);
        const auto ranks = parallel::makeSingleRank();
        train::Replica replica(*backend, *ranks, file, data, nullptr);
        int asked = 0;
        QVERIFY(!replica.expertSimilarity([&] { return ++asked == 2; }));
        QCOMPARE(asked, 2);
        const auto all = replica.expertSimilarity([] { return false; });
        QVERIFY(all && all->size() == 2);
    }

    void estimate()
    {
        telemetry::Bus bus;
        train::TrainerOptions options;
        options.bus = &bus;
        const train::TrainEstimate estimate = train::Trainer(m_bench.file(), options).estimate();
        QCOMPARE(estimate.optimizerBytes, 2 * estimate.weightBytes);
        QCOMPARE(estimate.gradientBytes, estimate.weightBytes);
        const train::RunFile file = m_bench.file();
        QCOMPARE(estimate.activationBytes, // and what experts' similarity takes
            model::activationBytes(
                file.model, file.precision, {file.microBatchSize, file.sequenceLength})
                + 4 * 4 * 8);
        QVERIFY(estimate.trainTokens >= 1200);
        QCOMPARE(estimate.epochs, 84.0 / static_cast<double>(estimate.samplesPerEpoch));
    }

private:
    static std::filesystem::path checkpointOf(const train::RunFile& file, int64_t step)
    {
        char name[32];
        std::snprintf(name, sizeof name, "step-%06lld", static_cast<long long>(step));
        return *file.checkpointDir / name;
    }

    TrainingBench m_bench;
};

QTEST_GUILESS_MAIN(TrainerTest)
#include "trainer_test.moc"
