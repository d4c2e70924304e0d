// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/random_weights.h"

#include "kernels/bfloat16.h"
#include "kernels/fp8.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace moe::infer {

namespace {

constexpr size_t kDrawn = size_t{1} << 18U; // values drawn one by one; matrices repeat them
constexpr float kDeviation = 0.02F;
constexpr float kFp8Scale = kDeviation * 4.0F / kernels::kE4M3Largest; // four deviations fit

bool staysBFloat16(const std::string& name)
{
    return name.find("embed_tokens") != std::string::npos || name.ends_with("gate.weight")
        || name.ends_with("router.weight");
}

/// `count` elements, the drawn ones over and over from a random place on.
template <typename T>
void fill(std::byte* to, size_t count, const std::vector<T>& drawn, base::Random& random)
{
    size_t at = random.below(drawn.size());
    for (size_t done = 0; done < count;) {
        const size_t now = std::min(count - done, drawn.size() - at);
        std::memcpy(to + done * sizeof(T), drawn.data() + at, now * sizeof(T));
        done += now;
        at = 0;
    }
}

} // namespace

RandomWeights::RandomWeights(Kind kind, uint64_t seed)
    : m_kind(kind)
    , m_random(seed)
{
    for (size_t i = 0; i < kDrawn; ++i) {
        const float value = kDeviation * static_cast<float>(m_random.normal());
        m_fp8.push_back(kernels::encodeE4M3(value / kFp8Scale));
        m_bf16.push_back(kernels::BFloat16(value).bits);
    }
}

RandomWeights::Size& RandomWeights::sizeOf(const std::string& name)
{
    if (name.find("experts.") != std::string::npos && name.find("shared") == std::string::npos)
        return m_experts;
    return name.starts_with("lm_head.")           ? m_head
        : name.starts_with("model.embed_tokens.") ? m_embedding
                                                  : m_rest;
}

kernels::StoredMatrix RandomWeights::matrix(const std::string& name, int64_t out, int64_t in)
{
    const bool fp8 = m_kind == Kind::Fp8 && !staysBFloat16(name);
    const auto count = static_cast<size_t>(out * in);
    auto memory = std::make_unique_for_overwrite<std::byte[]>(count * (fp8 ? 1 : 2));
    if (fp8)
        fill(memory.get(), count, m_fp8, m_random);
    else
        fill(memory.get(), count, m_bf16, m_random);
    kernels::StoredMatrix matrix;
    matrix.codes = memory.get();
    m_memory.push_back(std::move(memory));
    matrix.format = fp8 ? kernels::WeightFormat::Float8E4M3 : kernels::WeightFormat::BFloat16;
    matrix.out = out;
    matrix.in = in;
    matrix.rowBytes = fp8 ? in : 2 * in;
    Size& size = sizeOf(name);
    size.bytes += out * matrix.rowBytes;
    size.elements += out * in;
    if (fp8) {
        static constexpr float kScale[] = {kFp8Scale};
        matrix.layout = kernels::ScaleLayout::Tensor;
        matrix.scales = kScale;
    }
    return matrix;
}

kernels::StoredMatrix RandomWeights::matrixOf(
    const std::string& name, int64_t /*index*/, int64_t /*count*/, int64_t out, int64_t in)
{
    return matrix(name, out, in);
}

std::vector<float> RandomWeights::values(const std::string& name, const std::vector<int64_t>& shape)
{
    const int64_t count
        = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
    std::vector<float> values(static_cast<size_t>(count), 1.0F);
    if (name.find("norm") != std::string::npos)
        return values;
    Size& size = sizeOf(name);
    size.bytes += 2 * count; // becomes a matrix of BFloat16, but for biases
    size.elements += count;
    for (float& value : values)
        value = kernels::BFloat16(kDeviation * static_cast<float>(m_random.normal()));
    return values;
}

} // namespace moe::infer
