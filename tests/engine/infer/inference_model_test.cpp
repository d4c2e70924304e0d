// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Every architecture's fixture (tests/fixtures/make_model_fixtures.py) against transformers'
// logits.
#include "engine/checkpoint/safetensors.h"
#include "engine/infer/inference_model.h"
#include "engine/infer/token_logits.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/instruction_set.h"
#include "kernels/error.h"
#include "kernels/reference/reference_backend.h"
#include "tests/support/deferred_backend.h"
#include "tests/support/folders.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <utility>

using namespace moe;
namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(tests::inSource("tests/fixtures/models"));

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

struct NamedBackend {
    std::string name;
    std::function<std::unique_ptr<kernels::Backend>()> make;
};

/// The reference, and every instruction set of the CPU, one of them late and behind closed memory.
std::vector<NamedBackend> backends()
{
    std::vector<NamedBackend> all{{"reference", kernels::makeReferenceBackend}};
    for (const kernels::cpu::InstructionSet set : kernels::cpu::availableSets())
        all.push_back({kernels::cpu::nameOf(set), [set] {
                           return kernels::cpu::makeBackend(set, 2);
                       }});
    all.push_back({"deferred cpu", [] {
                       return std::make_unique<tests::DeferredBackend>(
                           kernels::cpu::makeBackend(kernels::cpu::availableSets().front(), 1));
                   }});
    return all;
}

/// Logits of all tokens, run in chunks of at most `chunk`.
std::vector<float> logitsOf(const fs::path& folder, const std::vector<int32_t>& tokens,
    size_t chunk, kernels::Backend& backend, kernels::DType activations = kernels::DType::Float32)
{
    infer::InferenceModel model(backend, folder, activations, static_cast<int64_t>(chunk), 1 << 20);
    return infer::tokenLogits(backend, model, tokens);
}

std::vector<float> logitsOf(
    const fs::path& folder, const std::vector<int32_t>& tokens, size_t chunk)
{
    return logitsOf(folder, tokens, chunk, *kernels::makeReferenceBackend());
}

struct Routed {
    std::vector<float> logits;
    infer::RoutedBatch routing;
};

/// All tokens at once.
Routed routedOf(const fs::path& folder, const std::vector<int32_t>& tokens,
    kernels::Backend& backend, kernels::DType activations)
{
    infer::InferenceModel model(
        backend, folder, activations, static_cast<int64_t>(tokens.size()), 1 << 20);
    std::vector<float> logits = infer::tokenLogits(backend, model, tokens);
    return {std::move(logits), model.routing(false)};
}

/// (layer, expert) of all choices of a row.
std::set<std::pair<int64_t, int32_t>> expertsOf(const infer::RoutedBatch& routing, size_t row)
{
    std::set<std::pair<int64_t, int32_t>> experts;
    const auto all = static_cast<int64_t>(routing.chosen.size());
    for (int64_t i = 0; i < all; ++i) {
        if (i / routing.topK % routing.rows == static_cast<int64_t>(row))
            experts.emplace(
                i / routing.topK / routing.rows, routing.chosen[static_cast<size_t>(i)]);
    }
    return experts;
}

/// max|a − b| / max|b| of each token's row.
std::vector<double> rowErrors(const std::vector<float>& a, const std::vector<float>& b, size_t rows)
{
    const size_t width = b.size() / rows;
    std::vector<double> errors;
    for (size_t row = 0; row < rows; ++row) {
        double difference = 0, largest = 0;
        for (size_t i = row * width; i < (row + 1) * width; ++i) {
            const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
            difference = std::max(difference, std::isfinite(x) ? std::abs(x - y) : 1e30);
            largest = std::max(largest, std::abs(y));
        }
        errors.push_back(difference / largest);
    }
    return errors;
}

double rowError(const std::vector<float>& a, const std::vector<float>& b, size_t rows)
{
    const std::vector<double> errors = rowErrors(a, b, rows);
    return *std::max_element(errors.begin(), errors.end());
}

/// The fixture with half its matrices' size. As they are, every part shows in the logits, and so
/// does every rounding: scores of attention are many times those of a trained model.
void halve(const fs::path& from, const fs::path& to)
{
    fs::create_directory(to);
    fs::copy(from / "config.json", to);
    const checkpoint::WeightFiles files(from);
    std::deque<std::vector<float>> values;
    std::deque<std::vector<std::byte>> codes;
    std::vector<checkpoint::TensorToWrite> tensors;
    for (const std::string& name : files.names()) {
        const checkpoint::StoredTensor& tensor = files.get(name);
        if (tensor.type == checkpoint::StoredType::U8) { // MXFP4: one exponent less
            auto& bytes = codes.emplace_back(tensor.bytes.begin(), tensor.bytes.end());
            for (std::byte& code : bytes)
                code = static_cast<std::byte>(
                    std::to_integer<int>(code) - (name.ends_with("_scales") ? 1 : 0));
            tensors.push_back({name, tensor.type, tensor.shape, bytes});
            continue;
        }
        auto& wide = values.emplace_back(static_cast<size_t>(tensor.elements()));
        tensor.toFloat32(wide.data());
        if (tensor.shape.size() > 1 && name.find("embed") == std::string::npos)
            for (float& value : wide)
                value /= 2;
        tensors.push_back(
            {name, checkpoint::StoredType::F32, tensor.shape, std::as_bytes(std::span(wide))});
    }
    checkpoint::writeSafetensors(to / "model.safetensors", tensors);
}

std::vector<std::string> fixtures()
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(kFixtures))
        names.push_back(entry.path().filename().string());
    return names;
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
        QTest::addColumn<int>("backend");
        for (const std::string& name : fixtures()) {
            for (size_t b = 0; b < backends().size(); ++b)
                QTest::addRow("%s on %s", name.c_str(), backends()[b].name.c_str())
                    << QString::fromStdString(name) << static_cast<int>(b);
        }
        QVERIFY(fixtures().size() >= 18);
    }
    void logitsAgreeWithTransformers()
    {
        QFETCH(QString, name);
        QFETCH(int, backend);
        const auto tested = backends()[static_cast<size_t>(backend)].make();
        const fs::path folder = kFixtures / name.toStdString();
        const Expected expected = expectedOf(folder);
        const std::vector<float> whole
            = logitsOf(folder, expected.tokens, expected.tokens.size(), *tested);
        QCOMPARE(whole.size(), expected.logits.size());
        const double error = rowError(whole, expected.logits, expected.tokens.size());
        qInfo("row error %.2e", error);
        QVERIFY(error <= 1e-4);
        // The prompt's chunks change no bit.
        QVERIFY(logitsOf(folder, expected.tokens, 5, *tested) == whole);
        QVERIFY(logitsOf(folder, expected.tokens, 1, *tested) == whole);
    }

    void bfloat16StaysNear_data()
    {
        QTest::addColumn<QString>("name");
        for (const std::string& name : fixtures())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }
    void bfloat16StaysNear()
    {
        QFETCH(QString, name);
        const QTemporaryDir dir;
        const fs::path folder = fs::path(dir.path().toStdString()) / "model";
        const std::vector<int32_t> tokens = expectedOf(kFixtures / name.toStdString()).tokens;
        halve(kFixtures / name.toStdString(), folder);
        const Routed exact
            = routedOf(folder, tokens, *kernels::makeReferenceBackend(), kernels::DType::Float32);
        for (const NamedBackend& named : backends()) {
            const auto tested = named.make();
            const Routed fast = routedOf(folder, tokens, *tested, kernels::DType::BFloat16);
            QVERIFY(logitsOf(folder, tokens, 3, *tested, kernels::DType::BFloat16) == fast.logits);
            const std::vector<double> errors = rowErrors(fast.logits, exact.logits, tokens.size());
            size_t others = 0;
            for (size_t row = 0; row < tokens.size(); ++row) {
                if (expertsOf(fast.routing, row) == expertsOf(exact.routing, row))
                    QVERIFY2(errors[row] <= 2e-2,
                        qPrintable(QStringLiteral("%1: row %2 is off by %3")
                                       .arg(QString::fromStdString(named.name))
                                       .arg(row)
                                       .arg(errors[row])));
                else
                    ++others;
            }
            QVERIFY2(10 * others <= tokens.size(),
                qPrintable(QStringLiteral("%1 rows took other experts").arg(others)));
        }
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
        QVERIFY_THROWS_EXCEPTION(
            Error, logitsOf(kFixtures / "llama", std::vector<int32_t>(129, 1), 129));
    }

    void computingStopsWhenAsked()
    {
        const auto backend = kernels::makeCpuBackend(1);
        infer::InferenceModel model(*backend, kFixtures / "llama", kernels::DType::Float32, 8, 128);
        std::stop_source stop;
        model.stopOn(stop.get_token());
        const std::vector<int32_t> tokens{1, 2, 3};
        QCOMPARE(infer::tokenLogits(*backend, model, tokens).size(), 3U * 103U);
        stop.request_stop();
        QVERIFY_THROWS_EXCEPTION(Cancelled, infer::tokenLogits(*backend, model, tokens));
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
