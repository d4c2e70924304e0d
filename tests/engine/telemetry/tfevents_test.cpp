// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/crc32c.h"
#include "engine/telemetry/run_store.h"
#include "engine/telemetry/tfevents.h"
#include "kernels/error.h"
#include "tests/support/folders.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>
#include <random>

using namespace moe;
using namespace moe::telemetry;

namespace {

std::string fromHex(const char* hex)
{
    return QByteArray::fromHex(hex).toStdString();
}

std::span<const std::byte> bytesOf(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

} // namespace

class TfEventsTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    std::filesystem::path write(const char* name, const std::string& bytes) const
    {
        const auto path = std::filesystem::path(m_folder.path().toStdString()) / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    static std::filesystem::path fixture(const char* name)
    {
        return std::filesystem::path(tests::inSource("tests/fixtures/tensorboard")) / name;
    }

private Q_SLOTS:
    void checksums()
    {
        QCOMPARE(maskedCrc32c(bytesOf("\x1a\x11"
                                      "CRC test, one two")),
            0x5794d08aU);
        QCOMPARE(crc32c(bytesOf(std::string(32, '\0'))), 0x8a9136aaU);
        QCOMPARE(crc32c(bytesOf("123456789")), 0xe3069283U);
    }

    void anAbandonedFileLeavesNothing()
    {
        const auto folder = std::filesystem::path(m_folder.path().toStdString()) / "abandoned";
        std::filesystem::create_directory(folder);
        {
            TfEventWriter writer(folder, 1.7e9);
            writer.scalar("loss", 2.5);
            writer.endStep(1, 1.7e9);
        }
        QVERIFY(std::filesystem::is_empty(folder));
        TfEventWriter(folder, 1.7e9).close();
        QVERIFY(!std::filesystem::is_empty(folder));
    }

    void aRecordByteForByte()
    {
        const auto file = write("one",
            fromHex("1a00000000000000129bd82d0900000040fc54d94110072a0d0a0b0a046c6f737315000020402d"
                    "15b4a5"));
        int events = 0;
        const TfSkipped skipped = readTfEvents(file, [&](const TfEvent& event) {
            ++events;
            QCOMPARE(event.wallTime, 1.7e9);
            QCOMPARE(event.step, 7);
            QCOMPARE(event.values.size(), size_t(1));
            QCOMPARE(event.values[0].tag, std::string("loss"));
            QCOMPARE(*event.values[0].scalar, 2.5);
        });
        QCOMPARE(events, 1);
        QCOMPARE(skipped.records + skipped.values + skipped.truncated, 0);
    }

    void aCutTailIsAcceptedAtEveryByte()
    {
        const auto source = fixture("torch/events.out.tfevents.1700000000.example.0");
        const std::string whole = base::readFile(source);
        size_t most = 0;
        for (size_t size = 0; size <= whole.size(); size += 7) {
            const auto file = write("cut", whole.substr(0, size));
            size_t events = 0;
            readTfEvents(file, [&events](const TfEvent&) { ++events; });
            QVERIFY(events >= most);
            most = events;
        }
        QVERIFY(most >= 25); // of 26: the version, five values a step
    }

    void everyFlippedBitIsNoticed()
    {
        const std::string whole
            = base::readFile(fixture("tf2/events.out.tfevents.1700000000.example.0"));
        size_t all = 0;
        readTfEvents(write("whole", whole), [&all](const TfEvent&) { ++all; });
        for (size_t bit = 0; bit < whole.size() * 8; bit += 23) {
            std::string broken = whole;
            broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
            size_t events = 0;
            try {
                const TfSkipped skipped = readTfEvents(
                    write("broken", broken), [&events](const TfEvent&) { ++events; });
                QCOMPARE(skipped.records, 1);
                QCOMPARE(events, all - 1);
            } catch (const Error& error) {
                QVERIFY(QString(error.what()).contains("event file"));
            }
        }
    }

    void whatTorchWrites()
    {
        RunStore store(m_folder.filePath("torch.sqlite").toStdString());
        const auto runs = importRuns(store, fixture("torch"));
        QCOMPARE(runs.size(), size_t(1));
        QCOMPARE(store.run(runs[0]).name, std::string("torch"));
        QCOMPARE(store.run(runs[0]).source, std::string("tensorboard"));
        const auto records = store.steps(runs[0], 0, 100);
        QCOMPARE(records.size(), size_t(5));
        for (const StepRecord& record : records) {
            QCOMPARE(record.loss, double(float(10.0 / double(record.step))));
            QVERIFY(std::isnan(record.lmLoss));
            QCOMPARE(record.extra.size(), size_t(1));
            QCOMPARE(record.extra[0].first, std::string("train/other metric"));
            QCOMPARE(record.extra[0].second, double(record.step * 1000));
            QCOMPARE(record.layers.size(), size_t(1));
            QCOMPARE(record.layers[0].layer, 2);
            QCOMPARE(record.layers[0].alpha, 0.25 * double(record.step));
            QCOMPARE(
                record.layers[0].load, (std::vector<int64_t>{record.step, 0, 3 * record.step}));
            QCOMPARE(record.layers[0].assignments, 4 * record.step);
            QCOMPARE(record.layers[0].dropped, -1);
        }
    }

    void whatTensorFlow2Writes()
    {
        RunStore store(m_folder.filePath("tf2.sqlite").toStdString());
        const auto runs
            = importRuns(store, fixture("tf2/events.out.tfevents.1700000000.example.0"));
        const auto records = store.steps(runs.at(0), 0, 100);
        QCOMPARE(records.size(), size_t(5));
        for (const StepRecord& record : records) {
            QCOMPARE(record.loss, 8.0 - double(record.step));
            QCOMPARE(record.lr, std::pow(0.5, double(record.step)));
            QCOMPARE(record.extra.size(), size_t(1));
            QCOMPARE(record.extra[0].first, std::string("epoch"));
            QCOMPARE(record.extra[0].second, double(record.step * 300));
        }
    }

    void noiseIsNoEventFile()
    {
        const auto seed = std::random_device{}();
        qInfo("seed %u", seed);
        std::mt19937 random(seed);
        for (int i = 0; i < 200; ++i) {
            std::string noise(16 + random() % 400, '\0');
            for (char& c : noise)
                c = static_cast<char>(random());
            // Good checksums around a message that is none.
            const uint64_t length = noise.size();
            const uint32_t head = maskedCrc32c(std::as_bytes(std::span(&length, 1)));
            const uint32_t tail = maskedCrc32c(bytesOf(noise));
            std::string file(reinterpret_cast<const char*>(&length), 8);
            file.append(reinterpret_cast<const char*>(&head), 4).append(noise);
            file.append(reinterpret_cast<const char*>(&tail), 4);
            readTfEvents(write("noise", file), [](const TfEvent&) {});
            QVERIFY_THROWS_EXCEPTION(Error, readTfEvents(write("n", noise), [](const TfEvent&) {}));
        }
    }
};

QTEST_GUILESS_MAIN(TfEventsTest)
#include "tfevents_test.moc"
