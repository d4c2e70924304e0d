// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "random_records.h"

#include "engine/base/files.h"
#include "engine/base/log.h"
#include "engine/telemetry/run_store.h"
#include "kernels/error.h"

#include <QTemporaryDir>
#include <QTest>

#include <sqlite3.h>

#include <cmath>
#include <fstream>

using namespace moe;
using namespace moe::telemetry;
namespace fs = std::filesystem;

namespace {

/// As TensorBoard keeps numbers.
StepRecord toFloat32(StepRecord record)
{
    // volatile: GCC 12.2 drops the rounding where it narrows two neighbours at once.
    const auto narrow = [](double& value) {
        const volatile auto rounded = static_cast<float>(value);
        value = rounded;
    };
    for (double* value :
        {&record.loss, &record.lmLoss, &record.auxLoss, &record.zLoss, &record.gradNorm, &record.lr,
            &record.stepSeconds, &record.tokensPerSecond, &record.mfu})
        narrow(*value);
    record.peakBytes = int64_t(float(record.peakBytes));
    if (record.validLoss)
        narrow(*record.validLoss);
    for (LayerRecord& layer : record.layers) {
        narrow(layer.alpha);
        narrow(layer.auxLoss);
        narrow(layer.gateEntropy);
        for (auto* value : {&layer.max1OverMax2, &layer.max2OverMax3, &layer.expertSimilarity}) {
            if (*value)
                narrow(**value);
        }
    }
    for (auto& [name, value] : record.extra)
        narrow(value);
    return record;
}

} // namespace

class ExchangeTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path m_place;
    std::mt19937_64 m_random;
    std::vector<StepRecord> m_records;

    /// A store with one run of m_records; its id is 1.
    RunStore recorded()
    {
        RunStore store(m_place / "store.sqlite");
        const int64_t run = store.createRun("demo", "", 0);
        std::vector<MessagePtr> batch;
        for (int64_t step = 1; step <= 60; ++step) {
            m_records.push_back(test::randomStep(m_random, step, 3, 5));
            m_records.back().extra = {{"train/a, \"b\"", double(m_random()) / 7}, {"c", 3}};
            batch.push_back(test::message(m_records.back()));
        }
        store.append(run, batch);
        return store;
    }

    fs::path write(const char* name, const std::string& text) const
    {
        fs::create_directories((m_place / name).parent_path());
        std::ofstream(m_place / name, std::ios::binary) << text;
        return m_place / name;
    }

    static std::string refused(RunStore& store, const fs::path& path)
    {
        const size_t before = store.runs().size();
        try {
            importRuns(store, path);
        } catch (const Error& error) {
            return store.runs().size() == before ? error.what() : "left half a run";
        }
        return "accepted";
    }

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        m_place = fs::path(m_folder.path().toStdString()) / std::to_string(++number);
        fs::create_directories(m_place);
        const auto seed = std::random_device{}();
        qInfo("seed %u", seed);
        m_random.seed(seed);
        m_records.clear();
        base::setLogSink([](base::LogLevel, const std::string&) {});
    }

    void jsonlGivesTheSameRecordBack()
    {
        RunStore store = recorded();
        exportRun(store, 1, "jsonl", m_place / "a.jsonl");
        const auto runs = importRuns(store, m_place / "a.jsonl");
        const auto back = store.steps(runs.at(0), 0, 1000);
        QCOMPARE(back.size(), m_records.size());
        for (size_t i = 0; i < back.size(); ++i)
            QCOMPARE(test::line(back[i]).c_str(), test::line(m_records[i]).c_str());
        exportRun(store, runs[0], "jsonl", m_place / "b.jsonl");
        QCOMPARE(base::readFile(m_place / "a.jsonl"), base::readFile(m_place / "b.jsonl"));
        QCOMPARE(store.find("a").state, RunState::Imported);
        QCOMPARE(store.find("last").id, runs[0]);
    }

    /// The later line counts, also for the best and the last value.
    void aStepThatComesTwiceIsTakenOnce()
    {
        RunStore store = recorded();
        const auto path = write("twice.jsonl",
            "{\"step\": 1, \"loss\": 1, \"valid_loss\": 2}\n{\"step\": 2, \"loss\": 5}\n"
            "{\"step\": 1, \"loss\": 6}\n{\"step\": 3, \"loss\": 7}\n"
            "{\"step\": 3, \"loss\": 8}\n");
        const RunInfo run = store.run(importRuns(store, path).at(0));
        QCOMPARE(run.steps, int64_t(3));
        QVERIFY(run.bestLoss == 5.0 && run.lastLoss == 8.0);
        QVERIFY(!run.bestValidLoss && !run.lastValidLoss);
        QCOMPARE(store.stepNumbers(run.id), (std::vector<int64_t>{1, 2, 3}));
        QCOMPARE(store.steps(run.id, 1, 1).at(0).loss, 6.0);
    }

    void csvGivesTheSameRecordBack()
    {
        RunStore store = recorded();
        exportRun(store, 1, "csv", m_place / "a.csv");
        const std::string text = base::readFile(m_place / "a.csv");
        QVERIFY(text.starts_with("step,tokens,loss,lm_loss,aux_loss,grad_norm,lr,step_seconds,"
                                 "tokens_per_second,mfu,peak_bytes,valid_loss,z_loss,"
                                 "layers/1/assignments,layers/1/dropped,layers/1/drop_rate,"));
        QVERIFY(text.find(",\"train/a, \"\"b\"\"\",c\r\n") != std::string::npos);
        const auto runs = importRuns(store, m_place / "a.csv");
        const auto back = store.steps(runs.at(0), 0, 1000);
        QCOMPARE(back.size(), m_records.size());
        for (size_t i = 0; i < back.size(); ++i)
            QCOMPARE(test::line(back[i]).c_str(), test::line(m_records[i]).c_str());
    }

    void tensorBoardGivesTheSameRecordBackToFloat32()
    {
        RunStore store = recorded();
        exportRun(store, 1, "tensorboard", m_place / "events");
        const auto runs = importRuns(store, m_place / "events");
        QCOMPARE(store.run(runs.at(0)).name, std::string("events"));
        const auto back = store.steps(runs[0], 0, 1000);
        QCOMPARE(back.size(), m_records.size());
        for (size_t i = 0; i < back.size(); ++i)
            QCOMPARE(
                base::Json::diff(toJson(back[i]), toJson(toFloat32(m_records[i]))).dump().c_str(),
                "[]");
        QVERIFY_THROWS_EXCEPTION(Error, exportRun(store, 1, "tensorboard", m_place / "events"));
    }

    void anUnknownFormatNamesTheKnown()
    {
        const RunStore store = recorded();
        QVERIFY_THROWS_EXCEPTION(Error, exportRun(store, 1, "xml", m_place / "a.xml"));
        QVERIFY_THROWS_EXCEPTION(Error, exportRun(store, 1, "csv", m_place / "no/such/a.csv"));
        QVERIFY_THROWS_EXCEPTION(Error, exportRun(store, 7, "csv", m_place / "a.csv"));
        QVERIFY(!fs::exists(m_place / "a.csv"));
    }

    void badLinesLeaveNoHalfRun()
    {
        RunStore store = recorded();
        exportRun(store, 1, "jsonl", m_place / "a.jsonl");
        const std::string good = base::readFile(m_place / "a.jsonl");
        const auto bad = [&](const std::string& text) {
            return refused(store, write("bad.jsonl", text));
        };
        QVERIFY(bad(good.substr(0, good.size() - 20)).find("line 60") != std::string::npos);
        QVERIFY(bad(good + "{\"step\": 61, \"loss\": \"x\"}\n").find("line 61: loss")
            != std::string::npos);
        QVERIFY(bad("").find("not a record that we know") != std::string::npos);
        QVERIFY(bad("hello").find("not a record that we know") != std::string::npos);
        QVERIFY(bad("{\"step\": 1, \"a\": [[[[").find("line 1") != std::string::npos);
        QVERIFY(refused(store, m_place / "nowhere").find("no such file") != std::string::npos);
        fs::create_directories(m_place / "empty");
        QVERIFY(refused(store, m_place / "empty").find("nothing to import") != std::string::npos);
        QVERIFY(refused(store, m_place / "store.sqlite").find("not a trackio database")
            != std::string::npos);
        const auto csv = [&](const std::string& text) {
            return refused(store, write("bad.csv", text));
        };
        QVERIFY(csv("step,loss\n1,2,3\n").find("number of cells") != std::string::npos);
        QVERIFY(csv("step,loss\n1,x\n").find("column loss") != std::string::npos);
        QVERIFY(csv("step,loss\n1,\"2\n").find("never closed") != std::string::npos);
        QVERIFY(csv("step,loss\n-1,2\n").find("not a step") != std::string::npos);
        QVERIFY(csv("step,loss\n").find("nothing to import") != std::string::npos);
    }

    void eventsOfSeveralRunsAndPartsAreFound()
    {
        RunStore store = recorded();
        exportRun(store, 1, "tensorboard", m_place / "logs/a");
        exportRun(store, 1, "tensorboard", m_place / "logs/b/deep");
        const auto runs = importRuns(store, m_place / "logs");
        QCOMPARE(runs.size(), size_t(2));
        QCOMPARE(store.run(runs[0]).name, std::string("a"));
        QCOMPARE(store.run(runs[1]).name, std::string("b/deep"));
    }

    void trackioDatabases()
    {
        const fs::path file = m_place / "project.db";
        sqlite3* database = nullptr;
        sqlite3_open(file.c_str(), &database);
        const char* const sql
            = "CREATE TABLE metrics(id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT,"
              " run_name TEXT, step INTEGER, metrics TEXT, log_id TEXT, space_id TEXT);"
              "INSERT INTO metrics(run_id, run_name, step, metrics) VALUES"
              "('r1', 'one', 0, '{\"loss\": 3.5, \"acc\": 0.1}'),"
              "('r2', 'two', 5, '{\"loss\": \"NaN\", \"picture\": {\"_type\": \"image\"}}'),"
              "('r1', 'one', 1, '{\"loss\": 2.5, \"layers/0/load\": [3, 4]}'),"
              "('r1', 'one', 1, '{\"lr\": 0.001}');";
        QCOMPARE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);

        RunStore store(m_place / "store.sqlite");
        const auto runs = importRuns(store, file);
        QCOMPARE(runs.size(), size_t(2));
        QCOMPARE(store.run(runs[0]).name, std::string("one"));
        const auto one = store.steps(runs[0], 0, 100);
        QCOMPARE(one.size(), size_t(2));
        QCOMPARE(one[0].loss, 3.5);
        QCOMPARE(one[0].extra[0].second, 0.1);
        QCOMPARE(one[1].lr, 0.001);
        QCOMPARE(one[1].layers.at(0).load, (std::vector<int64_t>{3, 4}));
        const auto two = store.steps(runs[1], 0, 100);
        QVERIFY(std::isnan(two.at(0).loss));

        sqlite3_exec(database,
            "INSERT INTO metrics(run_id, run_name, step, metrics)"
            " VALUES('r3', 'x', 1, '{broken')",
            nullptr, nullptr, nullptr);
        sqlite3_close(database);
        QVERIFY(refused(store, file).find("metrics row 5") != std::string::npos);
    }

    void megatronRanksAreJoined()
    {
        write("tokens_per_expert/rank10.jsonl", R"({"iter":100,"layer":3,"tpe":[[5,6]]})");
        write("tokens_per_expert/rank2.jsonl",
            "{\"iter\":100,\"layer\":3,\"tpe\":[[128,64],[96,80]]}\n"
            "{\"iter\":200,\"layer\":3,\"tpe\":[[1,2]]}\n"
            "{\"iter\":100,\"layer\":1,\"tpe\":[[9,9]]}\n");
        RunStore store(m_place / "store.sqlite");
        const auto runs = importRuns(store, m_place / "tokens_per_expert");
        const auto records = store.steps(runs.at(0), 0, 1000);
        QCOMPARE(records.size(), size_t(2));
        QCOMPARE(records[0].step, 100);
        QCOMPARE(records[0].layers.size(), size_t(2));
        QCOMPARE(records[0].layers[1].load, (std::vector<int64_t>{224, 144, 5, 6}));
        QCOMPARE(records[0].layers[1].assignments, 379);
        QVERIFY(std::isnan(records[0].layers[1].dropRate()));
        QCOMPARE(importRuns(store, m_place / "tokens_per_expert/rank2.jsonl").size(), size_t(1));
        for (const char* line :
            {R"({"iter":1,"layer":3,"tpe":[]})", R"({"iter":1,"layer":3,"tpe":[[1],[1,2]]})",
                R"({"iter":1,"layer":-3,"tpe":[[1]]})", R"({"iter":1,"tpe":[[1]]})",
                R"({"iter":1,"layer":3,"tpe":[[-1]]})"}) {
            const std::string error = refused(store, write("bad/rank0.jsonl", line));
            QVERIFY2(error.find("rank0.jsonl: line 1") != std::string::npos, error.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(ExchangeTest)
#include "exchange_test.moc"
