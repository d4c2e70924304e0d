// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace moe::kernels {

/// The small floats of quantised checkpoints (OCP's 8-bit floating point specification 1.0 and
/// microscaling formats 1.0). Decoding is exact; encoding rounds to nearest, ties to even.

/// E4M3 ("FN"): S.EEEE.MMM, bias 7, largest 448, no infinity; 0x7F and 0xFF are NaN.
extern const std::array<float, 256> kE4M3Values;
inline float decodeE4M3(uint8_t code)
{
    return kE4M3Values[code];
}
/// Saturates: beyond ±448, infinities too, the largest of that sign. NaN gives 0x7F.
uint8_t encodeE4M3(float value);
inline constexpr float kE4M3Largest = 448.0F;

/// E5M2: S.EEEEE.MM, bias 15, largest 57,344, infinities 0x7C and 0xFC, NaN above them.
extern const std::array<float, 256> kE5M2Values;
inline float decodeE5M2(uint8_t code)
{
    return kE5M2Values[code];
}
/// As IEEE types do: infinity beyond its range. NaN gives 0x7F.
uint8_t encodeE5M2(float value);

/// E2M1, the elements of MXFP4, in the low four bits of `code`: 0, 0.5, 1, 1.5, 2, 3, 4, 6.
inline constexpr std::array<float, 16> kFloat4Values{0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 6.0F,
    -0.0F, -0.5F, -1.0F, -1.5F, -2.0F, -3.0F, -4.0F, -6.0F};
inline float decodeFloat4(uint8_t code)
{
    return kFloat4Values[code & 0xFU];
}

/// E8M0, the scales of MXFP4: 2^(code − 127), 0 as well; 255 is NaN.
float decodeExponent(uint8_t code);

/// IEEE half: S.EEEEE.FFFFFFFFFF, bias 15; infinity beyond its range.
float decodeFloat16(uint16_t bits);
uint16_t encodeFloat16(float value);

} // namespace moe::kernels
