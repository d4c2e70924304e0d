// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/stored_matrix.h"

#include "kernels/bfloat16.h"
#include "kernels/error.h"
#include "kernels/fp8.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace moe::kernels {

namespace {

[[noreturn]] void refuse(const StoredMatrix& matrix, const std::string& found)
{
    throw Error("stored matrix does not fit",
        "[" + std::to_string(matrix.out) + ", " + std::to_string(matrix.in) + "]: " + found,
        "codes, scales and strides of one shape");
}

int64_t scaleCount(const StoredMatrix& matrix)
{
    switch (matrix.layout) {
    case ScaleLayout::Tensor:
        return 1;
    case ScaleLayout::Row:
        return matrix.out;
    case ScaleLayout::Block:
        if (matrix.blockOut < 1 || matrix.blockIn < 1)
            refuse(matrix, "blocks of no size");
        return ((matrix.out + matrix.blockOut - 1) / matrix.blockOut)
            * ((matrix.in + matrix.blockIn - 1) / matrix.blockIn);
    case ScaleLayout::None:
        break;
    }
    return 0;
}

void check(const StoredMatrix& matrix)
{
    if (matrix.out < 1 || matrix.in < 1)
        refuse(matrix, "no rows or columns");
    if (!matrix.codes)
        refuse(matrix, "no codes");
    if (matrix.rowBytes < codeBytes(matrix.format, matrix.in))
        refuse(matrix, "rows of " + std::to_string(matrix.rowBytes) + " bytes");
    if (static_cast<int64_t>(matrix.scales.size()) != scaleCount(matrix))
        refuse(matrix,
            std::to_string(matrix.scales.size()) + " scales for "
                + std::to_string(scaleCount(matrix)));
    if (matrix.format != WeightFormat::MxFloat4)
        return;
    if (matrix.in % kMxBlock || !matrix.exponents || matrix.exponentRowBytes < matrix.in / kMxBlock)
        refuse(matrix, "MXFP4 without an exponent for each 32 elements");
}

/// to[i] = value(code i), codes of Code.
template <typename Code, typename Value>
void widenCodes(const std::byte* codes, int64_t count, float* to, const Value& value)
{
    for (int64_t i = 0; i < count; ++i) {
        Code code{};
        std::memcpy(&code, codes + i * static_cast<int64_t>(sizeof(Code)), sizeof(Code));
        to[i] = value(code);
    }
}

void widenFloat4(const StoredMatrix& matrix, int64_t row, float* to)
{
    const std::byte* codes = matrix.codes + row * matrix.rowBytes;
    const uint8_t* exponents = matrix.exponents + row * matrix.exponentRowBytes;
    for (int64_t i = 0; i < matrix.in; ++i) {
        const auto pair = std::to_integer<uint8_t>(codes[i / 2]);
        const auto code = static_cast<uint8_t>(i % 2 ? pair >> 4U : pair);
        to[i] = decodeFloat4(code) * decodeExponent(exponents[i / kMxBlock]);
    }
}

void widenRowCodes(const StoredMatrix& matrix, int64_t row, float* to)
{
    const std::byte* codes = matrix.codes + row * matrix.rowBytes;
    switch (matrix.format) {
    case WeightFormat::Float32:
        std::memcpy(to, codes, static_cast<size_t>(matrix.in) * sizeof(float));
        return;
    case WeightFormat::BFloat16:
        return widenCodes<BFloat16>(codes, matrix.in, to, [](BFloat16 code) { return code; });
    case WeightFormat::Float16:
        return widenCodes<uint16_t>(codes, matrix.in, to, decodeFloat16);
    case WeightFormat::Float8E4M3:
        return widenCodes<uint8_t>(codes, matrix.in, to, decodeE4M3);
    case WeightFormat::Float8E5M2:
        return widenCodes<uint8_t>(codes, matrix.in, to, decodeE5M2);
    case WeightFormat::MxFloat4:
        return widenFloat4(matrix, row, to);
    }
}

} // namespace

void widenRow(const StoredMatrix& matrix, int64_t row, float* to)
{
    widenRowCodes(matrix, row, to);
    if (matrix.layout == ScaleLayout::None)
        return;
    const bool blocks = matrix.layout == ScaleLayout::Block;
    const int64_t step = blocks ? matrix.blockIn : matrix.in;
    const int64_t first = blocks ? row / matrix.blockOut * ((matrix.in + step - 1) / step)
        : matrix.layout == ScaleLayout::Row ? row
                                            : 0;
    for (int64_t begin = 0; begin < matrix.in; begin += step) {
        const float scale = matrix.scales[static_cast<size_t>(first + begin / step)];
        for (int64_t i = begin; i < std::min(matrix.in, begin + step); ++i)
            to[i] *= scale;
    }
}

HostPlaced::HostPlaced(const StoredMatrix& stored)
    : PlacedMatrix(stored.out, stored.in)
    , m_stored(stored)
{
    check(stored);
    m_scales.assign(stored.scales.begin(), stored.scales.end());
    m_stored.scales = m_scales;
}

int64_t codeBytes(WeightFormat format, int64_t in)
{
    switch (format) {
    case WeightFormat::Float32:
        return 4 * in;
    case WeightFormat::BFloat16:
    case WeightFormat::Float16:
        return 2 * in;
    case WeightFormat::MxFloat4:
        return (in + 1) / 2;
    default:
        return in;
    }
}

} // namespace moe::kernels
