// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/base/random.h"
#include "engine/checkpoint/safetensors.h"
#include "kernels/error.h"

#include <QTemporaryDir>
#include <QTest>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

using namespace moe;
using namespace moe::checkpoint;

namespace {

/// A file of `header`, its length before it (or `length`), and `dataBytes` zeros after it.
std::string fileOf(const std::string& header, size_t dataBytes, uint64_t length = 0)
{
    const uint64_t claimed = length ? length : header.size();
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &claimed, 8);
    return bytes + header + std::string(dataBytes, '\0');
}

template <typename T> std::span<const std::byte> bytesOfVector(const std::vector<T>& values)
{
    return std::as_bytes(std::span(values));
}

} // namespace

class SafetensorsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void whatIsWrittenReadsBack()
    {
        const uint64_t seed = std::random_device{}();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        base::Random random(seed);
        std::vector<float> floats(static_cast<size_t>(1 + random.below(1000)));
        for (float& value : floats)
            value = static_cast<float>(random.normal());
        std::vector<uint16_t> halves(3, 0x3C00);
        const std::vector<int64_t> ids{1, -2, INT64_MAX};
        const std::vector<uint8_t> none;
        writeSafetensors(path("a"),
            {{"b.weight", StoredType::F32, {static_cast<int64_t>(floats.size())},
                 bytesOfVector(floats)},
                {"odd", StoredType::F16, {3}, bytesOfVector(halves)},
                {"ids", StoredType::I64, {1, 3}, bytesOfVector(ids)},
                {"empty", StoredType::U8, {0, 7}, bytesOfVector(none)},
                {"scalar \" é", StoredType::BF16, {}, bytesOfVector(halves).subspan(0, 2)}},
            {{"format", "pt"}, {"note", "tab\t"}});

        const SafetensorsFile file(path("a"));
        QCOMPARE(file.tensors().size(), 5U);
        QCOMPARE(file.metadata().at("note"), std::string("tab\t"));
        const StoredTensor& b = file.tensors().at("b.weight");
        QCOMPARE(b.elements(), static_cast<int64_t>(floats.size()));
        std::vector<float> back(floats.size());
        b.toFloat32(back.data());
        QVERIFY(back == floats);
        QVERIFY(file.tensors().at("ids").shape == (std::vector<int64_t>{1, 3}));
        QCOMPARE(file.tensors().at("empty").elements(), 0);
        QCOMPARE(file.tensors().at("scalar \" é").elements(), 1);
        for (const auto& [name, tensor] : file.tensors()) {
            const auto address = reinterpret_cast<uintptr_t>(tensor.bytes.data());
            QCOMPARE(address % static_cast<uintptr_t>(bytesOf(tensor.type)), 0U);
        }
        // Nothing is left beside it, and the data begins on a multiple of eight.
        QCOMPARE(std::distance(std::filesystem::directory_iterator(path("")), {}), 1);
        const std::string bytes = base::readFile(path("a"));
        QCOMPARE(
            base::readUnaligned<uint64_t>(reinterpret_cast<const std::byte*>(bytes.data())) % 8,
            0U);
    }

    void smallFloatsWiden()
    {
        // Halves: 1, −2, the largest, the least subnormal, infinity, −0.
        const std::vector<uint16_t> halves{0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7C00, 0x8000, 0x7E00};
        const std::vector<uint16_t> brains{0x3F80, 0xC000};
        const std::vector<double> doubles{0.5, 1e300};
        writeSafetensors(path("a"),
            {{"h", StoredType::F16, {7}, bytesOfVector(halves)},
                {"b", StoredType::BF16, {2}, bytesOfVector(brains)},
                {"d", StoredType::F64, {2}, bytesOfVector(doubles)},
                {"u", StoredType::U8, {2}, bytesOfVector(brains).subspan(0, 2)}});
        const SafetensorsFile file(path("a"));
        std::vector<float> f(7);
        file.tensors().at("h").toFloat32(f.data());
        QCOMPARE(f[0], 1.0F);
        QCOMPARE(f[1], -2.0F);
        QCOMPARE(f[2], 65504.0F);
        QVERIFY(f[3] == 0x1.0p-24F);
        QVERIFY(std::isinf(f[4]));
        QVERIFY(f[5] == 0 && std::signbit(f[5]));
        QVERIFY(std::isnan(f[6]));
        file.tensors().at("b").toFloat32(f.data());
        QVERIFY(f[0] == 1.0F && f[1] == -2.0F);
        file.tensors().at("d").toFloat32(f.data());
        QVERIFY(f[0] == 0.5F && std::isinf(f[1]));
        QVERIFY_THROWS_EXCEPTION(Error, file.tensors().at("u").toFloat32(f.data()));
    }

    void damagedFiles_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("word");
        const auto row = [](const char* name, const std::string& bytes, const char* word) {
            QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
                                << word;
        };
        const auto tensor = [](const char* dtype, const char* shape, const char* offsets) {
            return "{\"t\": {\"dtype\": \"" + std::string(dtype) + "\", \"shape\": " + shape
                + ", \"data_offsets\": " + offsets + "}}";
        };
        row("empty", "", "not a .safetensors file");
        row("seven bytes", "abcdefg", "not a .safetensors file");
        row("a text", "<!DOCTYPE html><html>", "no .safetensors file");
        row("header beyond the file", fileOf("{}", 0, 3), "cut off");
        row("huge header", fileOf("{}", 0, UINT64_MAX), "cut off");
        row("header beyond the limit", fileOf("{}", 0, 100'000'001), "cut off");
        row("no JSON", fileOf("{nope}", 0), "not valid JSON");
        row("JSON cut off", fileOf(R"({"t": {"dtype")", 0), "not valid JSON");
        row("bad UTF-8", fileOf("{\"\xFF\": 1}", 0), "not valid JSON");
        row("a list", fileOf("[]", 0), "unexpected a list");
        row("a number", fileOf("3", 0), "unexpected a number");
        row("deep", fileOf(std::string(1 << 20, '['), 0), "unexpected a list");
        row("deep objects", fileOf(R"({"a": {"dtype": {"b": {}}}})", 0), "unexpected an object");
        row("dtype is a number", fileOf(R"({"t": {"dtype": 3}})", 0), "unexpected a number");
        row("unknown dtype", fileOf(tensor("F7", "[1]", "[0, 4]"), 4), "unknown dtype \"F7\"");
        row("unknown key", fileOf(R"({"t": {"stride": [1]}})", 0), "unexpected key \"stride\"");
        row("key twice", fileOf(R"({"t": {"shape": [], "shape": []}})", 0), "once each");
        row("no offsets", fileOf(R"({"t": {"dtype": "F32", "shape": []}})", 4), "missing");
        row("one offset", fileOf(tensor("F32", "[1]", "[0]"), 4), "list of one");
        row("three offsets", fileOf(tensor("F32", "[1]", "[0, 4, 8]"), 4), "too many numbers");
        row("nine axes", fileOf(tensor("U8", "[1,1,1,1,1,1,1,1,1]", "[0, 1]"), 1), "too many");
        row("negative size", fileOf(tensor("F32", "[-1]", "[0, 4]"), 4), "negative");
        row("fraction", fileOf(tensor("F32", "[1.5]", "[0, 4]"), 4), "fraction");
        row("sizes overflow", fileOf(tensor("F32", "[4611686018427387904, 4]", "[0, 0]"), 0),
            "disagree");
        row("size beyond int64", fileOf(tensor("F32", "[18446744073709551615]", "[0, 0]"), 0),
            "beyond all memory");
        row("shape disagrees", fileOf(tensor("F32", "[2]", "[0, 4]"), 4), "disagree");
        row("data cut off", fileOf(tensor("F32", "[2]", "[0, 8]"), 7), "cut off");
        row("offsets backwards", fileOf(tensor("F32", "[1]", "[8, 4]"), 8), "cut off");
        row("offsets huge",
            fileOf(tensor("F32", "[1]", "[18446744073709551608, 18446744073709551612]"), 8),
            "cut off");
        row("gap", fileOf(tensor("F32", "[1]", "[4, 8]"), 8), "gap");
        row("more data", fileOf(tensor("F32", "[1]", "[0, 4]"), 5), "after the last tensor");
        row("overlap",
            fileOf(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                       "b": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}})",
                6),
            "overlap");
        row("named twice",
            fileOf(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                       "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
                8),
            "named twice");
        row("metadata twice", fileOf(R"({"__metadata__": {}, "__metadata__": {}})", 0), "twice");
        row("metadata is no text", fileOf(R"({"__metadata__": {"a": 1}})", 0), "a number");
    }
    void damagedFiles()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, word);
        write("bad", bytes.toStdString());
        try {
            const SafetensorsFile file(path("bad"));
            QFAIL("read without complaint");
        } catch (const Error& error) {
            const QString line = error.what();
            QVERIFY2(line.contains(word), error.what());
            QVERIFY2(line.contains("bad"), error.what());
            QVERIFY(!line.contains('\n'));
        }
    }

    void everyCutAndEveryFlippedByteIsFoundOrHarmless()
    {
        const std::vector<float> floats(5, 1.5F);
        writeSafetensors(path("whole"),
            {{"a", StoredType::F32, {5}, bytesOfVector(floats)},
                {"b", StoredType::F32, {1, 2}, bytesOfVector(floats).subspan(0, 8)}},
            {{"format", "pt"}});
        const std::string whole = base::readFile(path("whole"));
        for (size_t length = 0; length < whole.size(); ++length) {
            write("cut", whole.substr(0, length));
            QVERIFY_THROWS_EXCEPTION(Error, SafetensorsFile{path("cut")});
        }
        for (size_t at = 0; at < whole.size(); ++at) {
            std::string flipped = whole;
            flipped[at] = static_cast<char>(flipped[at] ^ 0x11);
            write("flipped", flipped);
            try {
                const SafetensorsFile file(path("flipped"));
                for (const auto& [name, tensor] : file.tensors()) {
                    std::vector<float> values(static_cast<size_t>(tensor.elements()));
                    if (tensor.type == StoredType::F32)
                        tensor.toFloat32(values.data());
                }
            } catch (const Error&) {
            }
        }
    }

    void shardsAreFoundThroughTheirIndex()
    {
        const std::vector<float> one(1, 1.0F), two(1, 2.0F);
        writeSafetensors(path("s1"), {{"a", StoredType::F32, {1}, bytesOfVector(one)}});
        writeSafetensors(path("s2"), {{"b", StoredType::F32, {1}, bytesOfVector(two)}});
        write("model.safetensors.index.json",
            R"({"metadata": {}, "weight_map": {"a": "s1", "b": "s2"}})");
        const WeightFiles files(path(""));
        QCOMPARE(files.names(), (std::vector<std::string>{"a", "b"}));
        float value = 0;
        files.get("b").toFloat32(&value);
        QCOMPARE(value, 2.0F);
        QVERIFY(!files.has("c"));
        QVERIFY_THROWS_EXCEPTION(Error, files.get("c"));
        for (const char* bad : {R"({"weight_map": {"a": "s2"}})", R"({"weight_map": {"a": "s3"}})",
                 R"({"weight_map": {"a": "../s1"}})", R"({"weight_map": {"a": "/etc/passwd"}})",
                 R"({"weight_map": {"a": 1}})", R"({"weight_map": []})", "{}", "[]", ""}) {
            write("model.safetensors.index.json", bad);
            QVERIFY_THROWS_EXCEPTION(Error, WeightFiles(path("")));
        }
        std::filesystem::remove(path("model.safetensors.index.json"));
        QVERIFY_THROWS_EXCEPTION(Error, WeightFiles(path("")));
        QVERIFY_THROWS_EXCEPTION(Error, WeightFiles(path("nowhere")));
    }

private:
    std::filesystem::path path(const std::string& name) const
    {
        return std::filesystem::path(m_folder->path().toStdString()) / name;
    }
    /// Without the flush to the disk of our own writing: hundreds of files would take seconds.
    void write(const std::string& name, const std::string& bytes) const
    {
        std::ofstream(path(name), std::ios::binary) << bytes;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(SafetensorsTest)
#include "safetensors_test.moc"
