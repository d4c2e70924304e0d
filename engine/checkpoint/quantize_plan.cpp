// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/quantize_plan.h"

#include "engine/checkpoint/stored_shape.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace moe::checkpoint {

namespace {

using base::Json;

constexpr std::string_view kWeight = ".weight";
constexpr const char* kMixtral = "MixtralForCausalLM";

template <size_t count>
bool endsWithAny(std::string_view name, const std::array<std::string_view, count>& endings)
{
    return std::any_of(endings.begin(), endings.end(),
        [&](std::string_view ending) { return name.ends_with(ending); });
}

/// Matrices of attention (DeepSeek's latent one, too), of FFNs, and of experts as Mixtral calls
/// them.
bool isQuantizable(std::string_view name)
{
    static constexpr std::array<std::string_view, 14> kEndings{".q_proj.weight", ".k_proj.weight",
        ".v_proj.weight", ".o_proj.weight", ".q_a_proj.weight", ".q_b_proj.weight",
        ".kv_a_proj_with_mqa.weight", ".kv_b_proj.weight", ".gate_proj.weight", ".up_proj.weight",
        ".down_proj.weight", ".w1.weight", ".w2.weight", ".w3.weight"};
    return endsWithAny(name, kEndings);
}

bool isRouterOrHead(std::string_view name)
{
    static constexpr std::array<std::string_view, 6> kEndings{".gate.weight", ".gate.0.weight",
        ".gate.2.weight", ".router.weight", ".shared_expert_gate.weight", "lm_head.weight"};
    return endsWithAny(name, kEndings);
}

bool isFused(std::string_view name)
{
    return name.ends_with(".experts.gate_up_proj") || name.ends_with(".experts.down_proj");
}

class Planner {
public:
    Planner(const WeightFiles& files, const model::ModelConfig& config)
        : m_files(files)
        , m_config(config)
    {
    }

    QuantizePlan plan()
    {
        if (m_config.moe.expertBias)
            throw Error(m_config.architecture + " is not quantised here", m_files.folder().string(),
                "its experts are fused and transposed; it runs in BF16 and MXFP4 as it is");
        for (const std::string& name : m_files.names())
            add(name, m_files.get(name));
        return std::move(m_plan);
    }

private:
    void add(const std::string& name, const StoredTensor& tensor)
    {
        const size_t rank = tensor.shape.size();
        if (rank == 3 && isFused(name))
            return addFused(name, tensor);
        if (rank == 2 && isQuantizable(name)) {
            requireFloat(name, tensor);
            addMatrix(name, tensor, tensor.shape[0], 0);
            ++m_plan.quantized;
            return;
        }
        if (rank >= 2 && !isRouterOrHead(name) && !name.ends_with("embed_tokens.weight"))
            throw Error("a matrix that is none of attention, experts, router, embedding and head",
                at(name), "a checkpoint of one of the architectures that we know");
        const std::string written = nameWritten(name);
        m_plan.pieces.push_back({written, &tensor, false, 0, 0, 0});
        ++m_plan.kept;
        if (isRouterOrHead(name))
            m_plan.keptModules.push_back(written.substr(0, written.size() - kWeight.size()));
    }

    void addMatrix(
        const std::string& name, const StoredTensor& tensor, int64_t rows, int64_t firstElement)
    {
        const int64_t columns = tensor.shape.back();
        if (rows < 1 || columns < 1)
            throw Error("an empty matrix, " + shapeText(tensor.shape), at(name),
                "a checkpoint that fits its config.json");
        m_plan.pieces.push_back({name, &tensor, true, rows, columns, firstElement});
    }

    /// gate_up_proj [experts, 2f, h], gate rows first, and down_proj [experts, h, f].
    void addFused(const std::string& name, const StoredTensor& tensor)
    {
        const bool isDown = name.ends_with("down_proj");
        const int64_t n = m_config.experts, f = m_config.expertSize(), h = m_config.hiddenSize;
        const std::vector<int64_t> wanted
            = isDown ? std::vector<int64_t>{n, h, f} : std::vector<int64_t>{n, 2 * f, h};
        if (tensor.shape != wanted)
            throw Error("the shape is " + shapeText(tensor.shape), at(name),
                "config.json makes it " + shapeText(wanted));
        requireFloat(name, tensor);
        for (int64_t e = 0; e < n; ++e) {
            const int64_t first = e * wanted[1] * wanted[2];
            if (isDown) {
                addMatrix(expertName(name, e, "w2", "down_proj"), tensor, h, first);
                continue;
            }
            addMatrix(expertName(name, e, "w1", "gate_proj"), tensor, f, first);
            addMatrix(expertName(name, e, "w3", "up_proj"), tensor, f, first + f * h);
        }
        ++m_plan.quantized;
    }

    /// The name under which transformers 4 and other engines know one expert's matrix.
    std::string expertName(
        const std::string& fused, int64_t expert, const char* mixtral, const char* others) const
    {
        const bool isMixtral = m_config.architecture == kMixtral;
        const std::string prefix = fused.substr(0, fused.rfind('.') + 1);
        return nameWritten(prefix) + std::to_string(expert) + "." + (isMixtral ? mixtral : others)
            + std::string(kWeight);
    }

    /// transformers 5 calls what other engines know as block_sparse_moe mlp.
    std::string nameWritten(std::string name) const
    {
        constexpr std::string_view kMlp = ".mlp.";
        const size_t found = name.find(kMlp);
        if (m_config.architecture == kMixtral && found != std::string::npos)
            name.replace(found, kMlp.size(), ".block_sparse_moe.");
        return name;
    }

    void requireFloat(const std::string& name, const StoredTensor& tensor) const
    {
        const StoredType type = tensor.type;
        if (type != StoredType::F32 && type != StoredType::BF16 && type != StoredType::F16
            && type != StoredType::F64)
            throw Error(std::string("stored as ") + nameOf(type), at(name),
                "quantise a checkpoint in F32, BF16 or F16");
    }

    std::string at(const std::string& name) const
    {
        return m_files.folder().string() + ": " + name.substr(0, 200);
    }

    const WeightFiles& m_files;
    const model::ModelConfig& m_config;
    QuantizePlan m_plan;
};

Json channelConfig(const std::vector<std::string>& keptModules)
{
    const auto numbers = [](const char* strategy, bool dynamic) {
        return Json{{"num_bits", 8}, {"type", "float"}, {"strategy", strategy},
            {"dynamic", dynamic}, {"symmetric", true}, {"group_size", nullptr},
            {"block_structure", nullptr}, {"actorder", nullptr},
            {"observer", dynamic ? Json() : Json("minmax")}, {"observer_kwargs", Json::object()}};
    };
    const Json group{{"targets", Json::array({"Linear"})}, {"weights", numbers("channel", false)},
        {"input_activations", numbers("token", true)}, {"output_activations", nullptr}};
    return {{"quant_method", "compressed-tensors"}, {"format", "float-quantized"},
        {"quantization_status", "compressed"}, {"config_groups", Json{{"group_0", group}}},
        {"ignore", keptModules}, {"kv_cache_scheme", nullptr},
        {"global_compression_ratio", nullptr}};
}

} // namespace

QuantizePlan planQuantization(const WeightFiles& files, const model::ModelConfig& config)
{
    return Planner(files, config).plan();
}

Json quantizationConfig(QuantScheme scheme, const std::vector<std::string>& keptModules)
{
    if (scheme == QuantScheme::Fp8Channel)
        return channelConfig(keptModules);
    Json json{{"quant_method", "fp8"}, {"activation_scheme", "dynamic"}};
    if (scheme == QuantScheme::Fp8Tensor) {
        json["ignored_layers"] = keptModules;
        return json;
    }
    json["fmt"] = "e4m3";
    json["weight_block_size"] = Json::array({128, 128});
    json["modules_to_not_convert"] = keptModules;
    return json;
}

} // namespace moe::checkpoint
