// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/bus.h"

#include <QTest>

#include <chrono>
#include <thread>

using namespace moe::telemetry;

namespace {

StepRecord step(int64_t number)
{
    StepRecord record;
    record.step = number;
    return record;
}

int64_t stepOf(const MessagePtr& message)
{
    return std::get<StepRecord>(*message).step;
}

} // namespace

class BusTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyReaderGetsEverythingInOrder()
    {
        Bus bus;
        QVERIFY(!bus.hasReaders());
        bus.publish(step(1)); // nobody listens
        const auto a = bus.subscribe(Subscription::Loss::Never);
        const auto b = bus.subscribe(Subscription::Loss::Never);
        QVERIFY(bus.hasReaders());
        for (int64_t i = 2; i < 5000; ++i)
            bus.publish(step(i));
        for (const auto& reader : {a, b}) {
            const auto messages = reader->drain();
            QCOMPARE(messages.size(), size_t(4998));
            for (size_t i = 0; i < messages.size(); ++i)
                QCOMPARE(stepOf(messages[i]), int64_t(i) + 2);
            QCOMPARE(reader->lost(), 0);
            QVERIFY(reader->drain().empty());
        }
    }

    void aFullRingLosesTheOldest()
    {
        Bus bus;
        const auto reader = bus.subscribe(Subscription::Loss::OldestFirst, 10);
        for (int64_t i = 1; i <= 25; ++i)
            bus.publish(step(i));
        const auto messages = reader->drain();
        QCOMPARE(messages.size(), size_t(10));
        QCOMPARE(stepOf(messages.front()), 16);
        QCOMPARE(stepOf(messages.back()), 25);
        QCOMPARE(reader->lost(), 15);
    }

    void aReaderThatIsGoneCostsNothing()
    {
        Bus bus;
        {
            const auto reader = bus.subscribe(Subscription::Loss::Never);
        }
        bus.publish(step(1));
        QVERIFY(!bus.hasReaders());
    }

    void waitingEndsWithAMessageAWakeOrTheTime()
    {
        Bus bus;
        const auto reader = bus.subscribe(Subscription::Loss::Never);
        QVERIFY(reader->waitAndDrain(0.01).empty());
        reader->wake();
        QVERIFY(reader->waitAndDrain(60).empty());
        std::thread producer([&] { bus.publish(step(3)); });
        const auto messages = reader->waitAndDrain(60);
        producer.join();
        QCOMPARE(messages.size(), size_t(1));
    }

    void manyProducersManyReaders()
    {
        constexpr int kProducers = 4;
        constexpr int64_t kEach = 3000;
        Bus bus;
        std::vector<std::shared_ptr<Subscription>> readers;
        for (int i = 0; i < 2; ++i)
            readers.push_back(bus.subscribe(Subscription::Loss::Never));
        readers.push_back(bus.subscribe(Subscription::Loss::OldestFirst, 64));

        std::vector<std::vector<int64_t>> seen(readers.size());
        std::atomic<bool> done = false;
        std::vector<std::thread> threads;
        for (size_t r = 0; r < readers.size(); ++r) {
            threads.emplace_back([&, r] {
                for (;;) {
                    const bool last = done;
                    for (const auto& message : readers[r]->waitAndDrain(0.001))
                        seen[r].push_back(stepOf(message));
                    if (last)
                        return;
                }
            });
        }
        std::vector<std::thread> producers;
        for (int p = 0; p < kProducers; ++p) {
            producers.emplace_back([&, p] {
                for (int64_t i = 0; i < kEach; ++i)
                    bus.publish(step(p * kEach + i));
            });
        }
        for (std::thread& thread : producers)
            thread.join();
        done = true;
        for (std::thread& thread : threads)
            thread.join();

        QCOMPARE(seen[0].size(), size_t(kProducers * kEach));
        QCOMPARE(seen[0], seen[1]); // the same order for everyone
        QCOMPARE(int64_t(seen[2].size()) + readers[2]->lost(), kProducers * kEach);
        std::vector<int64_t> next(kProducers, 0);
        for (const int64_t number : seen[0]) {
            const auto producer = static_cast<size_t>(number / kEach);
            QCOMPARE(number % kEach, next[producer]++);
        }
    }
};

QTEST_GUILESS_MAIN(BusTest)
#include "bus_test.moc"
