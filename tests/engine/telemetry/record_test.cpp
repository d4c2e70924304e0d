// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "random_records.h"

#include "engine/telemetry/record.h"
#include "kernels/error.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace moe;
using namespace moe::telemetry;

class RecordTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keysStandInTheContractsOrder()
    {
        StepRecord record;
        record.step = 1;
        record.layers.emplace_back().load = {512, 498};
        record.extra.emplace_back("my/metric", 1.5);
        std::string keys;
        const base::Json json = toJson(record);
        for (const auto& [key, value] : json.items())
            keys += key + " ";
        QCOMPARE(keys.c_str(),
            "step tokens loss lm_loss aux_loss grad_norm lr step_seconds tokens_per_second mfu "
            "peak_bytes valid_loss z_loss layers my/metric ");
        keys.clear();
        for (const auto& [key, value] : json["layers"][0].items())
            keys += key + " ";
        QCOMPARE(keys.c_str(),
            "layer load assignments dropped drop_rate alpha aux_loss gate_entropy "
            "max1_over_max2 max2_over_max3 expert_similarity ");
    }

    void everyDigitSurvives()
    {
        const auto seed = std::random_device{}();
        qInfo("seed %u", seed);
        std::mt19937_64 random(seed);
        for (int64_t step = 1; step <= 20; ++step) {
            StepRecord record = test::randomStep(random, step, 3, static_cast<int32_t>(step));
            record.extra.emplace_back("other", static_cast<double>(random()) / 7);
            const std::string text = test::line(record);
            const StepRecord back = stepFromJson(base::parseJson(text, "test"), "test");
            QCOMPARE(test::line(back), text);
            QCOMPARE(back.loss, record.loss);
            QCOMPARE(back.layers[1].load, record.layers[1].load);
            QCOMPARE(back.layers[1].droppedByExpert, record.layers[1].droppedByExpert);
            QCOMPARE(back.extra, record.extra);
        }
    }

    void notFiniteIsNull()
    {
        StepRecord record;
        record.loss = std::numeric_limits<double>::infinity();
        record.gradNorm = NAN;
        const base::Json json = toJson(record);
        QVERIFY(json["loss"].is_null());
        QVERIFY(json["grad_norm"].is_null());
        QVERIFY(json["valid_loss"].is_null());
        const StepRecord back = stepFromJson(json, "test");
        QVERIFY(std::isnan(back.loss));
        QVERIFY(!back.validLoss);
    }

    void whatAnImportDoesNotKnowStaysUnknown()
    {
        const StepRecord record = stepFromJson(
            base::parseJson(R"({"step": 7, "layers": [{"layer": 2, "load": [3, 5]}]})", "x"), "x");
        QCOMPARE(record.tokens, -1);
        QCOMPARE(record.layers[0].assignments, 8);
        QCOMPARE(record.layers[0].dropped, -1);
        const base::Json json = toJson(record);
        QVERIFY(json["tokens"].is_null());
        QVERIFY(json["loss"].is_null());
        QVERIFY(json["layers"][0]["drop_rate"].is_null());
    }

    void badRecordsAreRefusedByKey_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("part");
        QTest::newRow("list") << "[1]"
                              << "where: an object";
        QTest::newRow("no step") << "{}"
                                 << "where: step";
        QTest::newRow("step text") << R"({"step": "1"})"
                                   << "where: step";
        QTest::newRow("step negative") << R"({"step": -1})"
                                       << "where: step";
        QTest::newRow("step fraction") << R"({"step": 1.5})"
                                       << "where: step";
        QTest::newRow("loss text") << R"({"step": 1, "loss": "low"})"
                                   << "where: loss";
        QTest::newRow("extra list") << R"({"step": 1, "a": [1]})"
                                    << "where: a";
        QTest::newRow("layers") << R"({"step": 1, "layers": 3})"
                                << "where: layers";
        QTest::newRow("layer") << R"({"step": 1, "layers": [{}]})"
                               << "layers[0].layer";
        QTest::newRow("twice") << R"({"step": 1, "layers": [{"layer": 1}, {"layer": 1}]})"
                               << "layers[1].layer";
        QTest::newRow("load") << R"({"step": 1, "layers": [{"layer": 1, "load": [1, -2]}]})"
                              << "layers[0].load";
        QTest::newRow("huge") << R"({"step": 1, "layers": [{"layer": 1, "load": [1e300]}]})"
                              << "layers[0].load";
        QTest::newRow("tokens") << R"({"step": 1, "tokens": 18446744073709551615})"
                                << "where: tokens";
    }

    void badRecordsAreRefusedByKey()
    {
        QFETCH(QString, text);
        QFETCH(QString, part);
        try {
            stepFromJson(base::parseJson(text.toStdString(), "where"), "where");
            QFAIL("accepted");
        } catch (const Error& error) {
            QVERIFY2(QString(error.what()).contains(part), error.what());
        }
    }
};

QTEST_GUILESS_MAIN(RecordTest)
#include "record_test.moc"
