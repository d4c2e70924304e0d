// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Twelve steps of three runs beside what PyTorch autograd computed
// (tests/fixtures/make_training_fixtures.py): every number of the record but the timings within
// 1e-4, counts exactly.
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/telemetry/bus.h"
#include "engine/train/trainer.h"
#include "tests/support/folders.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <filesystem>

using namespace moe;

namespace {

constexpr double kTolerance = 1e-4;

std::filesystem::path fixture(const QString& name)
{
    return std::filesystem::path(tests::inSource("tests/fixtures/training")) / name.toStdString();
}

std::vector<telemetry::StepRecord> trainedRecords(const QString& name, int ranks)
{
    telemetry::Bus bus;
    const auto records = bus.subscribe(telemetry::Subscription::Loss::Never);
    train::TrainerOptions options;
    options.bus = &bus;
    options.threads = 2;
    train::RunFile file = train::readRunFile(
        fixture(name) / "run.json", {"parallel.data=" + std::to_string(ranks)});
    train::Trainer(file, options).run({});
    std::vector<telemetry::StepRecord> steps;
    for (const auto& message : records->drain()) {
        const auto* step = std::get_if<telemetry::StepRecord>(message.get());
        if (step && !steps.empty() && steps.back().step == step->step)
            steps.back() = *step; // it has been validated
        else if (step)
            steps.push_back(*step);
    }
    return steps;
}

std::vector<base::Json> expectedRecords(const QString& name)
{
    const std::filesystem::path path = fixture(name) / "expected.jsonl";
    const std::string text = base::readFile(path);
    std::vector<base::Json> records;
    for (size_t first = 0; first < text.size(); first = text.find('\n', first) + 1)
        records.push_back(base::parseJson(
            std::string_view(text).substr(first, text.find('\n', first) - first), path.string()));
    return records;
}

/// Every difference between the two, one line each.
void compare(const base::Json& expected, const base::Json& actual, const std::string& at,
    QStringList& differences)
{
    const auto complain = [&] {
        differences.append(QString::fromStdString(
            at + ": expected " + expected.dump() + ", got " + actual.dump()));
    };
    if (expected.is_object() && actual.is_object()) {
        for (const auto& [key, value] : expected.items()) {
            if (actual.contains(key))
                compare(value, actual[key], at + "/" + key, differences);
            else
                differences.append(QString::fromStdString(at + "/" + key + " is missing"));
        }
    } else if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
        for (size_t i = 0; i < expected.size(); ++i)
            compare(expected[i], actual[i], at + "/" + std::to_string(i), differences);
    } else if (expected.is_number_float() && actual.is_number()) {
        const auto e = expected.get<double>();
        if (!(std::abs(actual.get<double>() - e) <= kTolerance * std::max(1e-2, std::abs(e))))
            complain();
    } else if (expected != actual) {
        complain();
    }
}

} // namespace

class PytorchFixtureTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithPytorch_data();
    void agreesWithPytorch();
};

void PytorchFixtureTest::agreesWithPytorch_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("ranks");
    for (const char* name : {"adaptive", "list-switch-position", "dropless-grouped"}) {
        for (const int ranks : {1, 2})
            QTest::addRow("%s, %d ranks", name, ranks) << QString::fromLatin1(name) << ranks;
    }
}

void PytorchFixtureTest::agreesWithPytorch()
{
    QFETCH(QString, name);
    QFETCH(int, ranks);
    const std::vector<base::Json> expected = expectedRecords(name);
    const std::vector<telemetry::StepRecord> actual = trainedRecords(name, ranks);
    QCOMPARE(expected.size(), size_t{12});
    QCOMPARE(actual.size(), expected.size());
    QStringList differences;
    for (size_t i = 0; i < expected.size(); ++i)
        compare(expected[i], telemetry::toJson(actual[i]), "step " + std::to_string(i + 1),
            differences);
    QVERIFY2(differences.isEmpty(), qPrintable(differences.mid(0, 20).join(QLatin1Char('\n'))));
}

QTEST_GUILESS_MAIN(PytorchFixtureTest)
#include "pytorch_fixture_test.moc"
