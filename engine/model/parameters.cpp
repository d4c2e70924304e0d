// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/parameters.h"

#include "engine/base/random.h"

#include <algorithm>

namespace moe::model {

namespace {

constexpr int64_t kAlignment = 16; ///< elements: 64 bytes of float32

/// Appends parameters one after the other; block() starts an aligned run of them.
class Cursor {
public:
    explicit Cursor(ParameterLayout& layout)
        : m_layout(layout)
    {
    }

    int64_t block()
    {
        m_layout.elements = (m_layout.elements + kAlignment - 1) / kAlignment * kAlignment;
        return m_layout.elements;
    }

    void add(const std::string& name, kernels::Shape shape, bool expert = false)
    {
        m_layout.parameters.push_back({name, shape, m_layout.elements, expert});
        m_layout.elements += shape.elements();
    }

    int64_t alone(const std::string& name, kernels::Shape shape)
    {
        const int64_t offset = block();
        add(name, shape);
        return offset;
    }

private:
    ParameterLayout& m_layout;
};

/// Names of an expert's three matrices, or of a dense FFN's.
struct FfnNames {
    std::string gate, up, down;
};

FfnNames ffnNames(const ModelConfig& config, const std::string& layer, int64_t expert)
{
    if (!config.isMoe())
        return {layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight",
            layer + "mlp.down_proj.weight"};
    const std::string prefix = layer + "block_sparse_moe.experts." + std::to_string(expert) + ".";
    return {prefix + "w1.weight", prefix + "w3.weight", prefix + "w2.weight"};
}

LayerOffsets addAttention(const ModelConfig& c, const std::string& layer, Cursor& cursor)
{
    LayerOffsets offsets;
    const int64_t q = c.heads * c.headDim, kv = c.kvHeads * c.headDim;
    offsets.attentionNorm = cursor.alone(layer + "input_layernorm.weight", {c.hiddenSize});
    offsets.qkv = cursor.block();
    cursor.add(layer + "self_attn.q_proj.weight", {q, c.hiddenSize});
    cursor.add(layer + "self_attn.k_proj.weight", {kv, c.hiddenSize});
    cursor.add(layer + "self_attn.v_proj.weight", {kv, c.hiddenSize});
    offsets.o = cursor.alone(layer + "self_attn.o_proj.weight", {c.hiddenSize, q});
    return offsets;
}

void addFfn(const ModelConfig& c, const std::string& layer, Cursor& cursor, LayerOffsets& offsets)
{
    const int64_t count = std::max<int64_t>(1, c.experts);
    offsets.ffnNorm = cursor.alone(layer + "post_attention_layernorm.weight", {c.hiddenSize});
    if (c.isMoe())
        offsets.router
            = cursor.alone(layer + "block_sparse_moe.gate.weight", {c.experts, c.hiddenSize});
    offsets.gateUp = cursor.block();
    for (int64_t e = 0; e < count; ++e) {
        const FfnNames names = ffnNames(c, layer, e);
        cursor.add(names.gate, {c.intermediateSize, c.hiddenSize}, c.isMoe());
        cursor.add(names.up, {c.intermediateSize, c.hiddenSize}, c.isMoe());
    }
    offsets.down = cursor.block();
    for (int64_t e = 0; e < count; ++e)
        cursor.add(ffnNames(c, layer, e).down, {c.hiddenSize, c.intermediateSize}, c.isMoe());
}

} // namespace

ParameterLayout::ParameterLayout(const ModelConfig& config)
{
    Cursor cursor(*this);
    embedding = cursor.alone("model.embed_tokens.weight", {config.vocabSize, config.hiddenSize});
    for (int64_t l = 0; l < config.layers; ++l) {
        const std::string layer = "model.layers." + std::to_string(l) + ".";
        layers.push_back(addAttention(config, layer, cursor));
        addFfn(config, layer, cursor, layers.back());
    }
    finalNorm = cursor.alone("model.norm.weight", {config.hiddenSize});
    head = config.tieWordEmbeddings
        ? embedding
        : cursor.alone("lm_head.weight", {config.vocabSize, config.hiddenSize});
    cursor.block();
}

void initialiseParameters(const ParameterLayout& layout, uint64_t seed, double std, float* buffer)
{
    std::fill_n(buffer, layout.elements, 0.0F); // the gaps too: sums run over the whole buffer
    for (const Parameter& parameter : layout.parameters) {
        float* to = buffer + parameter.offset;
        if (!parameter.decays()) {
            std::fill_n(to, parameter.shape.elements(), 1.0F);
            continue;
        }
        base::Random random(base::streamSeed(seed, parameter.name.c_str()));
        for (int64_t i = 0; i < parameter.shape.elements(); ++i)
            to[i] = static_cast<float>(std * random.normal());
    }
}

} // namespace moe::model
