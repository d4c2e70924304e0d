// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/placed_weights.h"

#include "engine/checkpoint/quantize.h"
#include "engine/checkpoint/quantized_matrix.h"
#include "kernels/fp8.h"

namespace moe::infer {

using kernels::DType;
using kernels::FeedForward;
using kernels::Linear;
using kernels::MemoryKind;
using kernels::PlacedMatrix;
using kernels::TensorView;
using model::ModelConfig;

const PlacedMatrix* Placement::matrix(const kernels::StoredMatrix& stored)
{
    return m_matrices.emplace_back(m_backend.place(stored)).get();
}

const PlacedMatrix* Placement::quantised(
    const kernels::StoredMatrix& stored, const std::string& where)
{
    if (stored.layout != kernels::ScaleLayout::None || stored.exponents)
        return matrix(stored);
    std::vector<std::byte>& codes
        = m_codes.emplace_back(static_cast<size_t>(stored.out * stored.in));
    std::vector<float>& scales = m_scales.emplace_back();
    std::vector<float> values(static_cast<size_t>(stored.in));
    std::byte* to = codes.data();
    for (int64_t i = 0; i < stored.out; ++i) {
        kernels::StoredMatrix row = stored;
        row.codes += i * stored.rowBytes;
        row.out = 1;
        checkpoint::dequantize(row, values.data());
        const float scale = scales.emplace_back(checkpoint::scalesOf(
            checkpoint::QuantScheme::Fp8Channel, values, 1, stored.in, where)[0]);
        for (const float value : values)
            *to++ = static_cast<std::byte>(kernels::encodeE4M3(value / scale));
    }
    kernels::StoredMatrix narrow;
    narrow.codes = codes.data();
    narrow.format = kernels::WeightFormat::Float8E4M3;
    narrow.out = stored.out;
    narrow.in = stored.in;
    narrow.rowBytes = stored.in;
    narrow.layout = kernels::ScaleLayout::Row;
    narrow.scales = scales;
    return matrix(narrow);
}

TensorView Placement::vector(const std::vector<float>& values)
{
    const auto size = static_cast<int64_t>(values.size());
    const kernels::Tensor& tensor
        = m_vectors.emplace_back(m_backend.allocate({size}, DType::Float32, MemoryKind::Weights));
    m_backend.upload(tensor.view(), values.data());
    return tensor.view();
}

FeedForward gatedFfn(WeightSource& source, const std::string& prefix, int64_t columns,
    int64_t hidden, Placement& place)
{
    FeedForward ffn;
    ffn.gate.weight = place.matrix(source.matrix(prefix + "gate_proj.weight", columns, hidden));
    ffn.up.weight = place.matrix(source.matrix(prefix + "up_proj.weight", columns, hidden));
    ffn.down.weight = place.matrix(source.matrix(prefix + "down_proj.weight", hidden, columns));
    return ffn;
}

namespace {

Linear linearOf(WeightSource& source, const std::string& prefix, int64_t out, int64_t in, bool bias,
    Placement& place)
{
    Linear linear;
    linear.weight = place.matrix(source.matrix(prefix + ".weight", out, in));
    if (bias)
        linear.bias = place.vector(source.values(prefix + ".bias", {out}));
    return linear;
}

AttentionWeights groupedAttention(
    WeightSource& source, const ModelConfig& config, const std::string& layer, Placement& place)
{
    const model::AttentionSpec& spec = config.attention;
    const std::string prefix = layer + "self_attn.";
    const int64_t h = config.hiddenSize, q = config.heads * config.headDim,
                  kv = config.kvHeads * config.headDim;
    AttentionWeights weights;
    weights.q = linearOf(source, prefix + "q_proj", q, h, spec.qkvBias, place);
    weights.k = linearOf(source, prefix + "k_proj", kv, h, spec.qkvBias, place);
    weights.v = linearOf(source, prefix + "v_proj", kv, h, spec.qkvBias, place);
    weights.o = linearOf(source, prefix + "o_proj", h, q, spec.outputBias, place);
    if (spec.qkNorm != model::QkNorm::None) {
        const bool whole = spec.qkNorm == model::QkNorm::Whole;
        const int64_t head = config.headDim;
        weights.qNorm = place.vector(source.values(prefix + "q_norm.weight", {whole ? q : head}));
        weights.kNorm = place.vector(source.values(prefix + "k_norm.weight", {whole ? kv : head}));
    }
    if (spec.sinks)
        weights.sinks = place.vector(source.values(prefix + "sinks", {config.heads}));
    return weights;
}

LayerWeights layerOf(
    WeightSource& source, const ModelConfig& config, int64_t index, Placement& place)
{
    const std::string layer = "model.layers." + std::to_string(index) + ".";
    const int64_t h = config.hiddenSize;
    LayerWeights weights;
    weights.attentionNorm = place.vector(source.values(layer + "input_layernorm.weight", {h}));
    weights.ffnNorm = place.vector(source.values(layer + "post_attention_layernorm.weight", {h}));
    weights.attention = config.attention.kind == model::AttentionKind::Latent
        ? latentAttention(source, config, layer, place)
        : groupedAttention(source, config, layer, place);
    if (config.isMoeLayer(index))
        weights.moe = moeWeights(source, config, layer, place);
    else
        weights.dense = gatedFfn(source, layer + "mlp.", config.intermediateSize, h, place);
    return weights;
}

} // namespace

PlacedWeights::PlacedWeights(WeightSource& source, const ModelConfig& config, Placement& place,
    const OnLayer& onLayer, Head headAs)
{
    const int64_t h = config.hiddenSize, vocabulary = config.vocabSize;
    const std::string table = "model.embed_tokens.weight", own = "lm_head.weight";
    embedding = place.matrix(source.matrix(table, vocabulary, h));
    if (config.tieWordEmbeddings)
        source.know(own); // some writers store the tied head once more
    if (headAs == Head::Fp8) {
        const std::string& name = config.tieWordEmbeddings ? table : own;
        head.weight = place.quantised(source.matrix(name, vocabulary, h), name);
    } else {
        head.weight = config.tieWordEmbeddings ? embedding
                                               : place.matrix(source.matrix(own, vocabulary, h));
    }
    finalNorm = place.vector(source.values("model.norm.weight", {h}));
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        layers.push_back(layerOf(source, config, layer, place));
        if (onLayer)
            onLayer(layer + 1, config.layers);
    }
    source.refuseUnused();
}

} // namespace moe::infer
