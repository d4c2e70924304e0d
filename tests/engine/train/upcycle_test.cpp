// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/base/random.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/text/tokenizer.h"
#include "engine/train/upcycle.h"
#include "kernels/error.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <random>

using namespace moe;
using model::ModelConfig;
using model::ParameterLayout;
using moe::tests::errorOf;
namespace fs = std::filesystem;

namespace {

ModelConfig denseModel()
{
    ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabSize = 23;
    config.hiddenSize = 12;
    config.intermediateSize = 9;
    config.layers = 2;
    config.heads = 4;
    config.kvHeads = 2;
    config.headDim = 6;
    config.rmsNormEps = 1e-5;
    config.ropeTheta = 5e5;
    config.ropeScaling = {"llama3", 8, 1, 4, 1024};
    config.eosTokenIds = {2, 3};
    return config;
}

std::vector<float> randomWeights(const ParameterLayout& layout)
{
    const uint64_t seed = std::random_device{}();
    qInfo("seed %llu", static_cast<unsigned long long>(seed));
    std::vector<float> weights(static_cast<size_t>(layout.elements));
    model::initialiseParameters(layout, seed, 1.0, weights.data());
    return weights;
}

/// Every expert of `moe` is the dense FFN, all else but the routers is the same; returns the
/// routers' values.
std::vector<float> checkCopies(const ModelConfig& dense, const std::vector<float>& denseWeights,
    const ModelConfig& moe, const std::vector<float>& moeWeights)
{
    const ParameterLayout from(dense), to(moe);
    const auto same = [&](int64_t a, int64_t b, int64_t count) {
        return std::equal(
            denseWeights.begin() + a, denseWeights.begin() + a + count, moeWeights.begin() + b);
    };
    const int64_t h = dense.hiddenSize, f = dense.intermediateSize;
    std::vector<float> routers;
    for (size_t l = 0; l < from.layers.size(); ++l) {
        const model::LayerOffsets &a = from.layers[l], &b = to.layers[l];
        if (!same(a.attentionNorm, b.attentionNorm, h) || !same(a.ffnNorm, b.ffnNorm, h)
            || !same(a.qkv, b.qkv, 8 * 6 * h) || !same(a.o, b.o, h * 24))
            return {};
        for (int64_t e = 0; e < moe.experts; ++e) {
            if (!same(a.gateUp, b.gateUp + e * 2 * f * h, 2 * f * h)
                || !same(a.down, b.down + e * f * h, f * h))
                return {};
        }
        routers.insert(routers.end(), moeWeights.begin() + b.router,
            moeWeights.begin() + b.router + moe.experts * h);
    }
    const bool ends = same(from.embedding, to.embedding, dense.vocabSize * h)
        && same(from.finalNorm, to.finalNorm, h) && same(from.head, to.head, dense.vocabSize * h);
    return ends ? routers : std::vector<float>{};
}

} // namespace

class UpcycleTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_dir = m_folder->path().toStdString();
    }

    void theConfigurationIsSkywork()
    {
        const ModelConfig moe = train::upcycledConfig(denseModel(), 8, 3);
        QCOMPARE(moe.architecture, std::string("SkyworkForCausalLM"));
        QVERIFY(moe.experts == 8 && moe.topK == 3 && moe.logitsNorm && moe.gateNormStd == 1);
        QVERIFY(moe.ropeScaling.type == "llama3" && moe.ropeScaling.originalMaxPositions == 1024);
        QVERIFY(moe.rmsNormEps == 1e-5 && moe.ropeTheta == 5e5 && moe.headDim == 6);
        QCOMPARE(moe.eosTokenIds, (std::vector<int64_t>{2, 3}));
        for (const auto& [experts, topK] :
            {std::pair(0, 1), std::pair(4, 0), std::pair(4, 5), std::pair(-1, -1)})
            QVERIFY_THROWS_EXCEPTION(Error, train::upcycledConfig(denseModel(), experts, topK));
        const std::string line = errorOf([&] { train::upcycledConfig(moe, 8, 2); });
        QVERIFY2(line.find("has experts") != std::string::npos, line.c_str());
    }

    void expertsAreCopiesAndRoutersAreDrawn()
    {
        const ModelConfig dense = denseModel(), moe = train::upcycledConfig(dense, 16, 2);
        const ParameterLayout denseLayout(dense), moeLayout(moe);
        const std::vector<float> weights = randomWeights(denseLayout);
        std::vector<float> upcycled(static_cast<size_t>(moeLayout.elements), NAN);
        train::upcycle(dense, denseLayout, weights.data(), moe, moeLayout, 5, upcycled.data());
        const std::vector<float> routers = checkCopies(dense, weights, moe, upcycled);
        QCOMPARE(routers.size(), 2U * 16 * 12);
        double squares = 0;
        for (float value : routers)
            squares += value * value;
        QVERIFY(std::abs(std::sqrt(squares / static_cast<double>(routers.size())) - 0.02) < 0.004);
        for (float value : upcycled)
            QVERIFY(std::isfinite(value));

        std::vector<float> again(upcycled.size()), other(upcycled.size());
        train::upcycle(dense, denseLayout, weights.data(), moe, moeLayout, 5, again.data());
        train::upcycle(dense, denseLayout, weights.data(), moe, moeLayout, 6, other.data());
        QVERIFY(again == upcycled);
        QVERIFY(other != upcycled);

        ModelConfig wider = moe;
        wider.intermediateSize = 10;
        const std::string line = errorOf([&] {
            std::vector<float> buffer(upcycled.size() * 2);
            train::upcycle(dense, denseLayout, weights.data(), wider, ParameterLayout(wider), 5,
                buffer.data());
        });
        QVERIFY2(line.find("gate_proj") != std::string::npos, line.c_str());
    }

    void aFolderKeepsItsDtype_data()
    {
        QTest::addColumn<QString>("dtype");
        QTest::newRow("float32") << "float32";
        QTest::newRow("bfloat16") << "bfloat16";
    }
    void aFolderKeepsItsDtype()
    {
        QFETCH(QString, dtype);
        const ModelConfig dense = denseModel();
        const ParameterLayout layout(dense);
        std::vector<float> weights = randomWeights(layout);
        fs::create_directory(m_dir / "dense");
        checkpoint::saveModel(
            m_dir / "dense", dense, layout, weights.data(), dtype.toStdString(), {});
        checkpoint::loadWeights(m_dir / "dense", dense, layout, weights.data()); // as rounded
        base::writeFileAtomically(m_dir / "dense" / "tokenizer.model", "pieces");
        train::upcycleFolder(m_dir / "dense", 4, 2, 9, m_dir / "moe" / "");

        QCOMPARE(base::readFile(m_dir / "moe" / "tokenizer.model"), std::string("pieces"));
        QVERIFY(base::readJsonFile(m_dir / "moe" / "config.json")["torch_dtype"]
            == dtype.toStdString());
        const checkpoint::SafetensorsFile file(m_dir / "moe" / "model.safetensors");
        for (const auto& [name, tensor] : file.tensors())
            QCOMPARE(QString(checkpoint::torchNameOf(tensor.type)), dtype);
        const ModelConfig moe = model::readConfig(m_dir / "moe");
        const ParameterLayout moeLayout(moe);
        std::vector<float> upcycled(static_cast<size_t>(moeLayout.elements));
        checkpoint::loadWeights(m_dir / "moe", moe, moeLayout, upcycled.data());
        QCOMPARE(checkCopies(dense, weights, moe, upcycled).size(), 2U * 4 * 12);

        // In memory the same comes out, up to the dtype of the routers.
        std::vector<float> inMemory(upcycled.size());
        train::upcycle(dense, layout, weights.data(), moe, moeLayout, 9, inMemory.data());
        for (size_t i = 0; i < upcycled.size(); ++i)
            QVERIFY(std::abs(inMemory[i] - upcycled[i]) <= std::abs(inMemory[i]) / 256);
    }

    void ranksOfTiktokenAreReadAsTheSources()
    {
        const ModelConfig dense = denseModel();
        const ParameterLayout layout(dense);
        fs::create_directory(m_dir / "dense");
        checkpoint::saveModel(
            m_dir / "dense", dense, layout, randomWeights(layout).data(), "float32", {});
        std::string ranks;
        for (int byte = 0; byte < 256; ++byte)
            ranks += QByteArray(1, static_cast<char>(byte)).toBase64().toStdString() + " "
                + std::to_string(byte) + "\n";
        ranks += QByteArray(" the").toBase64().toStdString() + " 256\n";
        base::writeFileAtomically(m_dir / "dense" / "own name.tiktoken", ranks);
        train::upcycleFolder(m_dir / "dense", 4, 2, 9, m_dir / "moe");
        const std::string text = "On the 12345th day<|end_of_text|>";
        const std::vector<int32_t> ids = text::loadTokenizer(m_dir / "dense")->encode(text);
        QCOMPARE(text::loadTokenizer(m_dir / "moe")->encode(text), ids);
        QCOMPARE(ids.back(), 258);
    }

    void nothingHalfDoneIsLeft()
    {
        const ModelConfig dense = denseModel();
        const ParameterLayout layout(dense);
        const std::vector<float> weights = randomWeights(layout);
        fs::create_directory(m_dir / "dense");
        checkpoint::saveModel(m_dir / "dense", dense, layout, weights.data(), "float32", {});
        const auto upcycle = [&](const fs::path& out) {
            return errorOf([&] { train::upcycleFolder(m_dir / "dense", 4, 2, 1, out); });
        };
        // Into a folder that holds something, into a file, onto itself.
        fs::create_directory(m_dir / "full");
        base::writeFileAtomically(m_dir / "full" / "notes.txt", "mine");
        QVERIFY(upcycle(m_dir / "full").find("not empty") != std::string::npos);
        QVERIFY(upcycle(m_dir / "full" / "notes.txt").find("not a folder") != std::string::npos);
        QVERIFY(!upcycle(m_dir / "full" / "notes.txt" / "deeper").empty());
        QVERIFY(!upcycle(m_dir / "dense").empty());
        QCOMPARE(base::readFile(m_dir / "full" / "notes.txt"), std::string("mine"));
        fs::create_directory(m_dir / "empty");
        QCOMPARE(upcycle(m_dir / "empty"), std::string());
        QVERIFY(fs::exists(m_dir / "empty" / "model.safetensors"));

        // A damaged source.
        fs::resize_file(m_dir / "dense" / "model.safetensors", 1000);
        QVERIFY(upcycle(m_dir / "moe").find("model.safetensors") != std::string::npos);
        QVERIFY(!fs::exists(m_dir / "moe"));
        for (const auto& entry : fs::directory_iterator(m_dir))
            QVERIFY(entry.path().filename().string()[0] != '.');
    }

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path m_dir;
};

QTEST_GUILESS_MAIN(UpcycleTest)
#include "upcycle_test.moc"
