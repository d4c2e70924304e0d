// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/page_pool.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <algorithm>
#include <random>
#include <set>

using moe::infer::PagePool;

namespace {

const std::vector<int32_t> kA{1, 2, 3}, kB{4, 5, 6};

} // namespace

class PagePoolTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pagesAreFoundByTheirContentAndWhatStandsBefore()
    {
        PagePool pool(4);
        const int32_t first = *pool.take(), second = *pool.take();
        const PagePool::Block a = pool.keep(PagePool::kStart, kA, first);
        const PagePool::Block b = pool.keep(a, kB, second);
        QVERIFY(a != b);
        QVERIFY(!pool.find(PagePool::kStart, kB));
        QCOMPARE(pool.find(PagePool::kStart, kA)->second, first);
        QCOMPARE(pool.find(a, kB)->second, second);
        QVERIFY(!pool.find(b, kB));
        // Another page of the same content changes nothing.
        const int32_t third = *pool.take();
        QCOMPARE(pool.keep(PagePool::kStart, kA, third), a);
        pool.release(std::vector{third});
        QCOMPARE(pool.idle(), 0);
        QCOMPARE(pool.available(), 2);
    }

    void heldPagesAreNeverGivenAway()
    {
        PagePool pool(2);
        const std::vector<int32_t> pages{*pool.take(), *pool.take()};
        QVERIFY(pages[0] != pages[1]);
        const PagePool::Block a = pool.keep(PagePool::kStart, kA, pages[0]);
        pool.keep(a, kB, pages[1]);
        QVERIFY(!pool.take());
        QCOMPARE(pool.find(PagePool::kStart, kA)->second, pages[0]);
        pool.release(pages);
        QCOMPARE(pool.available(), 1); // the first is held once more
        QCOMPARE(*pool.take(), pages[1]);
        QVERIFY(!pool.take());
        QVERIFY(!pool.find(a, kB));
    }

    void theLeastRecentlyUsedGoFirstAndTailsBeforeHeads()
    {
        PagePool pool(4);
        std::vector<int32_t> pages;
        for (int i = 0; i < 4; ++i)
            pages.push_back(*pool.take());
        const std::vector<int32_t> one{pages[0], pages[1]}, two{pages[2], pages[3]};
        const PagePool::Block a = pool.keep(PagePool::kStart, kA, pages[0]);
        pool.keep(a, kA, pages[1]);
        const PagePool::Block b = pool.keep(PagePool::kStart, kB, pages[2]);
        pool.keep(b, kB, pages[3]);
        pool.release(two);
        pool.release(one);
        // Used again: now `two` is the recent one.
        QVERIFY(pool.find(PagePool::kStart, kB) && pool.find(b, kB));
        pool.release(two);
        for (const int32_t wanted : {pages[1], pages[0], pages[3], pages[2]})
            QCOMPARE(*pool.take(), wanted);
        QVERIFY(!pool.take());
        QVERIFY(!pool.find(PagePool::kStart, kA));
    }

    /// What sequences of a small alphabet find is what they would have written.
    void randomSequencesFindTheirOwn()
    {
        const uint64_t seed = moe::tests::testSeed();
        qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(seed));
        std::mt19937_64 random(seed);
        constexpr int kPages = 24;
        PagePool pool(kPages);
        std::vector<std::vector<int32_t>> written(kPages); // all contents up to a page's end
        std::vector<std::vector<int32_t>> held;
        for (int round = 0; round < 3000; ++round) {
            if (!held.empty() && (random() % 2 || pool.available() < 4)) {
                const size_t index = random() % held.size();
                pool.release(held[index]);
                held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
                continue;
            }
            PagePool::Block block = PagePool::kStart;
            std::vector<int32_t> pages, all;
            for (int i = 0; i < 4; ++i) {
                const std::vector<int32_t> content{static_cast<int32_t>(random() % 3)};
                all.push_back(content[0]);
                if (const auto found = pool.find(block, content)) {
                    block = found->first;
                    pages.push_back(found->second);
                    QCOMPARE(written[static_cast<size_t>(found->second)], all);
                    continue;
                }
                const auto page = pool.take();
                if (!page)
                    break;
                for (const auto& others : held)
                    QVERIFY(std::find(others.begin(), others.end(), *page) == others.end());
                QVERIFY(std::find(pages.begin(), pages.end(), *page) == pages.end());
                pages.push_back(*page);
                written[static_cast<size_t>(*page)] = all;
                block = pool.keep(block, content, *page);
            }
            held.push_back(pages);
        }
        for (const auto& pages : held)
            pool.release(pages);
        QCOMPARE(pool.available(), kPages);
        std::set<int32_t> all;
        for (int i = 0; i < kPages; ++i)
            all.insert(*pool.take());
        QCOMPARE(all.size(), size_t{kPages});
    }
};

QTEST_GUILESS_MAIN(PagePoolTest)
#include "page_pool_test.moc"
