// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "random_records.h"

#include "engine/telemetry/run_store.h"
#include "kernels/error.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <sqlite3.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace moe;
using namespace moe::telemetry;
using tests::errorOf;

namespace {

bool has(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

void sql(const std::filesystem::path& file, const char* statement)
{
    sqlite3* database = nullptr;
    QCOMPARE(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    QCOMPARE(sqlite3_exec(database, statement, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
}

/// The series as its definition says, straight from the records.
std::vector<SeriesPoint> exact(
    const std::vector<StepRecord>& records, double (*value)(const StepRecord&))
{
    std::vector<SeriesPoint> points;
    for (const StepRecord& record : records) {
        const double v = value(record);
        if (std::isfinite(v))
            points.push_back({double(record.step), v, v, v});
    }
    return points;
}

} // namespace

class RunStoreTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    std::filesystem::path m_file;
    std::mt19937_64 m_random;

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        m_file = std::filesystem::path(m_folder.path().toStdString())
            / ("store" + std::to_string(++number)) / "store.sqlite";
        const auto seed = std::random_device{}();
        qInfo("seed %u", seed);
        m_random.seed(seed);
    }

    void runsKeepWhatIsSaidAboutThem()
    {
        RunStore store(m_file);
        QVERIFY(store.runs().empty());
        const int64_t a = store.createRun("demo", "{\"name\":\"demo\"}", 100);
        const int64_t b = store.createRun("demo", "", 0, "tensorboard");
        QCOMPARE(store.find("demo").id, b);
        QCOMPARE(store.find("last").id, b);
        QCOMPARE(store.find(std::to_string(a)).id, a);
        QCOMPARE(store.run(b).state, RunState::Imported);
        QCOMPARE(store.run(a).state, RunState::Running);
        QCOMPARE(store.run(a).trainSteps, 100);
        store.rename(a, "专家");
        store.setTags(a, {"one", "two, three"});
        store.setNotes(a, "line\nline");
        store.setState(a, RunState::Done);
        const RunInfo info = store.find("专家");
        QCOMPARE(info.id, a);
        QCOMPARE(info.tags, (std::vector<std::string>{"one", "two, three"}));
        QCOMPARE(info.notes, std::string("line\nline"));
        QCOMPARE(info.runFile, std::string("{\"name\":\"demo\"}"));
        QCOMPARE(info.state, RunState::Done);
        QCOMPARE(store.runs().front().id, b);
        QVERIFY(has(errorOf([&] { store.find("nobody"); }), "no such run"));
        QVERIFY(has(errorOf([&] { store.rename(99, "x"); }), "no such run"));
        QVERIFY(
            has(errorOf([&] { store.append(99, {test::message(StepRecord{})}); }), "no such run"));
        store.remove(a);
        QCOMPARE(store.runs().size(), size_t(1));
        QVERIFY(has(errorOf([&] { store.run(a); }), "no such run"));
    }

    void wholeRecordsComeBack()
    {
        std::vector<StepRecord> records;
        {
            RunStore store(m_file);
            const int64_t run = store.createRun("demo", "", 30);
            for (int64_t step = 1; step <= 30; ++step) {
                StepRecord record = test::randomStep(m_random, step, 4, 5);
                if (step % 3 == 0)
                    record.extra = {{"b", 1.0 / double(step)}, {"a/x", -3e-300}};
                if (step == 17)
                    record.loss = NAN;
                records.push_back(record);
                store.append(run, {test::message(record)});
            }
        }
        const RunStore store(m_file, RunStore::Mode::ReadOnly);
        const RunInfo info = store.find("last");
        QCOMPARE(info.steps, 30);
        QCOMPARE(info.layers, 4);
        QCOMPARE(info.experts, 5);
        QCOMPARE(*info.lastLoss, records.back().loss);
        QCOMPARE(*info.lastValidLoss, *records[29].validLoss);
        const auto back = store.steps(info.id, 1, 1000);
        QCOMPARE(back.size(), records.size());
        for (size_t i = 0; i < back.size(); ++i) {
            QCOMPARE(test::line(back[i]), test::line(records[i]));
            QCOMPARE(back[i].layers[2].droppedByExpert, records[i].layers[2].droppedByExpert);
        }
        const auto some = store.steps(info.id, 5, 7);
        QCOMPARE(some.size(), size_t(3));
        QCOMPARE(test::line(some[2]), test::line(records[6]));
        const auto keys = store.seriesKeys(info.id);
        for (const char* key : {"loss", "valid_loss", "layers/3/drop_rate", "a/x"})
            QVERIFY2(std::find(keys.begin(), keys.end(), key) != keys.end(), key);
    }

    void seriesAreExactAtFullDetailAndBoundedAtCoarse()
    {
        RunStore store(m_file);
        const int64_t run = store.createRun("demo", "", 0);
        std::vector<StepRecord> records;
        std::vector<MessagePtr> batch;
        const int64_t steps = 1000 + static_cast<int64_t>(m_random() % 700);
        for (int64_t step = 1; step <= steps; ++step) {
            records.push_back(test::randomStep(m_random, step, 2, 4));
            batch.push_back(test::message(records.back()));
            if (m_random() % 50 == 0) {
                store.append(run, batch);
                batch.clear();
            }
        }
        store.append(run, batch);
        checkSeries(store, run, records);

        // A resumed run replaces what lay behind its checkpoint.
        const int64_t kept = 1 + static_cast<int64_t>(m_random() % 900);
        store.truncateAfter(run, kept);
        records.resize(static_cast<size_t>(kept));
        QCOMPARE(store.run(run).steps, kept);
        checkSeries(store, run, records);
        for (int64_t step = kept + 1; step <= kept + 300; ++step) {
            records.push_back(test::randomStep(m_random, step, 2, 4));
            store.append(run, {test::message(records.back())});
        }
        checkSeries(store, run, records);

        // Steps written again, out of order.
        for (const size_t at : {size_t(3), records.size() / 2, records.size() - 1}) {
            records[at] = test::randomStep(m_random, records[at].step, 2, 4);
            store.append(run, {test::message(records[at])});
        }
        checkSeries(store, run, records);
        // The last one twice: as it is trained, and validated.
        records.push_back(test::randomStep(m_random, records.back().step + 1, 2, 4));
        records.back().validLoss.reset();
        store.append(run, {test::message(records.back())});
        records.back().validLoss = 0.25;
        store.append(run, {test::message(records.back())});
        checkSeries(store, run, records);
        QCOMPARE(store.run(run).lastValidLoss, std::optional<double>(0.25));
        store.truncateAfter(run, 0);
        QCOMPARE(store.run(run).steps, 0);
        QVERIFY(!store.run(run).bestLoss);
        QVERIFY(store.series(run, "loss").empty());
    }

    void aLongRunOpensFromItsCoarsestLevels()
    {
        RunStore store(m_file);
        const int64_t run = store.createRun("long", "", 0);
        std::vector<StepRecord> records;
        std::vector<MessagePtr> batch;
        for (int64_t step = 1; step <= 35'000; ++step) {
            records.push_back(test::randomStep(m_random, step, 2, 2));
            batch.push_back(test::message(records.back()));
        }
        store.append(run, batch);
        checkSeries(store, run, records);
        int64_t total = 0;
        for (const int64_t assignments : store.loadHistory(run, 1, 20).assignments)
            total += assignments;
        for (const StepRecord& record : records)
            total -= record.layers[0].assignments;
        QCOMPARE(total, 0);
    }

    void importsMayLeaveGapsAndStartAtZero()
    {
        RunStore store(m_file);
        const int64_t run = store.createRun("gaps", "", 0, "tensorboard");
        std::vector<StepRecord> records;
        for (int64_t step = 0; step < 4000; step += 1 + static_cast<int64_t>(m_random() % 40)) {
            records.push_back(test::randomStep(m_random, step, 2, 4));
            store.append(run, {test::message(records.back())});
        }
        checkSeries(store, run, records);
        StepRecord far = test::randomStep(m_random, INT64_C(1) << 49, 2, 4);
        records.push_back(far);
        store.append(run, {test::message(far)});
        QVERIFY(store.series(run, "loss", 100).size() <= 100);
        QVERIFY(store.loadHistory(run, 1, 100).assignments.size() <= 100);
    }

    void aMeasuredScalarKeepsItsStepInCoarseLevels()
    {
        RunStore store(m_file);
        const int64_t run = store.createRun("demo", "", 0);
        std::vector<MessagePtr> batch;
        for (int64_t step = 1; step <= 5000; ++step) {
            StepRecord record;
            record.step = step;
            if (step % 250 == 0)
                record.validLoss = double(step);
            batch.push_back(test::message(record));
        }
        store.append(run, batch);
        const auto points = store.series(run, "valid_loss", 100);
        QCOMPARE(points.size(), size_t(20));
        for (const SeriesPoint& point : points)
            QCOMPARE(point.step, point.value);
    }

    void loadHistoryIsLoadOverIdeal()
    {
        RunStore store(m_file);
        const int64_t run = store.createRun("demo", "", 0);
        std::vector<StepRecord> records;
        std::vector<MessagePtr> batch;
        for (int64_t step = 1; step <= 777; ++step) {
            records.push_back(test::randomStep(m_random, step, 2, 6));
            batch.push_back(test::message(records.back()));
        }
        store.append(run, batch);
        for (const int64_t most : {1, 7, 50, 777, 5000}) {
            const LoadHistory history = store.loadHistory(run, 3, most);
            QVERIFY(int64_t(history.assignments.size()) <= most);
            QCOMPARE(history.experts, 6);
            QCOMPARE(history.utilisation.size(), history.assignments.size() * 6);
            for (size_t c = 0; c < history.assignments.size(); ++c) {
                std::vector<int64_t> sums(6);
                int64_t total = 0;
                for (const StepRecord& record : records) {
                    if (record.step < history.firstStep + int64_t(c) * history.stride
                        || record.step >= history.firstStep + int64_t(c + 1) * history.stride)
                        continue;
                    for (size_t e = 0; e < 6; ++e) {
                        sums[e] += record.layers[1].load[e];
                        total += record.layers[1].load[e];
                    }
                }
                QCOMPARE(history.assignments[c], total);
                for (size_t e = 0; e < 6; ++e)
                    QCOMPARE(history.utilisation[c * 6 + e],
                        float(double(sums[e]) / (double(total) / 6)));
            }
        }
        QVERIFY(store.loadHistory(run, 2, 100).assignments.empty()); // no such MoE layer
    }

    void eventsProbesAndStates()
    {
        RunStore store(m_file);
        const int64_t run = store.createRun("demo", "", 0);
        ProbeRecord probe{5, "English", {}};
        probe.layers.resize(2);
        probe.layers[1].layer = 4;
        probe.layers[1].load = {1, 2, 300};
        probe.layers[1].assignments = 303;
        store.append(run,
            {test::message(RunEvent{3, "steered", R"({"key":"optimizer.lr","to":0.1})", 12.5}),
                test::message(probe), test::message(ProbeRecord{6, "C", {}}),
                test::message(StateChange{RunState::Paused, ""}),
                test::message(Progress{"loading", "bytes", 1, 2})});
        QCOMPARE(store.run(run).state, RunState::Paused);
        const auto events = store.events(run);
        QCOMPARE(events.size(), size_t(1));
        QCOMPARE(events[0].kind, std::string("steered"));
        QCOMPARE(events[0].payload, std::string(R"({"key":"optimizer.lr","to":0.1})"));
        QCOMPARE(events[0].time, 12.5);
        QCOMPARE(store.probes(run).size(), size_t(2));
        QCOMPARE(store.probes(run, 1).front().probe, std::string("C"));
        const auto probes = store.probes(run);
        QCOMPARE(probes[0].layers[1].load, probe.layers[1].load);
        QCOMPARE(probes[0].layers[1].assignments, 303);
        store.truncateAfter(run, 5);
        QCOMPARE(store.probes(run).size(), size_t(1));
    }

    void steeringIsQueuedForALiveRun()
    {
        RunStore store(m_file);
        const int64_t run = store.createRun("demo", "", 0);
        RunStore other(m_file);
        other.queueSteering(run, "optimizer.lr", "0.001");
        other.queueSteering(run, "moe.aux_coeff", "0.02");
        const auto queued = store.queuedSteering(run);
        QCOMPARE(queued.size(), size_t(2));
        QCOMPARE(queued[0].key, std::string("optimizer.lr"));
        QCOMPARE(queued[1].valueJson, std::string("0.02"));
        other.queueSteering(run, "moe.aux_coeff", "0.03"); // between a look and its drop
        store.dropSteering(run, queued[1].id);
        QCOMPARE(store.queuedSteering(run).size(), size_t(1));
        QCOMPARE(store.queuedSteering(run)[0].valueJson, std::string("0.03"));
        QVERIFY(has(errorOf([&] { store.remove(run); }), "stop it first"));
        store.setState(run, RunState::Done);
        QVERIFY(has(errorOf([&] { other.queueSteering(run, "optimizer.lr", "1"); }),
            "not running, it is done"));
    }

    void killedAtAnyMomentTheStoreIsReadable()
    {
        int pipe[2];
        QCOMPARE(::pipe(pipe), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            RunStore store(m_file);
            const int64_t run = store.createRun("killed", "", 0);
            for (int64_t step = 1;; ++step) {
                store.append(run, {test::message(test::randomStep(m_random, step, 2, 4))});
                if (::write(pipe[1], &step, sizeof step) != sizeof step)
                    ::_exit(1);
            }
        }
        ::close(pipe[1]);
        int64_t reported = 0;
        while (reported < 60)
            QCOMPARE(::read(pipe[0], &reported, sizeof reported), ssize_t(sizeof reported));
        {
            const RunStore live(m_file, RunStore::Mode::ReadOnly);
            QCOMPARE(live.find("killed").state, RunState::Running);
        }
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        while (::read(pipe[0], &reported, sizeof reported) == sizeof reported) { }
        ::close(pipe[0]);
        const RunStore store(m_file, RunStore::Mode::ReadOnly);
        const RunInfo info = store.find("killed");
        QCOMPARE(info.state, RunState::Stopped); // nobody said so: its process is gone
        QVERIFY(info.steps >= reported);
        QCOMPARE(int64_t(store.steps(info.id, 1, 1 << 30).size()), info.steps);
        QCOMPARE(int64_t(store.series(info.id, "loss").size()), info.steps);
    }

    void whatIsNoStoreOfOursIsRefused()
    {
        std::filesystem::create_directories(m_file.parent_path());
        const auto open = [&] {
            return errorOf([&] { const RunStore store(m_file); });
        };
        QVERIFY(has(
            errorOf([&] { const RunStore s(m_file, RunStore::Mode::ReadOnly); }), "no such file"));
        std::ofstream(m_file) << std::string(5000, 'x');
        QVERIFY2(has(open(), "not a SQLite file"), open().c_str());
        std::filesystem::remove(m_file);
        sql(m_file, "CREATE TABLE notes(text)");
        QVERIFY(has(open(), "belongs to another program"));
        std::filesystem::remove(m_file);
        {
            const RunStore store(m_file);
        }
        sql(m_file, "PRAGMA user_version = 99");
        QVERIFY(has(open(), "newer version"));
        QVERIFY(has(errorOf([&] { const RunStore s(m_file.parent_path()); }), "it is a folder"));
        const std::filesystem::path pipe = m_file.parent_path() / "pipe";
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
        for (const RunStore::Mode mode : {RunStore::Mode::ReadOnly, RunStore::Mode::ReadWrite}) {
            for (const std::filesystem::path& path : {pipe, std::filesystem::path("/dev/null")})
                QVERIFY(has(errorOf([&] { const RunStore s(path, mode); }), "a pipe or a device"));
        }
        QVERIFY(has(errorOf([&] { const RunStore s("/proc/nowhere/x.sqlite"); }),
            "cannot create the folder"));
    }

    void aDamagedStoreSaysSo()
    {
        std::vector<MessagePtr> batch;
        for (int64_t step = 1; step <= 200; ++step)
            batch.push_back(test::message(test::randomStep(m_random, step, 4, 16)));
        {
            RunStore store(m_file);
            store.append(store.createRun("demo", "", 0), batch);
        }
        const auto size = std::filesystem::file_size(m_file);
        std::filesystem::resize_file(m_file, size / 2);
        const std::string error = errorOf([&] {
            const RunStore store(m_file);
            store.steps(1, 1, 1000);
            store.loadHistory(1, 1, 10);
        });
        QVERIFY2(has(error, "damaged") || has(error, "store.sqlite"), error.c_str());
    }

    void aReadOnlyStoreCannotBeWritten()
    {
        {
            const RunStore store(m_file);
        }
        RunStore store(m_file, RunStore::Mode::ReadOnly);
        QVERIFY(has(errorOf([&] { store.createRun("x", "", 0); }), "no permission"));
    }

private:
    void checkSeries(const RunStore& store, int64_t run, const std::vector<StepRecord>& records)
    {
        const std::pair<const char*, double (*)(const StepRecord&)> cases[] = {
            {"loss",
                [](const StepRecord& r) {
                    return r.loss;
                }},
            {"tokens",
                [](const StepRecord& r) {
                    return double(r.tokens);
                }},
            {"valid_loss",
                [](const StepRecord& r) {
                    return r.validLoss.value_or(NAN);
                }},
            {"layers/3/drop_rate",
                [](const StepRecord& r) {
                    return r.layers[1].dropRate();
                }},
            {"layers/1/alpha",
                [](const StepRecord& r) {
                    return r.layers[0].alpha;
                }},
        };
        for (const auto& [key, value] : cases) {
            const auto wanted = exact(records, value);
            const auto full = store.series(run, key);
            QCOMPARE(full.size(), wanted.size());
            for (size_t i = 0; i < full.size(); ++i) {
                QCOMPARE(full[i].step, wanted[i].step);
                QCOMPARE(full[i].value, wanted[i].value);
                QCOMPARE(full[i].low, full[i].value);
            }
            for (const int64_t most : {1, 10, 90, 333}) {
                const auto coarse = store.series(run, key, most);
                QVERIFY(int64_t(coarse.size()) <= most);
                checkEnvelope(coarse, wanted);
            }
        }
        double best = INFINITY;
        for (const StepRecord& record : records)
            best = std::min(best, record.loss);
        QVERIFY(*store.run(run).bestLoss <= best);
        QCOMPARE(*store.run(run).lastLoss, records.back().loss);
    }

    /// Nothing is lost at a coarse level: the same extremes, the same mean, steps ascending.
    static void checkEnvelope(
        const std::vector<SeriesPoint>& coarse, const std::vector<SeriesPoint>& all)
    {
        QCOMPARE(coarse.empty(), all.empty());
        if (all.empty())
            return;
        double low = INFINITY;
        double high = -INFINITY;
        for (const SeriesPoint& point : all) {
            low = std::min(low, point.value);
            high = std::max(high, point.value);
        }
        double coarseLow = INFINITY;
        double coarseHigh = -INFINITY;
        double previous = -1;
        for (const SeriesPoint& point : coarse) {
            coarseLow = std::min(coarseLow, point.low);
            coarseHigh = std::max(coarseHigh, point.high);
            QVERIFY(
                point.low <= point.value * (1 + 1e-12) && point.value <= point.high * (1 + 1e-12));
            QVERIFY(point.step > previous);
            previous = point.step;
        }
        QCOMPARE(coarseLow, low);
        QCOMPARE(coarseHigh, high);
        if (coarse.size() == 1) {
            double sum = 0;
            for (const SeriesPoint& point : all)
                sum += point.value / double(all.size());
            QVERIFY(std::abs(coarse[0].value - sum) <= 1e-9 * std::abs(sum));
        }
    }
};

QTEST_GUILESS_MAIN(RunStoreTest)
#include "run_store_test.moc"
