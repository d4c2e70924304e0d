// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/random.h"
#include "engine/parallel/communicator.h"
#include "kernels/error.h"
#include "kernels/reference/reference_backend.h"

#include <QTest>

#include <atomic>
#include <random>
#include <stdexcept>

using namespace moe;
using kernels::Backend;
using kernels::DType;
using kernels::Tensor;
using parallel::Communicator;

namespace {

template <typename T> constexpr DType dtypeOf()
{
    if constexpr (std::is_same_v<T, float>)
        return DType::Float32;
    else if constexpr (std::is_same_v<T, double>)
        return DType::Float64;
    else if constexpr (std::is_same_v<T, int64_t>)
        return DType::Int64;
    else
        return DType::Int32;
}

/// Backends of some ranks, and what each of them holds.
template <typename T> class Ranks {
public:
    Ranks(int size, int64_t elements, uint64_t seed)
        : m_elements(elements)
    {
        base::Random random(seed);
        for (int rank = 0; rank < size; ++rank) {
            m_backends.push_back(kernels::makeReferenceBackend());
            values.emplace_back(static_cast<size_t>(elements));
            for (T& value : values.back())
                value = static_cast<T>(1000 * random.normal());
        }
    }

    /// Runs `call` on every rank with a tensor of its values, and leaves there what it became.
    void run(const std::function<void(Communicator&, const kernels::TensorView&)>& call)
    {
        parallel::runLocalRanks(
            static_cast<int>(m_backends.size()),
            [&](int rank) -> Backend& { return *m_backends[static_cast<size_t>(rank)]; },
            [&](Communicator& ranks) {
                const auto own = static_cast<size_t>(ranks.rank());
                Backend& backend = *m_backends[own];
                const Tensor tensor
                    = backend.allocate({m_elements}, dtypeOf<T>(), kernels::MemoryKind::Workspace);
                if (m_elements)
                    backend.upload(tensor, values[own].data());
                call(ranks, tensor);
                if (m_elements)
                    backend.download(values[own].data(), tensor);
            });
    }

    std::vector<T> summed() const
    {
        std::vector<T> sum = values[0];
        for (size_t rank = 1; rank < values.size(); ++rank) {
            for (size_t i = 0; i < sum.size(); ++i)
                sum[i] += values[rank][i];
        }
        return sum;
    }

    std::vector<std::vector<T>> values; ///< [ranks, elements]

private:
    int64_t m_elements;
    std::vector<std::unique_ptr<Backend>> m_backends;
};

template <typename T> void checkSums(int size, int64_t elements, uint64_t seed)
{
    Ranks<T> all(size, elements, seed);
    const std::vector<T> expected = all.summed();
    all.run([](Communicator& ranks, const auto& data) { ranks.allReduceSum(data); });
    for (const auto& values : all.values)
        QVERIFY(values == expected);

    Ranks<T> scattered(size, elements, seed);
    scattered.run([](Communicator& ranks, const auto& data) { ranks.reduceScatterSum(data); });
    for (int rank = 0; rank < size; ++rank) {
        const auto [first, count] = parallel::pieceOf(elements, rank, size);
        const auto& values = scattered.values[static_cast<size_t>(rank)];
        QVERIFY(std::equal(
            values.begin() + first, values.begin() + first + count, expected.begin() + first));
    }
    scattered.run([](Communicator& ranks, const auto& data) { ranks.allGather(data); });
    for (const auto& values : scattered.values)
        QVERIFY(values == expected);
}

template <typename T> void checkBroadcast(int size, int64_t elements, uint64_t seed)
{
    for (int root = 0; root < size; ++root) {
        Ranks<T> all(size, elements, seed);
        const std::vector<T> expected = all.values[static_cast<size_t>(root)];
        all.run([&](Communicator& ranks, const auto& data) { ranks.broadcast(data, root); });
        for (const auto& values : all.values)
            QVERIFY(values == expected);
    }
}

/// The line of the error that a run of three ranks ends with.
std::string errorOf(const std::function<void(Communicator&, const kernels::TensorView&)>& call)
{
    Ranks<float> all(3, 1000, 1);
    try {
        all.run(call);
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}

} // namespace

class CommunicatorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void piecesCoverEverythingOnce()
    {
        for (int64_t elements : {0, 1, 2, 3, 7, 100, 101}) {
            for (int size : {1, 2, 3, 8}) {
                int64_t next = 0;
                for (int rank = 0; rank < size; ++rank) {
                    const auto [first, count] = parallel::pieceOf(elements, rank, size);
                    QCOMPARE(first, next);
                    QVERIFY(count == elements / size || count == elements / size + 1);
                    next += count;
                }
                QCOMPARE(next, elements);
            }
        }
    }

    void sumsAreMadeInRankOrder()
    {
        const uint64_t seed = std::random_device{}();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        for (int size : {1, 2, 3, 5}) {
            for (int64_t elements : {0, 1, 2, 7, 1000}) {
                checkSums<float>(size, elements, seed);
                checkSums<double>(size, elements, seed);
                checkSums<int64_t>(size, elements, seed);
            }
        }
        // Several rounds through the shared buffers, the last one short.
        checkSums<float>(3, 1'000'003, seed);
        checkSums<double>(2, 400'001, seed);
    }

    void everyRootBroadcasts()
    {
        const uint64_t seed = std::random_device{}();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        for (int size : {1, 2, 4}) {
            for (int64_t elements : {0, 1, 3, 1000})
                checkBroadcast<int32_t>(size, elements, seed);
        }
        checkBroadcast<float>(2, 700'001, seed);
    }

    void callsFollowEachOtherAtOnce()
    {
        Ranks<int64_t> all(4, 5, 1);
        for (auto& values : all.values)
            values.assign(5, 1);
        all.run([](Communicator& ranks, const auto& data) {
            const auto countSum = [&data] { // of four equal values: one more than each
                for (int64_t i = 0; i < data.elements(); ++i) {
                    auto& value = data.template host<int64_t>()[i];
                    value = value / 4 + 1;
                }
            };
            for (int i = 0; i < 200; ++i) {
                ranks.allReduceSum(data);
                countSum();
                ranks.barrier();
                ranks.broadcast(data, i % 4);
                if (i % 25 != 0)
                    continue;
                ranks.reduceScatterSum(data);
                ranks.allGather(data);
                countSum();
            }
        });
        for (const auto& values : all.values) {
            for (int64_t value : values)
                QCOMPARE(value, int64_t{1 + 200 + 8});
        }
    }

    void theFirstErrorStopsAllAndComesBack()
    {
        for (int failing = 0; failing < 3; ++failing) {
            std::atomic<int> stopped = 0;
            const std::string line = errorOf([&](Communicator& ranks, const auto& data) {
                ranks.allReduceSum(data);
                if (ranks.rank() == failing)
                    throw std::runtime_error("the disk burns");
                try {
                    for (;;)
                        ranks.allReduceSum(data);
                } catch (const Error&) {
                    ++stopped;
                    throw;
                }
            });
            QCOMPARE(line, std::string("the disk burns"));
            QCOMPARE(stopped.load(), 2);
        }
    }

    void afterAbortEveryCallThrows()
    {
        std::atomic<int> refused = 0;
        const std::string line = errorOf([&](Communicator& ranks, const auto& data) {
            ranks.barrier();
            if (ranks.rank() == 2)
                ranks.abort();
            const std::vector<std::function<void()>> calls{[&] { ranks.barrier(); },
                [&] { ranks.allReduceSum(data); }, [&] { ranks.reduceScatterSum(data); },
                [&] { ranks.allGather(data); },
                [&] {
                    ranks.broadcast(data, 0);
                }};
            for (const auto& call : calls) {
                try {
                    call();
                } catch (const Error&) {
                    ++refused;
                }
            }
            throw Error("stopped", "here", "as asked");
        });
        QCOMPARE(refused.load(), 15);
        QCOMPARE(line, std::string("stopped: here: as asked"));

        const auto alone = parallel::makeSingleRank();
        alone->barrier();
        alone->abort();
        QVERIFY_THROWS_EXCEPTION(Error, alone->barrier());
    }

    void disagreementIsAnErrorNotAHang()
    {
        const std::string line = errorOf([](Communicator& ranks, const auto& data) {
            if (ranks.rank() == 1)
                ranks.allReduceSum(data.slice(0, 10));
            else
                ranks.allReduceSum(data);
        });
        QVERIFY2(line.find("disagree") != std::string::npos, line.c_str());
        QVERIFY(!errorOf([](Communicator& ranks, const auto& data) {
            ranks.rank() == 0 ? ranks.barrier() : ranks.allGather(data);
        }).empty());
        QVERIFY(!errorOf([](Communicator& ranks, const auto& data) {
            ranks.broadcast(data, 3);
        }).empty());
    }

    void onlySummableTypesAreSummed()
    {
        Ranks<int32_t> all(2, 4, 1);
        QVERIFY_THROWS_EXCEPTION(Error,
            all.run([](Communicator& ranks, const auto& data) { ranks.allReduceSum(data); }));
        QVERIFY_THROWS_EXCEPTION(Error,
            parallel::runLocalRanks(
                0, [](int) -> Backend& { throw std::logic_error("unused"); },
                [](Communicator&) {}));
    }
};

QTEST_GUILESS_MAIN(CommunicatorTest)
#include "communicator_test.moc"
