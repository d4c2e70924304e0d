// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"

#include <QTest>

#include <atomic>
#include <chrono>
#include <ctime>
#include <vector>

using namespace moe::kernels::cpu;

class ThreadPoolTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyJobRunsOnce_data()
    {
        QTest::addColumn<int>("threads");
        for (const int threads : {1, 2, 3, 8})
            QTest::addRow("%d threads", threads) << threads;
    }
    void everyJobRunsOnce()
    {
        QFETCH(int, threads);
        ThreadPool pool(threads);
        QCOMPARE(pool.threads(), threads);
        for (const int64_t jobs : {0, 1, 2, 7, 1000}) {
            for (int round = 0; round < 50; ++round) {
                std::vector<std::atomic<int>> runs(static_cast<size_t>(jobs));
                std::atomic<bool> threadInRange = true;
                parallel(pool, jobs, [&](int64_t job, int thread) {
                    ++runs[static_cast<size_t>(job)];
                    if (thread < 0 || thread >= threads)
                        threadInRange = false;
                });
                for (const auto& count : runs)
                    QCOMPARE(count.load(), 1);
                QVERIFY(threadInRange);
            }
        }
    }

    void exceptionsArriveAndThePoolGoesOn()
    {
        ThreadPool pool(3);
        for (int round = 0; round < 100; ++round) {
            const auto failing = [&](int64_t job, int) {
                if (job == round % 20)
                    throw moe::Error("job failed", std::to_string(job), "another one");
            };
            QVERIFY_THROWS_EXCEPTION(moe::Error, parallel(pool, 20, failing));
            std::atomic<int> done = 0;
            parallel(pool, 20, [&](int64_t, int) { ++done; });
            QCOMPARE(done.load(), 20);
        }
    }

    void idleThreadsSleep()
    {
        ThreadPool pool(4);
        parallel(pool, 100, [](int64_t, int) {});
        QTest::qWait(20);
        const std::clock_t before = std::clock();
        QTest::qWait(200);
        const double busy = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
        QVERIFY2(busy < 0.1, qPrintable(QString::number(busy))); // three spinning ones: 0.4 or more
    }
};

QTEST_GUILESS_MAIN(ThreadPoolTest)
#include "thread_pool_test.moc"
