// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/base/random.h"
#include "engine/text/indexed_dataset.h"
#include "kernels/error.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <random>
#include <set>

using namespace moe;

class IndexedDatasetTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void readsWhatItWrote_data();
    void readsWhatItWrote();
    void readsScatteredSequences();
    void namesTheByteWhereAFileWasCutMeanwhile();
    void refusesEveryCutAndEveryFlippedHeaderByte();
    void sequentialOrderGoesRound();
    void shuffledOrderPermutesEachEpochAnew();
    void refusesADatasetShorterThanASample();

private:
    std::filesystem::path prefix() const
    {
        return std::filesystem::path(m_folder->path().toStdString()) / "data";
    }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void IndexedDatasetTest::readsWhatItWrote_data()
{
    QTest::addColumn<qint64>("vocab");
    QTest::newRow("uint16") << qint64{65499};
    QTest::newRow("int32") << qint64{65500};
}

void IndexedDatasetTest::readsWhatItWrote()
{
    QFETCH(qint64, vocab);
    const auto seed = std::random_device{}();
    qInfo() << "seed" << seed;
    base::Random random(seed);
    std::vector<int32_t> all;
    text::IndexedDatasetWriter writer(prefix(), vocab);
    for (int document = 0; document < 20; ++document) {
        std::vector<int32_t> tokens(random.below(50));
        for (int32_t& token : tokens)
            token = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocab)));
        writer.addDocument(tokens);
        all.insert(all.end(), tokens.begin(), tokens.end());
    }
    QVERIFY(!std::filesystem::exists(prefix().string() + ".idx"));
    writer.finish();

    const text::IndexedDataset dataset(prefix());
    QCOMPARE(dataset.tokens(), static_cast<int64_t>(all.size()));
    QCOMPARE(dataset.documents(), 20);
    QCOMPARE(std::filesystem::file_size(prefix().string() + ".bin"),
        all.size() * (vocab < 65500 ? 2 : 4));
    for (int round = 0; round < 200; ++round) {
        const auto first = static_cast<int64_t>(random.below(all.size() + 1));
        const auto count
            = static_cast<int64_t>(random.below(all.size() - static_cast<size_t>(first) + 1));
        std::vector<int32_t> read(static_cast<size_t>(count));
        dataset.read(first, count, read.data());
        QVERIFY(std::equal(read.begin(), read.end(), all.begin() + first));
    }
    int32_t none = 0;
    QVERIFY_THROWS_EXCEPTION(Error, dataset.read(dataset.tokens(), 1, &none));
    QVERIFY_THROWS_EXCEPTION(Error, dataset.read(-1, 1, &none));
}

void IndexedDatasetTest::readsScatteredSequences()
{
    text::IndexedDatasetWriter writer(prefix(), 100);
    writer.addDocument(std::vector<int32_t>{1, 2, 3});
    writer.addDocument(std::vector<int32_t>{});
    writer.addDocument(std::vector<int32_t>{4, 5});
    writer.finish();
    // Swap the pointers of the first and last sequence: 4 5 (6 bytes in) now comes first, as three
    // tokens would not fit.
    std::string index = base::readFile(prefix().string() + ".idx");
    const size_t lengths = 34;
    const size_t pointers = lengths + 3 * 4;
    const int32_t newLengths[3] = {2, 0, 3};
    const int64_t newPointers[3] = {6, 0, 0};
    index.replace(
        lengths, sizeof newLengths, reinterpret_cast<const char*>(newLengths), sizeof newLengths);
    index.replace(pointers, sizeof newPointers, reinterpret_cast<const char*>(newPointers),
        sizeof newPointers);
    base::writeFileAtomically(prefix().string() + ".idx", index);
    const text::IndexedDataset dataset(prefix());
    std::vector<int32_t> read(5);
    dataset.read(0, 5, read.data());
    QCOMPARE(read, (std::vector<int32_t>{4, 5, 1, 2, 3}));
    dataset.read(1, 2, read.data());
    QCOMPARE(read[0], 5);
    QCOMPARE(read[1], 1);
}

/// As while a run trains on it.
void IndexedDatasetTest::namesTheByteWhereAFileWasCutMeanwhile()
{
    text::IndexedDatasetWriter writer(prefix(), 100);
    writer.addDocument(std::vector<int32_t>(20'000, 7));
    writer.finish();
    const text::IndexedDataset dataset(prefix());
    const std::string data = prefix().string() + ".bin";
    std::filesystem::resize_file(data, 9'000);
    std::vector<int32_t> read(100);
    dataset.read(4'400, 100, read.data()); // what is left
    QCOMPARE(read, std::vector<int32_t>(100, 7));
    const std::string error = tests::errorOf([&] { dataset.read(4'450, 100, read.data()); });
    QVERIFY2(error.find("ends at byte 9000") != std::string::npos, error.c_str());
    QVERIFY2(error.find(data) != std::string::npos, error.c_str());
}

void IndexedDatasetTest::refusesEveryCutAndEveryFlippedHeaderByte()
{
    text::IndexedDatasetWriter writer(prefix(), 100);
    writer.addDocument(std::vector<int32_t>{1, 2, 3});
    writer.addDocument(std::vector<int32_t>{4, 5});
    writer.finish();
    const std::string index = base::readFile(prefix().string() + ".idx");
    const std::string data = base::readFile(prefix().string() + ".bin");
    for (size_t length = 0; length < index.size(); ++length) {
        base::writeFileAtomically(prefix().string() + ".idx", index.substr(0, length));
        QVERIFY_THROWS_EXCEPTION(Error, text::IndexedDataset{prefix()});
    }
    for (size_t at = 0; at < index.size(); ++at) {
        for (const unsigned char bits : {0x80, 0x01, 0xFF}) {
            std::string broken = index;
            broken[at] = static_cast<char>(static_cast<unsigned char>(broken[at]) ^ bits);
            base::writeFileAtomically(prefix().string() + ".idx", broken);
            try {
                const text::IndexedDataset dataset(prefix());
                std::vector<int32_t> tokens(static_cast<size_t>(dataset.tokens()));
                dataset.read(0, dataset.tokens(),
                    tokens.data()); // whatever was let through must be readable
            } catch (const Error&) {
            }
        }
    }
    base::writeFileAtomically(prefix().string() + ".idx", index);
    base::writeFileAtomically(prefix().string() + ".bin", data.substr(0, data.size() - 1));
    QVERIFY_THROWS_EXCEPTION(Error, text::IndexedDataset{prefix()});
    std::filesystem::remove(prefix().string() + ".bin");
    QVERIFY_THROWS_EXCEPTION(Error, text::IndexedDataset{prefix()});
}

void IndexedDatasetTest::sequentialOrderGoesRound()
{
    const text::SampleOrder order(101, 10, false, 1);
    QCOMPARE(order.samplesPerEpoch(), 10);
    QCOMPARE(order.sampleAt(9), 9);
    QCOMPARE(order.sampleAt(10), 0);
    QCOMPARE(text::SampleOrder(100, 10, false, 1).samplesPerEpoch(), 9);
}

void IndexedDatasetTest::shuffledOrderPermutesEachEpochAnew()
{
    const text::SampleOrder order(1001, 10, true, 7);
    std::vector<int64_t> first, second;
    for (int64_t i = 0; i < 100; ++i)
        first.push_back(order.sampleAt(i));
    for (int64_t i = 100; i < 200; ++i)
        second.push_back(order.sampleAt(i));
    QCOMPARE(std::set<int64_t>(first.begin(), first.end()).size(), size_t{100});
    QCOMPARE(std::set<int64_t>(second.begin(), second.end()).size(), size_t{100});
    QVERIFY(first != second);
    QCOMPARE(order.sampleAt(3), first[3]); // going back gives the same
    QCOMPARE(text::SampleOrder(1001, 10, true, 7).sampleAt(150), second[50]);
    QVERIFY(text::SampleOrder(1001, 10, true, 8).sampleAt(0) != first[0]
        || text::SampleOrder(1001, 10, true, 8).sampleAt(1) != first[1]);
}

void IndexedDatasetTest::refusesADatasetShorterThanASample()
{
    QVERIFY_THROWS_EXCEPTION(Error, text::SampleOrder(10, 10, false, 1));
    QCOMPARE(text::SampleOrder(11, 10, false, 1).samplesPerEpoch(), 1);
}

QTEST_GUILESS_MAIN(IndexedDatasetTest)
#include "indexed_dataset_test.moc"
