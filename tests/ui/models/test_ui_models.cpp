// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/event_table_model.h"
#include "ui/models/event_text.h"
#include "ui/models/expert_table_model.h"
#include "ui/models/format.h"
#include "ui/models/layer_data.h"
#include "ui/models/load_window.h"
#include "ui/models/run_data.h"
#include "ui/models/run_settings.h"
#include "ui/models/run_table_model.h"
#include "ui/models/smoothing.h"

#include <QAbstractItemModelTester>
#include <QtTest>

#include <random>

using namespace moe;
using namespace moe::models;

namespace {

telemetry::StepRecord record(std::mt19937& random, int64_t step, int layers, int experts)
{
    telemetry::StepRecord made;
    made.step = step;
    made.loss = 9 - 0.01 * static_cast<double>(step);
    made.lr = 1e-3;
    made.stepSeconds = 0.5;
    for (int l = 0; l < layers; ++l) {
        telemetry::LayerRecord layer;
        layer.layer = 2 * l + 1; // decoder indices need not be rows
        for (int e = 0; e < experts; ++e) {
            layer.load.push_back(static_cast<int64_t>(random() % 4000));
            layer.assignments += layer.load.back();
            layer.droppedByExpert.push_back(static_cast<int64_t>(random() % 10));
            layer.dropped += layer.droppedByExpert.back();
        }
        layer.alpha = 0.01;
        made.layers.push_back(layer);
    }
    return made;
}

} // namespace

class TestUiModels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesNumbersAsTheHouseDoes();
    void smoothsWithoutBias();
    void windowEqualsASumOverItsSteps();
    void windowKnowsWhatIsNotKnown();
    void layersOfDifferentSizes();
    void runDataFollowsMessages();
    void validatedStepsComeTwice();
    void resumedRunsAreCut();
    void storedEventsStandOnce();
    void deadExpertsWakeUp();
    void historyJoinsColumns();
    void settingsFollowSteering();
    void tablesAreSound();
    void filtersByNameAndTag();

private:
    std::mt19937 m_random;
    void initTestCase()
    {
        const auto seed = std::random_device()();
        qInfo("seed %u", seed);
        m_random.seed(seed);
    }
};

void TestUiModels::writesNumbersAsTheHouseDoes()
{
    QCOMPARE(formatLoss(2.2394), QStringLiteral("2.239"));
    QCOMPARE(formatPercent(0.0109), QStringLiteral("1.09"));
    QCOMPARE(formatAlpha(0.0031), QStringLiteral("0.0031"));
    QCOMPARE(formatLearningRate(2.51e-4), QStringLiteral("2.51e-4"));
    QCOMPARE(formatLearningRate(9.999e-4), QStringLiteral("1.00e-3"));
    QCOMPARE(formatCount(18'240), QStringLiteral("18,240"));
    QCOMPARE(formatFixed(-0.5, 1), QStringLiteral("−0.5"));
    QCOMPARE(formatFixed(NAN, 1), QStringLiteral("—"));
    QCOMPARE(formatCompact(38.27e9), QStringLiteral("38.3\u202FB"));
    QCOMPARE(formatDuration(4 * 86400 + 5 * 3600 + 59), QStringLiteral("4\u202Fd 5\u202Fh"));
    QCOMPARE(formatDuration(8.72), QStringLiteral("9\u202Fs"));
    QCOMPARE(formatDuration(3600), QStringLiteral("1\u202Fh"));
}

void TestUiModels::smoothsWithoutBias()
{
    std::vector<double> x, y;
    Smoother smoother;
    smoother.configure(0.9, 1);
    double sum = 0, weights = 0;
    std::normal_distribution<double> noise(3, 1);
    for (int i = 0; i < 50; ++i) {
        x.push_back(i + 1);
        y.push_back(noise(m_random));
        sum = 0.9 * sum + y.back();
        weights = 0.9 * weights + 1;
        smoother.extend(x, y); // grows step by step, as a live run does
        QCOMPARE(smoother.values().size(), y.size());
        QVERIFY(std::abs(smoother.values().back() - sum / weights) < 1e-12);
    }
    y.push_back(NAN);
    x.push_back(51);
    smoother.extend(x, y);
    QVERIFY(std::isnan(smoother.values().back()));
}

void TestUiModels::windowEqualsASumOverItsSteps()
{
    constexpr int kLayers = 3, kExperts = 7;
    for (const int span : {1, 5, 100}) {
        LoadWindow window;
        window.configure(kLayers, kExperts, span);
        std::vector<telemetry::StepRecord> all;
        for (int64_t step = 1; step <= 230; ++step) {
            all.push_back(record(m_random, step, kLayers, kExperts));
            window.add(all.back());
        }
        QCOMPARE(window.steps(), int64_t(span));
        for (int row = 0; row < kLayers; ++row) {
            int64_t load = 0, dropped = 0;
            for (size_t i = all.size() - static_cast<size_t>(span); i < all.size(); ++i) {
                load += all[i].layers[static_cast<size_t>(row)].load[4];
                dropped += all[i].layers[static_cast<size_t>(row)].droppedByExpert[4];
            }
            QCOMPARE(window.load(row, 4), load);
            QCOMPARE(window.dropped(row, 4), dropped);
        }
    }
    LoadWindow blocks;
    blocks.configure(kLayers, kExperts, 1000);
    for (int64_t step = 1; step <= 2345; ++step)
        blocks.add(record(m_random, step, kLayers, kExperts));
    QVERIFY(blocks.steps() > 990 && blocks.steps() <= 1000);
}

void TestUiModels::windowKnowsWhatIsNotKnown()
{
    // As importers write them: a rate without counts, a count without assignments, nothing.
    telemetry::StepRecord made;
    made.step = 1;
    made.layers.resize(4);
    for (int row = 0; row < 4; ++row) {
        telemetry::LayerRecord& layer = made.layers[static_cast<size_t>(row)];
        layer.layer = row;
        layer.load = {150, 50};
        layer.assignments = row == 2 ? -1 : 200;
        layer.dropped = row == 3 ? 10 : -1;
        layer.alpha = row == 3 ? 0.01 : NAN;
    }
    made.layers[1].importedDropRate = 0.25;
    made.layers[2].importedDropRate = 0.1;
    RunData data;
    data.append(made);
    QVERIFY(std::isnan(data.window().dropRate(0)));
    QCOMPARE(data.window().dropRate(1), 0.25);
    QCOMPARE(data.window().dropRate(2), 0.1);
    QCOMPARE(data.window().dropRate(3), 0.05);
    QCOMPARE(data.window().ideal(2), 100.0); // from its loads
    QCOMPARE(data.window().utilisation(2, 0), 1.5);
    QCOMPARE(data.meanDropRate().back(), (0.25 + 0.1 + 0.05) / 3);
    QCOMPARE(data.meanAlpha().back(), 0.01);
    LayerData layer;
    layer.open(2);
    layer.append(made);
    QCOMPARE(layer.utilisation(0, 0), 1.5F);
    // A step that tells nothing takes nothing from those that do.
    made.step = 2;
    made.layers[1].importedDropRate.reset();
    data.append(made);
    QCOMPARE(data.window().dropRate(1), 0.25);
}

void TestUiModels::layersOfDifferentSizes()
{
    telemetry::StepRecord made;
    made.step = 1;
    made.layers.resize(2);
    made.layers[0].layer = 10;
    made.layers[0].load = {30'000, 10'000};
    made.layers[0].assignments = 40'000;
    made.layers[1].layer = 11;
    made.layers[1].load.assign(8, 5000);
    made.layers[1].load[7] = 0;
    made.layers[1].assignments = 35'000;
    RunData data;
    data.append(made);
    QCOMPARE(data.experts(), 8);
    QCOMPARE(data.experts(0), 2);
    QCOMPARE(data.experts(1), 8);
    QCOMPARE(data.window().ideal(0), 20'000.0);
    QCOMPARE(data.window().utilisation(0, 0), 1.5);
    QVERIFY(std::isnan(data.window().utilisation(0, 2)));
    QVERIFY(!data.deadInWindow(0, 2)); // not dead: not there
    QCOMPARE(data.window().utilisation(1, 7), 0.0);
    QVERIFY(data.deadInWindow(1, 7));
}

void TestUiModels::runDataFollowsMessages()
{
    RunData data;
    for (int64_t step = 1; step <= 40; ++step)
        data.append(record(m_random, step, 2, 4));
    QCOMPARE(data.lastStep(), int64_t(40));
    QCOMPARE(data.layers(), 2);
    QCOMPARE(data.layerId(1), 3);
    QCOMPARE(data.rowOf(3), 1);
    QCOMPARE(data.rowOf(2), -1);
    QCOMPARE(data.dropRate(0).size(), size_t(40));
    QCOMPARE(data.grid().trained.back(), 20.0);
    const double mean = (data.dropRate(0)[7] + data.dropRate(1)[7]) / 2;
    QCOMPARE(data.meanDropRate()[7], mean);
    const int generation = data.generation();
    data.append(record(m_random, 40, 2, 4)); // the store and the bus overlap
    QCOMPARE(data.lastStep(), int64_t(40));
    QCOMPARE(data.grid().step.size(), size_t(40));
    const telemetry::RunEvent event{40, "checkpoint", R"({"path": "/c"})", 12.5};
    data.append(event);
    data.append(event);
    QCOMPARE(data.events().size(), size_t(1));
    QCOMPARE(data.generation(), generation);
}

void TestUiModels::validatedStepsComeTwice()
{
    RunData data;
    LayerData layer;
    layer.open(3);
    telemetry::StepRecord step;
    for (int64_t number = 1; number <= 5; ++number) {
        step = record(m_random, number, 2, 4);
        step.validLoss.reset();
        for (telemetry::LayerRecord& one : step.layers)
            one.expertSimilarity.reset();
        data.append(step);
        layer.append(step);
    }
    QVERIFY(data.valid().empty());
    const telemetry::StepRecord first = step;
    step.validLoss = 2.5;
    step.layers[1].expertSimilarity = 0.25;
    for (int time = 0; time < 2; ++time) {
        data.append(step);
        layer.append(step);
        data.append(first); // the store's answer and the bus overlap
        QCOMPARE(data.grid().step.size(), size_t(5));
        QCOMPARE(data.valid(), std::vector<double>{2.5});
        QCOMPARE(data.validGrid().step, std::vector<double>{5});
        QVERIFY(data.lastRecord()->validLoss.has_value());
        QCOMPARE(layer.similarity().value, std::vector<double>{0.25});
        QCOMPARE(layer.entropy().step.size(), size_t(5));
    }
}

void TestUiModels::resumedRunsAreCut()
{
    RunData data;
    for (int64_t step = 1; step <= 40; ++step)
        data.append(record(m_random, step, 2, 4));
    data.append(telemetry::RunEvent{25, "resumed", R"({"from_step": 25})", 0});
    QCOMPARE(data.lastStep(), int64_t(25));
    QCOMPARE(data.alpha(1).size(), size_t(25));
    data.append(record(m_random, 26, 2, 4));
    QCOMPARE(data.lastStep(), int64_t(26));
}

void TestUiModels::storedEventsStandOnce()
{
    RunData data;
    data.append(telemetry::RunEvent{3, "steered", "{}", 12.5, 7});
    data.append(telemetry::RunEvent{2, "paused", "{}", 13.5, 8});
    data.append(telemetry::RunEvent{3, "steered", "{}", 12.5, 7}); // the store's answers overlap
    QCOMPARE(data.events().size(), size_t(2));
    QCOMPARE(data.lastEvent(), int64_t(8));
    data.append(telemetry::RunEvent{4, "steered", "{}", 14.5, 8}); // an id given anew
    data.append(telemetry::RunEvent{4, "note", "{}", 15}); // of the bus: no id
    data.append(telemetry::RunEvent{4, "note", "{}", 16});
    QCOMPARE(data.events().size(), size_t(5));
}

void TestUiModels::deadExpertsWakeUp()
{
    RunData data;
    telemetry::StepRecord step = record(m_random, 1, 2, 4);
    step.layers[1].load[2] = 5;
    data.append(step);
    for (int64_t number = 2; number <= 9; ++number) {
        step = record(m_random, number, 2, 4);
        step.layers[1].load[2] = 0;
        data.append(step);
    }
    data.append(
        telemetry::RunEvent{9, "dead_expert", R"({"layer": 3, "expert": 2, "since_step": 2})", 0});
    QCOMPARE(data.deadSince(1, 2), std::optional<int64_t>(2));
    QCOMPARE(data.lastAssignment(1, 2), std::optional<int64_t>(1));
    QCOMPARE(data.events().back().flag, 1);
    QVERIFY(data.events().back().foundByEngine);
    step = record(m_random, 10, 2, 4);
    step.layers[1].load[2] = 1;
    data.append(step);
    QVERIFY(!data.deadSince(1, 2));
    // Layers that do not exist are no crash.
    data.append(telemetry::RunEvent{
        10, "dead_expert", R"({"layer": 99, "expert": -4, "since_step": 2})", 0});
    data.append(telemetry::RunEvent{10, "dead_expert", "not json", 0});
    QVERIFY(data.dead().empty());
}

void TestUiModels::historyJoinsColumns()
{
    LayerData layer;
    layer.open(1);
    double sum = 0, assignments = 0;
    for (int64_t step = 1; step <= 4000; ++step) {
        const telemetry::StepRecord made = record(m_random, step, 1, 4);
        layer.append(made);
        if (step <= 4) {
            sum += static_cast<double>(made.layers[0].load[3]);
            assignments += static_cast<double>(made.layers[0].assignments);
        }
    }
    QCOMPARE(layer.stride(), int64_t(4));
    QCOMPARE(layer.columns(), 1000);
    QVERIFY(std::abs(layer.utilisation(0, 3) - sum / (assignments / 4)) < 1e-4);
    QCOMPARE(layer.columnOf(4000), 999);
    // What another layer has more of is no data here.
    for (const auto& [column, expert] : {std::pair(999, 4), std::pair(0, -1), std::pair(1000, 0)})
        QVERIFY(std::isnan(layer.utilisation(column, expert)));
}

void TestUiModels::settingsFollowSteering()
{
    telemetry::RunInfo run;
    run.runFile = R"({"optimizer": {"lr": 3e-4}, "moe": {"capacity_factor": null,
        "aux_coeff": {"adaptive": {"xi": 0.2, "alpha_max": 0.01, "beta": 0.9}}}})";
    std::vector<NumberedEvent> events;
    RunSettings settings = settingsOf(run, events);
    QVERIFY(settings.known);
    QVERIFY(!settings.capacityFactor);
    QCOMPARE(settings.clipGrad, std::optional(1.0)); // left out: the contract's
    QCOMPARE(settings.beta, 0.9);
    events.push_back(
        {{5, "steered",
             R"({"key": "moe.aux_coeff.adaptive.beta", "from": 0.9, "to": 0.99, "by": "you"})", 0},
            1, false});
    events.push_back(
        {{6, "steered", R"({"key": "moe.capacity_factor", "from": null, "to": 1.5})", 0}, 2,
            false});
    settings = settingsOf(run, events);
    QCOMPARE(settings.beta, 0.99);
    QCOMPARE(settings.capacityFactor, std::optional(1.5));
    QCOMPARE(whatHappened(events[0].event), QStringLiteral("β 0.900 → 0.990, by you"));
    QCOMPARE(whatHappened(events[1].event), QStringLiteral("Capacity factor dropless → 1.50"));
    run.runFile = "{cut off";
    settings = settingsOf(run, {});
    QVERIFY(settings.coefficient == RunSettings::Coefficient::None);
    for (const char* none : {"{cut off", ""}) { // nothing is made up
        run.runFile = none;
        settings = settingsOf(run, {});
        QVERIFY(!settings.known);
        QVERIFY(!settings.capacityFactor && !settings.clipGrad);
        QVERIFY(settings.schedule.isEmpty() && settings.auxLoss.isEmpty());
    }
    run.runFile = R"({"optimizer": {"clip_grad": null}, "moe": {}})";
    settings = settingsOf(run, {});
    QVERIFY(!settings.clipGrad); // null: no clipping
    QCOMPARE(settings.capacityFactor, std::optional(1.25));
}

void TestUiModels::tablesAreSound()
{
    RunTableModel runs;
    RunFilterModel filter;
    filter.setSourceModel(&runs);
    EventTableModel events;
    ExpertTableModel experts;
    const QAbstractItemModelTester a(&runs, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QAbstractItemModelTester b(
        &filter, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QAbstractItemModelTester c(
        &events, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QAbstractItemModelTester d(
        &experts, QAbstractItemModelTester::FailureReportingMode::QtTest);
    telemetry::RunInfo run;
    for (run.id = 1; run.id <= 4; ++run.id) {
        run.name = "run " + std::to_string(run.id);
        runs.update(run);
    }
    runs.setShown(2, 3);
    runs.setPinned(3);
    filter.sort(RunTableModel::Name);
    filter.setFront(2);
    QCOMPARE(filter.index(0, 0).data().toString(), QStringLiteral("run 2"));
    QCOMPARE(filter.index(1, 0).data().toString(), QStringLiteral("run 3"));
    filter.sort(RunTableModel::Name, Qt::DescendingOrder);
    QCOMPARE(filter.index(0, 0).data().toString(), QStringLiteral("run 2"));
    std::vector<NumberedEvent> list{{{1, "started", "{}", 0}, 0, false}};
    events.setEvents(list);
    list.push_back(
        {{2, "steered", R"({"key": "optimizer.lr", "from": 1e-3, "to": 5e-4})", 0}, 1, false});
    events.setEvents(list);
    QCOMPARE(events.rowCount(), 2);
    QCOMPARE(events.rowOfFlag(1), 0);
    QCOMPARE(events.index(0, EventTableModel::What).data().toString(),
        QStringLiteral("Peak learning rate 1.00e-3 → 5.00e-4"));
    experts.setRows({{1.3, 100, 4, false}, {0.6, 50, 0, false}, {0, 0, NAN, true}}, 1.25);
    QCOMPARE(experts.index(0, ExpertTableModel::Verdict).data().toString(), QStringLiteral("hot"));
    QCOMPARE(experts.index(1, ExpertTableModel::Verdict).data().toString(), QStringLiteral("cold"));
    QCOMPARE(experts.index(2, ExpertTableModel::Verdict).data().toString(), QStringLiteral("dead"));
    QCOMPARE(experts.index(2, ExpertTableModel::Dropped).data().toString(), QStringLiteral("—"));
}

void TestUiModels::filtersByNameAndTag()
{
    RunTableModel runs;
    RunFilterModel filter;
    filter.setSourceModel(&runs);
    telemetry::RunInfo run;
    run.id = 1;
    run.name = "Alpha";
    run.tags = {"baseline"};
    runs.update(run);
    run.id = 2;
    run.name = "beta";
    run.tags = {};
    runs.update(run);
    filter.setText(QStringLiteral("ALP"));
    QCOMPARE(filter.rowCount(), 1);
    filter.setText(QStringLiteral("base"));
    QCOMPARE(filter.index(0, 0).data().toString(), QStringLiteral("Alpha"));
    filter.setText({});
    QCOMPARE(filter.rowCount(), 2);
}

QTEST_GUILESS_MAIN(TestUiModels)
#include "test_ui_models.moc"
