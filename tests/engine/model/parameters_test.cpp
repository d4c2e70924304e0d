// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/parameters.h"

#include <QTest>

#include <cmath>
#include <map>
#include <vector>

using namespace moe;
using model::ModelConfig;
using model::Parameter;
using model::ParameterLayout;

namespace {

ModelConfig odd(const std::string& architecture, int64_t experts)
{
    ModelConfig config;
    config.architecture = architecture;
    config.vocabSize = 37;
    config.hiddenSize = 10;
    config.intermediateSize = 7;
    config.layers = 2;
    config.heads = 3;
    config.kvHeads = 1;
    config.headDim = 4;
    config.experts = experts;
    return config;
}

std::map<std::string, Parameter> byName(const ParameterLayout& layout)
{
    std::map<std::string, Parameter> map;
    for (const Parameter& parameter : layout.parameters)
        map.emplace(parameter.name, parameter);
    return map;
}

} // namespace

class ParametersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void blocksAreFusedAndAligned_data()
    {
        QTest::addColumn<int>("experts");
        QTest::newRow("dense") << 0;
        QTest::newRow("three experts") << 3;
    }
    void blocksAreFusedAndAligned()
    {
        QFETCH(int, experts);
        const ModelConfig config
            = odd(experts ? "SkyworkForCausalLM" : "LlamaForCausalLM", experts);
        const ParameterLayout layout(config);
        const auto map = byName(layout);
        QCOMPARE(map.size(), layout.parameters.size());
        int64_t end = 0;
        for (const Parameter& parameter : layout.parameters) {
            QVERIFY(parameter.offset >= end && parameter.offset < end + 16);
            end = parameter.offset + parameter.shape.elements();
        }
        QVERIFY(layout.elements >= end && layout.elements % 16 == 0);

        const model::LayerOffsets& offsets = layout.layers.at(1);
        const std::string prefix = "model.layers.1.";
        for (int64_t offset : {offsets.attentionNorm, offsets.qkv, offsets.o, offsets.ffnNorm,
                 offsets.gateUp, offsets.down, layout.embedding, layout.finalNorm, layout.head})
            QCOMPARE(offset % 16, 0);
        QCOMPARE(map.at(prefix + "self_attn.q_proj.weight").offset, offsets.qkv);
        QCOMPARE(map.at(prefix + "self_attn.k_proj.weight").offset, offsets.qkv + 12 * 10);
        QCOMPARE(map.at(prefix + "self_attn.v_proj.weight").offset, offsets.qkv + 16 * 10);
        QVERIFY((map.at(prefix + "self_attn.o_proj.weight").shape == kernels::Shape{10, 12}));
        if (!experts) {
            QCOMPARE(offsets.router, -1);
            QCOMPARE(map.at(prefix + "mlp.gate_proj.weight").offset, offsets.gateUp);
            QCOMPARE(map.at(prefix + "mlp.up_proj.weight").offset, offsets.gateUp + 70);
            QCOMPARE(map.at(prefix + "mlp.down_proj.weight").offset, offsets.down);
            QVERIFY(!map.at(prefix + "mlp.down_proj.weight").expert);
            return;
        }
        QCOMPARE(map.at(prefix + "block_sparse_moe.gate.weight").offset, offsets.router);
        QVERIFY(!map.at(prefix + "block_sparse_moe.gate.weight").expert);
        for (int64_t e = 0; e < experts; ++e) {
            const std::string expert
                = prefix + "block_sparse_moe.experts." + std::to_string(e) + ".";
            QCOMPARE(map.at(expert + "w1.weight").offset, offsets.gateUp + e * 140);
            QCOMPARE(map.at(expert + "w3.weight").offset, offsets.gateUp + e * 140 + 70);
            QCOMPARE(map.at(expert + "w2.weight").offset, offsets.down + e * 70);
            QVERIFY(map.at(expert + "w2.weight").expert);
        }
    }

    void tiedHeadIsTheEmbedding()
    {
        ModelConfig config = odd("LlamaForCausalLM", 0);
        config.tieWordEmbeddings = true;
        const ParameterLayout layout(config);
        QCOMPARE(layout.head, layout.embedding);
        QVERIFY(!byName(layout).contains("lm_head.weight"));
    }

    void initialisationDependsOnSeedAndNameAlone()
    {
        const ParameterLayout small(odd("SkyworkForCausalLM", 2));
        const ParameterLayout large(odd("SkyworkForCausalLM", 3));
        std::vector<float> a(static_cast<size_t>(small.elements), NAN),
            b = a, c(static_cast<size_t>(large.elements), NAN);
        model::initialiseParameters(small, 5, 0.5, a.data());
        model::initialiseParameters(small, 5, 0.5, b.data());
        model::initialiseParameters(large, 5, 0.5, c.data());
        QVERIFY(a == b);
        double sum = 0, squares = 0, count = 0;
        const auto inLarge = byName(large);
        for (const Parameter& parameter : small.parameters) {
            if (parameter.name.ends_with("gate.weight"))
                continue;
            for (int64_t i = 0; i < parameter.shape.elements(); ++i) {
                const float value = a[static_cast<size_t>(parameter.offset + i)];
                QCOMPARE(c[static_cast<size_t>(inLarge.at(parameter.name).offset + i)], value);
                if (!parameter.decays()) {
                    QCOMPARE(value, 1.0F);
                    continue;
                }
                sum += value;
                squares += value * value;
                count += 1;
            }
        }
        QVERIFY(std::abs(sum / count) < 0.05);
        QVERIFY(std::abs(std::sqrt(squares / count) - 0.5) < 0.05);
        for (float value : a)
            QVERIFY(std::isfinite(value)); // the gaps between blocks are zeros
        model::initialiseParameters(small, 6, 0.5, b.data());
        QVERIFY(a != b);
    }
};

QTEST_GUILESS_MAIN(ParametersTest)
#include "parameters_test.moc"
