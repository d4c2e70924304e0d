// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/safetensors.h"
#include "kernels/bfloat16.h"
#include "kernels/error.h"
#include "tests/engine/checkpoint/file_size_limit.h"
#include "tests/engine/checkpoint/small_model.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <random>

using namespace moe;
using model::ModelConfig;
using model::ParameterLayout;
using moe::tests::errorOf;

namespace {

bool names(const std::string& line, const std::string& word)
{
    return line.find(word) != std::string::npos;
}

} // namespace

class WeightsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_path = m_folder->path().toStdString();
    }

    void aSavedModelLoadsBack_data()
    {
        QTest::addColumn<int>("experts");
        QTest::addColumn<bool>("tied");
        QTest::newRow("dense") << 0 << false;
        QTest::newRow("dense, tied") << 0 << true;
        QTest::newRow("three experts") << 3 << false;
    }
    void aSavedModelLoadsBack()
    {
        QFETCH(int, experts);
        QFETCH(bool, tied);
        const uint64_t seed = std::random_device{}();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        ModelConfig config = tests::smallModel(experts);
        config.tieWordEmbeddings = tied;
        const ParameterLayout layout(config);
        const std::vector<float> weights = tests::randomBuffer(layout, seed);
        checkpoint::saveModel(m_path, config, layout, weights.data(), "float32", {});

        const ModelConfig read = model::readConfig(m_path);
        QCOMPARE(model::toJson(read).dump(), model::toJson(config).dump());
        std::vector<float> back(weights.size(), NAN);
        checkpoint::loadWeights(m_path, read, ParameterLayout(read), back.data());
        QVERIFY(back == weights); // the gaps are zeros in both
    }

    void narrowTypesRoundToNearestEven()
    {
        const ModelConfig config = tests::smallModel(0);
        const ParameterLayout layout(config);
        std::vector<float> weights = tests::randomBuffer(layout, 7), back = weights;
        const std::vector<float> edges{1 + 0x1.0p-8F, 1 + 3 * 0x1.0p-8F, 0x1.0p-25F, 0x1.8p-24F,
            -0x1.4p-15F, 65519.0F, 65520.0F, -0.0F};
        std::copy(edges.begin(), edges.end(), weights.begin() + layout.embedding);
        checkpoint::saveModel(m_path, config, layout, weights.data(), "bfloat16", {});
        QVERIFY(base::readJsonFile(m_path / "config.json")["torch_dtype"] == "bfloat16");
        checkpoint::loadWeights(m_path, config, layout, back.data());
        for (size_t i = 0; i < weights.size(); ++i)
            QVERIFY(back[i] == static_cast<float>(kernels::BFloat16(weights[i])));
        QVERIFY(back[0] == 1.0F && back[1] == 1 + 0x1.0p-6F);

        const auto count = static_cast<int64_t>(weights.size());
        std::vector<uint16_t> halves(weights.size());
        const auto bytes = std::as_writable_bytes(std::span(halves));
        checkpoint::fromFloat32(weights.data(), count, checkpoint::StoredType::F16, bytes.data());
        checkpoint::StoredTensor{checkpoint::StoredType::F16, {count}, bytes}.toFloat32(
            back.data());
        for (size_t i = edges.size(); i < weights.size(); ++i)
            QVERIFY(std::abs(back[i] - weights[i])
                <= std::max(std::abs(weights[i]) * 0x1.0p-11F, 0x1.0p-25F));
        const std::vector<float> rounded{1 + 0x1.0p-8F, 1 + 3 * 0x1.0p-8F, 0, 0x1.0p-23F,
            -0x1.4p-15F, 65504.0F, INFINITY, -0.0F};
        for (size_t i = 0; i < rounded.size(); ++i)
            QVERIFY2(back[i] == rounded[i], qPrintable(QString::number(i)));
    }

    void tokenizerFilesComeAlong()
    {
        const ModelConfig config = tests::smallModel(0);
        const ParameterLayout layout(config);
        const std::vector<float> weights = tests::randomBuffer(layout, 7);
        QTemporaryDir other;
        const std::filesystem::path from = other.path().toStdString();
        base::writeFileAtomically(from / "corpus.tokenizer.model", "pieces");
        base::writeFileAtomically(from / "tokenizer_config.json", "{}");
        base::writeFileAtomically(from / "tokenizer.json", "{\"a\": 1}");
        base::writeFileAtomically(from / "notes.txt", "private");
        checkpoint::saveModel(
            m_path, config, layout, weights.data(), "float32", from / "corpus.tokenizer.model");
        QCOMPARE(base::readFile(m_path / "tokenizer.model"), std::string("pieces"));
        QVERIFY(exists(m_path / "tokenizer_config.json"));
        QVERIFY(!exists(m_path / "tokenizer.json"));
        checkpoint::saveModel(m_path, config, layout, weights.data(), "float32", from);
        QCOMPARE(base::readFile(m_path / "tokenizer.json"), std::string("{\"a\": 1}"));
        QVERIFY(!exists(m_path / "notes.txt"));
        QVERIFY(!errorOf([&] {
            checkpoint::saveModel(
                m_path, config, layout, weights.data(), "float32", from / "gone.model");
        }).empty());
    }

    void weightsThatDoNotFitAreNamed()
    {
        const ModelConfig config = tests::smallModel(2);
        const ParameterLayout layout(config);
        const std::vector<float> weights = tests::randomBuffer(layout, 7);
        checkpoint::saveModel(m_path, config, layout, weights.data(), "float32", {});
        std::vector<float> back(weights.size() * 4);
        const auto load = [&](const ModelConfig& as) {
            return errorOf(
                [&] { checkpoint::loadWeights(m_path, as, ParameterLayout(as), back.data()); });
        };
        QVERIFY(load(config).empty());
        ModelConfig other = config;
        other.experts = 3;
        QVERIFY2(names(load(other), "gate.weight"), load(other).c_str());
        other = config;
        other.layers = 3;
        QVERIFY2(names(load(other), "model.layers.2"), load(other).c_str());
        other = config;
        other.layers = 1;
        QVERIFY2(names(load(other), "no place for tensor model.layers.1"), load(other).c_str());
        other = config;
        other.vocabSize = 20;
        QVERIFY2(
            names(load(other), "[19, 12]") && names(load(other), "[20, 12]"), load(other).c_str());
        QVERIFY2(names(load(tests::smallModel(0)), "mlp.gate_proj.weight is missing"), "dense");

        // A scale of FP8 where floats are due.
        const std::vector<uint8_t> bytes(19 * 12);
        checkpoint::writeSafetensors(m_path / "model.safetensors",
            {{"model.embed_tokens.weight", checkpoint::StoredType::F8E4M3, {19, 12},
                std::as_bytes(std::span(bytes))}});
        QVERIFY2(names(load(config), "F8_E4M3") && names(load(config), "embed_tokens"),
            load(config).c_str());
    }

    void aFullDiskLeavesTheOldFile()
    {
        const ModelConfig config = tests::smallModel(2);
        const ParameterLayout layout(config);
        const std::vector<float> weights = tests::randomBuffer(layout, 7);
        checkpoint::saveModel(m_path, config, layout, weights.data(), "float32", {});
        const std::string before = base::readFile(m_path / "model.safetensors");
        const tests::FileSizeLimit limit(2000);
        const std::string line = errorOf(
            [&] { checkpoint::saveModel(m_path, config, layout, weights.data(), "float32", {}); });
        QVERIFY2(names(line, "model.safetensors"), line.c_str());
        QVERIFY(base::readFile(m_path / "model.safetensors") == before);
        QVERIFY(!exists(m_path / ".model.safetensors.partial"));
    }

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_path;
};

QTEST_GUILESS_MAIN(WeightsTest)
#include "weights_test.moc"
