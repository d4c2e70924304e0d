// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/simd.h"

// VDPBF16PS takes subnormal weights for zero. Looking out for them costs three cheap instructions a
// vector of weights, which wait for memory anyway.
namespace moe::kernels::cpu::MOE_ISA {

/// Where there is nothing to look out for.
template <bool kWatched> struct Lookout {
    void see(Vec) { }
    bool found() const { return false; }
};

#if defined(__AVX512BF16__)
/// Whether a subnormal was among the bfloat16 seen.
template <> struct Lookout<true> {
    /// Twice the bits, which drops the sign, minus 1: up to 0xFD for a subnormal, 0xFFFF for zero.
    __m512i least = _mm512_set1_epi16(-1);

    void see(Vec vector)
    {
        const __m512i bits = (__m512i)vector;
        least = _mm512_min_epu16(
            least, _mm512_add_epi16(_mm512_add_epi16(bits, bits), _mm512_set1_epi16(-1)));
    }
    bool found() const { return _mm512_cmple_epu16_mask(least, _mm512_set1_epi16(0xFD)) != 0; }
};
#endif

} // namespace moe::kernels::cpu::MOE_ISA
