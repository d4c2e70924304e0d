// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "random_records.h"

#include "engine/telemetry/run_store.h"
#include "kernels/error.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>

#include <csignal>
#include <thread>

using namespace moe;
using namespace moe::telemetry;

/// In milliseconds; a sanitizer slows everything down.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kASecond = 5000;
#else
constexpr int kASecond = 1000;
#endif

class StoreWriterTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    std::filesystem::path file(const char* name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

private Q_SLOTS:
    void flushedMeansDurable()
    {
        RunStore store(file("flush.sqlite"));
        const int64_t run = store.createRun("demo", "", 0);
        std::mt19937_64 random(1);
        Bus bus;
        StoreWriter writer(store.path(), run, bus);
        for (int64_t step = 1; step <= 50; ++step) {
            bus.publish(test::randomStep(random, step, 2, 4));
            if (step % 10 == 0) {
                writer.flush();
                QCOMPARE(store.run(run).steps, step);
            }
        }
        writer.check();
    }

    void nothingIsLostAndItIsAtMostASecondBehind()
    {
        RunStore store(file("follow.sqlite"));
        const int64_t run = store.createRun("demo", "", 0);
        Bus bus;
        {
            StoreWriter writer(store.path(), run, bus);
            std::vector<std::thread> threads;
            for (int64_t t = 0; t < 3; ++t) {
                threads.emplace_back([&bus, t] {
                    for (int64_t i = 0; i < 400; ++i) {
                        StepRecord record;
                        record.step = 1 + i * 3 + t;
                        record.loss = double(record.step);
                        bus.publish(record);
                    }
                });
            }
            for (std::thread& thread : threads)
                thread.join();
            QTRY_COMPARE_WITH_TIMEOUT(store.run(run).steps, 1200, kASecond);
            bus.publish(StateChange{RunState::Done, ""});
        }
        QCOMPARE(store.run(run).state, RunState::Done);
        const auto points = store.series(run, "loss");
        QCOMPARE(points.size(), size_t(1200));
        for (const SeriesPoint& point : points)
            QCOMPARE(point.step, point.value);
        QCOMPARE(store.series(run, "loss", 10).back().high, 1200.0);
    }

    void aFullDiskIsReportedAndNothingIsLostOnceThereIsRoom()
    {
        RunStore store(file("full.sqlite"));
        const int64_t run = store.createRun("demo", "", 0);
        std::mt19937_64 random(1);
        Bus bus;
        StoreWriter writer(store.path(), run, bus);
        bus.publish(test::randomStep(random, 1, 2, 4));
        writer.flush();

        // A file-size limit stands in for a full disk.
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        getrlimit(RLIMIT_FSIZE, &before);
        rlimit limit{300'000, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
        std::string error;
        try {
            for (int64_t step = 2; step <= 40; ++step)
                bus.publish(test::randomStep(random, step, 8, 400));
            writer.flush();
        } catch (const Error& e) {
            error = e.what();
        }
        setrlimit(RLIMIT_FSIZE, &before);
        QVERIFY2(error.find("disk is full") != std::string::npos, error.c_str());
        writer.flush();
        QCOMPARE(store.run(run).steps, 40);
        QCOMPARE(store.steps(run, 1, 40).size(), size_t(40));
    }

    void anUnknownRunIsRefusedAtOnce()
    {
        RunStore store(file("unknown.sqlite"));
        Bus bus;
        QVERIFY_THROWS_EXCEPTION(Error, StoreWriter(store.path(), 5, bus));
    }
};

QTEST_GUILESS_MAIN(StoreWriterTest)
#include "store_writer_test.moc"
