// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/stored_matrix.h"

#include "kernels/error.h"

#include <bit>
#include <cmath>
#include <limits>
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

/// Sign, exponent and fraction of a small binary float; no special codes.
float smallFloat(uint32_t code, int exponentBits, int fractionBits, int bias)
{
    const uint32_t fraction = code & ((1U << fractionBits) - 1U);
    const int exponent = static_cast<int>((code >> fractionBits) & ((1U << exponentBits) - 1U));
    const bool negative = (code >> (exponentBits + fractionBits)) & 1U;
    const auto mantissa = static_cast<float>(exponent ? fraction + (1U << fractionBits) : fraction);
    const float value = std::ldexp(mantissa, (exponent ? exponent : 1) - bias - fractionBits);
    return negative ? -value : value;
}

} // namespace

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

float valueOfE4M3(uint8_t code)
{
    if ((code & 0x7FU) == 0x7FU)
        return std::numeric_limits<float>::quiet_NaN();
    return smallFloat(code, 4, 3, 7);
}

float valueOfE5M2(uint8_t code)
{
    if ((code & 0x7CU) != 0x7CU)
        return smallFloat(code, 5, 2, 15);
    if (code & 3U)
        return std::numeric_limits<float>::quiet_NaN();
    return code & 0x80U ? -std::numeric_limits<float>::infinity()
                        : std::numeric_limits<float>::infinity();
}

float valueOfHalf(uint16_t bits)
{
    if ((bits & 0x7C00U) != 0x7C00U)
        return smallFloat(bits, 5, 10, 15);
    if (bits & 0x3FFU)
        return std::numeric_limits<float>::quiet_NaN();
    return bits & 0x8000U ? -std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::infinity();
}

float valueOfE8M0(uint8_t code)
{
    return code == 255 ? std::numeric_limits<float>::quiet_NaN()
                       : std::ldexp(1.0F, static_cast<int>(code) - 127);
}

uint8_t codeOfE4M3(float value)
{
    constexpr uint32_t kInfinity = 0x7F800000, kMost = 0x43E00000; // 448
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const uint32_t sign = (bits >> 24U) & 0x80U, size = bits & 0x7FFFFFFFU;
    if (size > kInfinity)
        return static_cast<uint8_t>(sign | 0x7FU);
    if (size >= kMost)
        return static_cast<uint8_t>(sign | 0x7EU);
    if (size < 0x3C800000U) { // below 2^-6: multiples of 2^-9, rounded by an addition
        const float rounded = std::bit_cast<float>(size) + 16384.0F; // 2^14: unit 2^-9
        return static_cast<uint8_t>(sign | (std::bit_cast<uint32_t>(rounded) & 0xFU));
    }
    const uint32_t nearest = size + 0x7FFFFU + ((size >> 20U) & 1U);
    return static_cast<uint8_t>(sign | ((nearest - 0x3C000000U) >> 20U)); // bias 127 to 7
}

} // namespace moe::kernels
