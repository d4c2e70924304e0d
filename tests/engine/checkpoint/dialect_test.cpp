// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Quantised checkpoints of every dialect against the values that torch gives
// (tests/fixtures/make_fp8_fixtures.py), and what must be refused.
#include "engine/base/files.h"
#include "engine/checkpoint/quantized_matrix.h"
#include "kernels/error.h"
#include "tests/support/folders.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <set>

using namespace moe;
using namespace moe::checkpoint;

namespace {

namespace fs = std::filesystem;

const std::string kQ = "model.layers.0.self_attn.q_proj";
const std::string kDynamic = R"({"quant_method": "fp8", "activation_scheme": "dynamic"})";

/// Bit for bit, but any NaN is a NaN.
bool same(const std::vector<float>& a, const std::vector<float>& b)
{
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) {
        return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y)
            || (std::isnan(x) && std::isnan(y));
    });
}

std::vector<float> read(const WeightFiles& files, const Dialect& dialect, const std::string& name,
    const StoredTensor& like)
{
    std::vector<float> values(static_cast<size_t>(like.elements()), -1.0F);
    if (files.has(name)) {
        readFloat32(files, dialect, name, values.data());
        return values;
    }
    ScaleStore scales; // MXFP4: the name has no tensor of its own
    const int64_t elements = like.shape[1] * like.shape[2];
    for (int64_t i = 0; i < like.shape[0]; ++i)
        dequantize(storedExpert(files, dialect, name, i, scales), values.data() + i * elements);
    return values;
}

QString errorOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

} // namespace

class DialectTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void everyDialectReadsAsTorchDoes_data();
    void everyDialectReadsAsTorchDoes();
    void rowsOfAMatrix_data();
    void rowsOfAMatrix();
    void scalesAreNeverShared();
    void modulesAreFoundByTheirNames_data();
    void modulesAreFoundByTheirNames();
    void unknownDialectsAreRefusedByName_data();
    void unknownDialectsAreRefusedByName();
    void badScalesAreRefused_data();
    void badScalesAreRefused();
    void badMxfp4IsRefused_data();
    void badMxfp4IsRefused();

private:
    fs::path path() const { return m_folder->path().toStdString(); }
    Dialect dialect(const std::string& quantization) const
    {
        return readDialect(
            base::parseJson("{\"quantization_config\": " + quantization + "}", "config"), path());
    }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void DialectTest::everyDialectReadsAsTorchDoes_data()
{
    QTest::addColumn<QString>("folder");
    const fs::path root = tests::inSource("tests/fixtures/fp8");
    for (const auto& entry : fs::directory_iterator(root))
        QTest::newRow(entry.path().filename().c_str())
            << QString::fromStdString(entry.path().string());
}

void DialectTest::everyDialectReadsAsTorchDoes()
{
    QFETCH(QString, folder);
    const fs::path at = folder.toStdString();
    const WeightFiles files(at);
    const Dialect dialect = readDialect(at);
    const SafetensorsFile expected(at / "expected.safetensors");
    std::set<std::string> known;
    for (const auto& [name, tensor] : expected.tensors()) {
        std::vector<float> wanted(static_cast<size_t>(tensor.elements()));
        tensor.toFloat32(wanted.data());
        QVERIFY2(same(read(files, dialect, name, tensor), wanted), name.c_str());
        known.insert(name);
        for (const std::string& companion : companionsOf(files, dialect, name))
            known.insert(companion);
    }
    for (const std::string& name : files.names())
        QVERIFY2(known.contains(name) || isCacheScale(dialect, name), name.c_str());
}

void DialectTest::rowsOfAMatrix_data()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("name");
    QTest::newRow("blocks, cut") << "fp8_block_fused"
                                 << "model.layers.0.mlp.experts.gate_up_proj";
    QTest::newRow("ragged blocks") << "fp8_block_small" << QString::fromStdString(kQ + ".weight");
    QTest::newRow("rows") << "fbgemm" << QString::fromStdString(kQ + ".weight");
    QTest::newRow("MXFP4") << "mxfp4"
                           << "model.layers.0.mlp.experts.gate_up_proj";
}

void DialectTest::rowsOfAMatrix()
{
    QFETCH(QString, folder);
    QFETCH(QString, name);
    const fs::path at = fs::path(tests::inSource("tests/fixtures/fp8")) / folder.toStdString();
    const WeightFiles files(at);
    const Dialect dialect = readDialect(at);
    ScaleStore scales;
    const std::string tensor = name.toStdString();
    const bool isMatrix = tensor.ends_with(".weight");
    const kernels::StoredMatrix whole = isMatrix ? storedMatrix(files, dialect, tensor, scales)
                                                 : storedExpert(files, dialect, tensor, 1, scales);
    std::vector<float> all(static_cast<size_t>(whole.out * whole.in));
    dequantize(whole, all.data());
    for (int64_t first = 0; first < whole.out; ++first) {
        for (int64_t count = 1; first + count <= whole.out; ++count) {
            const kernels::StoredMatrix part = rowsOf(whole, first, count, scales);
            std::vector<float> values(static_cast<size_t>(count * whole.in));
            dequantize(part, values.data());
            const auto begin = all.begin() + first * whole.in;
            QVERIFY(same(values, {begin, begin + count * whole.in}));
            const int64_t blocks = (part.out + part.blockOut - 1) / part.blockOut
                * ((part.in + part.blockIn - 1) / part.blockIn);
            if (part.layout == kernels::ScaleLayout::Block)
                QCOMPARE(static_cast<int64_t>(part.scales.size()), blocks);
        }
    }
}

void DialectTest::scalesAreNeverShared()
{
    const fs::path at = tests::inSource("tests/fixtures/fp8/fp8_tensor_dynamic");
    const WeightFiles files(at);
    const Dialect dialect = readDialect(at);
    ScaleStore store;
    std::set<const float*> places;
    std::set<float> values;
    for (const char* module : {"self_attn.q_proj", "self_attn.k_proj",
             "block_sparse_moe.experts.0.w1", "block_sparse_moe.experts.0.w3"}) {
        const auto matrix = storedMatrix(
            files, dialect, std::string("model.layers.0.") + module + ".weight", store);
        QCOMPARE(matrix.scales.size(), size_t{1});
        places.insert(matrix.scales.data());
        values.insert(matrix.scales[0]);
    }
    QCOMPARE(places.size(), size_t{4});
    QCOMPARE(values.size(), size_t{4});
}

void DialectTest::modulesAreFoundByTheirNames_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("module");
    QTest::addColumn<bool>("found");
    const auto row = [](const char* pattern, const char* module, bool found) {
        QTest::addRow("%s in %s", pattern, module) << pattern << module << found;
    };
    row("lm_head", "lm_head", true);
    row("lm_head", "model.lm_head", true);
    row("lm_head", "my_lm_head", false);
    row("mlp.gate", "model.layers.1.mlp.gate", true);
    row("mlp.gate", "model.layers.1.mlp.gate_proj", false);
    row("model.layers.1", "model.layers.1.mlp.gate_proj", true);
    row("model.layers.1", "model.layers.11.mlp.gate_proj", false);
    row("*gate", "model.layers.1.mlp.gate", true);
    row("*.gate", "model.layers.1.mlp.gate_proj", false);
    row("model.layers.*.mlp", "model.layers.7.mlp.gate_proj", true);
    row("model.layers.?.mlp*", "model.layers.17.mlp.gate_proj", false);
    row("re:.*gate$", "model.layers.1.mlp.gate", true);
    row("re:.*gate$", "model.layers.1.mlp.gate_proj", false);
    row("re:model\\.layers\\.[0-3]\\.", "model.layers.3.mlp", true);
    row("re:layers", "model.layers.3.mlp", false);
    row("re:(model|x)", "model.layers.3.mlp", true);
}

void DialectTest::modulesAreFoundByTheirNames()
{
    QFETCH(QString, pattern);
    QFETCH(QString, module);
    ModulePatterns patterns;
    patterns.add(pattern.toStdString(), "test");
    QTEST(patterns.matches(module.toStdString()), "found");
}

void DialectTest::unknownDialectsAreRefusedByName_data()
{
    QTest::addColumn<QString>("quantization");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* quantization, const char* word) {
        QTest::newRow(word) << quantization << word;
    };
    const auto group = [](const QString& weights, const QString& more = {}) {
        return QStringLiteral(R"({"quant_method": "compressed-tensors", "format": "float-quantized",
            "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 8,
            "type": "float", "strategy": "tensor", "symmetric": true%1}}}%2})")
            .arg(weights, more);
    };
    row(R"({"quant_method": "awq"})", "awq");
    row(R"({"quant_method": "fp8", "fmt": "e5m2"})", "e5m2");
    row(R"({"quant_method": "fp8", "activation_scheme": "lively"})", "lively");
    row(R"({"quant_method": "fp8", "weight_block_size": [0, 128]})", "weight_block_size");
    row(R"({"quant_method": "fp8", "weight_block_size": [128]})", "two sizes");
    row(R"({"quant_method": "fp8", "ignored_layers": "lm_head"})", "ignored_layers");
    row(R"({"quant_method": "compressed-tensors", "format": "pack-quantized"})", "pack-quantized");
    row(R"({"quant_method": "compressed-tensors"})", "config_groups");
    row(R"({"quant_method": "compressed-tensors", "ignore": ["re:("], "config_groups": {}})",
        "ignore");
    row(R"({"quant_method": "modelopt", "quant_algo": "NVFP4"})", "NVFP4");
    row(R"({"quant_method": 8})", "quant_method");
    row(R"([])", "an object");
    QTest::newRow("num_bits") << group(R"(, "num_bits": 4)") << "4";
    QTest::newRow("type") << group(R"(, "type": "int")") << "weights.type";
    QTest::newRow("strategy") << group(R"(, "strategy": "group")") << "\"group\"";
    QTest::newRow("block") << group(R"(, "strategy": "block")") << "block_structure";
    QTest::newRow("symmetric") << group(R"(, "symmetric": false)") << "symmetric";
    QTest::newRow("dynamic") << group(R"(, "dynamic": true)") << "dynamic";
    QTest::newRow("status") << group("", R"(, "quantization_status": "frozen")") << "frozen";
    QTest::newRow("sparsity") << group("", R"(, "sparsity_config": {"format": "sparse-24"})")
                              << "sparse-24";
}

void DialectTest::unknownDialectsAreRefusedByName()
{
    QFETCH(QString, quantization);
    QFETCH(QString, word);
    const QString line = errorOf([&] { dialect(quantization.toStdString()); });
    QVERIFY2(line.contains(word), qPrintable(line));
    QVERIFY2(line.contains("config"), qPrintable(line));
}

namespace {

/// A weight [5, 7] of F8 with what stands beside it.
struct Beside {
    std::string ending;
    StoredType type = StoredType::F32;
    std::vector<int64_t> shape;
    std::vector<float> values;
};

QString matrixError(
    const fs::path& folder, const Dialect& dialect, StoredType type, const std::vector<Beside>& all)
{
    const std::vector<std::byte> codes(140); // 35 of four bytes
    std::vector<TensorToWrite> tensors{{kQ + ".weight", type, {5, 7},
        std::span(codes).first(static_cast<size_t>(35 * bytesOf(type)))}};
    std::vector<std::vector<std::byte>> kept;
    for (const Beside& beside : all) {
        std::vector<std::byte>& bytes = kept.emplace_back(beside.values.size() * 4);
        if (beside.type == StoredType::I32)
            std::memcpy(bytes.data(), beside.values.data(), bytes.size());
        else
            fromFloat32(beside.values.data(), static_cast<int64_t>(beside.values.size()),
                beside.type, bytes.data());
        bytes.resize(beside.values.size() * static_cast<size_t>(bytesOf(beside.type)));
    }
    for (size_t i = 0; i < all.size(); ++i)
        tensors.push_back({kQ + all[i].ending, all[i].type, all[i].shape, kept[i]});
    writeSafetensors(folder / "model.safetensors", tensors);
    return errorOf([&] {
        const WeightFiles files(folder);
        ScaleStore scales;
        storedMatrix(files, dialect, kQ + ".weight", scales);
    });
}

} // namespace

Q_DECLARE_METATYPE(std::vector<Beside>)

void DialectTest::badScalesAreRefused_data()
{
    QTest::addColumn<QString>("quantization");
    QTest::addColumn<int>("type");
    QTest::addColumn<std::vector<Beside>>("beside");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* name, const std::string& quantization, StoredType type,
                         const std::vector<Beside>& beside, const char* word) {
        QTest::newRow(name) << QString::fromStdString(quantization) << static_cast<int>(type)
                            << beside << word;
    };
    const StoredType e4m3 = StoredType::F8E4M3, f32 = StoredType::F32;
    const std::string rows = R"({"quant_method": "fbgemm_fp8"})";
    const std::string blocks = R"({"quant_method": "fp8", "weight_block_size": [4, 4]})";
    const std::string kept = R"({"quant_method": "fp8", "ignored_layers": ["q_proj"]})";
    const std::vector<float> five(5, 1.0F), four(4, 1.0F);
    const float nan = std::nanf("");
    row("fine", kDynamic, e4m3, {{".weight_scale", f32, {}, {1}}}, "");
    row("fine blocks", blocks, e4m3, {{".weight_scale_inv", f32, {2, 2}, four}}, "");
    row("missing", kDynamic, e4m3, {}, "weight_scale");
    row("missing blocks", blocks, e4m3, {}, "weight_scale_inv");
    row("two", kDynamic, e4m3,
        {{".weight_scale", f32, {}, {1}}, {".weight_scale_inv", f32, {}, {1}}}, "two scales");
    row("rows for a tensor", kDynamic, e4m3, {{".weight_scale", f32, {5, 1}, five}}, "[5, 1]");
    row("tensor for rows", rows, e4m3, {{".weight_scale", f32, {1}, {1}}}, "[5, 1]");
    row("too few rows", rows, e4m3, {{".weight_scale", f32, {4, 1}, four}}, "[5, 1]");
    row("no ragged edge", blocks, e4m3, {{".weight_scale_inv", f32, {1, 2}, {1, 1}}}, "[2, 2]");
    row("NaN", kDynamic, e4m3, {{".weight_scale", f32, {}, {nan}}}, "finite");
    row("infinite", blocks, e4m3, {{".weight_scale_inv", f32, {2, 2}, {1, 1, INFINITY, 1}}},
        "finite");
    row("whole numbers", kDynamic, e4m3, {{".weight_scale", StoredType::I32, {}, {1}}}, "I32");
    row("no dialect", "null", e4m3, {{".weight_scale", f32, {}, {1}}}, "quantization_config");
    row("listed as kept", kept, e4m3, {{".weight_scale", f32, {}, {1}}}, "not quantised");
    row("U8", kDynamic, StoredType::U8, {{".weight_scale", f32, {}, {1}}}, "U8");
}

void DialectTest::badScalesAreRefused()
{
    QFETCH(QString, quantization);
    QFETCH(int, type);
    QFETCH(std::vector<Beside>, beside);
    QFETCH(QString, word);
    const QString line = matrixError(
        path(), dialect(quantization.toStdString()), static_cast<StoredType>(type), beside);
    QVERIFY2(word.isEmpty() ? line.isEmpty() : line.contains(word), qPrintable(line));
    QVERIFY2(word.isEmpty() || line.contains("q_proj"), qPrintable(line));
}

void DialectTest::badMxfp4IsRefused_data()
{
    QTest::addColumn<std::vector<qint64>>("blocks");
    QTest::addColumn<std::vector<qint64>>("scales");
    QTest::addColumn<int>("expert");
    QTest::addColumn<QString>("word");
    using Sizes = std::vector<qint64>;
    QTest::newRow("fine") << Sizes{2, 3, 2, 16} << Sizes{2, 3, 2} << 1 << "";
    QTest::newRow("expert") << Sizes{2, 3, 2, 16} << Sizes{2, 3, 2} << 2 << "expert 2 of 2";
    QTest::newRow("scales") << Sizes{2, 3, 2, 16} << Sizes{2, 3, 3} << 0 << "[2, 3, 2]";
    QTest::newRow("rank") << Sizes{2, 3, 32} << Sizes{2, 3, 2} << 0 << "[2, 3, 32]";
    QTest::newRow("pairs") << Sizes{2, 3, 2, 8} << Sizes{2, 3, 2} << 0 << "[2, 3, 2, 8]";
    QTest::newRow("empty") << Sizes{2, 0, 2, 16} << Sizes{2, 0, 2} << 0 << "[2, 0, 2, 16]";
}

void DialectTest::badMxfp4IsRefused()
{
    QFETCH(std::vector<qint64>, blocks);
    QFETCH(std::vector<qint64>, scales);
    QFETCH(int, expert);
    QFETCH(QString, word);
    const std::vector<std::byte> bytes(4096);
    const auto tensor = [&](const char* name, const std::vector<qint64>& sizes) {
        size_t count = 1;
        for (qint64 size : sizes)
            count *= static_cast<size_t>(size);
        return TensorToWrite{
            name, StoredType::U8, {sizes.begin(), sizes.end()}, std::span(bytes).first(count)};
    };
    writeSafetensors(
        path() / "model.safetensors", {tensor("x_blocks", blocks), tensor("x_scales", scales)});
    const QString line = errorOf([&] {
        const WeightFiles files(path());
        ScaleStore store;
        const auto matrix
            = storedExpert(files, dialect(R"({"quant_method": "mxfp4"})"), "x", expert, store);
        std::vector<float> values(static_cast<size_t>(matrix.out * matrix.in));
        dequantize(matrix, values.data());
    });
    QVERIFY2(word.isEmpty() ? line.isEmpty() : line.contains(word), qPrintable(line));
}

QTEST_GUILESS_MAIN(DialectTest)
#include "dialect_test.moc"
