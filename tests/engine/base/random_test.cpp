// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"
#include "engine/base/random.h"

#include <QTest>

#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

using namespace moe;
using base::Random;

class RandomTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSequenceIsXoshiros()
    {
        // xoshiro256** of the state that splitmix64 draws from 0, computed apart from our code.
        Random random(0);
        const std::array<uint64_t, 3> expected{
            0x99EC5F36CB75F2B4ULL, 0xBF6E1F784956452AULL, 0x1A5F849D4933E6E0ULL};
        for (uint64_t value : expected)
            QCOMPARE(random.next(), value);
    }

    void copiesGoOnAlike()
    {
        Random first(7);
        first.normal(); // a spare value is part of the state
        Random second = first;
        for (int i = 0; i < 10; ++i)
            QCOMPARE(first.normal(), second.normal());
    }

    void uniformAndNormalHaveTheirMoments()
    {
        Random random(11);
        double uniform = 0, mean = 0, square = 0, fourth = 0;
        constexpr int kCount = 200'000;
        for (int i = 0; i < kCount; ++i) {
            const double u = random.uniform(), z = random.normal();
            QVERIFY(u >= 0 && u < 1 && std::isfinite(z));
            uniform += u;
            mean += z;
            square += z * z;
            fourth += z * z * z * z;
        }
        QVERIFY(std::abs(uniform / kCount - 0.5) < 0.005);
        QVERIFY(std::abs(mean / kCount) < 0.01);
        QVERIFY(std::abs(square / kCount - 1) < 0.02);
        QVERIFY(std::abs(fourth / kCount - 3) < 0.15);
    }

    void belowIsUnbiased()
    {
        Random random(13);
        std::array<int, 6> counts{};
        for (int i = 0; i < 60'000; ++i)
            ++counts[random.below(6)];
        for (int count : counts)
            QVERIFY(std::abs(count - 10'000) < 500);
        QCOMPARE(random.below(1), 0U);
        for (int i = 0; i < 100; ++i)
            QVERIFY(random.below((UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }

    void streamsDiffer()
    {
        std::set<uint64_t> seeds;
        for (uint64_t seed : {0, 1, 2}) {
            for (const char* name : {"weights", "shuffle", ""}) {
                for (uint64_t index : {0, 1, 2})
                    seeds.insert(base::streamSeed(seed, name, index));
            }
        }
        QCOMPARE(seeds.size(), 27U);
        QCOMPARE(base::streamSeed(1, "weights", 2), base::streamSeed(1, "weights", 2));
    }

    void theLogGoesToItsSink()
    {
        std::vector<std::string> lines;
        base::setLogSink([&](base::LogLevel level, const std::string& text) {
            lines.push_back(std::string(base::nameOf(level)) + ": " + text);
        });
        base::log(base::LogLevel::Warning, "mind the gap");
        base::log(base::LogLevel::Debug, "detail");
        base::setLogSink({});
        QCOMPARE(lines, (std::vector<std::string>{"warning: mind the gap", "debug: detail"}));
    }
};

QTEST_GUILESS_MAIN(RandomTest)
#include "random_test.moc"
