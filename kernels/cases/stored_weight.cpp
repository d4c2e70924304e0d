// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/stored_weight.h"

#include "kernels/bfloat16.h"
#include "kernels/fp8.h"
#include "kernels/stored_matrix.h"

#include <cmath>
#include <cstring>

namespace moe::kernels::cases {

namespace {

constexpr int64_t kOddBytes = 3; ///< where the codes of one byte begin

bool ofOneByte(WeightFormat format)
{
    return format == WeightFormat::Float8E4M3 || format == WeightFormat::Float8E5M2
        || format == WeightFormat::MxFloat4;
}

int64_t offsetOf(WeightFormat format)
{
    return ofOneByte(format) ? kOddBytes : codeBytes(format, 1);
}

template <typename T> void put(std::byte* to, T value)
{
    std::memcpy(to, &value, sizeof(T));
}

/// Element i of a row. The small formats' values reach down to where they are subnormal.
void putElement(std::byte* row, int64_t i, WeightFormat format, RandomInputs& random, double size)
{
    const auto value = static_cast<float>(random.normals(1, size)[0]);
    const float small = std::ldexp(value, -static_cast<int>(random.below(12)));
    switch (format) {
    case WeightFormat::Float32:
        return put(row + 4 * i, value);
    case WeightFormat::BFloat16:
        return put(row + 2 * i, BFloat16(value));
    case WeightFormat::Float16:
        return put(row + 2 * i, encodeFloat16(std::ldexp(small, -8)));
    case WeightFormat::Float8E4M3:
        return put(row + i, encodeE4M3(small));
    case WeightFormat::Float8E5M2:
        return put(row + i, encodeE5M2(std::ldexp(small, -6)));
    case WeightFormat::MxFloat4:
        return put(row + i / 2, static_cast<uint8_t>(random.below(256))); // the pair at once
    }
}

size_t scaleCount(const WeightKind& kind, int64_t out, int64_t in)
{
    const auto blocks = [](int64_t size, int64_t block) {
        return (size + block - 1) / block;
    };
    switch (kind.layout) {
    case ScaleLayout::None:
        return 0;
    case ScaleLayout::Tensor:
        return 1;
    case ScaleLayout::Row:
        return static_cast<size_t>(out);
    case ScaleLayout::Block:
        break;
    }
    return static_cast<size_t>(blocks(out, kind.blockOut) * blocks(in, kind.blockIn));
}

} // namespace

std::vector<WeightKind> weightKinds()
{
    std::vector<WeightKind> kinds{{WeightFormat::Float32}, {WeightFormat::BFloat16},
        {WeightFormat::Float16}, {WeightFormat::MxFloat4}};
    for (const WeightFormat format : {WeightFormat::Float8E4M3, WeightFormat::Float8E5M2}) {
        for (const ScaleLayout layout :
            {ScaleLayout::None, ScaleLayout::Tensor, ScaleLayout::Row, ScaleLayout::Block})
            kinds.push_back({format, layout});
    }
    kinds.push_back({WeightFormat::Float8E4M3, ScaleLayout::Block, 16, 48});
    return kinds;
}

std::string nameOf(const WeightKind& kind)
{
    constexpr const char* kFormats[] = {"float32", "bfloat16", "float16", "E4M3", "E5M2", "MXFP4"};
    constexpr const char* kLayouts[] = {"", " scaled", " scaled by row", " scaled by block"};
    std::string name = std::string(kFormats[static_cast<int>(kind.format)])
        + kLayouts[static_cast<int>(kind.layout)];
    if (kind.layout == ScaleLayout::Block)
        name += " " + std::to_string(kind.blockOut) + " x " + std::to_string(kind.blockIn);
    return name;
}

StoredMatrix StoredWeight::matrix() const
{
    return {.codes = memory.data() + offsetOf(kind.format),
        .format = kind.format,
        .out = out,
        .in = in,
        .rowBytes = rowBytes,
        .layout = kind.layout,
        .scales = scales,
        .blockOut = kind.blockOut,
        .blockIn = kind.blockIn,
        .exponents = exponents.empty() ? nullptr : exponents.data(),
        .exponentRowBytes = exponentRowBytes};
}

StoredWeight storedWeight(RandomInputs& random, const WeightKind& kind, int64_t out, int64_t in)
{
    StoredWeight weight;
    weight.kind = kind;
    weight.out = out;
    weight.in = in;
    weight.rowBytes = codeBytes(kind.format, in) + offsetOf(kind.format);
    weight.memory.resize(static_cast<size_t>((out + 1) * weight.rowBytes), std::byte{0xFF});
    const double size = 1 / std::sqrt(static_cast<double>(in));
    // Codes near 1 and scales that make weights of them; where there is no scale, codes as small
    // as the weights.
    const double codeSize = kind.layout == ScaleLayout::None ? size : 1;
    for (int64_t row = 0; row < out; ++row) {
        std::byte* codes = weight.memory.data() + offsetOf(kind.format) + row * weight.rowBytes;
        for (int64_t i = 0; i < in; ++i)
            putElement(codes, i, kind.format, random, codeSize);
    }
    for (size_t i = 0; i < scaleCount(kind, out, in); ++i)
        weight.scales.push_back(static_cast<float>(size * random.uniform(0.3, 3)));
    if (kind.format == WeightFormat::MxFloat4) {
        weight.exponentRowBytes = in / kMxBlock + 1;
        for (int64_t i = 0; i < out * weight.exponentRowBytes; ++i)
            weight.exponents.push_back(static_cast<uint8_t>(121 + random.below(4)));
    }
    return weight;
}

} // namespace moe::kernels::cases
