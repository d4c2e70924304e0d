// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"
#include "engine/model/config.h"
#include "engine/model/parameters.h"
#include "kernels/error.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace moe;
using base::Json;
using model::ModelConfig;

namespace {

Json skyworkMoe()
{
    return Json::parse(R"({"architectures": ["SkyworkForCausalLM"], "model_type": "skywork",
        "num_experts": [16], "moe_use_logits_norm": true, "moe_gate_norm_std": 1.0,
        "hidden_size": 4608, "intermediate_size": 12288, "num_hidden_layers": 52,
        "num_attention_heads": 36, "num_key_value_heads": 36, "rms_norm_eps": 1e-6,
        "rope_theta": 10000, "vocab_size": 65536, "tie_word_embeddings": false,
        "max_position_embeddings": 8192})");
}

Json smallLlama()
{
    return Json::parse(R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 48,
        "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 6,
        "num_key_value_heads": 2, "vocab_size": 101, "hidden_act": "silu"})");
}

Json smallMixtral()
{
    Json json = smallLlama();
    json["architectures"] = Json::array({"MixtralForCausalLM"});
    json["num_local_experts"] = 5;
    json["num_experts_per_tok"] = 3;
    return json;
}

/// A config.json of a family as silent as it may be.
Json familyConfig(const std::string& name)
{
    Json json = smallLlama();
    json["architectures"] = Json::array({name + "ForCausalLM"});
    if (name == "DeepseekV2") {
        json["n_routed_experts"] = 16;
        json["num_experts_per_tok"] = 3;
        json.erase("num_key_value_heads");
    } else if (name == "Qwen2Moe" || name == "Qwen3Moe" || name == "Olmoe") {
        json["num_experts"] = 16;
    } else if (name == "GptOss") {
        json["num_local_experts"] = 16;
    }
    return json;
}

/// The error line of parsing `json` with `key` set to `value`, empty when it parses.
std::string refusal(Json json, const std::string& key, const Json& value)
{
    json[key] = value;
    try {
        model::parseConfig(json, "config.json");
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

bool names(const std::string& line, const std::string& word)
{
    return line.find(word) != std::string::npos;
}

int64_t counted(const ModelConfig& config, bool experts)
{
    int64_t sum = 0;
    for (const model::Parameter& parameter : model::ParameterLayout(config).parameters) {
        if (experts || !parameter.expert)
            sum += parameter.shape.elements();
    }
    return sum;
}

} // namespace

class ConfigTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { base::setLogSink({}); }

    void skyworkMoeCountsAsPublished()
    {
        const ModelConfig config = model::parseConfig(skyworkMoe(), "config.json");
        QCOMPARE(config.experts, 16);
        QCOMPARE(config.topK, 2);
        QCOMPARE(config.headDim, 128);
        QVERIFY(config.logitsNorm);
        QCOMPARE(config.parameters(), INT64_C(146'356'167'168));
        QCOMPARE(qRound(static_cast<double>(config.activeParameters()) / 1e7), 2239);
        const double flops = 6.0
            * (52.0 * (4.0 * 4608 * 4608 + 16.0 * 4608 + 2 * 3.0 * 4608 * 12288) + 65536.0 * 4608);
        QCOMPARE(config.trainingFlopsPerToken(8192), flops + 6.0 * 52 * 36 * 128 * 8192);
    }

    void countsAreThoseOfTheLayout_data()
    {
        QTest::addColumn<QString>("text");
        Json tied = smallMixtral();
        tied["tie_word_embeddings"] = true;
        Json wide = smallLlama();
        wide["head_dim"] = 10;
        Json skywork = skyworkMoe();
        skywork["num_experts"] = 7;
        QTest::newRow("llama") << QString::fromStdString(smallLlama().dump());
        QTest::newRow("mixtral") << QString::fromStdString(smallMixtral().dump());
        QTest::newRow("tied") << QString::fromStdString(tied.dump());
        QTest::newRow("head_dim") << QString::fromStdString(wide.dump());
        QTest::newRow("skywork") << QString::fromStdString(skywork.dump());
    }
    void countsAreThoseOfTheLayout()
    {
        QFETCH(QString, text);
        const ModelConfig config = model::parseConfig(Json::parse(text.toStdString()), "x");
        QCOMPARE(config.parameters(), counted(config, true));
        const int64_t ffns
            = config.layers * config.topK * 3 * config.hiddenSize * config.intermediateSize;
        const int64_t embedding
            = config.tieWordEmbeddings ? 0 : config.vocabSize * config.hiddenSize;
        if (config.isMoe())
            QCOMPARE(config.activeParameters(), counted(config, false) + ffns - embedding);
        else
            QCOMPARE(config.activeParameters(), counted(config, true) - embedding);
    }

    void whatIsWrittenReadsBackTheSame()
    {
        Json llama3 = smallLlama();
        llama3["rope_scaling"] = Json::parse(R"({"rope_type": "llama3", "factor": 8.0,
            "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 512})");
        llama3["eos_token_id"] = Json::array({2, 100});
        llama3["bos_token_id"] = 1;
        llama3["head_dim"] = 32;
        for (const Json& source : {skyworkMoe(), smallMixtral(), llama3}) {
            const ModelConfig first = model::parseConfig(source, "first");
            const Json written = model::toJson(first);
            QCOMPARE(model::toJson(model::parseConfig(written, "second")).dump(), written.dump());
            QVERIFY(written["hidden_size"] == source["hidden_size"]);
        }
        const ModelConfig config = model::parseConfig(llama3, "llama3");
        QCOMPARE(config.eosTokenIds, (std::vector<int64_t>{2, 100}));
        QCOMPARE(config.ropeScaling.originalMaxPositions, 512);
        QCOMPARE(config.headDim, 32);
    }

    void bothFormsOfRopeAreRead()
    {
        Json old = smallLlama(), recent = smallLlama();
        old["rope_theta"] = 500000.0;
        old["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}};
        recent["rope_parameters"]
            = {{"rope_type", "linear"}, {"factor", 2.0}, {"rope_theta", 500000.0}};
        QCOMPARE(model::toJson(model::parseConfig(recent, "x")).dump(),
            model::toJson(model::parseConfig(old, "x")).dump());
        QCOMPARE(model::parseConfig(recent, "x").ropeTheta, 500000.0);
        // Where a Mixtral says nothing, transformers' own defaults hold.
        Json silent = smallMixtral();
        silent["num_attention_heads"] = 16;
        silent["head_dim"] = 4;
        silent.erase("num_key_value_heads");
        const ModelConfig mixtral = model::parseConfig(silent, "x");
        QCOMPARE(mixtral.ropeTheta, 1e6);
        QCOMPARE(mixtral.kvHeads, 8);
    }

    void refusals_data()
    {
        QTest::addColumn<int>("base"); // 0 Llama, 1 Mixtral, 2 Skywork
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("word");
        const auto row = [](int base, const char* key, const char* value, const char* word) {
            QTest::addRow("%s %s", key, value) << base << key << value << word;
        };
        row(0, "architectures", R"(["DeepseekV3ForCausalLM"])",
            "unknown architecture \"DeepseekV3ForCausalLM\"");
        row(0, "architectures", R"(["BertModel"])", "unknown architecture");
        row(0, "architectures", R"([])", "list of one name");
        row(0, "architectures", R"("LlamaForCausalLM")", "list of one name");
        row(0, "hidden_act", R"("gelu")", "hidden_act \"gelu\"");
        row(1, "attention_bias", "true", "attention_bias");
        row(0, "qkv_bias", "true", "qkv_bias");
        row(0, "clip_qkv", "8", "clip_qkv 8");
        row(0, "mlp_bias", "true", "mlp_bias");
        row(0, "quantization_config", R"({"quant_method": "awq"})", "quantisation \"awq\"");
        row(0, "quantization_config", R"({"quant_method": "mxfp4"})", "mxfp4 in LlamaForCausalLM");
        row(0, "quantization_config", "{}", "quantization_config.quant_method");
        row(0, "partial_rotary_factor", "0.5", "partial_rotary_factor");
        row(0, "rope_scaling", R"({"type": "dynamic", "factor": 4})", "rope type \"dynamic\"");
        row(0, "rope_scaling", R"({"type": "linear"})", "rope_scaling.factor");
        row(0, "rope_parameters", R"({"full_attention": {}})", "rope_parameters.full_attention");
        row(0, "sliding_window", "128", "sliding_window");
        row(0, "num_key_value_heads", "4", "num_key_value_heads");
        row(0, "num_attention_heads", "7", "num_attention_heads");
        row(0, "head_dim", "9", "head_dim");
        row(0, "hidden_size", "null", "hidden_size");
        row(0, "hidden_size", "\"48\"", "hidden_size");
        row(0, "hidden_size", "-1", "hidden_size");
        row(0, "hidden_size", "1e300", "hidden_size");
        row(0, "vocab_size", "0", "vocab_size");
        row(0, "num_hidden_layers", "2.5", "num_hidden_layers");
        row(0, "rms_norm_eps", "-1", "rms_norm_eps");
        row(0, "eos_token_id", "[1, 101]", "eos_token_id");
        row(0, "bos_token_id", "[]", "bos_token_id");
        row(0, "num_local_experts", "8", "num_local_experts");
        row(1, "num_experts_per_tok", "6", "num_experts_per_tok");
        row(1, "num_local_experts", "0", "num_local_experts");
        row(1, "moe_use_logits_norm", "true", "moe_use_logits_norm");
        row(2, "num_experts", "[16, 8]", "num_experts");
        row(2, "num_experts", "[]", "num_experts");
        row(2, "num_experts", "[\"16\"]", "num_experts");
        row(2, "moe_expert_interval", "2", "moe_expert_interval");
        row(2, "moe_gate_norm_std", "0", "moe_gate_norm_std");
    }
    void refusals()
    {
        QFETCH(int, base);
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, word);
        const Json source = base == 0 ? smallLlama() : base == 1 ? smallMixtral() : skyworkMoe();
        const std::string line
            = refusal(source, key.toStdString(), Json::parse(value.toStdString()));
        QVERIFY2(names(line, word.toStdString()), line.c_str());
        QVERIFY2(names(line, "config.json"), line.c_str());
    }

    void refusalsOfOtherFamilies_data()
    {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("word");
        const auto row
            = [](const char* name, const char* key, const char* value, const char* word) {
                  QTest::addRow("%s %s %s", name, key, value) << name << key << value << word;
              };
        row("DeepseekV2", "topk_method", R"("noaux_tc")", "noaux_tc");
        row("DeepseekV2", "topk_method", "3", "topk_method");
        row("DeepseekV2", "norm_topk_prob", "true", "norm_topk_prob true");
        row("DeepseekV2", "scoring_func", R"("sigmoid")", "scoring_func");
        row("DeepseekV2", "moe_layer_freq", "2", "moe_layer_freq");
        row("DeepseekV2", "attention_bias", "true", "attention_bias true");
        row("DeepseekV2", "qk_rope_head_dim", "7", "odd qk_rope_head_dim");
        row("DeepseekV2", "num_key_value_heads", "3", "num_key_value_heads");
        row("DeepseekV2", "n_routed_experts", "null", "n_routed_experts");
        row("Olmoe", "clip_qkv", "5.0", "clip_qkv");
        row("Olmoe", "sliding_window", "16", "sliding window in OlmoeForCausalLM");
        row("Qwen2", "num_experts", "8", "experts in Qwen2ForCausalLM");
        row("Qwen2", "qkv_bias", "false", "qkv_bias false");
        row("Qwen3", "layer_types", R"(["full_attention"])", "a list of 3 names");
        row("Qwen3", "layer_types", R"(["full_attention", "x", "x"])", "layer type \"x\"");
        row("Qwen3Moe", "mlp_only_layers", "[-1]", "mlp_only_layers");
        row("Qwen3Moe", "mlp_only_layers", "2", "mlp_only_layers");
        row("Qwen3Moe", "decoder_sparse_step", "0", "decoder_sparse_step");
        row("Qwen3Moe", "moe_intermediate_size", "0", "moe_intermediate_size");
        row("GptOss", "swiglu_alpha", "2", "swiglu_alpha");
        row("GptOss", "num_experts_per_tok", "17", "num_experts_per_tok");
    }
    void refusalsOfOtherFamilies()
    {
        QFETCH(QString, architecture);
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, word);
        const Json source = familyConfig(architecture.toStdString());
        model::parseConfig(source, "config.json");
        const std::string line
            = refusal(source, key.toStdString(), Json::parse(value.toStdString()));
        QVERIFY2(names(line, word.toStdString()), line.c_str());
    }

    void expertsMayStandInGroups()
    {
        Json json = familyConfig("DeepseekV2");
        json["n_routed_experts"] = 160;
        json["num_experts_per_tok"] = 6;
        json["topk_method"] = "group_limited_greedy";
        json["n_group"] = 8;
        json["topk_group"] = 3;
        const ModelConfig config = model::parseConfig(json, "config.json");
        QCOMPARE(config.moe.groups, 8);
        QCOMPARE(config.moe.topGroups, 3);
        QVERIFY(names(refusal(json, "n_group", 7), "groups of equal size"));
        QVERIFY(names(refusal(json, "n_group", 0), "n_group"));
        QVERIFY(names(refusal(json, "topk_group", 9), "topk_group"));
        json["num_experts_per_tok"] = 20;
        QVERIFY(names(refusal(json, "topk_group", 0), "topk_group"));
        QVERIFY(names(refusal(json, "num_experts_per_tok", 61), "60 experts in topk_group groups"));
        json["topk_method"] = "greedy";
        QCOMPARE(model::parseConfig(json, "x").moe.groups, 1);
    }

    void partsAreChosenByTheConfiguration()
    {
        const auto parse = [](const char* name) {
            return model::parseConfig(familyConfig(name), "config.json");
        };
        const ModelConfig qwen2 = parse("Qwen2");
        QVERIFY(qwen2.attention.qkvBias && !qwen2.attention.outputBias && !qwen2.isMoe());
        const ModelConfig qwen3 = parse("Qwen3Moe");
        QVERIFY(qwen3.attention.qkNorm == model::QkNorm::PerHead);
        QVERIFY(qwen3.attention.windows.empty()); // use_sliding_window is false by default
        QVERIFY(!qwen3.moe.renormalize);
        const ModelConfig shared = parse("Qwen2Moe");
        QCOMPARE(shared.moe.sharedSize, 5632);
        QCOMPARE(shared.topK, 4);
        QVERIFY(parse("Olmoe").attention.qkNorm == model::QkNorm::Whole);
        const ModelConfig deepseek = parse("DeepseekV2");
        QCOMPARE(deepseek.attention.latentRank, 512);
        QCOMPARE(deepseek.attention.queryRank, 1536);
        QCOMPARE(deepseek.headDim, 192);
        QCOMPARE(deepseek.rotaryDim(), 64);
        Json lite = familyConfig("DeepseekV2");
        lite["q_lora_rank"] = nullptr;
        lite["first_k_dense_replace"] = 1;
        QCOMPARE(model::parseConfig(lite, "x").attention.queryRank, 0);
        QCOMPARE(model::parseConfig(lite, "x").moeLayers(), 2);
        const ModelConfig oss = parse("GptOss");
        QVERIFY(oss.attention.sinks && oss.attention.outputBias && oss.moe.clampedSwish);
        QCOMPARE(oss.window(0), 128);
        QCOMPARE(oss.window(1), 0);
        QCOMPARE(oss.ropeScaling.type, std::string("yarn"));
        QVERIFY(!oss.ropeScaling.truncate);
        Json sparse = familyConfig("Qwen3Moe");
        sparse["decoder_sparse_step"] = 2;
        QCOMPARE(model::parseConfig(sparse, "x").moeLayers(), 1);
        QVERIFY(model::parseConfig(sparse, "x").isMoeLayer(1));
        sparse["mlp_only_layers"] = Json::array({1});
        QCOMPARE(model::parseConfig(sparse, "x").moeLayers(), 0);
    }

    void whatDoesNotTrainIsRefusedByName()
    {
        for (const char* name :
            {"Qwen2", "Qwen3", "Qwen2Moe", "Qwen3Moe", "Olmoe", "DeepseekV2", "GptOss"}) {
            const ModelConfig config = model::parseConfig(familyConfig(name), "config.json");
            try {
                model::requireTrainable(config, "run.json: model");
                QFAIL(name);
            } catch (const Error& error) {
                QVERIFY2(names(error.what(), std::string("training of ") + name), error.what());
            }
            QVERIFY_THROWS_EXCEPTION(Error, model::toJson(config));
        }
        Json json = skyworkMoe();
        json["moe_2layer_gate"] = true;
        QVERIFY(names(model::beyondTraining(model::parseConfig(json, "x")), "moe_2layer_gate"));
        json = smallLlama();
        json["attention_bias"] = true;
        QVERIFY(names(model::beyondTraining(model::parseConfig(json, "x")), "biases"));
        QVERIFY(model::beyondTraining(model::parseConfig(smallMixtral(), "x")).empty());
    }

    void hugeSizesAreRefusedBeforeTheyAreMultiplied()
    {
        Json json = skyworkMoe();
        json["hidden_size"] = 1 << 24;
        json["num_attention_heads"] = 1 << 12;
        json.erase("num_key_value_heads");
        QVERIFY(names(refusal(json, "intermediate_size", 1 << 28), "10^15"));
        QVERIFY(names(refusal(skyworkMoe(), "num_hidden_layers", 65537), "num_hidden_layers"));
        json = skyworkMoe();
        json["num_hidden_layers"] = 65536;
        QVERIFY(names(refusal(json, "num_experts", 16384), "too many experts"));
    }

    void skyworkGatingSwitches()
    {
        Json json = skyworkMoe();
        json["moe_feature_no_mul_topk"] = false;
        QVERIFY(refusal(json, "moe_use_mixtral_gating", true).empty());
        QVERIFY(
            names(refusal(json, "moe_use_mixtral_gating", false), "moe_feature_no_mul_topk false"));
        json.erase("moe_feature_no_mul_topk");
        QVERIFY(refusal(json, "moe_use_mixtral_gating", false).empty());
        json.erase("num_experts");
        QVERIFY(names(refusal(json, "moe_2layer_gate", false), "num_local_experts"));
        QVERIFY(refusal(json, "num_local_experts", 8).empty());
    }

    void nullIsAbsent()
    {
        Json json = smallLlama();
        for (const char* key : {"head_dim", "num_key_value_heads", "rope_scaling", "rope_theta",
                 "sliding_window", "bos_token_id", "eos_token_id", "tie_word_embeddings"})
            json[key] = nullptr;
        QCOMPARE(model::parseConfig(json, "x").kvHeads, 6);
        json["sliding_window"] = 4096;
        QCOMPARE(model::parseConfig(json, "x").maxPositions, 2048);
    }

    void unknownKeysAreNamedOnce()
    {
        std::vector<std::string> lines;
        base::setLogSink([&](base::LogLevel, const std::string& text) { lines.push_back(text); });
        Json json = smallLlama();
        json["use_cache"] = true;
        json["attention_dropout"] = 0.1;
        model::parseConfig(json, "config.json");
        QCOMPARE(lines.size(), 0U);
        json["frobnicate"] = 1;
        json["zoom"] = "x";
        model::parseConfig(json, "config.json");
        QCOMPARE(lines.size(), 1U);
        QVERIFY(names(lines[0], "frobnicate, zoom"));
        base::setLogSink({});
    }

    void wholeDocumentsThatAreNoConfiguration()
    {
        for (const char* text : {"[]", "3", "null", "{}", "\"x\""}) {
            try {
                model::parseConfig(Json::parse(text), "config.json");
                QFAIL(text);
            } catch (const Error& error) {
                QVERIFY(names(error.what(), "config.json"));
            }
        }
        QVERIFY_THROWS_EXCEPTION(Error, model::readConfig("/nonexistent/model"));
    }
};

QTEST_GUILESS_MAIN(ConfigTest)
#include "config_test.moc"
