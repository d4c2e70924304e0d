// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/simd.h"

namespace moe::kernels::cpu::MOE_ISA {

/// A code of E4M3 in memory; kernels/fp8.h says what it means.
struct Float8 {
    uint8_t code;
};
using ByteVec = uint8_t __attribute__((vector_size(kLanes)));
namespace unaligned {
using ByteVec = uint8_t __attribute__((vector_size(kLanes), aligned(1), may_alias));
}

inline IntVec widenBytes(ByteVec bytes)
{
#if defined(__AVX512F__)
    return (IntVec)_mm512_maskz_cvtepu8_epi32(kAllLanes, (__m128i)bytes);
#elif defined(__AVX2__)
    return (IntVec)_mm256_cvtepu8_epi32(_mm_set_epi64x(0, (long long)bytes));
#else
    return __builtin_convertvector(bytes, IntVec);
#endif
}

/// Exact for every code, subnormals whatever the processor makes of its own.
inline Vec decodeFloat8(ByteVec codes)
{
    const IntVec wide = widenBytes(codes);
    const IntVec size = wide & 0x7F;
    const Vec normal = (Vec)((size << 20) + (120 << 23)); // exponents of 127 − 7 more
    const Vec subnormal = __builtin_convertvector(size, Vec) * 0x1p-9F;
    const Vec finite = select((IntVec)(size < 8), subnormal, normal);
    const IntVec nan = (IntVec)(size == 0x7F) & 0x7FC00000;
    return (Vec)((IntVec)finite | nan | (wide & 0x80) << 24);
}

/// Nearest, ties to even, saturated; NaN gives 0x7F. The two roundings are those of encodeE4M3.
inline ByteVec encodeFloat8(Vec x)
{
    constexpr int32_t kLargest = 0x43E00000, kLeastNormal = 0x3C800000; // 448 and 2^−6
    const Vec shift = splat(0x1p14F); // counts in units of 2^−9
    const IntVec size = (IntVec)x & 0x7FFFFFFF;
    const IntVec nan = (IntVec)(size > 0x7F800000);
    const IntVec tooLarge = (IntVec)(size > kLargest);
    const IntVec clamped = (tooLarge & kLargest) | (~tooLarge & size);
    const IntVec rounded = clamped + 0x7FFFF + ((clamped >> 20) & 1);
    const IntVec normal = (rounded >> 20) - (120 << 3);
    const IntVec subnormal = (IntVec)((Vec)clamped + shift) - (IntVec)shift;
    const IntVec isSubnormal = (IntVec)(clamped < kLeastNormal);
    const IntVec code
        = ((isSubnormal & subnormal) | (~isSubnormal & normal)) | (((IntVec)x >> 24) & 0x80);
    return __builtin_convertvector((nan & 0x7F) | (~nan & code), ByteVec);
}

inline Vec load(const Float8* p)
{
    return decodeFloat8(*(const unaligned::ByteVec*)p);
}
inline void store(Float8* p, Vec x)
{
    *(unaligned::ByteVec*)p = encodeFloat8(x);
}
inline Vec loadPart(const Float8* p, int64_t n)
{
    ByteVec codes{};
    for (int64_t i = 0; i < n; ++i)
        codes[i] = p[i].code;
    return decodeFloat8(codes);
}
inline void storePart(Float8* p, Vec x, int64_t n)
{
    const ByteVec codes = encodeFloat8(x);
    for (int64_t i = 0; i < n; ++i)
        p[i].code = codes[i];
}

} // namespace moe::kernels::cpu::MOE_ISA
