// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/quantize.h"
#include "engine/checkpoint/quantized_matrix.h"
#include "kernels/bfloat16.h"
#include "kernels/error.h"
#include "kernels/fp8.h"
#include "tests/engine/checkpoint/small_model.h"
#include "tests/support/folders.h"
#include "tests/support/test_seed.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace moe;
using namespace moe::checkpoint;
using model::ModelConfig;
using model::ParameterLayout;

namespace {

namespace fs = std::filesystem;

const std::string kLayer = "model.layers.0.";

QString errorOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

QuantizeResult quantize(const fs::path& from, QuantScheme scheme, const fs::path& out)
{
    return quantizeFolder(from, scheme, out, {}, [](int64_t, int64_t) {});
}

bool isQuantized(const std::string& name)
{
    return name.find("self_attn") != std::string::npos || name.find("experts.") != std::string::npos
        || name.find("mlp.") != std::string::npos;
}

} // namespace

Q_DECLARE_METATYPE(QuantScheme)

class QuantizeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_from = m_folder->path().toStdString() + "/from";
        m_out = m_folder->path().toStdString() + "/out";
        fs::create_directory(m_from);
        m_seed = tests::testSeed();
        qInfo("seed %llu", static_cast<unsigned long long>(m_seed));
    }
    void everyWeightByTheFormula_data();
    void everyWeightByTheFormula();
    void scalesOfEdges();
    void configsAreThoseOfOtherEngines();
    void shardsAndFp8SkyworkLoad();
    void fusedExpertsAreTakenApart();
    void badSourcesAreRefused();
    void nothingIsLeftOfWhatWasStopped();

private:
    void save(const ModelConfig& config)
    {
        const ParameterLayout layout(config);
        m_weights = tests::randomBuffer(layout, m_seed);
        saveModel(m_from, config, layout, m_weights.data(), "bfloat16", {});
    }
    void changeConfig(const fs::path& folder, const std::function<void(base::Json&)>& change)
    {
        base::Json json = base::readJsonFile(folder / "config.json");
        change(json);
        base::writeFileAtomically(folder / "config.json", json.dump());
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path m_from, m_out;
    uint64_t m_seed = 0;
    std::vector<float> m_weights;
};

void QuantizeTest::everyWeightByTheFormula_data()
{
    QTest::addColumn<QuantScheme>("scheme");
    QTest::addColumn<int>("experts");
    for (QuantScheme scheme :
        {QuantScheme::Fp8Tensor, QuantScheme::Fp8Channel, QuantScheme::Fp8Block}) {
        QTest::addRow("%s, dense", nameOf(scheme)) << scheme << 0;
        QTest::addRow("%s, three experts", nameOf(scheme)) << scheme << 3;
    }
}

void QuantizeTest::everyWeightByTheFormula()
{
    QFETCH(QuantScheme, scheme);
    QFETCH(int, experts);
    ModelConfig config = tests::smallModel(experts);
    config.hiddenSize = 150; // a ragged second block
    config.intermediateSize = 131;
    save(config);
    base::writeFileAtomically(m_from / "tokenizer.json", "{}");
    base::writeFileAtomically(m_from / "qwen.tiktoken", "IQ== 0");
    const QuantizeResult result = quantize(m_from, scheme, m_out);

    QVERIFY(base::readFile(m_out / "tokenizer.json") == "{}");
    QVERIFY(base::readFile(m_out / "qwen.tiktoken") == "IQ== 0");
    const WeightFiles before(m_from), after(m_out);
    const Dialect dialect = readDialect(m_out);
    int64_t quantized = 0;
    for (const std::string& name : before.names()) {
        const StoredTensor &source = before.get(name), &tensor = after.get(name);
        QVERIFY(source.shape == tensor.shape);
        if (!isQuantized(name)) {
            QVERIFY(std::ranges::equal(source.bytes, tensor.bytes));
            continue;
        }
        ++quantized;
        QVERIFY(tensor.type == StoredType::F8E4M3);
        const int64_t rows = tensor.shape[0], columns = tensor.shape[1];
        const int64_t height = scheme == QuantScheme::Fp8Tensor ? rows
            : scheme == QuantScheme::Fp8Channel                 ? 1
                                                                : 128;
        const int64_t width = scheme == QuantScheme::Fp8Block ? 128 : columns;
        std::vector<float> values(static_cast<size_t>(rows * columns)), read = values;
        source.toFloat32(values.data());
        std::map<std::pair<int64_t, int64_t>, float> largest;
        for (int64_t i = 0; i < rows * columns; ++i) {
            float& area = largest[{i / columns / height, i % columns / width}];
            area = std::max(area, std::abs(values[static_cast<size_t>(i)]));
        }
        readFloat32(after, dialect, name, read.data());
        for (int64_t i = 0; i < rows * columns; ++i) {
            const float scale = largest[{i / columns / height, i % columns / width}] / 448.0F;
            const auto at = static_cast<size_t>(i);
            const uint8_t code = kernels::encodeE4M3(values[at] / scale);
            QVERIFY(static_cast<uint8_t>(tensor.bytes[at]) == code);
            QVERIFY(read[at] == kernels::decodeE4M3(code) * scale);
        }
    }
    QCOMPARE(result.quantized, quantized);
    QCOMPARE(result.kept + quantized, static_cast<int64_t>(before.names().size()));
    QVERIFY(result.bytesAfter < result.bytesBefore);
}

void QuantizeTest::scalesOfEdges()
{
    const std::vector<float> matrix{0, -0.0F, -448, 3, 0x1.0p-149F, 0, 896, 1};
    using Scales = std::vector<float>;
    QVERIFY(scalesOf(QuantScheme::Fp8Tensor, matrix, 4, 2, "w") == Scales{2});
    QVERIFY(scalesOf(QuantScheme::Fp8Channel, matrix, 4, 2, "w") == (Scales{1, 1, 1, 2}));
    QVERIFY(scalesOf(QuantScheme::Fp8Block, matrix, 4, 2, "w") == Scales{2});
    const std::vector<float> wide(size_t{130} * 129, 448.0F);
    QVERIFY(scalesOf(QuantScheme::Fp8Block, wide, 130, 129, "w") == Scales(4, 1.0F));
    for (float bad : {NAN, INFINITY, -INFINITY}) {
        const std::vector<float> values{1, bad};
        const QString line
            = errorOf([&] { scalesOf(QuantScheme::Fp8Tensor, values, 1, 2, "the weight"); });
        QVERIFY2(line.contains("the weight") && line.contains("[0, 1]"), qPrintable(line));
    }
}

void QuantizeTest::configsAreThoseOfOtherEngines()
{
    save(tests::smallModel(2));
    const auto written = [&](QuantScheme scheme) {
        const fs::path out = m_out.string() + nameOf(scheme);
        quantize(m_from, scheme, out);
        const base::Json before = base::readJsonFile(m_from / "config.json");
        base::Json json = base::readJsonFile(out / "config.json");
        const base::Json quantization = json["quantization_config"];
        json.erase("quantization_config");
        if (json != before)
            throw Error("config.json", "changed", "beyond quantization_config");
        return quantization;
    };
    const base::Json kept = base::Json::array(
        {"lm_head", kLayer + "block_sparse_moe.gate", "model.layers.1.block_sparse_moe.gate"});
    const base::Json tensor = written(QuantScheme::Fp8Tensor);
    QVERIFY(tensor["quant_method"] == "fp8" && tensor["activation_scheme"] == "dynamic");
    QVERIFY(!tensor.contains("weight_block_size") && tensor["ignored_layers"] == kept);
    const base::Json block = written(QuantScheme::Fp8Block);
    QVERIFY(block["quant_method"] == "fp8" && block["fmt"] == "e4m3");
    QVERIFY(block["weight_block_size"] == base::Json::array({128, 128}));
    QVERIFY(block["modules_to_not_convert"] == kept);
    const base::Json channel = written(QuantScheme::Fp8Channel);
    QVERIFY(channel["quant_method"] == "compressed-tensors");
    QVERIFY(channel["format"] == "float-quantized" && channel["ignore"] == kept);
    const base::Json group = channel["config_groups"]["group_0"];
    QVERIFY(group["targets"] == base::Json::array({"Linear"}));
    QVERIFY(group["weights"]["strategy"] == "channel" && group["weights"]["num_bits"] == 8);
}

void QuantizeTest::shardsAndFp8SkyworkLoad()
{
    const ModelConfig config = tests::smallModel(3);
    save(config);
    // Two shards: what does not fit the first name's half goes into the second.
    {
        const WeightFiles files(m_from);
        std::vector<TensorToWrite> shards[2];
        base::Json index{{"weight_map", base::Json::object()}};
        for (const std::string& name : files.names()) {
            const int shard = name.find("layers.1.") != std::string::npos;
            const StoredTensor& tensor = files.get(name);
            shards[shard].push_back({name, tensor.type, tensor.shape, tensor.bytes});
            index["weight_map"][name] = shard ? "b.safetensors" : "a.safetensors";
        }
        writeSafetensors(m_from / "a.safetensors", shards[0]);
        writeSafetensors(m_from / "b.safetensors", shards[1]);
        base::writeFileAtomically(m_from / "model.safetensors.index.json", index.dump());
    }
    fs::remove(m_from / "model.safetensors");
    quantize(m_from, QuantScheme::Fp8Tensor, m_out);
    changeConfig(m_out, [](base::Json& json) {
        json["architectures"] = base::Json::array({"QuantSkyworkForCausalLM"});
        json["quantization_config"].erase("ignored_layers");
    });

    const ModelConfig read = model::readConfig(m_out);
    const ParameterLayout layout(read);
    std::vector<float> values(m_weights.size(), NAN);
    loadWeights(m_out, read, layout, values.data());
    for (const model::Parameter& parameter : layout.parameters) {
        const auto begin = m_weights.begin() + parameter.offset;
        float largest = 0;
        for (int64_t i = 0; i < parameter.shape.elements(); ++i)
            largest = std::max(largest, std::abs(begin[i]));
        for (int64_t i = 0; i < parameter.shape.elements(); ++i) {
            const float wanted = kernels::BFloat16(begin[i]);
            const float error
                = std::abs(values[static_cast<size_t>(parameter.offset + i)] - wanted);
            // Half a step of E4M3: 1/16 of normal numbers, 2⁻¹⁰ scales below.
            QVERIFY(error <= (isQuantized(parameter.name)
                            ? std::max(std::abs(wanted) / 15, largest / 448 * 0x1.1p-10F)
                            : 0));
        }
    }
    QVERIFY(errorOf([&] {
        quantize(m_out, QuantScheme::Fp8Block, m_out / "again");
    }).contains("already"));
}

void QuantizeTest::fusedExpertsAreTakenApart()
{
    // The fixture is the same model once by experts and once fused; transformers wrote both.
    const fs::path root = tests::inSource("tests/fixtures/models");
    for (const char* name : {"mixtral", "qwen2_moe", "deepseek_v2"}) {
        const fs::path apart = m_out.string() + name, fused = apart.string() + "_fused";
        quantize(root / name, QuantScheme::Fp8Channel, apart);
        quantize(root / (std::string(name) + "_fused"), QuantScheme::Fp8Channel, fused);
        const WeightFiles a(apart), b(fused);
        QVERIFY2(a.names() == b.names(), name);
        for (const std::string& tensor : a.names())
            QVERIFY2(std::ranges::equal(a.get(tensor).bytes, b.get(tensor).bytes), tensor.c_str());
    }
}

void QuantizeTest::badSourcesAreRefused()
{
    QVERIFY(errorOf([&] { quantize(m_from, QuantScheme::Fp8Block, m_out); }).contains("config"));
    QVERIFY(errorOf([] { quantSchemeOf("int4"); }).contains("fp8-channel"));
    const fs::path gptOss = tests::inSource("tests/fixtures/models/gpt_oss");
    QVERIFY(errorOf([&] {
        quantize(gptOss, QuantScheme::Fp8Block, m_out);
    }).contains("GptOssForCausalLM"));
    save(tests::smallModel(2));
    base::writeFileAtomically(m_folder->path().toStdString() + "/file", "x");
    QVERIFY(errorOf([&] {
        quantize(m_from, QuantScheme::Fp8Block, m_folder->path().toStdString() + "/file");
    }).contains("not a folder"));
    QVERIFY(errorOf([&] { quantize(m_from, QuantScheme::Fp8Block, m_from); }).contains("empty"));

    const std::vector<std::byte> bytes(64);
    writeSafetensors(m_from / "model.safetensors",
        {{kLayer + "self_attn.mystery.weight", StoredType::F32, {4, 4}, bytes}});
    QVERIFY(errorOf([&] { quantize(m_from, QuantScheme::Fp8Block, m_out); }).contains("mystery"));
    writeSafetensors(m_from / "model.safetensors",
        {{kLayer + "self_attn.q_proj.weight", StoredType::I32, {4, 4}, bytes}});
    QVERIFY(errorOf([&] { quantize(m_from, QuantScheme::Fp8Block, m_out); }).contains("I32"));
    writeSafetensors(m_from / "model.safetensors",
        {{kLayer + "mlp.experts.gate_up_proj", StoredType::F32, {2, 2, 4}, bytes}});
    QVERIFY(errorOf([&] { quantize(m_from, QuantScheme::Fp8Block, m_out); }).contains("[2, 2, 4]"));
    QVERIFY(!fs::exists(m_out));
}

void QuantizeTest::nothingIsLeftOfWhatWasStopped()
{
    save(tests::smallModel(2));
    std::stop_source stop;
    const auto stopped = [&] {
        quantizeFolder(m_from, QuantScheme::Fp8Tensor, m_out, stop.get_token(),
            [&](int64_t, int64_t) { stop.request_stop(); });
    };
    QVERIFY_THROWS_EXCEPTION(Cancelled, stopped());
    QVERIFY(fs::is_directory(m_from));
    for (const auto& entry : fs::directory_iterator(m_folder->path().toStdString()))
        QVERIFY2(entry.path() == m_from, entry.path().c_str());
}

QTEST_GUILESS_MAIN(QuantizeTest)
#include "quantize_test.moc"
