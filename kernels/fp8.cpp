// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Binary floats of few bits. Encoding works on the float32's bits: a shift drops fraction bits with
// a carry that may run into the exponent, as rounding up must; below the smallest normal number the
// addition of a larger one rounds to the multiples that subnormals are.
#include "kernels/fp8.h"

#include <bit>
#include <limits>

namespace moe::kernels {

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

constexpr float powerOfTwo(int exponent) ///< within float32's normal numbers
{
    return std::bit_cast<float>(static_cast<uint32_t>(exponent + 127) << 23U);
}

/// A code without its special meanings.
constexpr float plainValue(uint32_t code, int exponentBits, int fractionBits)
{
    const int bias = (1 << (exponentBits - 1)) - 1;
    const int exponent = static_cast<int>(code >> fractionBits) & ((1 << exponentBits) - 1);
    const int fraction = static_cast<int>(code) & ((1 << fractionBits) - 1);
    const int whole = exponent ? fraction + (1 << fractionBits) : fraction;
    const float size
        = static_cast<float>(whole) * powerOfTwo((exponent ? exponent : 1) - bias - fractionBits);
    return code >> (exponentBits + fractionBits) & 1U ? -size : size;
}

constexpr std::array<float, 256> e4m3Values()
{
    std::array<float, 256> values{};
    for (uint32_t code = 0; code < 256; ++code)
        values[code] = (code & 0x7FU) == 0x7FU ? kNaN : plainValue(code, 4, 3);
    return values;
}

constexpr std::array<float, 256> e5m2Values()
{
    std::array<float, 256> values{};
    for (uint32_t code = 0; code < 256; ++code) {
        const uint32_t size = code & 0x7FU;
        values[code] = size > 0x7CU ? kNaN
            : size < 0x7CU          ? plainValue(code, 5, 2)
            : code & 0x80U          ? -kInfinity
                                    : kInfinity;
    }
    return values;
}

/// The code of a positive float32, given by its bits and neither infinite nor NaN, as if the
/// exponent had no end.
template <int exponentBits, int fractionBits> uint32_t nearestCode(uint32_t size)
{
    constexpr int kBias = (1 << (exponentBits - 1)) - 1, kDropped = 23 - fractionBits;
    constexpr uint32_t kLeastNormal = static_cast<uint32_t>(128 - kBias) << 23U;
    if (size < kLeastNormal) {
        // In [2^e, 2^(e + 1)) float32 counts in units of 2^(e − 23): there the subnormals' own.
        constexpr float kShift = std::bit_cast<float>(
            static_cast<uint32_t>(1 - kBias - fractionBits + 23 + 127) << 23U);
        return std::bit_cast<uint32_t>(std::bit_cast<float>(size) + kShift)
            - std::bit_cast<uint32_t>(kShift);
    }
    constexpr uint32_t kHalfLess = (1U << (kDropped - 1)) - 1U;
    const uint32_t rounded = size + kHalfLess + ((size >> kDropped) & 1U);
    return (rounded >> kDropped) - (static_cast<uint32_t>(127 - kBias) << fractionBits);
}

constexpr uint32_t kInfinityBits = 0x7F800000;

} // namespace

constexpr std::array<float, 256> kE4M3Values = e4m3Values();
constexpr std::array<float, 256> kE5M2Values = e5m2Values();

uint8_t encodeE4M3(float value)
{
    const uint32_t bits = std::bit_cast<uint32_t>(value), size = bits & 0x7FFFFFFFU;
    if (size > kInfinityBits)
        return 0x7F;
    const uint32_t sign = bits >> 24U & 0x80U;
    if (size >= std::bit_cast<uint32_t>(kE4M3Largest))
        return static_cast<uint8_t>(sign | 0x7EU);
    return static_cast<uint8_t>(sign | nearestCode<4, 3>(size));
}

uint8_t encodeE5M2(float value)
{
    const uint32_t bits = std::bit_cast<uint32_t>(value), size = bits & 0x7FFFFFFFU;
    if (size > kInfinityBits)
        return 0x7F;
    const uint32_t sign = bits >> 24U & 0x80U;
    if (size >= std::bit_cast<uint32_t>(61440.0F)) // half a step above the largest
        return static_cast<uint8_t>(sign | 0x7CU);
    return static_cast<uint8_t>(sign | nearestCode<5, 2>(size));
}

float decodeExponent(uint8_t code)
{
    if (code == 255)
        return kNaN;
    return code == 0 ? 0x1.0p-127F : powerOfTwo(code - 127); // 2⁻¹²⁷ is a subnormal float32
}

float decodeFloat16(uint16_t bits)
{
    if ((bits & 0x7C00U) != 0x7C00U)
        return plainValue(bits, 5, 10);
    // A NaN keeps its fraction.
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000U) << 16U;
    return std::bit_cast<float>(sign | kInfinityBits | static_cast<uint32_t>(bits & 0x3FFU) << 13U);
}

uint16_t encodeFloat16(float value)
{
    const uint32_t bits = std::bit_cast<uint32_t>(value), size = bits & 0x7FFFFFFFU;
    const uint32_t sign = bits >> 16U & 0x8000U;
    if (size > kInfinityBits)
        return static_cast<uint16_t>(sign | 0x7E00U);
    if (size >= std::bit_cast<uint32_t>(65520.0F)) // half a step above the largest
        return static_cast<uint16_t>(sign | 0x7C00U);
    return static_cast<uint16_t>(sign | nearestCode<5, 10>(size));
}

} // namespace moe::kernels
