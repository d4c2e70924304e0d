// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Models of every architecture after moe quantize: their logits are, bit for bit, those of a
// float32 checkpoint that holds code × scale.
#include "engine/base/files.h"
#include "engine/checkpoint/quantize.h"
#include "engine/checkpoint/quantized_matrix.h"
#include "engine/infer/inference_model.h"
#include "engine/infer/token_logits.h"
#include "kernels/reference/reference_backend.h"
#include "tests/engine/infer/plain_operations.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <deque>

using namespace moe;
namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = MOE_SOURCE_DIR "/tests/fixtures/models";

std::vector<float> logitsOf(const fs::path& folder)
{
    const auto backend = kernels::makeReferenceBackend();
    const auto operations = tests::makePlainOperations();
    infer::InferenceModel model(*backend, *operations, folder, kernels::DType::Float32, 4, 1 << 20);
    const std::vector<int32_t> tokens{5, 17, 102, 0, 63, 63, 8};
    return infer::tokenLogits(*backend, model, tokens);
}

/// The same checkpoint without quantization_config, all tensors in float32.
void widen(const fs::path& from, const fs::path& to)
{
    fs::create_directory(to);
    base::Json config = base::readJsonFile(from / "config.json");
    config.erase("quantization_config");
    base::writeFileAtomically(to / "config.json", config.dump());
    const checkpoint::WeightFiles files(from);
    const checkpoint::Dialect dialect = checkpoint::readDialect(from);
    std::deque<std::vector<float>> values;
    std::vector<checkpoint::TensorToWrite> tensors;
    for (const std::string& name : files.names()) {
        if (name.ends_with("_scale") || name.ends_with("_scale_inv"))
            continue;
        const checkpoint::StoredTensor& tensor = files.get(name);
        auto& wide = values.emplace_back(static_cast<size_t>(tensor.elements()));
        checkpoint::readFloat32(files, dialect, name, wide.data());
        tensors.push_back(
            {name, checkpoint::StoredType::F32, tensor.shape, std::as_bytes(std::span(wide))});
    }
    checkpoint::writeSafetensors(to / "model.safetensors", tensors);
}

} // namespace

class QuantizedModelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void answersAsItsWidenedWeights_data()
    {
        QTest::addColumn<QString>("name");
        for (const auto& entry : fs::directory_iterator(kFixtures)) {
            const std::string name = entry.path().filename().string();
            if (!name.starts_with("gpt_oss")) // not quantised here, by name
                QTest::newRow(name.c_str()) << QString::fromStdString(name);
        }
    }
    void answersAsItsWidenedWeights()
    {
        QFETCH(QString, name);
        using checkpoint::QuantScheme;
        const fs::path from = kFixtures / name.toStdString();
        const std::vector<float> before = logitsOf(from);
        for (QuantScheme scheme :
            {QuantScheme::Fp8Tensor, QuantScheme::Fp8Channel, QuantScheme::Fp8Block}) {
            QTemporaryDir folder;
            const fs::path at = folder.path().toStdString();
            checkpoint::quantizeFolder(from, scheme, at / "fp8", {}, [](int64_t, int64_t) {});
            widen(at / "fp8", at / "wide");
            const std::vector<float> narrow = logitsOf(at / "fp8");
            QVERIFY(narrow == logitsOf(at / "wide"));
            // E4M3 has three fraction bits: other logits, and in models as small and random as
            // these other experts now and then; those of another model would differ by √2.
            double difference = 0, size = 0;
            for (size_t i = 0; i < narrow.size(); ++i) {
                difference += std::pow(double{narrow[i]} - double{before[i]}, 2);
                size += std::pow(double{before[i]}, 2);
            }
            const double relative = std::sqrt(difference / size);
            QVERIFY2(relative > 1e-4 && relative < 1, qPrintable(QString::number(relative)));
        }
    }
};

QTEST_GUILESS_MAIN(QuantizedModelTest)
#include "quantized_model_test.moc"
