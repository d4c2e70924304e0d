// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The run file, the learning rate, the aux-loss controller and steering.
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/train/aux_controller.h"
#include "engine/train/dead_experts.h"
#include "engine/train/optimizer.h"
#include "engine/train/resume.h"
#include "engine/train/run_file.h"
#include "engine/train/steering.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QtTest>

using namespace moe;
using base::Json;

namespace {

Json small()
{
    return Json::parse(R"({
        "model": {"architectures": ["SkyworkForCausalLM"], "model_type": "skywork", "vocab_size": 64,
            "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 2, "num_experts": [4],
            "num_experts_per_tok": 2, "moe_use_logits_norm": true, "rms_norm_eps": 1e-5,
            "max_position_embeddings": 512},
        "data": {"train": "corpus"}})");
}

train::RunFile parse(const Json& json)
{
    return train::parseRunFile(json, "run.json", "/runs");
}

/// The line of the error that a run file gives; empty when it gives none.
QString errorOf(const Json& json)
{
    try {
        parse(json);
        return {};
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    }
}

Json with(const std::string& key, const std::string& value)
{
    Json json = small();
    train::applySet(json, key + "=" + value);
    return json;
}

} // namespace

class RunFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Moments are float32: a beta that is 1 there has no bias correction.
    void betasAreBelowOneInFloat32()
    {
        for (const std::string key : {"optimizer.beta1", "optimizer.beta2"}) {
            for (const char* value : {"1", "0.9999999999999999", "0.99999999"}) {
                const QString error = errorOf(with(key, value));
                QVERIFY2(error.contains(QString::fromStdString(key)), qPrintable(error));
            }
            QCOMPARE(errorOf(with(key, "0.9999999")), QString());
        }
    }

    void defaults()
    {
        const train::RunFile file = parse(small());
        QCOMPARE(file.name, std::string("run"));
        QCOMPARE(file.trainData, std::filesystem::path("/runs/corpus"));
        QCOMPARE(file.globalBatchSize, int64_t(16));
        QCOMPARE(file.optimizer.minLr, 1e-4);
        QVERIFY(file.moe.capacityFactor == 1.25);
        QVERIFY(std::holds_alternative<train::AdaptiveAux>(file.moe.auxCoefficient));
        QVERIFY(!file.checkpointDir);
        QCOMPARE(file.checkpointEvery, int64_t(0));
        QCOMPARE(file.initSeed, uint64_t(1));
        QCOMPARE(parse(with("seed", "7")).initSeed, uint64_t(7));
        QCOMPARE(parse(with("optimizer.lr", "5e-5")).optimizer.minLr, 5e-6);
        QCOMPARE(parse(with("checkpoint.dir", "out")).checkpointEvery, int64_t(100));
    }

    void resolvedSaysTheSameAgain()
    {
        Json json = with("moe.aux_coeff", "[0.1, 0.2]");
        train::applySet(json, "optimizer.clip_grad=null");
        train::applySet(json, "moe.capacity_factor=null");
        train::applySet(json, "checkpoint.dir=out");
        train::applySet(json, R"(data.probes=[{"name": "a", "file": "a.txt"}])");
        const train::RunFile file = parse(json);
        const Json resolved = Json::parse(file.resolved);
        QCOMPARE(parse(resolved).resolved, file.resolved);
        QCOMPARE(resolved["checkpoint"]["dir"], Json("/runs/out"));
        // Every key that has a meaning is written out, apart from the two ways to start.
        for (const train::RunFileKey& key : train::runFileKeys()) {
            if (key.key.starts_with("init.from"))
                continue;
            std::string pointer = "/" + key.key;
            std::replace(pointer.begin(), pointer.end(), '.', '/');
            QVERIFY2(resolved.contains(Json::json_pointer(pointer)), key.key.c_str());
        }
    }

    void keyTableMatchesTheDefaults()
    {
        // What the table calls the fallback is what a file without the key resolves to.
        const Json resolved = Json::parse(parse(with("checkpoint.dir", "out")).resolved);
        for (const train::RunFileKey& key : train::runFileKeys()) {
            QVERIFY(!key.meaning.empty() && !key.meaning.ends_with("."));
            const bool derived = key.fallback.empty() || key.key == "name" || key.key == "init.seed"
                || key.key == "init.from" || key.key == "optimizer.min_lr"
                || key.key == "checkpoint.dir";
            if (derived)
                continue;
            std::string pointer = "/" + key.key;
            std::replace(pointer.begin(), pointer.end(), '.', '/');
            QVERIFY2(resolved.at(Json::json_pointer(pointer)) == Json::parse(key.fallback),
                key.key.c_str());
        }
    }

    void refusals_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* key, const char* value, const char* says) {
            QTest::addRow("%s=%s", key, value) << QString(key) << QString(value) << QString(says);
        };
        row("trian_steps", "5", "did you mean train_steps?");
        row("optimizer.leraning_rate", "5", "optimizer.leraning_rate");
        row("learning_rate", "1", "did you mean optimizer.lr?");
        row("optimizer.learning_rate", "1", "did you mean optimizer.lr?");
        row("optimizer.min_learning_rate", "1", "did you mean optimizer.min_lr?");
        row("lr", "1", "did you mean optimizer.lr?");
        row("capacity", "1", "did you mean moe.capacity_factor?");
        row("data_train", R"("x")", "did you mean data.train?");
        row("optimzer", "{}", "did you mean optimizer?");
        row("optimizer.train_stps", "5", "did you mean train_steps?");
        row("zzzzzzzz", "1", "did you mean ");
        row("optimizer.warmup_step", "5", "did you mean optimizer.warmup_steps?");
        row("moe.aux_coeff", R"({"adaptive": {"xj": 1}})", "did you mean xi?");
        row("moe.aux_coeff", "[0.1]", "one per MoE layer, 2");
        row("moe.aux_coeff", "true", "moe.aux_coeff");
        row("moe.aux_coeff", "-1", "moe.aux_coeff");
        row("moe.capacity_factor", "0", "moe.capacity_factor");
        row("moe.drop_policy", "prob", "did you mean probs?");
        row("optimizer.warmup_steps", "1000", "fewer than the 1000");
        row("optimizer.lr", "\"1e400\"", "a number out of range");
        row("optimizer.lr", "\"NaN\"", "a number out of range");
        row("name", "\"two\\nlines\"", "at most 255 bytes");
        row("optimizer.name", "sgd", "optimizer.name");
        row("optimizer.lr", "\"fast\"", "expected a number");
        row("global_batch_size", "6", "a multiple of micro_batch_size × parallel.data, 4");
        row("parallel.data", "3", "12");
        row("parallel.tensor", "2", "tensor parallelism is not there yet");
        row("parallel.pipeline", "2", "pipeline parallelism is not there yet");
        row("parallel.expert_scheme", "ep", "is not there yet");
        row("parallel.plan", "plan.json", "is not there yet");
        row("parallel.recompute", "\"all\"", "recompute is not there yet");
        row("parallel.recompute", "1", "recompute is not there yet");
        row("sequence_length", "0", "sequence_length");
        row("sequence_length", "513", "max_position_embeddings, 512");
        row("micro_batch_size", "99999999999999999999999", "micro_batch_size");
        row("train_steps", "1.5", "not a whole number");
        row("precision", "float16", "precision");
        row("data", "null", "missing key");
        row("data.train", "\"\"", "empty path");
        row("data.probes", "{}", "data.probes");
        row("data.train", R"("a\u0000b")", "data.train");
        row("checkpoint.dir", R"("a\u001Fb")", "checkpoint.dir");
        row("init.from", R"("a\nb")", "init.from");
        row("model.rms_norm_epz", "1e-5", "did you mean rms_norm_eps?");
        row("data.probes", R"([{"name": "a"}])", "data.probes[0].file");
        row("init", R"({"from": "a", "seed": 1})", "init");
        row("checkpoint", "{}", "checkpoint.dir");
        row("checkpoint", "7", "expected an object");
        row("model", "7", "model");
        row("seed", "-1", "seed");
    }

    void refusals()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, says);
        const QString line = errorOf(with(key.toStdString(), value.toStdString()));
        QVERIFY2(line.contains(says), qPrintable(line));
        QVERIFY2(line.contains("run.json"), qPrintable(line));
    }

    void assignments()
    {
        Json json = small();
        train::applySet(json, "a.b.c=text with = sign");
        QCOMPARE(json["a"]["b"]["c"], Json("text with = sign"));
        train::applySet(json, "a.b.c=[1, 2]");
        QCOMPARE(json["a"]["b"]["c"], Json::parse("[1, 2]"));
        QVERIFY_THROWS_EXCEPTION(UsageError, train::applySet(json, "a.b.c.d=1"));
        QVERIFY_THROWS_EXCEPTION(UsageError, train::applySet(json, "novalue"));
        QVERIFY_THROWS_EXCEPTION(UsageError, train::applySet(json, "=1"));
    }

    void keysStandOnce()
    {
        QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath("run.json").toStdString();
        const auto read = [&](const std::string& text) -> std::string {
            base::writeFileAtomically(file, text);
            try {
                train::readRunFile(file);
                return "";
            } catch (const Error& error) {
                return error.what();
            }
        };
        const std::string rest = small().dump().substr(1);
        QCOMPARE(read("{\"seed\": 1," + rest), std::string());
        const std::string twice = read("{\"seed\": 1, \"seed\": 2," + rest);
        QVERIFY2(twice.find("stands twice") != std::string::npos, twice.c_str());
        QVERIFY2(twice.find(": seed: ") != std::string::npos, twice.c_str());
        const std::string inside
            = read("{\"optimizer\": {\"lr\": 1, \"beta1\": 0, \"lr\": 1}," + rest);
        QVERIFY2(inside.find("optimizer.lr: ") != std::string::npos, inside.c_str());
    }

    void filesAreRelativeToTheirFolder()
    {
        QTemporaryDir folder;
        const std::filesystem::path dir = folder.path().toStdString();
        Json json = small();
        base::writeFileAtomically(dir / "config.json", json["model"].dump());
        json["model"] = "config.json";
        base::writeFileAtomically(dir / "my-run.json", json.dump());
        const train::RunFile file = train::readRunFile(dir / "my-run.json", {"train_steps=7"});
        QCOMPARE(file.name, std::string("my-run"));
        QCOMPARE(file.trainSteps, int64_t(7));
        QCOMPARE(file.trainData, dir / "corpus");
        QCOMPARE(file.model.experts, int64_t(4));
    }

    void learningRates()
    {
        train::OptimizerSettings o;
        o.lr = 1;
        o.minLr = 0.1;
        o.warmupSteps = 4;
        const auto at = [&](int64_t step) {
            return train::learningRate(o, 24, step);
        };
        QCOMPARE(at(1), 0.25);
        QCOMPARE(at(4), 1.0);
        QCOMPARE(at(14), 0.1 + 0.9 * 0.5);
        QCOMPARE(at(24), 0.1);
        o.schedule = "linear";
        QCOMPARE(at(9), 0.1 + 0.9 * 0.75);
        o.schedule = "constant";
        QCOMPARE(at(24), 1.0);
        o.schedule = "wsd"; // ceil(24 / 10) = 3 steps of decay
        QCOMPARE(at(21), 1.0);
        QCOMPARE(at(22), 0.7);
        QCOMPARE(at(24), 0.1);
        o.decaySteps = 10;
        QCOMPARE(at(14), 1.0);
        QCOMPARE(at(19), 0.55);
        o.warmupSteps = 0;
        QCOMPARE(at(1), 1.0);
        o.decaySteps = 0; // a tenth, of which a step falls into warmup, which goes first
        o.warmupSteps = 22;
        QCOMPARE(at(22), 1.0);
        QCOMPARE(at(23), 0.4);
        QCOMPARE(at(24), 0.1);
    }

    void decaysBeginAfterWarmup()
    {
        Json json = with("optimizer.schedule", "wsd");
        train::applySet(json, "train_steps=20");
        train::applySet(json, "optimizer.warmup_steps=15");
        train::applySet(json, "optimizer.decay_steps=5");
        QCOMPARE(errorOf(json), QString());
        train::applySet(json, "optimizer.decay_steps=6");
        QVERIFY2(errorOf(json).contains("optimizer.decay_steps: at most the 5"),
            qPrintable(errorOf(json)));
        train::applySet(json, "optimizer.schedule=cosine"); // which has no use for it
        QCOMPARE(errorOf(json), QString());
    }

    void auxController()
    {
        train::AuxController aux(train::AdaptiveAux{0.2, 0.01, 0.9, 0.005}, 2);
        QCOMPARE(aux.alpha(), (std::vector<double>{0.005, 0.005}));
        aux.update({0.5, 0.01}); // ξ d: 0.1, above α_max; 0.002
        QCOMPARE(aux.alpha()[0], 0.9 * 0.005 + (1 - 0.9) * 0.01);
        QCOMPARE(aux.alpha()[1], 0.9 * 0.005 + (1 - 0.9) * 0.2 * 0.01);
        const std::vector<double> before = aux.alpha();
        aux.setLaw(train::AdaptiveAux{0.3, 0.02, 0.5, 0.9}, false);
        QCOMPARE(aux.alpha(), before);
        aux.setLaw(train::AdaptiveAux{0.3, 0.02, 0.5, 0.9}, true);
        QCOMPARE(aux.alpha()[0], 0.9);
        aux.setLaw(std::vector<double>{1, 2}, false);
        aux.update({0.5, 0.5});
        QCOMPARE(aux.alpha(), (std::vector<double>{1, 2}));
    }

    void steering()
    {
        train::RunFile file = parse(small());
        train::SteeringChange change = train::applySteering(file, "optimizer.lr", "0.5");
        QCOMPARE(change.from, std::string("0.001"));
        QCOMPARE(file.optimizer.lr, 0.5);
        change = train::applySteering(file, "moe.aux_coeff.adaptive.xi", "0.7");
        QVERIFY(change.lawChanged && !change.restartAlpha);
        QCOMPARE(std::get<train::AdaptiveAux>(file.moe.auxCoefficient).xi, 0.7);
        train::applySteering(file, "moe.aux_coeff", R"({"adaptive": {"beta": 0.5}})");
        QCOMPARE(std::get<train::AdaptiveAux>(file.moe.auxCoefficient).xi, 0.7);
        QCOMPARE(std::get<train::AdaptiveAux>(file.moe.auxCoefficient).beta, 0.5);
        train::applySteering(file, "moe.capacity_factor", "null");
        QVERIFY(!file.moe.capacityFactor);
        const Json kept = train::steeredValues(parse(small()), file);
        QCOMPARE(kept.size(), size_t(3));
        train::RunFile again = parse(small());
        for (const auto& [key, value] : kept.items())
            train::applySteering(again, key, value.dump());
        QVERIFY(train::steeredValues(file, again).empty());

        QVERIFY(train::applySteering(file, "moe.aux_coeff", "0.3").lawChanged);
        std::vector<telemetry::QueuedSteering> queued;
        const auto refused = [&](const char* key, const char* value) {
            try {
                train::checkSteering(file, {}, queued, key, value);
                return false;
            } catch (const Error&) {
                return true;
            }
        };
        QVERIFY(refused("moe.aux_coeff.adaptive.xi", "0.1")); // constant by now
        QVERIFY(refused("moe.aux_coeff", "[1]"));
        QVERIFY(refused("optimizer.lr", "-1"));
        QVERIFY(refused("optimizer.lr", "null"));
        QVERIFY(refused("optimizer.lr", "{"));
        QVERIFY(refused("train_steps", "5"));
        QVERIFY(refused("moe.capacity_factor", "0"));
        QVERIFY(!refused("moe.aux_coeff", R"({"adaptive": {}})"));
        // What waits in the queue comes first, as far as the trainer will take it.
        queued = {{1, "moe.aux_coeff", R"({"adaptive": {}})"}, {2, "optimizer.lr", "-1"}};
        QVERIFY(!refused("moe.aux_coeff.adaptive.xi", "0.1"));
        queued.push_back({3, "moe.aux_coeff", "0.1"});
        QVERIFY(refused("moe.aux_coeff.adaptive.xi", "0.1"));
    }

    void resumedRunsMayChangeLittle()
    {
        const Json before = Json::parse(parse(small()).resolved);
        const auto changed = [&](const char* key, const char* value) {
            return train::firstForbiddenChange(
                before, Json::parse(parse(with(key, value)).resolved));
        };
        QCOMPARE(changed("train_steps", "77"), std::string());
        QCOMPARE(changed("name", "other"), std::string());
        QCOMPARE(changed("valid_every", "3"), std::string());
        QCOMPARE(changed("checkpoint.dir", "elsewhere"), std::string());
        QCOMPARE(changed("parallel.data", "2"), std::string());
        QCOMPARE(changed("optimizer.lr", "0.5"), std::string("optimizer.lr"));
        QCOMPARE(changed("model.hidden_size", "32").substr(0, 6), std::string("model."));
        QCOMPARE(changed("seed", "2"), std::string("seed"));
        QCOMPARE(changed("init.seed", "2"), std::string("init.seed"));
        QCOMPARE(changed("data.train", "other"), std::string("data.train"));
    }

    void deadExperts()
    {
        // Ideal 300 a step: four steps without an assignment make 1,200.
        train::DeadExperts dead;
        const auto step = [&](int64_t number, int64_t load) {
            telemetry::StepRecord record;
            record.step = number;
            telemetry::LayerRecord layer;
            layer.layer = 3;
            layer.load = {load, 600 - load};
            layer.assignments = 600;
            record.layers = {layer};
            return dead.update(record);
        };
        for (int64_t t = 1; t <= 3; ++t)
            QVERIFY(step(t, 0).empty());
        const Json saved = dead.save();
        dead = {};
        dead.restore(saved);
        const auto found = step(4, 0);
        QCOMPARE(found.size(), size_t(1));
        QCOMPARE(found[0].layer, 3);
        QCOMPARE(found[0].expert, int64_t(0));
        QCOMPARE(found[0].sinceStep, int64_t(1));
        QVERIFY(step(5, 0).empty()); // said once
        QVERIFY(step(6, 1).empty());
        for (int64_t t = 7; t <= 9; ++t)
            QVERIFY(step(t, 0).empty());
        QCOMPARE(step(10, 0).at(0).sinceStep, int64_t(7));
    }

    void parameterGroupsCoverAll()
    {
        const train::RunFile file = parse(small());
        const model::ParameterLayout layout(file.model);
        const auto groups = train::parameterGroups(layout);
        size_t group = 0;
        for (const model::Parameter& parameter : layout.parameters) {
            while (parameter.offset >= groups[group].first + groups[group].count)
                ++group;
            QVERIFY(parameter.offset >= groups[group].first);
            QVERIFY(parameter.offset + parameter.shape.elements()
                <= groups[group].first + groups[group].count);
            QCOMPARE(parameter.decays(), groups[group].decays);
            QCOMPARE(parameter.expert, groups[group].expert);
        }
    }

    void presets()
    {
        for (const std::string& name : train::modelPresets()) {
            const model::ModelConfig config = train::modelPreset(name);
            const model::ModelConfig again = model::parseConfig(model::toJson(config), name);
            QCOMPARE(again.parameters(), config.parameters());
        }
        QCOMPARE(train::modelPreset("skywork-moe-146b").parameters() / 100'000'000, int64_t(1463));
        QVERIFY(train::modelPreset("skywork-small").parameters() < 50'000'000);
        QVERIFY_THROWS_EXCEPTION(Error, train::modelPreset("skywork"));
    }
};

QTEST_GUILESS_MAIN(RunFileTest)
#include "run_file_test.moc"
