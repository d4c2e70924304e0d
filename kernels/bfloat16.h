// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

namespace moe::kernels {

/// A float32 without its lower 16 bits: 8 bits of exponent, 7 of fraction. Storage only; arithmetic
/// is done on the widened float. Converting down rounds to nearest, ties to even; beyond the
/// largest value it gives infinity, a NaN stays a NaN.
struct BFloat16 {
    uint16_t bits = 0;

    BFloat16() = default;
    BFloat16(float value) // NOLINT(google-explicit-constructor): converts as the built-in types do
    {
        const uint32_t wide = std::bit_cast<uint32_t>(value);
        if ((wide & 0x7FFFFFFFU) > 0x7F800000U) // NaN: rounding could carry it into infinity
            bits = static_cast<uint16_t>((wide >> 16U) | 0x40U);
        else
            bits = static_cast<uint16_t>((wide + 0x7FFFU + ((wide >> 16U) & 1U)) >> 16U);
    }
    operator float() const // NOLINT(google-explicit-constructor): exact
    {
        return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16U);
    }
};
static_assert(sizeof(BFloat16) == 2);

} // namespace moe::kernels
