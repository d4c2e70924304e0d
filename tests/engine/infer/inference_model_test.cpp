// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Every architecture's fixture (tests/fixtures/make_model_fixtures.py) against transformers'
// logits.
#include "engine/checkpoint/safetensors.h"
#include "engine/infer/inference_model.h"
#include "engine/infer/token_logits.h"
#include "kernels/error.h"
#include "kernels/reference/reference_backend.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace moe;
namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(MOE_SOURCE_DIR) / "tests/fixtures/models";

struct Expected {
    std::vector<int32_t> tokens;
    std::vector<float> logits;
};

Expected expectedOf(const fs::path& folder)
{
    const checkpoint::SafetensorsFile file(folder / "logits.safetensors");
    Expected expected;
    const checkpoint::StoredTensor& tokens = file.tensors().at("tokens");
    expected.tokens.resize(static_cast<size_t>(tokens.elements()));
    std::memcpy(expected.tokens.data(), tokens.bytes.data(), tokens.bytes.size());
    const checkpoint::StoredTensor& logits = file.tensors().at("logits");
    expected.logits.resize(static_cast<size_t>(logits.elements()));
    logits.toFloat32(expected.logits.data());
    return expected;
}

/// Logits of all tokens, run in chunks of at most `chunk`.
std::vector<float> logitsOf(
    const fs::path& folder, const std::vector<int32_t>& tokens, size_t chunk)
{
    const auto backend = kernels::makeReferenceBackend();
    infer::InferenceModel model(
        *backend, folder, kernels::DType::Float32, static_cast<int64_t>(chunk), 1 << 20);
    return infer::tokenLogits(*backend, model, tokens);
}

/// The largest of max|a − b| / max|b| over the tokens' rows.
double rowError(const std::vector<float>& a, const std::vector<float>& b, size_t rows)
{
    const size_t width = b.size() / rows;
    double worst = 0;
    for (size_t row = 0; row < rows; ++row) {
        double difference = 0, largest = 0;
        for (size_t i = row * width; i < (row + 1) * width; ++i) {
            const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
            difference = std::max(difference, std::isfinite(x) ? std::abs(x - y) : 1e30);
            largest = std::max(largest, std::abs(y));
        }
        worst = std::max(worst, difference / largest);
    }
    return worst;
}

std::string openingError(const fs::path& folder)
{
    try {
        logitsOf(folder, {1, 2}, 2);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

void replaceIn(const fs::path& file, const std::string& from, const std::string& to)
{
    std::ifstream in(file);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const size_t at = text.find(from);
    QVERIFY(at != std::string::npos);
    text.replace(at, from.size(), to);
    std::ofstream(file) << text;
}

} // namespace

class InferenceModelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void logitsAgreeWithTransformers_data()
    {
        QTest::addColumn<QString>("name");
        int count = 0;
        for (const auto& entry : fs::directory_iterator(kFixtures)) {
            const QString name = QString::fromStdString(entry.path().filename().string());
            QTest::addRow("%s", qPrintable(name)) << name;
            ++count;
        }
        QVERIFY(count >= 17);
    }
    void logitsAgreeWithTransformers()
    {
        QFETCH(QString, name);
        const fs::path folder = kFixtures / name.toStdString();
        const Expected expected = expectedOf(folder);
        const std::vector<float> whole = logitsOf(folder, expected.tokens, expected.tokens.size());
        QCOMPARE(whole.size(), expected.logits.size());
        const double error = rowError(whole, expected.logits, expected.tokens.size());
        qInfo("row error %.2e", error);
        QVERIFY(error <= 1e-4);
        // The prompt's chunks change no bit.
        QVERIFY(logitsOf(folder, expected.tokens, 5) == whole);
        QVERIFY(logitsOf(folder, expected.tokens, 1) == whole);
    }

    void whatDoesNotFitIsNamed()
    {
        const QTemporaryDir dir;
        const fs::path folder = fs::path(dir.path().toStdString()) / "model";
        const auto fresh = [&](const char* name) {
            fs::remove_all(folder);
            fs::copy(kFixtures / name, folder);
        };
        const auto has = [&](const char* word) {
            const std::string line = openingError(folder);
            const bool found = line.find(word) != std::string::npos;
            if (!found)
                qWarning("%s", line.c_str());
            return found;
        };
        fresh("mixtral");
        replaceIn(folder / "config.json", "\"num_local_experts\": 5", "\"num_local_experts\": 4");
        QVERIFY(has("block_sparse_moe.gate.weight"));
        fresh("mixtral");
        replaceIn(folder / "config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4");
        QVERIFY(has("model.layers.3"));
        fresh("mixtral");
        replaceIn(folder / "config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2");
        QVERIFY(has("no place for tensor model.layers.2"));
        fresh("qwen3_moe");
        fs::remove(folder / "model-00002-of-00002.safetensors");
        QVERIFY(has("model-00002-of-00002.safetensors"));
        fresh("gpt_oss_mxfp4");
        replaceIn(folder / "config.json", "\"hidden_size\": 32", "\"hidden_size\": 48");
        QVERIFY(has("the shape is"));
    }

    void tokensOutsideTheVocabularyAreErrors()
    {
        for (const int32_t token : {-1, 103}) {
            try {
                logitsOf(kFixtures / "llama", {1, token}, 2);
                QFAIL("taken");
            } catch (const Error& error) {
                QVERIFY(
                    std::string(error.what()).find("outside the vocabulary") != std::string::npos);
            }
        }
        QVERIFY_EXCEPTION_THROWN(
            logitsOf(kFixtures / "llama", std::vector<int32_t>(129, 1), 129), Error);
    }

    void npyIsAsNumpyReadsIt()
    {
        const QTemporaryDir dir;
        const fs::path file = fs::path(dir.path().toStdString()) / "x.npy";
        infer::writeNpy(file, {1, 2, 3, 4, 5, 6}, 2, 3);
        std::ifstream in(file, std::ios::binary);
        const std::string bytes(
            (std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        QCOMPARE(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
        const size_t length
            = static_cast<uint8_t>(bytes[8]) + 256U * static_cast<uint8_t>(bytes[9]);
        QCOMPARE((10 + length) % 64, 0U);
        QCOMPARE(bytes.size(), 10 + length + 24);
        QVERIFY(bytes.find("'shape': (2, 3)") != std::string::npos);
        float last = 0;
        std::memcpy(&last, bytes.data() + bytes.size() - 4, 4);
        QCOMPARE(last, 6.0F);
    }
};

QTEST_GUILESS_MAIN(InferenceModelTest)
#include "inference_model_test.moc"
